//! Left-continuous moving averages over publish time, and the prices that risk is added at (PRICE-6, MARGIN-6).

use crate::error::RiskResult;
use crate::fixed_checked::{decay, Fixed};
use crate::num::{mul_high_up, mul_u32, mul_wide, PPM};
use crate::price::{edge_from_ppm_up, Price};
use crate::units::{Ppm, Secs};

/// Longest time that one update integrates.
pub const STEP_CAP_SECS: Secs = Secs::new(10);

/// `average' = previous + (average - previous) * e^(-dt / constant)`, dt at most [`STEP_CAP_SECS`], rounded down.
///
/// `previous` is the price held until now; the new price starts with zero weight, so it is not an argument (PRICE-6).
///
/// # Errors
/// `NumberOutOfRange` where the constant is zero; `PriceExponentOutOfRange`.
pub fn integrate_down(average: Price, previous: Price, elapsed: Secs, constant: Secs) -> RiskResult<Price> {
    blend_down(average, previous, decay(elapsed.min(STEP_CAP_SECS), constant)?)
}

/// `weight * a + (1 - weight) * b` for a weight within 0 and 1; between the two, rounded down to 64 significant bits.
///
/// A sum of two products that are not negative: unlike a difference it keeps its relative precision at every
/// magnitude, and needs no division.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "exponents are of at most a thousand and none is above their maximum; weights are within 0 and 2^48 and add up to it, so the sum stays below 2^127"
)]
fn blend_down(a: Price, b: Price, weight: Fixed) -> RiskResult<Price> {
    // Room that a 64-bit mantissa times a 48-bit weight leaves in 127 bits.
    const HEADROOM: u32 = 15;
    let one = Fixed::ONE.to_bits();
    let weight_a = weight.to_bits().clamp(0, one);
    if weight_a == 0 || a == b {
        return Ok(b);
    }
    if weight_a == one {
        return Ok(a);
    }
    let exponent = a.exponent.max(b.exponent);
    let term = |price: Price, weight: i128| {
        let below = exponent.wrapping_sub(price.exponent) as u32;
        (mul_wide(price.mantissa, weight as u64) << HEADROOM).checked_shr(below).unwrap_or(0)
    };
    // At most max(a, b) * 2^63, so below 2^127.
    let sum = term(a, weight_a) + term(b, one - weight_a);
    Price::from_parts_down(sum, exponent.saturating_sub(48 + HEADROOM as i32))
}

/// The worst of spot less and plus z sigma and the two averages: (low, high) (MARGIN-6).
///
/// Low is rounded down and zero where z sigma reaches one; high is rounded up. `z` and the widths saturate.
///
/// # Errors
/// `PriceExponentOutOfRange`.
pub fn bounds(spot: Price, fast: Price, slow: Price, sigma_ppm: Ppm, z_ppm: Ppm) -> RiskResult<(Price, Price)> {
    let width_ppm = sigmas_ppm_up(sigma_ppm, z_ppm);
    let low = lowered_down(spot, width_ppm)?.min(fast).min(slow);
    let high = raised_up(spot, width_ppm)?.max(fast).max(slow);
    Ok((low, high))
}

/// `z * sigma`, rounded up; saturates.
pub(super) fn sigmas_ppm_up(sigma_ppm: Ppm, z_ppm: Ppm) -> Ppm {
    Ppm::saturating(sigma_ppm.times(z_ppm).div_ceil(PPM as u64))
}

/// `price * (1 - width)`, rounded down.
fn lowered_down(price: Price, width_ppm: Ppm) -> RiskResult<Price> {
    if width_ppm >= Ppm::WHOLE {
        return Ok(Price::ZERO);
    }
    let less = mul_high_up(price.mantissa, edge_from_ppm_up(width_ppm));
    Price::from_parts_down(price.mantissa.saturating_sub(less) as u128, price.exponent)
}

/// `price * (1 + width)`, rounded up.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "64 bits times at most 4,294 and two more of 64: the sum has at most 77 bits, and at most 13 are cut"
)]
fn raised_up(price: Price, width_ppm: Ppm) -> RiskResult<Price> {
    let whole = mul_u32(price.mantissa, width_ppm.get() / PPM);
    let part = mul_high_up(price.mantissa, edge_from_ppm_up(Ppm::new(width_ppm.get() % PPM)));
    let sum = price.mantissa as u128 + whole + part as u128;
    let down = Price::from_parts_down(sum, price.exponent)?;
    // The sum has at most 77 bits: what does not fit 64 is cut, and one step up covers it.
    let cut = 64u32.saturating_sub(sum.leading_zeros());
    if sum & ((1u128 << cut) - 1) == 0 {
        return Ok(down);
    }
    Price::from_parts_down(down.mantissa as u128 + 1, down.exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cmp::Ordering;
    use proptest::prelude::*;

    fn any_price() -> impl Strategy<Value = Price> {
        (1u64.., -18i32..=12).prop_map(|(value, exponent)| Price::from_decimal_down(value, exponent).unwrap())
    }

    /// A second price in most cases near the first, where rounding decides.
    fn pair() -> impl Strategy<Value = (Price, Price)> {
        (any_price(), any_price(), 0u64..4, any::<bool>()).prop_map(|(a, far, step, near)| {
            let b = Price { mantissa: a.mantissa.saturating_add(step), exponent: a.exponent };
            (a, if near { b } else { far })
        })
    }

    fn float(price: Price) -> f64 {
        price.mantissa as f64 * 2f64.powi(price.exponent)
    }

    /// Beside a price far above it a small one would be cut from the sum.
    #[test]
    fn all_of_the_weight_on_one_price_is_that_price_whatever_the_other() {
        let (tiny, huge) = (Price { mantissa: 3 << 62, exponent: -130 }, Price { mantissa: 5 << 61, exponent: 60 });
        for (a, b) in [(tiny, huge), (huge, tiny)] {
            assert_eq!((blend_down(a, b, Fixed::ZERO), blend_down(a, b, Fixed::ONE)), (Ok(b), Ok(a)));
            // A weight beyond its range is the nearest within it.
            let (below, above) = (Fixed::from_bits(-1), Fixed::from_bits(i128::MAX));
            assert_eq!((blend_down(a, b, below), blend_down(a, b, above)), (Ok(b), Ok(a)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn an_average_never_leaves_the_two_prices_it_is_between((a, b) in pair(), dt in 0u32..20, tau in 1u32..10_000) {
            let next = integrate_down(a, b, Secs::new(dt), Secs::new(tau)).unwrap();
            prop_assert_ne!(next.cmp_value(&a.min(b)), Ordering::Less);
            prop_assert_ne!(next.cmp_value(&a.max(b)), Ordering::Greater);
            prop_assert!(next.mantissa >> 63 == 1);
        }

        #[test]
        fn an_average_is_the_exponential_of_the_capped_time((a, b) in pair(), dt in 0u32..30, tau in 1u32..10_000) {
            let keep = (-(dt.min(10) as f64) / tau as f64).exp();
            let exact = float(b) + (float(a) - float(b)) * keep;
            let got = float(integrate_down(a, b, Secs::new(dt), Secs::new(tau)).unwrap());
            prop_assert!((got - exact).abs() <= 1e-11 * float(a.max(b)), "{got} {exact}");
        }

        #[test]
        fn a_spike_moves_an_average_by_at_most_its_size_times_its_share_of_the_constant(
            price in any_price(), spike_ppm in 1u32..2_000_000, dt in 0u32..60, tau in 1u32..10_000,
        ) {
            let spike = price.scaled_ppm_down(Ppm::new(spike_ppm)).unwrap();
            let moved = float(integrate_down(price, spike, Secs::new(dt), Secs::new(tau)).unwrap()) - float(price);
            let size = (float(spike) - float(price)).abs();
            let bound = size * (dt.min(STEP_CAP_SECS.stored()) as f64 / tau as f64).min(1.0);
            prop_assert!(moved.abs() <= bound + 1e-11 * float(price.max(spike)));
        }

        /// MARGIN-6
        #[test]
        fn low_is_never_above_and_high_never_below_spot_and_averages(
            spot in any_price(), fast in any_price(), slow in any_price(), sigma: u32, z in 0u32..=10_000_000,
        ) {
            let (low, high) = bounds(spot, fast, slow, Ppm::new(sigma), Ppm::new(z)).unwrap();
            for price in [spot, fast, slow] {
                prop_assert_ne!(low.cmp_value(&price), Ordering::Greater);
                prop_assert_ne!(high.cmp_value(&price), Ordering::Less);
            }
        }

        #[test]
        fn widths_move_spot_outwards_by_at_least_their_share(spot in any_price(), sigma in 0u32..3_000_000) {
            let (low, high) = bounds(spot, spot, spot, Ppm::new(sigma), Ppm::new(2 * PPM)).unwrap();
            let width = 2.0 * sigma as f64 / 1e6;
            if sigma >= PPM / 2 {
                prop_assert!(low.is_zero());
            } else {
                let exact = float(spot) * (1.0 - width);
                prop_assert!(float(low) <= exact * (1.0 + 1e-12) && float(low) >= exact - float(spot) * 1e-12);
            }
            let exact = float(spot) * (1.0 + width);
            prop_assert!((float(high) - exact).abs() <= exact * 1e-12);
            prop_assert!(sigma == 0 || high.cmp_value(&spot) == Ordering::Greater);
        }
    }
}
