//! The edge that eligibility values a leg at (ELIG-2), one rule for wide, stale, diverging or unequal-age prices.

use super::average::sigmas_ppm_up;
use crate::num::{sqrt_up, PPM};
use crate::params::GlobalParams;
use crate::units::{Ppm, PpmPerRootSec, Secs};

/// Longest age with a root of its own, seconds.
const TABLE_SECS: usize = 64;
/// `1000 * sqrt(n)`, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "evaluated when this is compiled: the largest is 8,000, and an index outside would not compile"
)]
const ROOTS_MILLI: [u32; TABLE_SECS + 1] = {
    let mut roots = [0; TABLE_SECS + 1];
    let mut n = 0;
    while n <= TABLE_SECS {
        roots[n] = sqrt_up(n as u128 * 1_000_000) as u32;
        n += 1;
    }
    roots
};

/// `b = min(b_max, min(z * sigma, half the leg's charge rate) + z' * vol * sqrt(age beyond the read age))`, ppm,
/// rounded up (ELIG-2).
///
/// `half_charge_ppm` is half the leg's own charge rate at maintenance. Never above b_max, which is below one; grows
/// with sigma, volatility and age. A price ahead of the clock has no age.
#[expect(clippy::cast_possible_truncation, reason = "a minimum with a 32-bit number has 32 bits")]
pub fn edge_ppm_up(
    params: &GlobalParams,
    sigma_ppm: Ppm,
    volatility: PpmPerRootSec,
    age: Secs,
    half_charge_ppm: Ppm,
) -> Ppm {
    let width = sigmas_ppm_up(sigma_ppm, params.prices.confidence_sigmas()).min(half_charge_ppm).get() as u64;
    let beyond = age.saturating_sub(params.prices.read_age());
    let ageing = if beyond.is_zero() {
        0
    } else {
        volatility
            .within_up(root_milli_up(beyond))
            .saturating_mul(params.prices.age_sigmas_ppm as u64)
            .div_ceil(PPM as u64)
    };
    // Narrowing cannot lose anything: the minimum with a u32 fits one.
    Ppm::new((width.saturating_add(ageing)).min(params.prices.edge_max_ppm as u64) as u32)
}

/// `1000 * sqrt(span)`, rounded up: exact to 64, at most 3.1 % above beyond. Never falls as the span grows.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "64 bits are quartered at most 29 times, until they are a place of the table"
)]
fn root_milli_up(span: Secs) -> u64 {
    let (mut quarters, mut doublings) = (span.get(), 0u32);
    while quarters > TABLE_SECS as u64 {
        quarters = quarters.div_ceil(4);
        doublings += 1;
    }
    // At most 2^13 * 2^29.
    (ROOTS_MILLI[quarters as usize] as u64) << doublings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    fn edge(sigma: u32, vol: u32, age: Secs, half: u32) -> u32 {
        edge_ppm_up(&PARAMS, Ppm::new(sigma), PpmPerRootSec::new(vol), age, Ppm::new(half)).get()
    }

    #[test]
    fn a_fresh_price_has_the_width_of_its_confidence_up_to_half_the_charge() {
        assert_eq!(edge(1_000, 142, Secs::new(15), 6_000), 2_000);
        assert_eq!(edge(5_000, 142, Secs::new(3), 6_000), 6_000);
        assert_eq!(edge(u32::MAX, 142, Secs::ZERO, u32::MAX), PARAMS.prices.edge_max_ppm);
    }

    #[test]
    fn an_hour_beyond_the_read_age_adds_three_sigmas_of_an_hour() {
        // 142 ppm * 60 * 3 = 25,560, the root rounded up by at most 3.1 %.
        let edge = edge(0, 142, Secs::new(15 + 3_600), 0);
        assert!((25_560..=26_360).contains(&edge), "{edge}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_root_is_never_below_the_true_one_and_at_most_a_thirtieth_above(secs in 0u64.., shift in 0u32..64) {
            let secs = secs >> shift;
            let (root, exact) = (root_milli_up(Secs::wide(secs)) as f64, (secs as f64).sqrt() * 1_000.0);
            prop_assert!(root >= exact * (1.0 - 1e-12) && root <= exact * 1.032 + 1.0);
            prop_assert!(root_milli_up(Secs::wide(secs.saturating_add(1))) >= root_milli_up(Secs::wide(secs)));
        }

        /// ELIG-2
        #[test]
        fn the_edge_never_exceeds_its_ceiling_and_never_falls_with_age_width_or_volatility(
            sigma: u32, vol: u32, age: u64, more in 0u32.., half: u32, older in 0u64..1_000_000, shift in 0u32..32,
        ) {
            let (sigma, vol, more) = (sigma >> shift, vol >> shift, more >> shift);
            let found = edge(sigma, vol, Secs::wide(age), half);
            prop_assert!(found <= PARAMS.prices.edge_max_ppm && PARAMS.prices.edge_max_ppm < PPM);
            prop_assert!(edge(sigma.saturating_add(more), vol, Secs::wide(age), half) >= found);
            prop_assert!(edge(sigma, vol.saturating_add(more), Secs::wide(age), half) >= found);
            prop_assert!(edge(sigma, vol, Secs::wide(age.saturating_add(older)), half) >= found);
            prop_assert!(edge(sigma, vol, Secs::wide(age), half.saturating_add(more)) >= found);
        }

        #[test]
        fn a_fresh_leg_never_gets_more_than_half_its_charge(sigma: u32, vol: u32, age in 0u64..=15, half in 0u32..500_000) {
            prop_assert!(edge(sigma, vol, Secs::wide(age), half) <= half);
        }
    }
}
