//! `fixed::types::I80F48` whose every operation is checked.
//!
//! The operators and `from_num` of `fixed` wrap silently in release builds, so nothing outside this file touches
//! them. Used where there is a curve (interest, averages, variance), not where there is a loop (NUMBER-4).

use fixed::types::I80F48;

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_high_down, mul_wide};
use crate::units::Secs;

/// A signed number with 48 fraction bits; its smallest step is 3.6e-15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(I80F48);

/// Natural logarithm of two, rounded down.
const LN_2: Fixed = Fixed::from_bits(195_103_586_505_167);

/// `1 / n!` for n from 6 down to 0, rounded down: the coefficients of the exponential.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one is 2^48")]
const INVERSE_FACTORIALS: [u64; 7] = {
    let one = Fixed::ONE.to_bits() as u64;
    [one / 720, one / 120, one / 24, one / 6, one / 2, one, one]
};

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self(I80F48::ZERO);
    /// One.
    pub const ONE: Self = Self(I80F48::ONE);

    /// The number whose bits these are.
    #[inline(always)]
    pub const fn from_bits(bits: i128) -> Self {
        Self(I80F48::from_bits(bits))
    }

    /// Its bits.
    #[inline(always)]
    pub const fn to_bits(self) -> i128 {
        self.0.to_bits()
    }

    /// `numerator / denominator`, rounded down.
    ///
    /// # Errors
    /// `NumberOutOfRange` where the denominator is zero.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "a zero divisor has returned; 32 bits are shifted by 16 and divided: the sum stays below 2^81"
    )]
    pub fn ratio_down(numerator: u32, denominator: u32) -> RiskResult<Self> {
        // Two native divisions instead of one of 128 bits: 32 quotient bits, then the remainder's 16.
        let (n, d) = ((numerator as u64) << 32, denominator as u64);
        let high = n.checked_div(d).ok_or(RiskError::NumberOutOfRange)?;
        let low = ((n % d) << 16) / d;
        Ok(Self::from_bits(((high as i128) << 16) + low as i128))
    }

    /// `self + other`.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    pub fn checked_add(self, other: Self) -> RiskResult<Self> {
        self.0.checked_add(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    pub fn checked_sub(self, other: Self) -> RiskResult<Self> {
        self.0.checked_sub(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
    }

    /// `self * other`, rounded toward minus infinity.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "a product of two 64-bit numbers, shifted by 48, has 80 bits")]
    pub fn mul_down(self, other: Self) -> RiskResult<Self> {
        // A quarter of the cost of the 256-bit product, and the same result, where both factors fit 64 bits.
        if let (Ok(a), Ok(b)) = (u64::try_from(self.to_bits()), u64::try_from(other.to_bits())) {
            return Ok(Self::from_bits((mul_wide(a, b) >> 48) as i128));
        }
        self.0.checked_mul(other.0).map(Self).ok_or(RiskError::NumberOutOfRange)
    }

    /// `e^-self` for a number that is not negative; less than 2^-41 from the truth, within 0 and 1.
    ///
    /// Halved until at most 1/32, where seven terms of the series and their roundings are at most four steps of 2^-48
    /// off, then squared back. k squarings multiply that by 2^k e^-x, and 2^k < 64 x: at most 64 / e * 5.2 steps.
    ///
    /// # Errors
    /// `NumberOutOfRange` for a negative number.
    #[expect(clippy::arithmetic_side_effects, reason = "a number below 2^54 is halved at most eleven times")]
    pub fn exp_neg(self) -> RiskResult<Self> {
        // e^-34 is below half a step.
        const NOTHING: u64 = 34 << 48;
        if self < Self::ZERO {
            return Err(RiskError::NumberOutOfRange);
        }
        let Some(mut x) = u64::try_from(self.to_bits()).ok().filter(|bits| *bits < NOTHING) else {
            return Ok(Self::ZERO);
        };
        let mut halvings = 0u32;
        while x > 1 << 43 {
            x >>= 1;
            halvings += 1;
        }
        let mut sum = 0;
        for coefficient in INVERSE_FACTORIALS {
            sum = coefficient.checked_sub(product_down(x, sum)).ok_or(RiskError::NumberOutOfRange)?;
        }
        // Halved at all, x is not near zero and the sum below one.
        for _ in 0..halvings {
            sum = product_down(sum, sum);
        }
        Ok(Self::from_bits(sum as i128))
    }
}

/// `a * b` of two numbers with 48 fraction bits, the first below one, rounded down.
#[inline(always)]
const fn product_down(a: u64, b: u64) -> u64 {
    mul_high_down(a << 16, b)
}

/// What remains after `elapsed` of something that decays with a time constant: `e^(-elapsed / constant)`.
///
/// # Errors
/// `NumberOutOfRange` where the constant is zero.
pub fn decay(elapsed: Secs, constant: Secs) -> RiskResult<Fixed> {
    Fixed::ratio_down(elapsed.stored(), constant.stored())?.exp_neg()
}

/// What remains after `elapsed` of something with a half-life: `2^(-elapsed / half-life)`.
///
/// # Errors
/// `NumberOutOfRange` where the half-life is zero.
pub fn half_life_decay(elapsed: Secs, half_life: Secs) -> RiskResult<Fixed> {
    Fixed::ratio_down(elapsed.stored(), half_life.stored())?.mul_down(LN_2)?.exp_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn float(value: Fixed) -> f64 {
        value.to_bits() as f64 / (1u64 << 48) as f64
    }

    #[test]
    fn nothing_has_decayed_after_no_time_and_half_after_a_half_life() {
        assert_eq!(decay(Secs::ZERO, Secs::new(15)), Ok(Fixed::ONE));
        assert!((float(half_life_decay(Secs::new(3_600), Secs::new(3_600)).unwrap()) - 0.5).abs() < 1e-13);
        assert_eq!(decay(Secs::new(u32::MAX), Secs::new(1)), Ok(Fixed::ZERO));
        assert_eq!(decay(Secs::new(1), Secs::ZERO), Err(RiskError::NumberOutOfRange));
        assert_eq!(Fixed::from_bits(-1).exp_neg(), Err(RiskError::NumberOutOfRange));
    }

    /// To the last bit, as the chain computes it: the series at 1/32 itself, beyond it of the half, squared. The truth is
    /// within four steps of the first.
    #[test]
    fn the_series_serves_up_to_one_part_in_32_and_what_is_beyond_is_halved() {
        for (bits, value) in
            [(1 << 43, 272_814_902_101_425), (1 << 44, 264_421_269_977_113), (1 << 48, 103_548_857_136_082)]
        {
            assert_eq!(Fixed::from_bits(bits).exp_neg().map(Fixed::to_bits), Ok(value));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_exponential_is_within_its_stated_error_and_never_leaves_zero_and_one(bits in 0i128..40 << 48) {
            let x = Fixed::from_bits(bits);
            let value = x.exp_neg().unwrap();
            prop_assert!(value >= Fixed::ZERO && value <= Fixed::ONE);
            prop_assert!((float(value) - (-float(x)).exp()).abs() < 2f64.powi(-41));
        }

        #[test]
        fn ratios_are_rounded_down(n: u32, d in 1u32..) {
            prop_assert_eq!(Fixed::ratio_down(n, d).unwrap().to_bits(), ((n as i128) << 48) / d as i128);
        }

        #[test]
        fn products_are_rounded_down_on_both_paths(a: i128, b: i128, shift in 0u32..127) {
            let (a, b) = (Fixed::from_bits(a >> shift), Fixed::from_bits(b >> (126 - shift)));
            match a.to_bits().checked_mul(b.to_bits()) {
                Some(exact) => prop_assert_eq!(a.mul_down(b).unwrap().to_bits(), exact >> 48),
                None => if let Ok(product) = a.mul_down(b) {
                    let (exact, got) = (float(a) * float(b), float(product));
                    prop_assert!((exact - got).abs() <= exact.abs() * 1e-12);
                }
            }
        }

        /// NUMBER-4
        #[test]
        fn sums_are_checked(a: i128, b: i128) {
            let (x, y) = (Fixed::from_bits(a), Fixed::from_bits(b));
            prop_assert_eq!(x.checked_add(y).ok().map(Fixed::to_bits), a.checked_add(b));
            prop_assert_eq!(x.checked_sub(y).ok().map(Fixed::to_bits), a.checked_sub(b));
        }
    }
}
