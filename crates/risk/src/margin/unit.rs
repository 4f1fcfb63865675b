//! Risk units: what a charge is computed for.
//!
//! A unit is the positions whose risks are netted before they are charged. A perp alone is one: it is charged
//! `rate * notional`, so nothing is netted between two markets, and a unit needs no more than its leg (MARGIN-5).

use super::Favourable;
use crate::num::WideSum;
use crate::portfolio::{PerpLeg, Portfolio, PriceKind};
use crate::units::{Atoms, Signed};

/// One unit of an account.
#[derive(Clone, Copy)]
pub(super) struct RiskUnit<'a> {
    pub(super) leg: &'a PerpLeg,
}

/// What a unit is worth and charged on, in quote.
#[derive(Clone, Copy)]
pub(super) struct UnitValue {
    /// Of its base either way: what a long is worth at the least, what a short costs at the most.
    pub(super) worth_atoms: Atoms,
    /// What the rates are taken of.
    pub(super) notional_atoms: Atoms,
}

/// The units of an account.
#[inline(always)]
pub(super) fn risk_units(portfolio: &Portfolio) -> impl Iterator<Item = RiskUnit<'_>> {
    portfolio.perps().iter().map(|leg| RiskUnit { leg })
}

impl RiskUnit<'_> {
    /// At one price, or at the edge favourable to the account: its PnL high, its charge low (ELIG-3).
    #[inline(always)]
    pub(super) fn at(self, price: PriceKind, edges: bool) -> UnitValue {
        let (leg, magnitude) = (self.leg, self.leg.units.unsigned_abs());
        let price = Favourable::of(&leg.prices, price, edges);
        if price.at_edge {
            let low = price.low().value_up(magnitude);
            let worth_atoms = if leg.units.get() >= 0 { price.high().value_down(magnitude) } else { low };
            return UnitValue { worth_atoms, notional_atoms: low };
        }
        // A short's value is rounded up as its charge is, a long's down: one product serves both.
        let (down, up) = price.plain.values_in_loop(magnitude);
        UnitValue { worth_atoms: if leg.units.get() >= 0 { down } else { up }, notional_atoms: up }
    }

    /// For adding risk: a long low, a short and every charge high (MARGIN-6).
    #[inline(always)]
    pub(super) fn at_initial(self) -> UnitValue {
        let (leg, magnitude) = (self.leg, self.leg.units.unsigned_abs());
        let notional_atoms = leg.prices.init_charge.value_in_loop_up(magnitude);
        let worth_atoms =
            if leg.units.get() >= 0 { leg.prices.init.value_in_loop_down(magnitude) } else { notional_atoms };
        UnitValue { worth_atoms, notional_atoms }
    }
}

/// PnL of an account's units, quote atoms: gains and losses apart, since they weigh differently.
#[derive(Default)]
pub(super) struct Pnl {
    pub(super) gains: WideSum,
    pub(super) losses: WideSum,
}

impl Pnl {
    /// Adds a unit's.
    #[inline(always)]
    pub(super) fn add(&mut self, unit: RiskUnit<'_>, value: UnitValue) {
        let pnl = unit.leg.pnl_of(value.worth_atoms);
        match pnl.by_sign() {
            Signed::Plus(gain) => self.gains.add(unit.leg.gain_down(gain).get(), 1),
            Signed::Minus(loss) => self.losses.add(loss.get(), 1),
        }
    }
}
