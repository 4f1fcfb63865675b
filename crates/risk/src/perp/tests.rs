use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::margin::{initial_margins, margins};
use crate::params::{MarketRates, TokenWeights};
use crate::portfolio::{LegPrices, Portfolio, PriceKind};
use crate::price::{base_scale_down, edge_from_ppm_up, token_scale_down, Price, TokenPrice};
use crate::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, SignedBaseUnits, SignedPpm, UnixSecs};

/// Dollars in millionths as the unit price of a base with nine decimals in quote atoms with six.
fn unit(price_micro: u64) -> BasePrice {
    BasePrice::new_down(Price::from_decimal_down(price_micro, -6).unwrap(), base_scale_down(6, 9).unwrap())
}

fn quote_unit(price_micro: u64) -> TokenPrice {
    TokenPrice::new_down(Price::from_decimal_down(price_micro, -6).unwrap(), token_scale_down(6).unwrap())
}

/// FUNDING-1
#[test]
fn a_premium_held_for_an_hour_costs_that_share_of_notional() {
    // 200 dollars, 100 ppm: 0.02 dollars an hour for 10^9 units.
    let rate = funding_rate(SignedPpm::new(100), unit(200_000_000), Ppm::new(500));
    let per_hour = (rate as i128 * 3_600 * 1_000_000_000) >> 64;
    assert!((19_999..=20_000).contains(&per_hour));
    assert_eq!(funding_rate(SignedPpm::new(-100), unit(200_000_000), Ppm::new(500)), -rate);
    assert_eq!(
        funding_rate(SignedPpm::new(5_000), unit(200_000_000), Ppm::new(500)),
        funding_rate(SignedPpm::new(500), unit(200_000_000), Ppm::new(500))
    );
    assert_eq!(funding_rate(SignedPpm::new(1), UnitPrice::from_parts(u64::MAX, -64), Ppm::new(500)), i64::MAX);
}

/// FUNDING-1
#[test]
fn a_silent_venue_loses_its_say_and_an_instant_has_no_mean() {
    assert_eq!(
        premium_integral_since(
            SignedPpm::new(-40),
            UnixSecs::new(1_000),
            UnixSecs::new(1_000),
            UnixSecs::new(1_010),
            Secs::new(3_600)
        ),
        -400
    );
    assert_eq!(
        premium_integral_since(
            SignedPpm::new(-40),
            UnixSecs::new(1_000),
            UnixSecs::new(1_000),
            UnixSecs::new(1_000_000),
            Secs::new(3_600)
        ),
        -144_000
    );
    assert_eq!(
        premium_integral_since(
            SignedPpm::new(-40),
            UnixSecs::new(1_000),
            UnixSecs::new(4_000),
            UnixSecs::new(1_000_000),
            Secs::new(3_600)
        ),
        -24_000
    );
    assert_eq!(
        premium_integral_since(
            SignedPpm::new(40),
            UnixSecs::new(1_000),
            UnixSecs::new(9_000),
            UnixSecs::new(1_000_000),
            Secs::new(3_600)
        ),
        0
    );
    assert_eq!(
        premium_integral_since(
            SignedPpm::new(40),
            UnixSecs::new(1_000),
            UnixSecs::new(1_000),
            UnixSecs::new(900),
            Secs::new(3_600)
        ),
        0
    );
    assert_eq!(mean_premium_ppm(1_000_000, Secs::ZERO, Ppm::new(500)), SignedPpm::new(0));
    assert_eq!(mean_premium_ppm(-144_000, Secs::new(7_200), Ppm::new(500)), SignedPpm::new(-20));
    assert_eq!(mean_premium_ppm(i128::MAX, Secs::new(1), Ppm::new(500)), SignedPpm::new(500));
}

/// FILL-2
#[test]
fn a_fill_is_inside_its_band_to_the_edge_and_the_atom_that_is_rounded() {
    // A base of a whole coin at 200 dollars; 1 % on either side.
    let (spot, units) = (unit(200_000_000), 1_000_000_000);
    let inside = |quote_atoms| is_within_band(Atoms::new(quote_atoms), BaseUnits::new(units), spot, Ppm::new(10_000));
    for quote_atoms in [198_000_000, 200_000_000, 202_000_000] {
        assert!(inside(quote_atoms), "{quote_atoms}");
    }
    for quote_atoms in [0, 197_999_998, 202_000_001, u64::MAX] {
        assert!(!inside(quote_atoms), "{quote_atoms}");
    }
    // A value that the numbers do not hold admits nothing.
    assert!(!is_within_band(Atoms::MAX, BaseUnits::MAX, UnitPrice::from_parts(u64::MAX, 0), Ppm::WHOLE));
}

#[test]
fn a_buyer_pays_more_than_spot_and_a_seller_gets_less_where_the_price_is_worse() {
    let (spot, units) = (unit(200_000_000), 1_000_000_000);
    for (buys, quote_atoms, worse) in [
        (true, 200_000_001, true),
        (true, 200_000_000, false),
        (true, 199_000_000, false),
        (false, 199_999_998, true),
        (false, 200_000_000, false),
        (false, 201_000_000, false),
    ] {
        assert_eq!(
            is_worse_than_spot(buys, Atoms::new(quote_atoms), BaseUnits::new(units), spot),
            worse,
            "{buys} {quote_atoms}"
        );
    }
}

/// FILL-3
#[test]
fn a_side_that_flips_grows() {
    assert_eq!(change_of(SignedBaseUnits::new(10), SignedBaseUnits::new(-10)), Change::Reduces);
    assert_eq!(change_of(SignedBaseUnits::new(-10), SignedBaseUnits::new(3)), Change::Reduces);
    assert_eq!(change_of(SignedBaseUnits::new(10), SignedBaseUnits::new(-11)), Change::Grows);
    assert_eq!(change_of(SignedBaseUnits::ZERO, SignedBaseUnits::new(1)), Change::Grows);
    assert_eq!(change_of(SignedBaseUnits::new(10), SignedBaseUnits::new(1)), Change::Grows);
}

/// LISTING-5
#[test]
fn a_unit_worth_more_than_a_thousandth_of_a_dollar_is_not_listed() {
    let params = GlobalParams::DEFAULT;
    let dollars = |price: u64, decimals| {
        UnitPrice::new_down(Price::from_decimal_down(price, 0).unwrap(), token_scale_down(decimals).unwrap())
    };
    let atoms = |price: u64, decimals| {
        UnitPrice::new_down(Price::from_decimal_down(price, 0).unwrap(), base_scale_down(6, decimals).unwrap())
    };
    assert_eq!(validate_unit(dollars(100_000, 8), atoms(100_000, 8), &params), Ok(()));
    assert!(validate_unit(dollars(110_000, 8), atoms(110_000, 8), &params).is_err());
    assert!(validate_unit(UnitPrice::default(), UnitPrice::default(), &params).is_err());
}

/// A perp leg and a quote balance whose prices differ from each other in every way.
fn some_account() -> impl Strategy<Value = (Portfolio, BasePrice)> {
    let around = |base: u64| (base * 7 / 10)..(base * 13 / 10);
    (
        (-(1i64 << 40)..1i64 << 40, -(1i64 << 42)..1i64 << 42, -(1i64 << 42)..1i64 << 42),
        (1_000_000u64..1_000_000_000).prop_flat_map(move |p| (around(p), around(p), around(p), 0u32..200_000)),
        (990_000u64..1_010_000, 900_000u32..=1_000_000, 1_000_000u32..1_050_000),
    )
        .prop_map(|((units, cash, quote), (spot, fast, slow, edge), (quote_price, w_a, w_l))| {
            let params = GlobalParams::DEFAULT.with(|new| new.perps.pnl_weight_ppm = w_a);
            let mut portfolio = Portfolio::empty(params);
            let init = if units >= 0 { spot.min(fast).min(slow) } else { spot.max(fast).max(slow) };
            let leg = &mut portfolio.perps[0];
            leg.units = SignedBaseUnits::new(units);
            leg.cash_atoms = SignedAtoms::new(cash);
            leg.rates =
                MarketRates { maint_ppm: Ppm::new(20_000), target_ppm: Ppm::new(32_500), init_ppm: Ppm::new(50_000) };
            leg.prices = LegPrices {
                spot: unit(spot),
                fast: unit(fast),
                init: unit(init),
                init_charge: unit(spot.max(fast).max(slow)),
                edge: edge_from_ppm_up(Ppm::new(edge)),
                ready: true,
                ..LegPrices::default()
            };
            portfolio.perp_count = 1;
            portfolio.quote.amount_atoms = SignedAtoms::new(quote);
            portfolio.quote.weights = TokenWeights {
                asset_maint_ppm: Ppm::new(w_a),
                asset_target_ppm: Ppm::new(w_a - 10_000),
                asset_init_ppm: Ppm::new(w_a - 20_000),
                liability_maint_ppm: Ppm::new(w_l),
                liability_target_ppm: Ppm::new(w_l + 10_000),
                liability_init_ppm: Ppm::new(w_l + 20_000),
            };
            portfolio.quote.prices = LegPrices {
                spot: quote_unit(quote_price),
                fast: quote_unit(quote_price + 100),
                init: quote_unit(quote_price - 200),
                init_charge: quote_unit(quote_price + 300),
                edge: edge_from_ppm_up(Ppm::new(1_000)),
                ready: true,
                ..LegPrices::default()
            };
            (portfolio, unit(slow))
        })
}

/// Rounding of two legs, each by an atom's worth, at the largest weight: pico-dollars.
const ROUNDING: i128 = 4 * 1_100_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// PNL-2
    #[test]
    fn settling_lowers_no_margin((before, slow) in some_account(), share in 1u64..=1_000) {
        let pnl = settleable(&before.perps()[0], slow);
        // Any part may be settled: a winner's is bounded by the pool, a loser's by his balance.
        let amount = (pnl.get() as i128 * share as i128 / 1_000) as i64;
        let mut after = before;
        after.perps[0].cash_atoms = SignedAtoms::new(after.perps[0].cash_atoms.get() - amount);
        after.quote.amount_atoms = SignedAtoms::new(after.quote.amount_atoms.get() + amount);
        for edges in [false, true] {
            for at in [PriceKind::Spot, PriceKind::Fast] {
                let (old, new) = (margins(&before, at, edges), margins(&after, at, edges));
                prop_assert!(new.maint_excess.get() >= old.maint_excess.get() - ROUNDING, "maintenance {:?} {}", at, edges);
                prop_assert!(new.target_excess.get() >= old.target_excess.get() - ROUNDING, "target {:?} {}", at, edges);
                prop_assert!((new.nav.get() - old.nav.get()).abs() <= ROUNDING);
            }
        }
        let (old, new) = (initial_margins(&before), initial_margins(&after));
        prop_assert!(new.init_excess.get() >= old.init_excess.get() - ROUNDING, "initial");
    }

    #[test]
    fn nothing_settles_where_the_signs_differ((account, slow) in some_account()) {
        let leg = &account.perps()[0];
        let pnl = settleable(leg, slow);
        for price in [leg.prices.spot, leg.prices.fast, slow, leg.prices.init] {
            let here = leg.pnl_at(price);
            prop_assert!(pnl == SignedAtoms::ZERO || here.get().signum() == pnl.get().signum());
            prop_assert!(pnl.unsigned_abs() <= here.unsigned_abs());
        }
    }

    /// PNL-4
    #[test]
    fn exits_take_the_same_in_any_order(
        pool in 0u64..1 << 50, deficit in 1u64..1 << 50, shares in prop::collection::vec(1u64..1_000, 2..8), seed: u64,
    ) {
        // Claims that add up to the pool and the deficit.
        let weight: u64 = shares.iter().sum();
        let claims: Vec<u64> =
            shares.iter().map(|s| ((pool + deficit) as u128 * *s as u128 / weight as u128) as u64).collect();
        let run = |order: &[usize]| {
            let (mut pool, mut deficit) = (pool, deficit);
            let mut paid = std::vec![0u64; claims.len()];
            for i in order {
                if let Ok(exit) = claim_payout_down(Atoms::new(claims[*i]), Atoms::new(pool), Atoms::new(deficit)) {
                    pool -= exit.paid_atoms.get();
                    deficit -= exit.forgone_atoms.get();
                    paid[*i] = exit.paid_atoms.get();
                }
            }
            paid
        };
        let forward: Vec<usize> = (0..claims.len()).collect();
        let mut shuffled = forward.clone();
        shuffled.rotate_left((seed % claims.len() as u64) as usize);
        if seed & (1 << 32) != 0 {
            shuffled.reverse();
        }
        for (a, b) in run(&forward).iter().zip(run(&shuffled)) {
            prop_assert!(a.abs_diff(b) <= claims.len() as u64);
        }
    }

    #[test]
    fn an_exit_pays_at_most_the_pool_and_strikes_at_most_the_deficit(claim: u64, pool in 0u64..1 << 62, deficit in 0u64..1 << 62) {
        match claim_payout_down(Atoms::new(claim), Atoms::new(pool), Atoms::new(deficit)) {
            Ok(exit) => {
                prop_assert!(exit.paid_atoms <= Atoms::new(pool) && exit.forgone_atoms <= Atoms::new(deficit));
                prop_assert_eq!(exit.paid_atoms.get() + exit.forgone_atoms.get(), claim.min(pool + deficit));
            }
            Err(_) => prop_assert_eq!(pool + deficit, 0),
        }
    }

    /// FILL-5
    #[test]
    fn a_reducing_side_loses_at_most_the_band_and_the_fee(
        units in 1u64..1 << 40, price in 1_000_000u64..1_000_000_000, quote in 0u64..1 << 50, band in 1u32..10_000,
    ) {
        let spot = unit(price);
        let (down, up) = (spot.value_down(BaseUnits::new(units)).get(), spot.value_up(BaseUnits::new(units)).get());
        // Half of the cases near the band.
        let near = ((up as u128 * (980_000 + quote % 40_000) as u128) / 1_000_000) as u64;
        for quote in [quote, near] {
            let inside = is_within_band(Atoms::new(quote), BaseUnits::new(units), spot, Ppm::new(band));
            let loss = down.saturating_sub(quote).max(quote.saturating_sub(up));
            prop_assert!(!inside || loss as u128 * 1_000_000 <= up as u128 * band as u128 + 1_000_000);
            for buys in [true, false] {
                prop_assert!(!is_worse_than_spot(buys, Atoms::new(quote), BaseUnits::new(units), spot) || loss > 0);
            }
        }
    }

    /// PNL-3
    #[test]
    fn a_loser_pays_from_his_balance_and_from_what_he_may_borrow_and_no_more(
        loss in 0u64..1 << 60, balance in 0u64..1 << 60, room: u64,
    ) {
        prop_assert_eq!(loser_pays(Atoms::new(loss), Atoms::new(balance), Atoms::ZERO).get(), loss.min(balance));
        prop_assert_eq!(loser_pays(Atoms::new(loss), Atoms::new(balance), Atoms::MAX).get(), loss);
        let paid = loser_pays(Atoms::new(loss), Atoms::new(balance), Atoms::new(room)).get();
        prop_assert!(paid <= loss && paid - paid.min(balance) <= room);
        prop_assert!(paid == loss || paid == balance + room);
    }
}
