//! Every condition of a listing where it just holds and where it just does not.

use super::*;
use crate::price::UnitPrice;
use crate::units::{Ppm, PpmPerSec, Secs};

/// With nothing in the way of the condition at hand.
const RATES: MarketRates =
    MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };

#[test]
fn rates_are_accepted_in_order_only() {
    let judged = |maint_ppm, target_ppm, init_ppm| {
        MarketRates { maint_ppm, target_ppm, init_ppm }.validate(STABLE, &quote(), &PARAMS)
    };
    assert_eq!(judged(Ppm::new(30_000), Ppm::new(60_000), Ppm::new(60_000)), Ok(()));
    assert_eq!(judged(Ppm::new(30_000), Ppm::new(42_500), Ppm::WHOLE), Ok(()));
    assert_eq!(judged(Ppm::new(30_000), Ppm::WHOLE, Ppm::WHOLE), Ok(()));
    for (maint, target, init) in
        [(0, 42_500, 60_000), (42_501, 42_500, 60_000), (30_000, 60_001, 60_000), (30_000, 42_500, PPM + 1)]
    {
        assert_eq!(
            judged(Ppm::new(maint), Ppm::new(target), Ppm::new(init)),
            Err(Contradiction::RATES_ORDER),
            "{maint} {target} {init}"
        );
    }
    // Equal ones are in order, only too near.
    assert_eq!(judged(Ppm::new(30_000), Ppm::new(30_000), Ppm::new(60_000)), Err(Contradiction::RATES_GAP));
    assert_eq!(judged(Ppm::WHOLE, Ppm::WHOLE, Ppm::WHOLE), Err(Contradiction::RATES_GAP));
}

/// The gap of 5,000 is to be left after what the weight of quote grows by at the largest penalty, rounded up.
#[test]
fn a_target_rate_nearer_than_the_gap_and_the_growth_of_the_weight_is_refused() {
    let steep = PARAMS.with(|new| new.wind_down.wind_down_penalty_ppm = 100_000);
    for (growth, params, wanted) in
        [(0u32, PARAMS, 5_000u32), (10_000, PARAMS, 5_500), (10_001, PARAMS, 5_501), (10_000, steep, 6_000)]
    {
        let quote = TokenWeights { liability_target_ppm: Ppm::new(PPM + growth), ..quote() };
        let judged =
            |gap| MarketRates { target_ppm: Ppm::new(30_000 + gap), ..RATES }.validate(STABLE, &quote, &params);
        assert_eq!(judged(wanted), Ok(()));
        assert_eq!(judged(wanted - 1), Err(Contradiction::RATES_GAP), "{growth}");
    }
}

/// At a weight of four, three times the 1 % of a wind-down are 3 %, and a rate has to be more.
#[test]
fn a_rate_that_releases_only_what_a_wind_down_costs_is_refused() {
    let heavy =
        TokenWeights { liability_maint_ppm: Ppm::new(4 * PPM), liability_target_ppm: Ppm::new(4 * PPM), ..quote() };
    let judged = |maint_ppm| MarketRates { maint_ppm, ..RATES }.validate(STABLE, &heavy, &PARAMS);
    assert_eq!(judged(Ppm::new(30_001)), Ok(()));
    assert_eq!(judged(Ppm::new(30_000)), Err(Contradiction::WIND_DOWN_WEIGHT));
}

#[test]
fn a_price_needs_both_halves_of_its_calibration() {
    let judged = |fall, update_secs| {
        RATES.validate(Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(fall), update_secs }, &quote(), &PARAMS)
    };
    assert_eq!(judged(1, Secs::new(1)), Ok(()));
    for (fall, update) in [(0, 1), (1, 0), (0, 0)] {
        assert_eq!(judged(fall, Secs::new(update)), Err(Contradiction::UNCALIBRATED));
    }
}

/// `p_max` of 0.4 %, of which a quarter is the insurance's: exactly a floor of 0.3 % is left.
#[test]
fn a_ceiling_that_pays_exactly_the_floor_is_enough_for_a_market_and_for_a_pair() {
    let params = PARAMS.with(|new| new.auction.penalty_floor_ppm = 3_000);
    let judged = |maint_ppm| MarketRates { maint_ppm, ..RATES }.validate(STABLE, &quote(), &params);
    assert_eq!(judged(Ppm::new(10_000)), Ok(()));
    assert_eq!(judged(Ppm::new(9_999)), Err(Contradiction::RATE_CEILING));
    let judged = |liability_maint_ppm| {
        let liability = TokenWeights { liability_maint_ppm, liability_init_ppm: Ppm::new(1_100_000), ..quote() };
        pair(&quote(), STABLE, &liability, STABLE, &params)
    };
    assert_eq!(judged(Ppm::new(1_010_000)), Ok(()));
    assert_eq!(judged(Ppm::new(1_009_999)), Err(Contradiction::PAIR_CEILING));
}

/// 4 s of 1,650 ppm and of 100 are 0.7 % of the asset: what 70 % of one percent is.
#[test]
fn weights_that_survive_the_fastest_falls_with_nothing_left_are_accepted() {
    let asset =
        TokenWeights::new(Ppm::new(990_000), Ppm::new(900_000), Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    let fast = |fall| Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(fall), update_secs: Secs::new(2) };
    assert_eq!(pair(&asset, fast(1_650), &quote(), STABLE, &PARAMS), Ok(()));
    assert_eq!(pair(&asset, fast(1_651), &quote(), STABLE, &PARAMS), Err(Contradiction::PAIR_FALLS));
    assert_eq!(pair(&asset, fast(1_650), &quote(), fast(101), &PARAMS), Err(Contradiction::PAIR_FALLS));
}

/// 7 s of 15 % a second are more than all of a liability, but nothing is lent on what weighs nothing at initial.
#[test]
fn what_weighs_nothing_at_initial_may_fall_unseen_as_far_as_it_likes() {
    let wild = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(150_000), update_secs: Secs::new(1) };
    let asset = |init| TokenWeights::new(Ppm::new(300_000), init, Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    assert_eq!(pair(&asset(Ppm::ZERO), wild, &quote(), STABLE, &PARAMS), Ok(()));
    assert_eq!(pair(&asset(Ppm::new(1)), wild, &quote(), STABLE, &PARAMS), Err(Contradiction::PAIR_INITIAL));
    // Nor does it ask anything where it weighs nothing at all.
    let worthless = TokenWeights::new(Ppm::ZERO, Ppm::ZERO, Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    let wilder = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(900_000), update_secs: Secs::new(1) };
    assert_eq!(pair(&worthless, wilder, &quote(), STABLE, &PARAMS), Ok(()));
}

/// Each bank's liability is held against the largest asset of the others, whichever order they were offered in.
#[test]
fn the_asset_that_asks_most_is_found_in_every_order_and_never_in_the_bank_itself() {
    let weights =
        |asset| TokenWeights::new(asset, Ppm::new(700_000), Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    // One percent less is what 4 s of this price take; the full weight does not survive them.
    let price = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(875), update_secs: Secs::new(2) };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (assets, verdicts) in [
        ([PPM, 990_000, 980_000], [true, false, false]),
        ([PPM, PPM, 980_000], [false, false, false]),
        ([990_000, 990_000, 980_000], [true, true, true]),
        ([990_000, 990_001, 990_000], [false, true, false]),
    ] {
        for order in orders {
            let mut pairs = Pairs::default();
            order.iter().for_each(|bank| pairs.offer(*bank, &weights(Ppm::new(assets[*bank])), price, &PARAMS));
            let judged =
                [0, 1, 2].map(|bank| pairs.check(bank, &weights(Ppm::new(assets[bank])), price, &PARAMS).is_ok());
            assert_eq!(judged, verdicts, "{assets:?} in the order of {order:?}");
        }
    }
}

#[test]
fn a_fee_is_accepted_from_the_floor_to_insurance_to_one_percent() {
    for (fee, verdict) in
        [(9, Err(Contradiction::FEE_RANGE)), (10, Ok(())), (10_000, Ok(())), (10_001, Err(Contradiction::FEE_RANGE))]
    {
        assert_eq!(RATES.validate_fee(Ppm::new(fee), &PARAMS), verdict, "{fee}");
    }
}

#[test]
fn the_band_of_a_fill_is_a_quarter_of_the_initial_rate_and_no_wider_than_the_engines() {
    for (init_ppm, band) in [(0, 0), (3, 0), (4, 1), (39_999, 9_999), (40_000, 10_000), (40_004, 10_000), (PPM, 10_000)]
    {
        assert_eq!(MarketRates { init_ppm: Ppm::new(init_ppm), ..RATES }.fill_band_ppm_down(&PARAMS), Ppm::new(band));
    }
}

#[test]
fn targets_lie_a_buffer_from_maintenance_and_no_further_than_initial() {
    let target = |init_ppm| MarketRates { init_ppm, ..RATES }.with_target(&PARAMS).target_ppm;
    assert_eq!(
        [60_000, 42_501, 42_500, 42_499].map(Ppm::new).map(target),
        [42_500, 42_500, 42_500, 42_499].map(Ppm::new)
    );
    let targets = |asset_init_ppm, liability_init_ppm| {
        let maint = TokenWeights {
            asset_maint_ppm: Ppm::new(900_000),
            liability_maint_ppm: Ppm::new(1_100_000),
            ..Default::default()
        };
        let weights = TokenWeights { asset_init_ppm, liability_init_ppm, ..maint }.with_targets(&PARAMS);
        (weights.asset_target_ppm.get(), weights.liability_target_ppm.get())
    };
    assert_eq!(targets(Ppm::new(800_000), Ppm::new(1_200_000)), (890_000, 1_110_000));
    assert_eq!(targets(Ppm::new(890_001), Ppm::new(1_109_999)), (890_001, 1_109_999));
}

#[test]
fn an_atom_is_worth_at_most_a_hundredth_of_dust() {
    // Units worth this many 65,536ths of a micro-dollar.
    let judged = |parts| check_atom(UnitPrice::from_parts(parts, 16), &PARAMS);
    assert_eq!(judged(100_000 << 16), Ok(()));
    assert_eq!(judged((100_000 << 16) + 1), Err(Contradiction::ATOM_VALUE));
}
