//! Penalties, their ceilings, the two regimes and the clocks they run on (CURE, LEG, WINDDOWN).

mod clocks;

pub use clocks::{Clocks, HealthReading, HealthState, Prints};

use crate::num::PPM;
use crate::params::{pair_rate_ppm, GlobalParams, MarketRates, TokenWeights};
use crate::units::Secs;

const PPM_U128: u128 = PPM as u128;

/// How a liquidation is sized, priced and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Back to the target margin, at a Dutch penalty.
    Cure,
    /// Too little is left for a cure: any leg, up to all of it, at a small penalty.
    WindDown,
}

/// Largest penalty of a pair that still improves the ratio, with the factor k, rounded down.
///
/// `p_max = k h (w_l - w_a) / (1 - k h (1 - w_a))` (CURE-4).
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "k h is at most 4.75e11 within the parameters' bounds: the divisor is at least 5.25e17, products stay below 2^117"
)]
pub fn pair_ceiling_ppm_down(
    health_ppm: u32,
    asset: &TokenWeights,
    liability: &TokenWeights,
    params: &GlobalParams,
) -> u32 {
    let kh = params.auction.improvement_factor_ppm as u128 * health_ppm.min(params.auction.health_cap_ppm) as u128;
    let numerator = kh * pair_rate_ppm(asset, liability) as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 - kh * (PPM - asset.asset_maint_ppm.min(PPM)) as u128;
    (numerator * PPM_U128 / denominator).min(u32::MAX as u128) as u32
}

/// Largest penalty of a perp that still improves the ratio, with the factor k, rounded down.
///
/// `p_max = k h rate / (1 + k h (w_l - 1))`, w_l of the quote (CURE-4).
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "k h is below 2^64 and rates below 2^32: products stay below 2^117; the divisor is at least 10^18"
)]
pub fn perp_ceiling_ppm_down(health_ppm: u32, rates: &MarketRates, quote: &TokenWeights, params: &GlobalParams) -> u32 {
    let kh = params.auction.improvement_factor_ppm as u128 * health_ppm.min(params.auction.health_cap_ppm) as u128;
    let numerator = kh * rates.maint_ppm as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 + kh * quote.liability_maint_ppm.saturating_sub(PPM) as u128;
    (numerator * PPM_U128 / denominator).min(u32::MAX as u128) as u32
}

/// The Dutch penalty of a cure, rounded down.
///
/// `min(max(p0 + (pcap - p0) elapsed / T_a, s m (1 - h)), pcap, p_max)`, the m in it at p = 0 (CURE-3).
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "products of two or three 32-bit numbers in 64 or 128 bits; differences from a number's own minimum; the result is at most the cap"
)]
pub fn cure_penalty_ppm_down(
    elapsed: Secs,
    marginal_ppm: u32,
    health_ppm: u32,
    ceiling_ppm: u32,
    params: &GlobalParams,
) -> u32 {
    let span =
        (params.auction.penalty_cap_ppm - params.auction.penalty_start_ppm.min(params.auction.penalty_cap_ppm)) as u64;
    let elapsed = elapsed.min(params.auction.auction()).get();
    let by_time = params.auction.penalty_start_ppm as u64 + span * elapsed / params.auction.auction().get().max(1);
    let depth = (PPM - health_ppm.min(PPM)) as u128;
    let by_depth = params.auction.depth_slope_ppm as u128 * marginal_ppm as u128 * depth / (PPM_U128 * PPM_U128);
    let asked = by_time.max(by_depth.min(u32::MAX as u128) as u64);
    asked.min(params.auction.penalty_cap_ppm as u64).min(ceiling_ppm as u64) as u32
}

/// The wind-down penalty: `p_floor` to `p_wd` on its own clock, rounded down (WINDDOWN-3).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the elapsed time is at most its divisor: the sum is at most the larger of floor and ceiling, 32 bits each"
)]
pub fn wind_down_penalty_ppm_down(elapsed: Secs, params: &GlobalParams) -> u32 {
    let span = params.wind_down.wind_down_penalty_ppm.saturating_sub(params.auction.penalty_floor_ppm) as u64;
    let elapsed = elapsed.min(params.wind_down.wind_down()).get();
    params.auction.penalty_floor_ppm + (span * elapsed / params.wind_down.wind_down().get().max(1)) as u32
}

/// Whether a penalty ceiling leaves a liquidator his floor after the insurance share.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the insurance share is at most 900,000 ppm; products of two 32-bit numbers"
)]
pub(crate) fn pays_a_liquidator(ceiling_ppm: u32, params: &GlobalParams) -> bool {
    ceiling_ppm as u64 * (PPM - params.auction.insurance_share_ppm) as u64
        >= params.auction.penalty_floor_ppm as u64 * PPM as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// CURE-3, WINDDOWN-3
        #[test]
        fn the_penalty_never_falls_with_time_and_never_exceeds_its_caps(
            a in 0u32..200, b in 0u32..200, m in 0u32..1_000_000, h in 0u32..1_000_000, ceiling in 0u32..100_000,
        ) {
            let (early, late) = (a.min(b), a.max(b));
            let p = cure_penalty_ppm_down(Secs::new(early), m, h, ceiling, &PARAMS);
            prop_assert!(p <= cure_penalty_ppm_down(Secs::new(late), m, h, ceiling, &PARAMS));
            prop_assert!(p <= PARAMS.auction.penalty_cap_ppm && p <= ceiling);
            prop_assert!(wind_down_penalty_ppm_down(Secs::new(early), &PARAMS) <= wind_down_penalty_ppm_down(Secs::new(late), &PARAMS));
            prop_assert!(wind_down_penalty_ppm_down(Secs::new(late), &PARAMS) <= PARAMS.wind_down.wind_down_penalty_ppm);
        }

        /// CURE-4
        #[test]
        fn under_the_ceiling_a_fill_improves_the_ratio(
            h in 1u32..1_000_000, w_a in 0u32..=1_000_000, w_l in 1_000_000u32..2_000_000, rate in 1u32..500_000,
        ) {
            let weights = TokenWeights { asset_maint_ppm: w_a, liability_maint_ppm: w_l, ..Default::default() };
            let p = pair_ceiling_ppm_down(h, &weights, &weights, &PARAMS) as f64 / 1e6;
            let (h1, wa, wl) = (h as f64 / 1e6, w_a as f64 / 1e6, w_l as f64 / 1e6);
            prop_assert!(p <= h1 * ((wl - 1.0) + (1.0 - wa) * (1.0 + p)) + 1e-12);
            let rates = MarketRates { maint_ppm: rate, ..Default::default() };
            let p = perp_ceiling_ppm_down(h, &rates, &weights, &PARAMS) as f64 / 1e6;
            prop_assert!(p <= h1 * (rate as f64 / 1e6 - (wl - 1.0) * p) + 1e-12);
        }
    }
}
