//! A perp taken over at spot, the penalty out of its PnL.

use super::{moved, Candidate, Closable, Fill, Leftovers, LegName, Limit, Sorter};
use crate::auction::perp_ceiling_ppm_down;
use crate::error::{RiskError, RiskResult};
use crate::margin::Margins;
use crate::num::{mul_div_down, mul_wide};
use crate::params::{GlobalParams, MarketRates, TokenWeights};
use crate::portfolio::{Portfolio, PriceKind};
use crate::price::{BasePrice, TokenPrice};
use crate::units::{Atoms, BaseUnits, Ppm, SignedBaseUnits, UsdMicro, UsdMicroSum};

/// A position with a base.
pub(in crate::liquidate) struct Perp {
    /// Its place in the table.
    index: usize,
    is_long: bool,
    base_units: BaseUnits,
    /// Its gains count for less, since its market has a deficit.
    is_cut: bool,
    rates: MarketRates,
    price: BasePrice,
    price_fast: BasePrice,
    quote_weights: TokenWeights,
    quote_price: TokenPrice,
    quote_price_fast: TokenPrice,
}

impl Perp {
    /// Finds the position.
    ///
    /// # Errors
    /// `LegEmpty`, `LegPriceInvalid` where its price or that of quote is stale.
    pub(in crate::liquidate) fn of(portfolio: &Portfolio, market: u8) -> RiskResult<Self> {
        let index = portfolio.perp_index(market).ok_or(RiskError::LegEmpty)?;
        let leg = portfolio.perps().get(index).ok_or(RiskError::LegEmpty)?;
        let quote = &portfolio.quote;
        if leg.units.is_zero() {
            return Err(RiskError::LegEmpty);
        }
        if leg.prices.stale || quote.prices.stale {
            return Err(RiskError::LegPriceInvalid);
        }
        Ok(Self {
            index,
            is_long: leg.units.is_positive(),
            base_units: leg.units.unsigned_abs(),
            is_cut: !leg.deficit_share_ppm.is_zero(),
            rates: leg.rates,
            price: leg.prices.spot,
            price_fast: leg.prices.fast,
            quote_weights: quote.weights,
            quote_price: quote.prices.spot,
            quote_price_fast: quote.prices.fast,
        })
    }
}

impl Closable for Perp {
    type Size = BaseUnits;

    const REDUCES_LIABILITY: bool = false;

    #[inline(always)]
    fn marginal_ppm(&self) -> Ppm {
        self.rates.maint_ppm
    }

    #[inline(always)]
    fn ceiling_ppm_down(&self, health_ppm: Ppm, params: &GlobalParams) -> Ppm {
        perp_ceiling_ppm_down(health_ppm, &self.rates, &self.quote_weights, params)
    }

    /// `rate_T - w_l,T p`, w_l of the quote.
    #[inline(always)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "weights are at most 4e6, rates 1e6 and penalties 2e5 ppm: products stay below 2^43"
    )]
    fn net_release(&self, penalty_ppm: Ppm) -> i64 {
        let gross = self.rates.target_ppm.times(Ppm::WHOLE);
        gross as i64 - self.quote_weights.liability_target_ppm.times(penalty_ppm) as i64
    }

    #[inline(always)]
    fn size_of_up(&self, value: UsdMicroSum, at: PriceKind) -> BaseUnits {
        let (price, quote) = match at {
            PriceKind::Spot => (self.price, self.quote_price),
            PriceKind::Fast => (self.price_fast, self.quote_price_fast),
        };
        price.amount_up(quote.amount_of_wide_up(value))
    }

    #[inline(always)]
    fn most_down(&self, _penalty_ppm: Ppm) -> BaseUnits {
        self.base_units
    }

    #[inline(always)]
    fn leftovers(&self, size: BaseUnits, _penalty_ppm: Ppm) -> Leftovers {
        let left_atoms = self.price.value_down(self.base_units.saturating_sub(size));
        Leftovers { of_leg: self.quote_price.value_down(left_atoms), of_collateral: UsdMicro::MAX }
    }

    #[inline(always)]
    fn fill_down(&self, size: BaseUnits, penalty_ppm: Ppm, insurance_share_ppm: Ppm) -> RiskResult<Fill<BaseUnits>> {
        const WHOLE: u64 = Ppm::WHOLE.times(Ppm::WHOLE);
        let worth = if self.is_long { self.price.value_down(size) } else { self.price.value_up(size) };
        if worth.get() >= i64::MAX as u64 {
            return Err(RiskError::NumberOutOfRange);
        }
        let fee_parts = penalty_ppm.times(insurance_share_ppm);
        let kept_parts = penalty_ppm.times(insurance_share_ppm.rest());
        let part = |parts| mul_div_down(worth.get(), parts, WHOLE).ok_or(RiskError::NumberOutOfRange);
        Ok(Fill {
            size,
            paid_atoms: worth,
            fee_atoms: Atoms::new(part(fee_parts)?),
            received_atoms: Atoms::new(part(kept_parts)?),
            notional: self.quote_price.value_down(worth),
        })
    }

    /// A long costs at most, a short brings at least so many quote atoms for every so many base units.
    #[inline(always)]
    fn meets(&self, limit: Limit, fill: &Fill<BaseUnits>) -> bool {
        let bound = mul_wide(fill.size.get(), limit.numerator);
        if self.is_long {
            mul_wide(fill.paid_atoms.saturating_sub(fill.received_atoms).get(), limit.denominator) <= bound
        } else {
            mul_wide(fill.paid_atoms.saturating_add(fill.received_atoms).get(), limit.denominator) >= bound
        }
    }

    #[inline(always)]
    #[expect(clippy::arithmetic_side_effects, reason = "one or minus one times a number that is not negative fits")]
    fn book(&self, portfolio: &mut Portfolio, fill: &Fill<BaseUnits>) -> RiskResult<()> {
        let sign = if self.is_long { 1 } else { -1 };
        let leg = portfolio.perps.get_mut(self.index).ok_or(RiskError::NumberOutOfRange)?;
        leg.units = leg.units.try_add(SignedBaseUnits::new(-sign * fill.size.signed()?.get()))?;
        leg.cash_atoms = moved(leg.cash_atoms, fill.paid_atoms, sign)?;
        leg.cash_atoms = moved(leg.cash_atoms, fill.received_atoms, -1)?;
        leg.cash_atoms = moved(leg.cash_atoms, fill.fee_atoms, -1)?;
        Ok(())
    }

    #[inline(always)]
    fn rounding(&self) -> UsdMicro {
        // A gain that a deficit cuts is rounded once more.
        let cut = if self.is_cut { self.quote_price.value_up(Atoms::ONE) } else { UsdMicro::default() };
        let unit = self.quote_price.value_up(self.price.value_up(BaseUnits::ONE));
        unit.plus(cut).plus(UsdMicro::new(8))
    }

    /// Base units and their cash move exactly.
    #[inline(always)]
    fn outweighs_shares(&self, _before: &Margins, _after: &Margins) -> bool {
        true
    }
}

/// The perp of a class with the highest rate.
#[derive(Clone, Copy, Default)]
pub(in crate::liquidate) struct Best<'a>(Option<(u8, &'a MarketRates)>);

impl Best<'_> {
    pub(in crate::liquidate) fn leg(&self) -> Option<(Ppm, LegName)> {
        self.0.map(|(market, rates)| (rates.maint_ppm, LegName::Perp { market }))
    }

    pub(in crate::liquidate) fn paying(&self) -> Option<Paying> {
        self.0.map(|(_, rates)| Paying(*rates))
    }
}

/// Rates of the perp that pays most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::liquidate) struct Paying(MarketRates);

impl Paying {
    pub(in crate::liquidate) fn ceiling_ppm_down(
        &self,
        health_ppm: Ppm,
        quote: &TokenWeights,
        params: &GlobalParams,
    ) -> Ppm {
        perp_ceiling_ppm_down(health_ppm, &self.0, quote, params)
    }
}

#[derive(Clone, Copy)]
pub(in crate::liquidate) struct Base<'a>(u8, &'a MarketRates);

impl<'a> Candidate for Base<'a> {
    type Best = Best<'a>;

    #[inline(always)]
    fn may_be_best(self) -> bool {
        true
    }

    #[inline(always)]
    fn is_better(self, best: &Best<'a>) -> bool {
        best.0.is_none_or(|(_, held)| self.1.maint_ppm > held.maint_ppm)
    }

    #[inline(always)]
    fn enter(self, best: &mut Best<'a>) {
        best.0 = Some((self.0, self.1));
    }
}

/// Sorts every position with a base and valid prices into the classes of the best-leg rule.
#[inline(always)]
pub(in crate::liquidate) fn sort<'a>(portfolio: &'a Portfolio, classes: &mut impl Sorter<Base<'a>>) {
    let quote = &portfolio.quote.prices;
    if quote.stale {
        return;
    }
    for leg in portfolio.perps().iter().filter(|leg| !leg.units.is_zero() && !leg.prices.stale) {
        let notional = || quote.spot.value_down(leg.prices.spot.value_down(leg.units.unsigned_abs()));
        classes.sort(Base(leg.market, &leg.rates), notional);
    }
}
