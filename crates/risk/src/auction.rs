//! Penalties, their ceilings, the two regimes and the clocks they run on (CURE, LEG, WINDDOWN).

mod clocks;

pub use clocks::{Clocks, HealthReading, HealthState, Prints};

use crate::num::PPM;
use crate::params::{pair_rate_ppm, GlobalParams, MarketRates, TokenWeights};
use crate::units::{Ppm, Secs};

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
    reason = "k h is at most 4.75e11 within the parameters' bounds: the divisor is at least 5.25e17, products stay below 2^117"
)]
pub fn pair_ceiling_ppm_down(
    health_ppm: Ppm,
    asset: &TokenWeights,
    liability: &TokenWeights,
    params: &GlobalParams,
) -> Ppm {
    let kh = params.auction.improvement_factor().times(health_ppm.min(params.auction.health_cap())) as u128;
    let numerator = kh * pair_rate_ppm(asset, liability).get() as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 - kh * asset.asset_maint_ppm.rest().get() as u128;
    Ppm::saturating_wide(numerator * PPM_U128 / denominator)
}

/// Largest penalty of a perp that still improves the ratio, with the factor k, rounded down.
///
/// `p_max = k h rate / (1 + k h (w_l - 1))`, w_l of the quote (CURE-4).
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "k h is below 2^64 and rates below 2^32: products stay below 2^117; the divisor is at least 10^18"
)]
pub fn perp_ceiling_ppm_down(health_ppm: Ppm, rates: &MarketRates, quote: &TokenWeights, params: &GlobalParams) -> Ppm {
    let kh = params.auction.improvement_factor().times(health_ppm.min(params.auction.health_cap())) as u128;
    let numerator = kh * rates.maint_ppm.get() as u128;
    let denominator = PPM_U128 * PPM_U128 * PPM_U128 + kh * quote.liability_maint_ppm.beyond_whole().get() as u128;
    Ppm::saturating_wide(numerator * PPM_U128 / denominator)
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
    marginal_ppm: Ppm,
    health_ppm: Ppm,
    ceiling_ppm: Ppm,
    params: &GlobalParams,
) -> Ppm {
    let (start, cap) = (params.auction.penalty_start(), params.auction.penalty_cap());
    let span = cap.saturating_sub(start).get() as u64;
    let elapsed = elapsed.min(params.auction.auction()).get();
    let by_time = start.get() as u64 + span * elapsed / params.auction.auction().get().max(1);
    let depth = health_ppm.rest().get() as u128;
    let by_depth = params.auction.depth_slope().times(marginal_ppm) as u128 * depth / (PPM_U128 * PPM_U128);
    let asked = by_time.max(by_depth.min(u32::MAX as u128) as u64);
    Ppm::new(asked.min(cap.get() as u64).min(ceiling_ppm.get() as u64) as u32)
}

/// The wind-down penalty: `p_floor` to `p_wd` on its own clock, rounded down (WINDDOWN-3).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the elapsed time is at most its divisor: the sum is at most the larger of floor and ceiling, 32 bits each"
)]
pub fn wind_down_penalty_ppm_down(elapsed: Secs, params: &GlobalParams) -> Ppm {
    let floor = params.auction.penalty_floor();
    let span = params.wind_down.wind_down_penalty().saturating_sub(floor).get() as u64;
    let elapsed = elapsed.min(params.wind_down.wind_down()).get();
    Ppm::new(floor.get() + (span * elapsed / params.wind_down.wind_down().get().max(1)) as u32)
}

/// Whether a penalty ceiling leaves a liquidator his floor after the insurance share.
#[inline(always)]
pub(crate) fn pays_a_liquidator(ceiling_ppm: Ppm, params: &GlobalParams) -> bool {
    ceiling_ppm.times(params.auction.insurance_share().rest()) >= params.auction.penalty_floor().times(Ppm::WHOLE)
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
            let [m, h, ceiling] = [m, h, ceiling].map(Ppm::new);
            let p = cure_penalty_ppm_down(Secs::new(early), m, h, ceiling, &PARAMS);
            prop_assert!(p <= cure_penalty_ppm_down(Secs::new(late), m, h, ceiling, &PARAMS));
            prop_assert!(p <= PARAMS.auction.penalty_cap() && p <= ceiling);
            prop_assert!(wind_down_penalty_ppm_down(Secs::new(early), &PARAMS) <= wind_down_penalty_ppm_down(Secs::new(late), &PARAMS));
            prop_assert!(wind_down_penalty_ppm_down(Secs::new(late), &PARAMS) <= PARAMS.wind_down.wind_down_penalty());
        }

        /// CURE-4
        #[test]
        fn under_the_ceiling_a_fill_improves_the_ratio(
            h in 1u32..1_000_000, w_a in 0u32..=1_000_000, w_l in 1_000_000u32..2_000_000, rate in 1u32..500_000,
        ) {
            let weights = TokenWeights { asset_maint_ppm: Ppm::new(w_a), liability_maint_ppm: Ppm::new(w_l), ..Default::default() };
            let p = pair_ceiling_ppm_down(Ppm::new(h), &weights, &weights, &PARAMS).get() as f64 / 1e6;
            let (h1, wa, wl) = (h as f64 / 1e6, w_a as f64 / 1e6, w_l as f64 / 1e6);
            prop_assert!(p <= h1 * ((wl - 1.0) + (1.0 - wa) * (1.0 + p)) + 1e-12);
            let rates = MarketRates { maint_ppm: Ppm::new(rate), ..Default::default() };
            let p = perp_ceiling_ppm_down(Ppm::new(h), &rates, &weights, &PARAMS).get() as f64 / 1e6;
            prop_assert!(p <= h1 * (rate as f64 / 1e6 - (wl - 1.0) * p) + 1e-12);
        }
    }
}
