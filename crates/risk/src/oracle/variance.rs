//! Variance per second and the volatility that follows from it (PRICE-7).

use crate::error::{RiskError, RiskResult};
use crate::fixed_checked::{half_life_decay, Fixed};
use crate::num::{div_up_u128, mul_wide, PPM};
use crate::price::Price;
use crate::units::{PpmPerRootSec, Secs};

/// A sample is taken only when so many seconds have passed since the last.
pub const SAMPLE_SECS: Secs = Secs::new(30);
/// Longest time one sample stands for.
pub const SAMPLE_CAP_SECS: Secs = Secs::new(300);
/// Half-life of the weight of a sample.
pub const HALF_LIFE_SECS: Secs = Secs::new(3_600);
/// Largest return that one sample may show: 20 %, rounded down.
pub const RETURN_CAP: Fixed = Fixed::from_bits((1 << 48) / 5);
/// Default of a listing's prior, units of 1e-12 per second: 2e-8 per second is 80 % a year.
pub const DEFAULT_PRIOR_PICO_PER_SEC: u32 = 20_000;

/// A listing's prior as a variance per second, from units of 1e-12, rounded up.
#[expect(clippy::cast_possible_wrap, reason = "32 bits shifted by 48 have 80")]
pub const fn prior_up(pico_per_sec: u32) -> Fixed {
    Fixed::from_bits((((pico_per_sec as u128) << 48).div_ceil(1_000_000_000_000)) as i128)
}

/// `v' = keep * v + (1 - keep) * r^2 / dt`, rounded up: dt at most [`SAMPLE_CAP_SECS`], `keep = 2^(-dt / half-life)`,
/// |r| at most [`RETURN_CAP`] (PRICE-7).
///
/// The caller has waited [`SAMPLE_SECS`]. Without a previous price the variance stays as it is.
///
/// # Errors
/// `NumberOutOfRange` for a negative variance.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a square below 2^92 over at least 2^48 has 44 bits; weights are within 0 and 2^48 and add up to it, so the sum stays below 2^112"
)]
pub fn sample_up(variance: Fixed, sampled: Price, price: Price, elapsed: Secs) -> RiskResult<Fixed> {
    let dt = elapsed.min(SAMPLE_CAP_SECS);
    let Some(change) = clamped_return(sampled, price).filter(|_| !dt.is_zero()) else {
        return Ok(variance);
    };
    // Below 2^92: 96 fraction bits of a number below 0.04; the division brings them to 48.
    let square = mul_wide(change, change);
    let recent = div_up_u128(square, (dt.get() as u128) << 48).unwrap_or(0) as u64;
    let keep = half_life_decay(dt, HALF_LIFE_SECS)?;
    let weight = Fixed::ONE.checked_sub(keep)?;
    // One sum of two exact products and one rounding: never outside the two variances.
    let old = u64::try_from(variance.to_bits()).map_err(|_| RiskError::NumberOutOfRange)?;
    let sum = mul_wide(old, keep.to_bits() as u64) + mul_wide(recent, weight.to_bits() as u64);
    Ok(Fixed::from_bits(sum.div_ceil(1 << 48) as i128))
}

/// Standard deviation per square root of a second, rounded up; saturates.
#[expect(clippy::arithmetic_side_effects, reason = "the square of an integer root is at most the number")]
pub fn volatility_up(variance: Fixed) -> PpmPerRootSec {
    const PPM_SQUARED: u64 = PPM as u64 * PPM as u64;
    let Ok(bits) = u64::try_from(variance.to_bits().max(0)) else {
        return PpmPerRootSec::MAX;
    };
    // The smallest integer whose square is not below a number is the same for the number rounded up.
    let Ok(square) = u64::try_from(mul_wide(bits, PPM_SQUARED).div_ceil(1 << 48)) else {
        return PpmPerRootSec::MAX;
    };
    let root = square.isqrt();
    let root = root.saturating_add((root * root < square) as u64);
    u32::try_from(root).map_or(PpmPerRootSec::MAX, PpmPerRootSec::new)
}

/// `|price - sampled| / sampled`, 48 fraction bits, rounded down, at most [`RETURN_CAP`]; none where nothing was
/// sampled.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "exponents are at most one apart and mantissas normalised: shifts are 47 to 49, and the ratio is below 2^50 of a divisor that is not zero"
)]
fn clamped_return(sampled: Price, price: Price) -> Option<u64> {
    const CAP: u64 = RETURN_CAP.to_bits() as u64;
    if sampled.is_zero() {
        return None;
    }
    // Normalised mantissas: prices more than two binary exponents apart differ by more than the cap.
    let apart = price.exponent.saturating_sub(sampled.exponent);
    if !(-1..=1).contains(&apart) || price.is_zero() {
        return Some(CAP);
    }
    let ratio = ((price.mantissa as u128) << (48 + apart) as u32) / sampled.mantissa as u128;
    Some((ratio as i64 - (1i64 << 48)).unsigned_abs().min(CAP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn float(value: Fixed) -> f64 {
        value.to_bits() as f64 / (1u64 << 48) as f64
    }

    fn price(value: u64, exponent: i32) -> Price {
        Price::from_decimal_down(value, exponent).unwrap()
    }

    #[test]
    fn the_prior_of_eighty_percent_a_year_is_a_hundred_and_forty_two_ppm_per_root_second() {
        let prior = prior_up(DEFAULT_PRIOR_PICO_PER_SEC);
        assert!((float(prior) - 2e-8).abs() < 1e-14);
        assert_eq!(volatility_up(prior), PpmPerRootSec::new(142));
        let yearly = float(prior).sqrt() * 31_536_000f64.sqrt();
        assert!((yearly - 0.794).abs() < 0.01);
    }

    #[test]
    fn a_variance_whose_root_leaves_the_range_is_the_widest() {
        assert_eq!(volatility_up(Fixed::from_bits(i128::MAX)), PpmPerRootSec::MAX);
        assert_eq!(volatility_up(Fixed::from_bits(u64::MAX as i128)).get(), 256_000_000);
        assert_eq!(volatility_up(Fixed::ZERO).get(), 0);
        assert_eq!(volatility_up(Fixed::from_bits(-1)).get(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_variance_never_leaves_the_old_one_and_the_sample(
            pico: u32, from in 1u64.., to in 1u64.., ef in -18i32..=12, et in -18i32..=12, elapsed: u32,
        ) {
            let old = prior_up(pico);
            let new = sample_up(old, price(from, ef), price(to, et), Secs::new(elapsed)).unwrap();
            // |r| is at most 20 %, so a sample is at most 0.04 / dt; one step of rounding up.
            let dt = elapsed.clamp(1, SAMPLE_CAP_SECS.stored()) as f64;
            prop_assert!(new >= Fixed::ZERO);
            prop_assert!(float(new) <= float(old).max(0.04 / dt + 1e-14));
        }

        /// PRICE-7
        #[test]
        fn a_sample_is_the_formula(pico in 1u32..100_000_000, from in 1u64 << 40..1 << 60, move_ppm in 900_000u32..1_100_000, elapsed in 30u32..600) {
            let old = prior_up(pico);
            let sampled = price(from, -9);
            let next = sampled.scaled_ppm_down(crate::units::Ppm::new(move_ppm)).unwrap();
            let got = float(sample_up(old, sampled, next, Secs::new(elapsed)).unwrap());
            let dt = elapsed.min(300) as f64;
            let keep = 2f64.powf(-dt / 3_600.0);
            let r = move_ppm as f64 / 1e6 - 1.0;
            let exact = keep * float(old) + (1.0 - keep) * r * r / dt;
            prop_assert!((got - exact).abs() <= 1e-9 * exact + 1e-13, "{got} {exact}");
        }

        #[test]
        fn the_volatility_is_the_smallest_ppm_whose_square_is_not_below(bits in 0i128..1 << 60) {
            let vol = volatility_up(Fixed::from_bits(bits)).get() as u128;
            let square = bits as u128 * 1_000_000_000_000;
            prop_assert!((vol * vol) << 48 >= square);
            prop_assert!(vol == 0 || ((vol - 1) * (vol - 1)) << 48 < square);
        }
    }
}
