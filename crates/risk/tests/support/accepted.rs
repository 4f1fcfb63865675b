//! Random parameters that a listing accepts, up to the edge of what it accepts: no default shows what they break.

use plimsoll_risk::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down};
use plimsoll_risk::params::{Calibration, Contradiction, GlobalParams, Pairs};
use plimsoll_risk::portfolio::Portfolio;
use proptest::prelude::*;

const ONE: u64 = 1_000_000;
/// How fast every price may fall.
const PRICE: Calibration = Calibration { fastest_fall_ppm_per_sec: 500, update_secs: 2 };

/// Parameters, and the share of the highest possible `p_floor` that they are to have, thousandths.
pub type Drawn = (GlobalParams, u64);

/// Parameters within their bounds; clocks are such that a test's longest, 300 s and 400 s, are past their ends.
pub fn drawn() -> impl Strategy<Value = Drawn> {
    let auction =
        (0u32..=3_000, 5_000u32..=150_000, 5u32..=200, 0u32..=2_000_000, 100_000u32..=950_000, 0u32..=900_000);
    let wind_down = (0u32..=50_000, 1u32..=150, 1u32..=150);
    let legs = (300_000u32..=1_000_000, 0u32..=100_000, 1u32..=90, 1u32..=500_000);
    let target = (2_000u32..=20_000, 3_000u32..=40_000, 1u32..=3_000, 1_000_000u64..=10_000_000, 300_000u32..=990_000);
    (auction, wind_down, legs, target, 0u64..=1_000).prop_map(|(auction, wind_down, legs, target, share)| {
        let params = GlobalParams {
            penalty_start_ppm: auction.0,
            penalty_cap_ppm: auction.1,
            auction_secs: auction.2,
            depth_slope_ppm: auction.3,
            improvement_factor_ppm: auction.4,
            insurance_share_ppm: auction.5,
            wind_down_penalty_ppm: wind_down.0,
            wind_down_secs: wind_down.1,
            wind_down_close_secs: wind_down.2,
            best_leg_share_ppm: legs.0,
            best_leg_min_ppm: legs.1,
            best_leg_end_secs: legs.2,
            health_cap_ppm: legs.3,
            target_token_buffer_ppm: target.0,
            target_perp_buffer_ppm: target.1,
            target_min_gap_ppm: target.2,
            dust_usd_micro: target.3,
            bypass_ratio_ppm: target.4,
            ..GlobalParams::DEFAULT
        };
        (params, share)
    })
}

/// The drawn parameters with a floor of penalties that these legs can pay; none where a listing would refuse them.
pub fn with_floor(p: &Portfolio, (drawn, share): &Drawn) -> Option<GlobalParams> {
    let mut params = GlobalParams { pnl_weight_ppm: p.params.pnl_weight_ppm, ..*drawn };
    let banks: Vec<_> = core::iter::once(&p.quote).chain(p.tokens()).map(|leg| leg.weights).collect();
    let pairs = banks.iter().enumerate().flat_map(|(a, asset)| {
        let others = banks.iter().enumerate().filter(move |(l, _)| *l != a);
        others.map(move |(_, liability)| pair_ceiling_ppm_down(params.health_cap_ppm, asset, liability, &params))
    });
    let quote = &p.quote.weights;
    let perps = p.perps().iter().map(|leg| perp_ceiling_ppm_down(params.health_cap_ppm, &leg.rates, quote, &params));
    let least = u64::from(pairs.chain(perps).min()?);
    let most = least * (ONE - u64::from(params.insurance_share_ppm)) / ONE;
    params.penalty_floor_ppm = ((most * share / 1_000) as u32).clamp(1, params.penalty_cap_ppm);
    params.wind_down_penalty_ppm = params.wind_down_penalty_ppm.max(params.penalty_floor_ppm);
    Some(params)
}

/// Whether all of this could be listed.
pub fn check(p: &Portfolio) -> Result<(), Contradiction> {
    p.params.validate()?;
    let quote = &p.quote.weights;
    Contradiction::PNL_WEIGHT.unless(p.params.pnl_weight_ppm <= quote.asset_maint_ppm)?;
    let mut pairs = Pairs::default();
    let banks = || core::iter::once(&p.quote).chain(p.tokens()).map(|leg| &leg.weights).enumerate();
    for (bank, weights) in banks() {
        weights.validate(&p.params)?;
        pairs.offer(bank, weights, PRICE, &p.params);
    }
    banks().try_for_each(|(bank, weights)| pairs.check(bank, weights, PRICE, &p.params))?;
    p.perps().iter().try_for_each(|leg| leg.rates.validate(PRICE, quote, &p.params))
}
