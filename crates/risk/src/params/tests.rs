use std::vec::Vec;

use super::*;
use crate::error::RiskError;
use crate::listing::*;
use crate::num::PPM;
use crate::units::{Ppm, PpmPerSec, Secs};
use proptest::prelude::*;

mod bounds;
mod exact;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
/// SOL on 10 October 2025 fell 0.21 % a second at its fastest, by the minute bars in `sdk/crashes/data`.
const SOL: Calibration = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(2_100), update_secs: Secs::new(2) };
const STABLE: Calibration = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(100), update_secs: Secs::new(2) };

fn quote() -> TokenWeights {
    TokenWeights::new(Ppm::WHOLE, Ppm::new(990_000), Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap()
}

/// Two banks with these prices; the verdict on the liability of the second beside the asset of the first.
fn pair(
    asset: &TokenWeights,
    of_asset: Calibration,
    liability: &TokenWeights,
    of_liability: Calibration,
    params: &GlobalParams,
) -> Result<(), Contradiction> {
    let mut pairs = Pairs::default();
    pairs.offer(0, asset, of_asset, params);
    pairs.offer(1, liability, of_liability, params);
    pairs.check(1, liability, of_liability, params)
}

/// WINDDOWN-2
#[test]
fn the_defaults_are_valid_and_give_the_documented_boundary() {
    PARAMS.validate().unwrap();
    assert_eq!(PARAMS.wind_down_boundary_ppm_up(), Ppm::new(1_667));
}

/// LISTING-3
#[test]
fn a_perp_rate_below_the_calibrated_fall_is_refused() {
    // 1.2 % with an update every two seconds (LISTING-3).
    assert!(MarketRates::new(Ppm::new(12_000), Ppm::new(30_000), SOL, &quote(), &PARAMS).is_ok());
    assert_eq!(
        MarketRates::new(Ppm::new(11_999), Ppm::new(30_000), SOL, &quote(), &PARAMS),
        Err(Contradiction::RATE_FALLS)
    );
}

/// The product of a market's rate overflowed, which the bounds of a calibration keep out of reach, where a pair's saturates.
#[test]
fn a_fall_faster_than_any_number_is_refused_and_overflows_nothing() {
    let fall = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(u32::MAX), update_secs: Secs::new(u32::MAX) };
    assert_eq!(
        MarketRates::new(Ppm::new(12_000), Ppm::new(30_000), fall, &quote(), &PARAMS),
        Err(Contradiction::RATE_FALLS)
    );
    let weights =
        TokenWeights::new(Ppm::new(850_000), Ppm::new(750_000), Ppm::new(1_120_000), Ppm::new(1_200_000), &PARAMS)
            .unwrap();
    assert_eq!(pair(&weights, fall, &weights, fall, &PARAMS), Err(Contradiction::PAIR_FALLS));
}

/// 0.21 % a second for the 5 s that a price may be old and the 2 s of the cool-off (LISTING-3).
#[test]
fn an_initial_rate_that_the_age_of_a_price_and_the_cool_off_outrun_is_refused() {
    let rates = MarketRates { maint_ppm: Ppm::new(12_000), target_ppm: Ppm::new(12_000), init_ppm: Ppm::new(14_700) };
    let loose = PARAMS.with(|new| new.targets.target_min_gap_ppm = 1);
    let narrow = TokenWeights { liability_target_ppm: Ppm::WHOLE, ..quote() };
    let judged = |init_ppm| {
        MarketRates { init_ppm, target_ppm: init_ppm.min(Ppm::new(14_000)), ..rates }.validate(SOL, &narrow, &loose)
    };
    assert_eq!(judged(Ppm::new(14_700)), Ok(()));
    assert_eq!(judged(Ppm::new(14_699)), Err(Contradiction::RATE_INITIAL));
    // Older prices ask for more.
    let older = PARAMS.with(|new| new.prices.risk_age_secs = 15);
    assert!(MarketRates::new(Ppm::new(12_000), Ppm::new(35_700), SOL, &quote(), &older).is_ok());
    assert_eq!(
        MarketRates::new(Ppm::new(12_000), Ppm::new(35_699), SOL, &quote(), &older),
        Err(Contradiction::RATE_INITIAL)
    );
}

/// LISTING-2
#[test]
fn weights_out_of_order_are_refused() {
    for (asset, asset_init, liability, liability_init) in
        [(900_000, 950_000, PPM, 1_100_000), (1_000_001, 0, PPM, PPM), (900_000, 800_000, 999_999, 1_100_000)]
    {
        assert!(TokenWeights::new(
            Ppm::new(asset),
            Ppm::new(asset_init),
            Ppm::new(liability),
            Ppm::new(liability_init),
            &PARAMS
        )
        .is_err());
    }
}

/// `health_cap_ppm = 1,000` alone sent an account at h = 0.982 straight into wind-down: 100 % of the debt was closed
/// instead of 18 %, since no penalty under the cap paid a liquidator.
#[test]
fn a_health_cap_at_which_no_penalty_pays_a_liquidator_is_refused() {
    let sol =
        TokenWeights::new(Ppm::new(850_000), Ppm::new(750_000), Ppm::new(1_120_000), Ppm::new(1_200_000), &PARAMS)
            .unwrap();
    let low = PARAMS.with(|new| new.auction.health_cap_ppm = 1_000);
    low.validate().unwrap();
    assert_eq!(pair(&sol, SOL, &quote(), STABLE, &PARAMS), Ok(()));
    assert_eq!(pair(&sol, SOL, &quote(), STABLE, &low), Err(Contradiction::PAIR_CEILING));
    assert_eq!(
        MarketRates::new(Ppm::new(30_000), Ppm::new(60_000), SOL, &quote(), &low),
        Err(Contradiction::RATE_CEILING)
    );
}

/// A floor of 1 % makes `e = 0.01 / (0.8 * 0.75)` = 1.7 % of G: above a rate of 1.5 %, so that whoever is under water
/// at all is wound down. A liquidation at h = 0.86 paid 5 %, and insurance lost.
#[test]
fn a_boundary_of_wind_down_at_or_above_a_rate_is_refused() {
    let high = PARAMS.with(|new| new.auction.penalty_floor_ppm = 10_000);
    high.validate().unwrap();
    assert_eq!(high.wind_down_boundary_ppm_up(), Ppm::new(16_667));
    assert_eq!(
        MarketRates::new(Ppm::new(15_000), Ppm::new(40_000), SOL, &quote(), &high),
        Err(Contradiction::RATE_CEILING)
    );
}

/// With both weights at one a fall of 2.5 % made bad debt, 46 % of which was penalty (LISTING-3).
#[test]
fn weights_that_do_not_survive_the_fastest_falls_of_both_tokens_are_refused() {
    let at = |asset, liability| (quote_like(asset), quote_like(liability));
    fn quote_like(maint: u32) -> TokenWeights {
        TokenWeights {
            asset_maint_ppm: Ppm::new(maint.min(PPM)),
            asset_target_ppm: Ppm::new(maint.min(PPM) - 10_000),
            asset_init_ppm: Ppm::new(maint.min(PPM) - 100_000),
            liability_maint_ppm: Ppm::new(maint.max(PPM)),
            liability_target_ppm: Ppm::new(maint.max(PPM) + 10_000),
            liability_init_ppm: Ppm::new(maint.max(PPM) + 100_000),
        }
    }
    let (one, other) = at(PPM, PPM);
    assert_eq!(pair(&one, SOL, &other, STABLE, &PARAMS), Err(Contradiction::PAIR_FALLS));
    // 4 s of both falls are 0.84 % and 0.04 %, of which 70 % of the weights' distance is to be left.
    let (one, other) = at(PPM - 12_572, PPM);
    assert_eq!(pair(&one, SOL, &other, STABLE, &PARAMS), Ok(()));
    let (one, other) = at(PPM - 12_571, PPM);
    assert_eq!(pair(&one, SOL, &other, STABLE, &PARAMS), Err(Contradiction::PAIR_FALLS));
}

#[test]
fn initial_weights_that_the_age_of_prices_and_the_cool_off_outrun_are_refused() {
    let asset =
        TokenWeights::new(Ppm::new(950_000), Ppm::new(940_000), Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    let fast = |fall| Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(fall), update_secs: Secs::new(1) };
    let liability = quote();
    // 7 s of 9,900 ppm and of 100 are the 7 % between the initial weights.
    assert_eq!(pair(&asset, fast(9_900), &liability, STABLE, &PARAMS), Ok(()));
    assert_eq!(pair(&asset, fast(9_901), &liability, STABLE, &PARAMS), Err(Contradiction::PAIR_INITIAL));
}

/// A fee of 1 % beside a rate of 1.2 %: a side that closed half of its position at spot was left with a lower ratio.
/// LISTING-4.
#[test]
fn a_fee_that_lowers_the_ratio_of_who_reduces_is_refused() {
    let rates = MarketRates::new(Ppm::new(12_000), Ppm::new(30_000), SOL, &quote(), &PARAMS).unwrap();
    // rate * k * health_cap = 1.2 % * 0.8 * 0.5
    assert_eq!(rates.validate_fee(Ppm::new(4_800), &PARAMS), Ok(()));
    assert_eq!(rates.validate_fee(Ppm::new(4_801), &PARAMS), Err(Contradiction::FEE_LOWERS));
    assert_eq!(rates.validate_fee(Ppm::new(10_001), &PARAMS), Err(Contradiction::FEE_RANGE));
    assert_eq!(rates.validate_fee(Ppm::new(9), &PARAMS), Err(Contradiction::FEE_RANGE));
    assert_eq!(RiskError::from(Contradiction::FEE_LOWERS), RiskError::ParameterOutOfBounds);
}

#[test]
fn what_weighs_nothing_may_fall_as_it_likes_and_a_bank_is_no_pair_with_itself() {
    let worthless = TokenWeights::new(Ppm::ZERO, Ppm::ZERO, Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap();
    let wild = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(100_000), update_secs: Secs::new(3_600) };
    assert_eq!(pair(&worthless, wild, &quote(), STABLE, &PARAMS), Ok(()));
    let mut alone = Pairs::default();
    alone.offer(0, &quote(), SOL, &PARAMS);
    assert_eq!(alone.check(0, &quote(), SOL, &PARAMS), Ok(()));
}

fn calibration() -> impl Strategy<Value = Calibration> {
    (1u32..20_000, 1u32..10).prop_map(|(fall, update_secs)| Calibration {
        fastest_fall_ppm_per_sec: PpmPerSec::new(fall),
        update_secs: Secs::new(update_secs),
    })
}

fn weights() -> impl Strategy<Value = TokenWeights> {
    (prop_oneof![1 => Just(0u32), 9 => 700_000u32..=PPM], 0u32..200_000, 0u32..300_000, 0u32..200_000).prop_map(
        |(asset, asset_gap, liability, liability_gap)| {
            TokenWeights {
                asset_maint_ppm: Ppm::new(asset),
                asset_init_ppm: Ppm::new(asset.saturating_sub(asset_gap)),
                liability_maint_ppm: Ppm::new(PPM + liability),
                liability_init_ppm: Ppm::new(PPM + liability + liability_gap),
                ..TokenWeights::default()
            }
            .with_targets(&PARAMS)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The walk that remembers two assets decides as asking every pair would, and a pair that it accepts holds what
    /// each condition promises.
    #[test]
    fn the_walk_over_banks_judges_as_every_pair_by_itself(
        banks in prop::collection::vec((weights(), calibration()), 1..7), cap in 1u32..=500_000,
    ) {
        let params = PARAMS.with(|new| new.auction.health_cap_ppm = cap);
        let mut pairs = Pairs::default();
        for (index, (weights, price)) in banks.iter().enumerate() {
            pairs.offer(index, weights, *price, &params);
        }
        for (l, (liability, of_liability)) in banks.iter().enumerate() {
            let others = banks.iter().enumerate().filter(|(a, _)| *a != l);
            let each: Vec<_> = others.map(|(_, (a, of))| (a, of, pair(a, *of, liability, *of_liability, &params))).collect();
            let walked = pairs.check(l, liability, *of_liability, &params);
            prop_assert_eq!(walked.is_ok(), each.iter().all(|(_, _, judged)| judged.is_ok()));
            for (asset, of_asset, _) in each.iter().filter(|(_, _, judged)| judged.is_ok()) {
                let m = liability.liability_maint_ppm.saturating_sub(asset.asset_maint_ppm).get() as u64;
                prop_assert!((params.wind_down_boundary_ppm_up().get() as u64) < m);
                let falls = of_asset.fastest_fall_ppm_per_sec.get() as u64 * (2 + of_asset.update_secs.get())
                    + of_liability.fastest_fall_ppm_per_sec.get() as u64 * (2 + of_liability.update_secs.get());
                prop_assert!(asset.asset_maint_ppm == Ppm::ZERO || m * 7 >= falls * 10);
            }
        }
    }

    /// The boundary of wind-down lies below every rate and pair that a liquidator is paid at; at most half of maintenance.
    #[test]
    fn the_boundary_of_wind_down_is_below_whatever_the_ceiling_pays_at(
        cap in 1u32..=500_000, floor in 1u32..50_000, k in 100_000u32..=950_000, c in 0u32..=900_000, rate in 1u32..400_000,
    ) {
        let params = PARAMS.with(|new| { new.auction.health_cap_ppm = cap; new.auction.penalty_floor_ppm = floor; new.auction.improvement_factor_ppm = k; new.auction.insurance_share_ppm = c; });
        let rates = MarketRates { maint_ppm: Ppm::new(rate), target_ppm: Ppm::new(rate + 100_000), init_ppm: Ppm::new(rate + 500_000) };
        let judged = rates.validate(STABLE, &quote(), &params);
        prop_assert!(judged.is_err() || 2 * (params.wind_down_boundary_ppm_up().get() - 1) < rate);
    }
}
