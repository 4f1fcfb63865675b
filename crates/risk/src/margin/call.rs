//! When an owner is called, and how far each price is from where the account would be at maintenance (CALL-1).
//!
//! `NAV - MMR` is concave in each price: a loss weighs as much as a gain or more, a debt as much as a balance or more. So the
//! line along which the account moves now is nowhere below it, and where that line says maintenance the account is at
//! maintenance or below: a distance is the furthest that a price may be, never the nearest.

use super::unit::RiskUnit;
use super::{Favourable, Margins};
use crate::num::PPM;
use crate::params::{MAX_DERIVATIVE_POSITIONS, MAX_TOKEN_POSITIONS};
use crate::portfolio::{PerpLeg, Portfolio, PriceKind, TokenLeg};
use crate::units::{Atoms, Ppm, UsdPico};

/// Whether an account is below its target, or less than `band` of maintenance above maintenance, at the prices of `margins`.
pub fn is_called(margins: &Margins, band: Ppm) -> bool {
    margins.target_excess.is_negative() || margins.is_ratio_below(band.and_whole())
}

/// What has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priced {
    /// The token of this bank.
    Bank(u8),
    /// The underlying of this market.
    Market(u8),
}

/// Most prices that an account depends on: that of quote and one a leg.
const MOST: usize = 1 + MAX_TOKEN_POSITIONS + MAX_DERIVATIVE_POSITIONS;

/// By how much `NAV - MMR` of an account moves with each price that it depends on.
#[derive(Clone, Copy, Debug)]
pub struct Slopes {
    excess: UsdPico,
    slopes: [(u8, UsdPico); MOST],
    count: usize,
}

impl Slopes {
    /// Of a portfolio with its margins at spot and plain prices. `price_of` says which price something has; legs with the
    /// same price move together, and what has none is left out.
    #[inline(never)]
    pub fn of(portfolio: &Portfolio, margins: &Margins, price_of: &dyn Fn(Priced) -> Option<u8>) -> Self {
        let mut found = Self { excess: margins.maint_excess, slopes: [(0, UsdPico::ZERO); MOST], count: 0 };
        // Whatever is not in other tokens is valued in quote, and moves as a whole with its price.
        let mut in_quote = margins.maint_excess;
        for leg in portfolio.tokens() {
            let slope = token_slope(leg);
            in_quote = in_quote.less(slope);
            found.add(price_of(Priced::Bank(leg.bank)), slope);
        }
        if !portfolio.quote.amount_atoms.is_zero() || portfolio.perp_count != 0 {
            found.add(price_of(Priced::Bank(portfolio.quote.bank)), in_quote);
        }
        for leg in portfolio.perps() {
            found.add(price_of(Priced::Market(leg.market)), perp_slope(leg, portfolio, margins));
        }
        found
    }

    fn add(&mut self, price: Option<u8>, slope: UsdPico) {
        let Some(price) = price else { return };
        let known = self.slopes.iter_mut().take(self.count).find(|(known, _)| *known == price);
        if let Some((_, sum)) = known {
            *sum = sum.plus(slope);
        } else if let Some(free) = self.slopes.get_mut(self.count) {
            *free = (price, slope);
            self.count = self.count.saturating_add(1);
        }
    }

    /// Each price and what the whole of it moves, pico-dollars; zero where other legs balance it.
    pub fn iter(&self) -> impl Iterator<Item = (u8, UsdPico)> + '_ {
        self.slopes.iter().take(self.count).copied()
    }

    /// Each price and the move of it, as [`distance_ppm_down`] has it, that takes the account to maintenance if no other
    /// moves; without those that cannot.
    pub fn distances(&self) -> impl Iterator<Item = (u8, i32)> + '_ {
        self.iter().filter_map(|(price, slope)| Some((price, distance_ppm_down(self.excess, slope)?)))
    }
}

/// By how much `NAV - MMR` moves with the price of a balance that is not quote, for the whole of the price.
fn token_slope(leg: &TokenLeg) -> UsdPico {
    let price = Favourable::of(&leg.prices, PriceKind::Spot, false);
    let owned = price.high().value_down(leg.deposit_atoms()).times(leg.weights.asset_maint_ppm);
    owned.less(price.low().value_up(leg.borrow_atoms()).times(leg.weights.liability_maint_ppm))
}

/// The same of a perp: what its base is worth, as far as gains count and at the weight of quote as it is owned or owed now,
/// less its charge.
fn perp_slope(leg: &PerpLeg, portfolio: &Portfolio, margins: &Margins) -> UsdPico {
    let value = RiskUnit { leg }.at(PriceKind::Spot, false);
    let counted = if leg.pnl_of(value.worth_atoms).is_positive() {
        let share = portfolio.params.perps.pnl_weight().of_down(leg.gain_down(value.worth_atoms).get());
        Atoms::new(share.unwrap_or(u64::MAX))
    } else {
        value.worth_atoms
    };
    let (quote, weights) = (&portfolio.quote, &portfolio.quote.weights);
    let price = Favourable::of(&quote.prices, PriceKind::Spot, false);
    let moved = if margins.quote_net_atoms < 0 {
        price.low().value_down(counted).times(weights.liability_maint_ppm)
    } else {
        price.high().value_down(counted).times(weights.asset_maint_ppm)
    };
    let moved = if leg.units.is_negative() { UsdPico::ZERO.less(moved) } else { moved };
    moved.less(price.low().value_up(value.notional_atoms).times(leg.rates.maint_ppm))
}

/// The move of one price, parts per million of it, that takes an account to maintenance if every leg goes on as it does now:
/// minus `excess / slope`, its magnitude rounded down, saturating. None where the price moves nothing, or would have to be
/// negative.
pub fn distance_ppm_down(excess: UsdPico, slope: UsdPico) -> Option<i32> {
    let moved = excess.get().saturating_mul(PPM as i128).checked_div(slope.get())?.saturating_neg();
    let left = moved.saturating_add(PPM as i128);
    left.is_positive().then(|| i32::try_from(moved).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margins(nav: i128, mmr: i128, tmr: i128) -> Margins {
        Margins {
            nav: UsdPico::new(nav),
            maint_excess: UsdPico::new(nav - mmr),
            target_excess: UsdPico::new(nav - tmr),
            ..Margins::default()
        }
    }

    /// CALL-1
    #[test]
    fn an_owner_is_called_below_target_and_below_the_band_above_maintenance() {
        let called = |nav, tmr, band| is_called(&margins(nav, 1_000, tmr), Ppm::new(band));
        assert_eq!([1_100, 1_099, 999].map(|nav| called(nav, 1_050, 100_000)), [false, true, true]);
        assert_eq!([1_250, 1_249].map(|nav| called(nav, 1_050, 250_000)), [false, true]);
        // A target further up than the band calls from there, and without a band it alone does.
        assert_eq!([1_300, 1_299].map(|nav| called(nav, 1_300, 100_000)), [false, true]);
        assert_eq!([1_050, 1_049].map(|nav| called(nav, 1_050, 0)), [false, true]);
        assert!(!is_called(&margins(0, 0, 0), Ppm::WHOLE));
    }

    /// CALL-1
    #[test]
    fn a_distance_is_the_move_that_uses_the_excess_up() {
        let distance = |excess, slope| distance_ppm_down(UsdPico::new(excess), UsdPico::new(slope));
        assert_eq!(distance(50, 1_000), Some(-50_000));
        assert_eq!(distance(50, -1_000), Some(50_000));
        assert_eq!(distance(-50, 1_000), Some(50_000));
        assert_eq!((distance(0, 7), distance(50, 0)), (Some(0), None));
        // A third of a millionth is none of it; no price falls by all of itself.
        assert_eq!((distance(1, 3_000_000), distance(1, -3_000_000)), (Some(0), Some(0)));
        assert_eq!((distance(999_999, 1_000_000), distance(1_000_000, 1_000_000)), (Some(-999_999), None));
        assert_eq!((distance(i128::MAX, 1), distance(i128::MAX, -1)), (None, Some(i32::MAX)));
    }
}
