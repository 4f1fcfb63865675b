//! Random parameters that a listing accepts, up to the edge of what it accepts: no default shows what they break.

use std::ops::RangeInclusive;

use plimsoll_risk::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down};
use plimsoll_risk::listing::{Calibration, Pairs};
use plimsoll_risk::params::{Contradiction, Field, GlobalParams};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{PpmPerSec, Secs};
use proptest::prelude::*;

const ONE: u64 = 1_000_000;
/// How fast every price may fall.
const PRICE: Calibration = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(500), update_secs: Secs::new(2) };

/// Parameters, and the share of the highest possible `p_floor` that they are to have, thousandths.
pub type Drawn = (GlobalParams, u64);

/// Where less than a parameter's bounds is drawn: clocks so short that a test's longest, 300 s and 400 s, are past their
/// ends; shares, buffers and dust that leave something to liquidate; times in which a price does not fall so far that no
/// listing would be accepted. Every other has all of its bounds.
const NARROWED: [(&str, u64, u64); 23] = [
    ("penalty_start_ppm", 0, 3_000),
    ("penalty_cap_ppm", 5_000, 150_000),
    ("auction_secs", 5, 200),
    ("depth_slope_ppm", 0, 2_000_000),
    ("improvement_factor_ppm", 100_000, 950_000),
    ("insurance_share_ppm", 0, 900_000),
    ("wind_down_penalty_ppm", 0, 50_000),
    ("wind_down_secs", 1, 150),
    ("wind_down_close_secs", 1, 150),
    ("best_leg_share_ppm", 300_000, 1_000_000),
    ("best_leg_min_ppm", 0, 100_000),
    ("best_leg_end_secs", 1, 90),
    ("health_cap_ppm", 1, 500_000),
    ("target_token_buffer_ppm", 2_000, 20_000),
    ("target_perp_buffer_ppm", 3_000, 40_000),
    ("target_min_gap_ppm", 1, 3_000),
    ("dust_usd_micro", 1_000_000, 10_000_000),
    ("observation_gap_secs", 30, 600),
    ("cool_off_secs", 1, 3),
    ("bypass_ratio_ppm", 300_000, 990_000),
    ("bypass_spacing_secs", 1, 3),
    ("write_age_secs", 1, 5),
    ("risk_age_secs", 1, 6),
];

fn range(field: &Field) -> RangeInclusive<u64> {
    let narrowed = NARROWED.iter().find(|(name, ..)| *name == field.name);
    let (low, high) = (field.low.at(&GlobalParams::DEFAULT), field.high.at(&GlobalParams::DEFAULT));
    narrowed.map_or(low..=high, |(_, low, high)| *low..=*high)
}

/// Parameters within their bounds.
pub fn drawn() -> impl Strategy<Value = Drawn> {
    let ranges: Vec<_> = GlobalParams::fields().map(range).collect();
    (ranges, 0u64..=1_000).prop_map(|(values, share)| {
        let mut params = GlobalParams::DEFAULT;
        for (field, value) in GlobalParams::fields().zip(values) {
            assert!(field.set(&mut params, value), "{}", field.name);
        }
        // Where a bound is another parameter: within what that one was drawn as.
        for field in GlobalParams::fields().filter(|f| f.low.parameter().or(f.high.parameter()).is_some()) {
            let value = field.get(&params).min(field.high.at(&params)).max(field.low.at(&params));
            assert!(field.set(&mut params, value), "{}", field.name);
        }
        (params, share)
    })
}

/// The drawn parameters with a floor of penalties that these legs can pay; none where a listing would refuse them.
pub fn with_floor(p: &Portfolio, (drawn, share): &Drawn) -> Option<GlobalParams> {
    let mut params = (*drawn).with(|new| new.perps.pnl_weight_ppm = p.params.perps.pnl_weight_ppm);
    let banks: Vec<_> = core::iter::once(&p.quote).chain(p.tokens()).map(|leg| leg.weights).collect();
    let pairs = banks.iter().enumerate().flat_map(|(a, asset)| {
        let others = banks.iter().enumerate().filter(move |(l, _)| *l != a);
        others.map(move |(_, liability)| pair_ceiling_ppm_down(params.auction.health_cap(), asset, liability, &params))
    });
    let quote = &p.quote.weights;
    let perps =
        p.perps().iter().map(|leg| perp_ceiling_ppm_down(params.auction.health_cap(), &leg.rates, quote, &params));
    let least = u64::from(pairs.chain(perps).min()?.get());
    let most = least * (ONE - u64::from(params.auction.insurance_share_ppm)) / ONE;
    params.auction.penalty_floor_ppm = ((most * share / 1_000) as u32).clamp(1, params.auction.penalty_cap_ppm);
    params.wind_down.wind_down_penalty_ppm =
        params.wind_down.wind_down_penalty_ppm.max(params.auction.penalty_floor_ppm);
    Some(params)
}

/// Whether all of this could be listed.
pub fn check(p: &Portfolio) -> Result<(), Contradiction> {
    p.params.validate()?;
    let quote = &p.quote.weights;
    Contradiction::PNL_WEIGHT.unless(p.params.perps.pnl_weight() <= quote.asset_maint_ppm)?;
    let mut pairs = Pairs::default();
    let banks = || core::iter::once(&p.quote).chain(p.tokens()).map(|leg| &leg.weights).enumerate();
    for (bank, weights) in banks() {
        weights.validate(&p.params)?;
        pairs.offer(bank, weights, PRICE, &p.params);
    }
    banks().try_for_each(|(bank, weights)| pairs.check(bank, weights, PRICE, &p.params))?;
    p.perps().iter().try_for_each(|leg| leg.rates.validate(PRICE, quote, &p.params))
}
