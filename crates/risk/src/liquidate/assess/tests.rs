//! Each clause of eligibility and regime by itself.

use crate::portfolio::LegPrices;
use std::vec;

use super::*;
use crate::auction::HealthState;
use crate::params::{GlobalParams, TokenWeights};
use crate::portfolio::{PerpLeg, TokenLeg};
use crate::price::UnitPrice;
use crate::units::{Secs, SignedAtoms, SignedBaseUnits, UnixSecs};

const NOW: i64 = 1_760_130_600;
const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const WEIGHTS: TokenWeights = TokenWeights {
    asset_maint_ppm: Ppm::new(900_000),
    asset_target_ppm: Ppm::new(890_000),
    asset_init_ppm: Ppm::new(800_000),
    liability_maint_ppm: Ppm::new(1_100_000),
    liability_target_ppm: Ppm::new(1_110_000),
    liability_init_ppm: Ppm::new(1_200_000),
};

/// Thousandths of a micro-dollar per atom.
fn unit<Worth, Unit>(thousandths: u64) -> UnitPrice<Worth, Unit> {
    UnitPrice::from_parts((((thousandths as u128) << 60) / 1_000) as u64, 60)
}

fn token(bank: u8, amount_atoms: i64, weights: TokenWeights, spot: u64, fast: u64) -> TokenLeg {
    let prices = LegPrices {
        spot: unit(spot),
        fast: unit(fast),
        published_at: UnixSecs::new(NOW),
        ready: true,
        ..LegPrices::default()
    };
    TokenLeg { amount_atoms: SignedAtoms::new(amount_atoms), weights, prices, bank }
}

fn account(tokens: &[TokenLeg]) -> Portfolio {
    let mut p = Portfolio::empty(PARAMS);
    p.quote = token(0, 0, WEIGHTS, 1_000, 1_000);
    p.tokens[..tokens.len()].copy_from_slice(tokens);
    p.token_count = tokens.len();
    p
}

fn seen(health_state: HealthState, bypass: bool) -> Clocks {
    Clocks {
        under_water_secs: Secs::new(7),
        health_state,
        observed_at: UnixSecs::new(NOW - 1),
        bypass,
        ..Clocks::default()
    }
}

#[test]
fn an_account_is_under_water_only_in_every_reading_but_for_the_average_once_the_bypass_holds() {
    // At a dollar the asset is worth exactly the requirement of the debt.
    for spot in [500, 900, 1_000, 1_100] {
        for fast in [500, 900, 1_000, 1_100] {
            for edge in [0u64, 1 << 62] {
                for bypass in [false, true] {
                    let mut p = account(&[
                        token(1, 1_100_000_000, WEIGHTS, spot, fast),
                        token(2, -900_000_000, WEIGHTS, 1_000, 1_000),
                    ]);
                    p.tokens[0].prices.edge = edge;
                    let found = assess(&p, &seen(HealthState::UnderWater, bypass), UnixSecs::new(NOW));
                    // A quarter more at the favourable edge.
                    let quarters = if edge == 0 { 4 } else { 5 };
                    let low = |price: u64| price < 1_000 && price * quarters < 4_000;
                    let expected = low(spot) && (bypass || low(fast));
                    let about = (
                        found.best.is_some(),
                        found.regime.is_some(),
                        found.clocks.health_state != HealthState::Healthy,
                    );
                    assert_eq!(about, (expected, expected, expected), "{spot} {fast} {edge} {bypass}");
                    assert_eq!(found.clocks.bypass, bypass && spot < 1_000);
                }
            }
        }
    }
}

#[test]
fn the_clocks_are_cleared_at_target_at_both_prices_and_equality_is_at_target() {
    // 1,110 * 0.89 = 890 * 1.11
    for spot in [999, 1_000, 1_001] {
        for fast in [999, 1_000, 1_001] {
            let p =
                account(&[token(1, 1_110_000_000, WEIGHTS, spot, fast), token(2, -890_000_000, WEIGHTS, 1_000, 1_000)]);
            let found = assess(&p, &seen(HealthState::Healthy, false), UnixSecs::new(NOW));
            assert!(found.regime.is_none());
            let expected = if spot >= 1_000 && fast >= 1_000 { 0 } else { 7 };
            assert_eq!(found.clocks.under_water_secs, Secs::new(expected), "{spot} {fast}");
        }
    }
}

/// A stale asset raises the requirement and is no leg: what is left of NAV may be more than the boundary asks and yet the
/// one pair with fresh prices pays nobody.
#[test]
fn spot_decides_the_regime_and_caps_a_wind_down_that_the_average_does_not_confirm() {
    let half = TokenWeights { asset_maint_ppm: Ppm::new(500_000), asset_target_ppm: Ppm::new(490_000), ..WEIGHTS };
    let near = TokenWeights { asset_maint_ppm: Ppm::new(985_000), asset_target_ppm: Ppm::new(975_000), ..WEIGHTS };
    let owed =
        TokenWeights { liability_maint_ppm: Ppm::new(1_015_000), liability_target_ppm: Ppm::new(1_025_000), ..WEIGHTS };
    // A NAV of 1 is below the boundary of 3.3 dollars, one of 15 pays for no cure, one of 100 does.
    for spot in [1u64, 15, 100] {
        for fast in [1u64, 15, 100] {
            for bypass in [false, true] {
                let mut p = account(&[
                    token(1, 1_000_000_000, half, 1_000, 1_000),
                    token(2, 1_000_000_000, near, 900 + spot, 900 + fast),
                    token(3, -1_900_000_000, owed, 1_000, 1_000),
                ]);
                p.tokens[0].prices.stale = true;
                let found = assess(&p, &seen(HealthState::WindDown, bypass), UnixSecs::new(NOW));
                let (at_spot, at_fast) = (spot < 100, bypass || fast < 100);
                let decided = if at_spot { Regime::WindDown } else { Regime::Cure };
                let choice = RegimeChoice { regime: decided, is_spot_alone: at_spot && !at_fast };
                assert_eq!(found.regime, Some(choice), "{spot} {fast} {bypass}");
                let noted = if at_spot { HealthState::WindDown } else { HealthState::UnderWater };
                assert_eq!(
                    (found.clocks.health_state, found.clocks.wind_down_secs),
                    (noted, Secs::new(at_spot as u32))
                );
                assert_eq!(found.clocks.under_water_secs, Secs::new(8));
            }
        }
    }
}

/// With everything fresh the boundary alone decides, and a wick in the average alone opens nothing.
#[test]
fn the_boundary_is_asked_of_all_assets_at_spot() {
    // G of 1,000 dollars: below 1.667 an account is wound down.
    for (debt, regime) in [(998_332_900, Regime::Cure), (998_333_900, Regime::WindDown)] {
        let p = account(&[token(1, 1_000_000_000, WEIGHTS, 1_000, 1_000), token(2, -debt, WEIGHTS, 1_000, 1_000)]);
        assert_eq!(
            assess(&p, &Clocks::default(), UnixSecs::new(NOW)).regime,
            Some(RegimeChoice { regime, is_spot_alone: false }),
            "{debt}"
        );
    }
}

#[test]
fn prints_are_those_of_fresh_legs_that_hold_something_and_of_quote_beside_other_tokens() {
    for case in 0..2u32.pow(8) {
        let bit = |at: u32| case >> at & 1 == 1;
        let mut p = account(&[]);
        p.quote.amount_atoms = SignedAtoms::new(bit(0) as i64);
        (p.quote.prices.stale, p.quote.prices.published_at) = (bit(1), UnixSecs::new(20));
        for count in 0..2 {
            p.token_count = count;
            p.tokens[0] = token(1, -(bit(2) as i64), WEIGHTS, 1_000, 1_000);
            (p.tokens[0].prices.stale, p.tokens[0].prices.published_at) =
                (bit(3), UnixSecs::new(if bit(4) { 10 } else { 30 }));
            p.perp_count = bit(5) as usize;
            p.perps[0] = PerpLeg { units: SignedBaseUnits::new(-(bit(6) as i64)), ..PerpLeg::default() };
            (p.perps[0].prices.stale, p.perps[0].prices.published_at) = (bit(7), UnixSecs::new(15));
            let mut times = vec![];
            if count == 1 && bit(2) && !bit(3) {
                times.push(p.tokens[0].prices.published_at);
            }
            if bit(5) && bit(6) && !bit(7) {
                times.push(UnixSecs::new(15));
            }
            // In quote alone, and what settles in it, no price of quote can make a ratio.
            if count == 1 && (bit(0) || bit(5)) && !bit(1) {
                times.push(UnixSecs::new(20));
            }
            let span = times.iter().min().zip(times.iter().max());
            let expected = span.map(|(oldest, newest)| Prints { oldest_at: *oldest, newest_at: *newest });
            assert_eq!(prints(&p), expected, "{case:b} {count}");
        }
    }
}
