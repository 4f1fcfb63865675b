//! A part of a risk unit taken over: today a unit is a perp alone, so it is closed as its perp is.

use super::perp::Perp;
use super::{Closable, Fill, Leftovers, Limit};
use crate::error::RiskResult;
use crate::margin::Margins;
use crate::params::GlobalParams;
use crate::portfolio::{Portfolio, PriceKind};
use crate::units::{BaseUnits, Ppm, UsdMicro, UsdMicroSum};

/// A unit that was found.
pub(in crate::liquidate) struct Unit(Perp);

impl Unit {
    /// Finds the unit.
    ///
    /// # Errors
    /// Those of its perp.
    pub(in crate::liquidate) fn of(portfolio: &Portfolio, market: u8) -> RiskResult<Self> {
        Perp::of(portfolio, market).map(Self)
    }
}

impl Closable for Unit {
    type Size = BaseUnits;

    const REDUCES_LIABILITY: bool = Perp::REDUCES_LIABILITY;

    #[inline(always)]
    fn marginal_ppm(&self) -> Ppm {
        self.0.marginal_ppm()
    }

    #[inline(always)]
    fn ceiling_ppm_down(&self, health_ppm: Ppm, params: &GlobalParams) -> Ppm {
        self.0.ceiling_ppm_down(health_ppm, params)
    }

    #[inline(always)]
    fn net_release(&self, penalty_ppm: Ppm) -> i64 {
        self.0.net_release(penalty_ppm)
    }

    #[inline(always)]
    fn size_of_up(&self, value: UsdMicroSum, at: PriceKind) -> BaseUnits {
        self.0.size_of_up(value, at)
    }

    #[inline(always)]
    fn most_down(&self, penalty_ppm: Ppm) -> BaseUnits {
        self.0.most_down(penalty_ppm)
    }

    #[inline(always)]
    fn leftovers(&self, size: BaseUnits, penalty_ppm: Ppm) -> Leftovers {
        self.0.leftovers(size, penalty_ppm)
    }

    #[inline(always)]
    fn fill_down(&self, size: BaseUnits, penalty_ppm: Ppm, insurance_share_ppm: Ppm) -> RiskResult<Fill<BaseUnits>> {
        self.0.fill_down(size, penalty_ppm, insurance_share_ppm)
    }

    #[inline(always)]
    fn meets(&self, limit: Limit, fill: &Fill<BaseUnits>) -> bool {
        self.0.meets(limit, fill)
    }

    #[inline(always)]
    fn book(&self, portfolio: &mut Portfolio, fill: &Fill<BaseUnits>) -> RiskResult<()> {
        self.0.book(portfolio, fill)
    }

    #[inline(always)]
    fn rounding(&self) -> UsdMicro {
        self.0.rounding()
    }

    #[inline(always)]
    fn outweighs_shares(&self, before: &Margins, after: &Margins) -> bool {
        self.0.outweighs_shares(before, after)
    }
}
