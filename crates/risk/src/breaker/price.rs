//! When a price is too odd to add risk at: far from its slow average, too wide, or its sources apart (LIMIT-2).

use super::Terms;
use crate::num::PPM;
use crate::price::Price;
use crate::units::{Ppm, Secs};

/// Fifteen minutes, four in a row, then an hour without: at most an hour of any two.
pub const PRICE_BREAKER: Terms = Terms { lasts: Secs::new(900), most: 4, rest: Secs::new(3_600) };

/// What a price may look like; [`Ppm::MAX`] of each is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Distance of the held price from its slow average, of the average.
    pub spot_band: Ppm,
    /// One sigma of the held price, of the price.
    pub max_sigma: Ppm,
}

/// What was found, a bit each.
pub mod oddity {
    /// The held price is far from its slow average.
    pub const SPOT: u32 = 1;
    /// The held price is too wide.
    pub const SIGMA: u32 = 2;
    /// The sources say different prices.
    pub const SOURCES: u32 = 4;
}

/// What is odd about a price; zero where nothing is.
#[inline(always)]
pub fn oddities(spot: Price, slow: Price, sigma: Ppm, limits: &Limits) -> u32 {
    let far = if is_beyond(spot, slow, limits.spot_band) { oddity::SPOT } else { 0 };
    far | if sigma > limits.max_sigma { oddity::SIGMA } else { 0 }
}

/// Whether two prices differ by more than a share of the second; to 31 significant bits.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "numbers of 32 bits times one of 32")]
pub fn is_beyond(one: Price, other: Price, share: Ppm) -> bool {
    if share == Ppm::MAX {
        return false;
    }
    let (mut first, mut second) = (one.mantissa >> 33, other.mantissa >> 33);
    match one.exponent.wrapping_sub(other.exponent) {
        0 => {}
        1 => first <<= 1,
        -1 => second <<= 1,
        // Beyond twice or half; a share of more than that is asked of the wide ratio.
        _ => return one.ratio_ppm_down(&other).get().abs_diff(PPM) > share.get(),
    }
    first.abs_diff(second) * PPM as u64 > second * share.get() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Spell;
    use super::*;
    use crate::units::UnixSecs;

    const START: i64 = 1_700_000_000;

    fn price(cents: u64) -> Price {
        Price::from_decimal_down(cents, -2).unwrap()
    }

    fn limits(spot_band: u32, max_sigma: u32) -> Limits {
        Limits { spot_band: Ppm::new(spot_band), max_sigma: Ppm::new(max_sigma) }
    }

    /// Every kind of oddity by itself, on either side of its bound; equality is not odd.
    #[test]
    fn a_price_is_odd_beyond_its_band_and_beyond_its_width() {
        let found = |spot, sigma, limits: Limits| oddities(price(spot), price(10_000), Ppm::new(sigma), &limits);
        for (spot, expected) in [(5_000, 0), (4_999, 1), (15_000, 0), (15_001, 1), (10_000, 0), (1, 1), (1_000_000, 1)]
        {
            assert_eq!(found(spot, 0, limits(500_000, u32::MAX)), expected, "{spot}");
            assert_eq!(found(spot, 9, limits(500_000, 8)), expected | oddity::SIGMA, "{spot}");
            assert_eq!(found(spot, u32::MAX, limits(u32::MAX, u32::MAX)), 0, "{spot}");
        }
        assert_eq!(found(10_000, 100_000, limits(500_000, 100_000)), 0);
        assert_eq!(found(10_000, 100_001, limits(500_000, 100_000)), oddity::SIGMA);
    }

    #[test]
    fn a_breaker_that_stands_is_not_extended_and_after_four_it_rests_for_an_hour() {
        let (mut held, mut stood) = (Spell::default(), 0);
        for second in 0..4 * 3_600 {
            let now = UnixSecs::new(START + second);
            let next = held.tripped(now, &PRICE_BREAKER);
            assert!(!held.stands(now) || next == held);
            held = next;
            stood += i64::from(held.stands(now));
        }
        // Odd all the time it stands for the first hour and the third of four.
        assert_eq!(stood, 2 * 3_600);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_band_is_the_one_that_wide_numbers_say(
            one in 1u64.., other in 1u64.., near in any::<bool>(), by in 0u64..3_000_000, share in prop_oneof![0u32..2_000_000, any::<u32>()],
        ) {
            let one_price = Price::from_decimal_down(one, 0).unwrap();
            let other = if near { ((one as u128 * by as u128) / 1_000_000).clamp(1, u64::MAX as u128) as u64 } else { other };
            let other_price = Price::from_decimal_down(other, 0).unwrap();
            let (distance, bound) = (one.abs_diff(other) as u128 * 1_000_000, other as u128 * share as u128);
            // Exact but where the distance is within 2^-28 of the bound.
            let close = distance.abs_diff(bound) <= (bound >> 28) + ((one as u128 * 1_000_000) >> 28) + 2_000_000;
            let wide = share == u32::MAX;
            prop_assert!(close || is_beyond(one_price, other_price, Ppm::new(share)) == (!wide && distance > bound));
        }

        /// LIMIT-2: whatever is seen when, no more than an hour of any two is halted, and never longer than fifteen minutes ahead.
        #[test]
        fn no_price_however_odd_halts_adding_risk_for_more_than_an_hour_of_two(seen in prop::collection::vec(0i64..2_000, 1..80)) {
            let (mut held, mut now) = (Spell::default(), START);
            let mut stood: std::vec::Vec<(i64, i64)> = std::vec::Vec::new();
            for later in seen {
                now += later;
                let next = held.tripped(UnixSecs::new(now), &PRICE_BREAKER);
                if next != held {
                    prop_assert!(!held.stands(UnixSecs::new(now)) && next.until.get() == now + 900);
                    stood.push((now, now + 900));
                }
                held = next;
                let sum: i64 = stood.iter().map(|(from, to)| ((*to).min(now) - (*from).max(now - 7_200)).max(0)).sum();
                prop_assert!(sum <= 3_600, "{sum}");
            }
        }
    }
}
