//! The band above maintenance in which an owner is called, and how far each price is from maintenance (CALL-1).

use super::Margins;
use crate::num::PPM;
use crate::portfolio::{PerpLeg, Portfolio, TokenLeg};
use crate::units::{Ppm, UsdPico};

/// The band is this part of maintenance: a tenth.
const BAND: i128 = 10;

/// Whether an account is in the band or below it: under its target, or less than a tenth of maintenance above that.
#[inline(never)]
pub const fn is_called(margins: &Margins) -> bool {
    margins.target_excess.is_negative() || margins.maint_excess.get() < margins.mmr().get().wrapping_div(BAND)
}

/// By how much `NAV - MMR` moves with the price of a balance that is not quote, for the whole of the price.
pub fn token_slope(leg: &TokenLeg) -> UsdPico {
    let worth =
        |atoms, weight: Ppm| (leg.prices.spot.value_down(atoms).get() as i128).saturating_mul(weight.get() as i128);
    let owned = worth(leg.deposit_atoms(), leg.weights.asset_maint_ppm);
    UsdPico::new(owned.saturating_sub(worth(leg.borrow_atoms(), leg.weights.liability_maint_ppm)))
}

/// The same of a perp: its notional at the weight of quote, as owned or owed now, less its charge.
pub fn perp_slope(leg: &PerpLeg, portfolio: &Portfolio, margins: &Margins) -> UsdPico {
    let quote = &portfolio.quote;
    let notional_atoms = leg.prices.spot.value_down(leg.units.unsigned_abs());
    let notional = quote.prices.spot.value_down(notional_atoms).get() as i128;
    let gains = leg.pnl_at(leg.prices.spot).get() > 0;
    let weights = &quote.weights;
    let side = if margins.quote_net_atoms < 0 { weights.liability_maint_ppm } else { weights.asset_maint_ppm };
    let weight = if gains { portfolio.params.perps.pnl_weight().min(side) } else { side };
    let moved = notional.saturating_mul(weight.get() as i128);
    let moved = if leg.units.get() >= 0 { moved } else { moved.saturating_neg() };
    UsdPico::new(moved.saturating_sub(notional.saturating_mul(leg.rates.maint_ppm.get() as i128)))
}

/// The move of one price, ppm of it, that takes the account to maintenance if no other moves and every leg goes on as it
/// does now; toward zero, saturating; none where its price moves nothing.
pub fn distance_ppm(excess: UsdPico, slope: UsdPico) -> Option<i32> {
    let moved = excess.get().saturating_neg().saturating_mul(PPM as i128).checked_div(slope.get())?;
    Some(i32::try_from(moved).unwrap_or(if moved < 0 { i32::MIN } else { i32::MAX }))
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

    #[test]
    fn an_owner_is_called_below_target_and_below_a_tenth_above_maintenance() {
        let called = |nav, tmr| is_called(&margins(nav, 1_000, tmr));
        assert_eq!([1_100, 1_099, 999].map(|nav| called(nav, 1_050)), [false, true, true]);
        // A target further up than the band calls from there.
        assert_eq!([1_300, 1_299].map(|nav| called(nav, 1_300)), [false, true]);
        assert!(!is_called(&margins(0, 0, 0)));
    }

    #[test]
    fn a_distance_is_the_move_that_uses_the_excess_up() {
        let distance = |excess, slope| distance_ppm(UsdPico::new(excess), UsdPico::new(slope));
        assert_eq!(distance(50, 1_000), Some(-50_000));
        assert_eq!(distance(50, -1_000), Some(50_000));
        assert_eq!(distance(-50, 1_000), Some(50_000));
        assert_eq!((distance(0, 7), distance(50, 0)), (Some(0), None));
        assert_eq!(distance(i128::MAX, 1), Some(i32::MIN));
    }
}
