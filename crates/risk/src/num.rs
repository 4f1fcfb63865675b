//! Widening products and divisions whose rounding is part of their name (NUMBER-4).
//!
//! The BPF back end has no 64 x 64 -> 128 multiplication and calls a library for every 128-bit product;
//! these forms use the fewest 32-bit partial products that the operand ranges need.

mod compare;

pub use compare::cmp_products;

use crate::error::{RiskError, RiskResult};

/// One million: parts per million in a whole.
pub const PPM: u32 = 1_000_000;

const LOW32: u64 = 0xffff_ffff;

/// `a * b` as its upper and lower 64 bits.
///
/// No operation can overflow: the partial products are of 32-bit numbers, and the upper half of a product of 64-bit
/// numbers is at most 2^64 - 2. Wrapping forms spare the checks.
#[inline(always)]
const fn mul_halves(a: u64, b: u64) -> (u64, u64) {
    let (a_lo, a_hi) = (a & LOW32, a >> 32);
    let (b_lo, b_hi) = (b & LOW32, b >> 32);
    let ll = a_lo.wrapping_mul(b_lo);
    let hl = a_hi.wrapping_mul(b_lo).wrapping_add(ll >> 32);
    let lh = a_lo.wrapping_mul(b_hi).wrapping_add(hl & LOW32);
    let high = a_hi.wrapping_mul(b_hi).wrapping_add(hl >> 32).wrapping_add(lh >> 32);
    (high, (lh << 32) | (ll & LOW32))
}

/// `a * b`, exactly.
#[inline(always)]
pub const fn mul_wide(a: u64, b: u64) -> u128 {
    let (high, low) = mul_halves(a, b);
    ((high as u128) << 64) | low as u128
}

/// The upper half of `a * b`, rounded down.
#[inline(always)]
pub const fn mul_high_down(a: u64, b: u64) -> u64 {
    mul_halves(a, b).0
}

/// The upper half of `a * b`, rounded up; saturates where rounding up leaves the range.
#[inline(always)]
pub const fn mul_high_up(a: u64, b: u64) -> u64 {
    let (high, low) = mul_halves(a, b);
    high.saturating_add((low != 0) as u64)
}

/// `a * w` for a 32-bit factor: two partial products, cannot overflow.
#[inline(always)]
pub const fn mul_u32(a: u64, w: u32) -> u128 {
    let lo = (a & LOW32).wrapping_mul(w as u64);
    let hi = (a >> 32).wrapping_mul(w as u64);
    ((hi as u128) << 32).wrapping_add(lo as u128)
}

/// `a * w` for a number below 2^96, which cannot overflow; larger ones saturate at `u128::MAX`.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half; the upper one is taken apart and is below 2^32")]
pub const fn mul_u128_u32(a: u128, w: u32) -> u128 {
    if a >> 96 != 0 {
        return if w == 0 { 0 } else { u128::MAX };
    }
    // The upper part is below 2^32, so its product stays below 2^64.
    let high = ((a >> 64) as u64).wrapping_mul(w as u64);
    ((high as u128) << 64).wrapping_add(mul_u32(a as u64, w))
}

/// A sum of products of 64-bit values and weights below 2^25, for up to 33 terms: two columns of 64 bits, so that
/// adding a term needs neither a carry nor a 128-bit operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WideSum {
    high: i64,
    low: i64,
}

impl WideSum {
    /// Adds `value * weight`.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "a half of 32 bits times a weight below 2^25 stays below 2^57")]
    pub fn add(&mut self, value: u64, weight: u32) {
        self.high = self.high.wrapping_add((value >> 32).wrapping_mul(weight as u64) as i64);
        self.low = self.low.wrapping_add((value & LOW32).wrapping_mul(weight as u64) as i64);
    }

    /// Subtracts `value * weight`.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "a half of 32 bits times a weight below 2^25 stays below 2^57")]
    pub fn subtract(&mut self, value: u64, weight: u32) {
        self.high = self.high.wrapping_sub((value >> 32).wrapping_mul(weight as u64) as i64);
        self.low = self.low.wrapping_sub((value & LOW32).wrapping_mul(weight as u64) as i64);
    }

    /// `(self - other) * weight` for sums of values taken once each.
    #[inline(always)]
    pub const fn difference_times(&self, other: &Self, weight: u32) -> i128 {
        let high = self.high.wrapping_sub(other.high).wrapping_mul(weight as i64);
        let low = self.low.wrapping_sub(other.low).wrapping_mul(weight as i64);
        Self { high, low }.total()
    }

    /// Whether a sum of values taken once each is `2^bit - 1` or more, for a bit of 32 or above.
    #[inline(always)]
    #[expect(clippy::arithmetic_side_effects, reason = "asked for bits of 32 or above only")]
    pub const fn reaches_bit(&self, bit: u32) -> bool {
        // The low column of 33 terms stays below 2^38, so carrying it up and one more cannot overflow.
        let carried = self.high.wrapping_add(self.low.wrapping_add(1) >> 32);
        carried >> (bit - 32) != 0
    }

    /// The high column with what the low one carries into it; a column of 33 terms below 2^57 has room for it.
    #[inline(always)]
    const fn carried(&self) -> i64 {
        self.high.wrapping_add(self.low >> 32)
    }

    /// The sum.
    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the lower 64 bits of a number in two's complement")]
    pub const fn total(&self) -> i128 {
        let high = self.carried();
        let low = (high << 32) as u64 | (self.low as u64 & LOW32);
        ((high >> 32) as i128) << 64 | low as i128
    }

    /// Bits of which one of 30 or above is set wherever the sum is 2^62 or more; none is for a sum of values taken once
    /// each that is not negative and far below.
    #[inline(always)]
    pub const fn size_bits(&self) -> i64 {
        self.high
    }

    /// The sum where it is not negative and below 2^62.
    #[inline(always)]
    pub const fn below_62_bits(&self) -> Option<i64> {
        let high = self.carried();
        if high >> 30 != 0 {
            return None;
        }
        Some((high << 32) | (self.low & 0xffff_ffff))
    }
}

/// `a * b >> shift`, rounded down. Saturates at `u64::MAX`.
///
/// The result is the upper half of one product: where the shift is below 64, `a` is shifted up by the rest of it, as
/// far as it has room.
#[inline(always)]
pub const fn mul_shift_down(a: u64, b: u64, shift: u32) -> u64 {
    let Some((a, right)) = for_upper_half(a, shift) else {
        return mul_shift_slowly(a, b, shift).0;
    };
    if right > 63 {
        return 0;
    }
    mul_high_down(a, b) >> right
}

/// `a * b >> shift`, rounded up. Saturates at `u64::MAX`.
#[inline(always)]
pub const fn mul_shift_up(a: u64, b: u64, shift: u32) -> u64 {
    mul_shift_both(a, b, shift).1
}

/// `a * b >> shift`, rounded down and rounded up. Both saturate at `u64::MAX`.
#[inline(always)]
pub const fn mul_shift_both(a: u64, b: u64, shift: u32) -> (u64, u64) {
    let Some((a, right)) = for_upper_half(a, shift) else {
        return mul_shift_slowly(a, b, shift);
    };
    if right > 63 {
        return (0, (a != 0 && b != 0) as u64);
    }
    mul_high_shift_both(a, b, right)
}

/// `a * b / 2^(64 + right)`, rounded down and rounded up, for a shift below 64.
#[inline(always)]
pub const fn mul_high_shift_both(a: u64, b: u64, right: u32) -> (u64, u64) {
    let (high, low) = mul_halves(a, b);
    let value = high.wrapping_shr(right);
    // The upper half of a product is at most 2^64 - 2.
    (value, value.wrapping_add((value.wrapping_shl(right) != high || low != 0) as u64))
}

/// `a` and a shift of the upper half of `a * b`, which is what `shift` makes of the product; none where `a` has no room.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "each branch subtracts the smaller of 64 and the shift")]
const fn for_upper_half(a: u64, shift: u32) -> Option<(u64, u32)> {
    if shift >= 64 {
        return Some((a, shift - 64));
    }
    let left = 64 - shift;
    let moved = a.wrapping_shl(left);
    if shift == 0 || moved.wrapping_shr(left) != a {
        return None;
    }
    Some((moved, 0))
}

/// [`mul_shift_by_halves`] out of line.
#[cold]
#[inline(never)]
const fn mul_shift_slowly(a: u64, b: u64, shift: u32) -> (u64, u64) {
    mul_shift_by_halves(a, b, shift)
}

/// Both roundings of `a * b >> shift` for a shift below 64, from both halves of the product. Saturate at `u64::MAX`.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "the shift is between 1 and 63 here")]
pub const fn mul_shift_by_halves(a: u64, b: u64, shift: u32) -> (u64, u64) {
    let (high, low) = mul_halves(a, b);
    if shift == 0 {
        let value = if high == 0 { low } else { u64::MAX };
        return (value, value);
    }
    if high >> shift != 0 {
        return (u64::MAX, u64::MAX);
    }
    let value = (high << (64 - shift)) | (low >> shift);
    (value, value.saturating_add((low << (64 - shift) != 0) as u64))
}

/// `a * b / d`, rounded down; none where `d` is zero or the result needs more than 64 bits.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the divisor is not zero; narrowed where the upper half is zero"
)]
pub const fn mul_div_down(a: u64, b: u64, d: u64) -> Option<u64> {
    if d == 0 {
        return None;
    }
    let quotient = mul_wide(a, b) / d as u128;
    if quotient >> 64 != 0 {
        None
    } else {
        Some(quotient as u64)
    }
}

/// `a * b / d`, rounded up; none where `d` is zero or the result needs more than 64 bits.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "the divisor is not zero, the quotient times it at most the product; narrowed where the upper half is zero"
)]
pub const fn mul_div_up(a: u64, b: u64, d: u64) -> Option<u64> {
    if d == 0 {
        return None;
    }
    let product = mul_wide(a, b);
    let quotient = product / d as u128;
    if quotient >> 64 != 0 {
        return None;
    }
    (quotient as u64).checked_add((quotient * d as u128 != product) as u64)
}

/// `ceil(n / d)` for non-negative values; none where `d` is zero.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the divisor is not zero, the quotient times it at most `n`; one is added only above a divisor of one"
)]
pub const fn div_up_u128(n: u128, d: u128) -> Option<u128> {
    if d == 0 {
        return None;
    }
    let quotient = n / d;
    Some(quotient + (quotient * d != n) as u128)
}

/// `s * k / 2^64`, rounded toward minus infinity, for a non-negative count `s` and a signed 64.64 number `k`.
///
/// # Errors
/// `NumberOutOfRange` where the result needs more than 64 bits.
#[inline(always)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "halves of k; the high one is not negative where its sign goes, and 2^64 times 2^63 less 2^63 fits a signed number; the sum is compared with what is left of it"
)]
pub fn mul_i128_shift64_down(s: u64, k: i128) -> RiskResult<i64> {
    let high = (k >> 64) as i64;
    let low = mul_high_down(s, k as u64);
    let whole = if high >= 0 { mul_wide(s, high as u64) as i128 } else { -(mul_wide(s, high.unsigned_abs()) as i128) };
    // |whole| < 2^127 and low < 2^64: a sum that wraps is next to -2^127, as far outside of i64 as it was.
    let sum = whole.wrapping_add(low as i128);
    let cut = sum as i64;
    if cut as i128 == sum {
        Ok(cut)
    } else {
        Err(RiskError::NumberOutOfRange)
    }
}

/// `value` as a signed number.
///
/// # Errors
/// `NumberOutOfRange` at 2^63 and above.
#[inline(always)]
pub fn to_i64(value: u64) -> RiskResult<i64> {
    i64::try_from(value).map_err(|_| RiskError::NumberOutOfRange)
}

/// Integer square root, rounded up; exact for every input.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "x starts at a power of two of at most 2^64 and never falls below the root, which is at least one; narrowed below 2^64"
)]
pub const fn sqrt_up(n: u128) -> u64 {
    if n == 0 {
        return 0;
    }
    let bits = 128 - n.leading_zeros();
    // A power of two not below the root: Newton's steps then fall until they reach the floor.
    let mut x: u128 = 1 << bits.div_ceil(2);
    loop {
        let y = (x + n / x) >> 1;
        if y >= x {
            break;
        }
        x = y;
    }
    let root = x + (x * x < n) as u128;
    if root >> 64 != 0 {
        u64::MAX
    } else {
        root as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn wide_products_equal_the_native_ones(a: u64, b: u64, w: u32, shift in 0u32..140) {
            let exact = a as u128 * b as u128;
            prop_assert_eq!(mul_wide(a, b), exact);
            prop_assert_eq!(mul_u32(a, w), a as u128 * w as u128);
            prop_assert_eq!(mul_high_down(a, b) as u128, exact >> 64);
            let down = if shift > 127 { 0 } else { exact >> shift };
            prop_assert_eq!(mul_shift_down(a, b, shift) as u128, down.min(u64::MAX as u128));
            let up = if shift > 127 { (exact != 0) as u128 } else { down + (down << shift != exact) as u128 };
            prop_assert_eq!(mul_shift_up(a, b, shift) as u128, up.min(u64::MAX as u128));
        }

        /// NUMBER-4
        #[test]
        fn divisions_round_as_their_names_say(a: u64, b: u64, d: u64) {
            let exact = a as u128 * b as u128;
            match (mul_div_down(a, b, d), mul_div_up(a, b, d)) {
                (Some(down), Some(up)) => {
                    prop_assert!(down as u128 * d as u128 <= exact && exact <= up as u128 * d as u128);
                    prop_assert!(up - down <= 1);
                }
                (Some(down), None) => prop_assert!(down == u64::MAX),
                (None, up) => prop_assert!(up.is_none() && (d == 0 || exact / d as u128 > u64::MAX as u128)),
            }
        }

        #[test]
        fn cash_per_share_rounds_against_the_holder(s in 0u64..1 << 62, k in -(1i128 << 70)..1i128 << 70) {
            let Ok(cash) = mul_i128_shift64_down(s, k) else { return Ok(()); };
            if let Some(product) = (s as i128).checked_mul(k) {
                prop_assert_eq!(cash as i128, product >> 64);
            }
        }

        #[test]
        fn the_root_is_the_smallest_number_whose_square_is_not_below(n: u128) {
            let root = sqrt_up(n) as u128;
            prop_assert!(root == u64::MAX as u128 || root * root >= n);
            prop_assert!(root == 0 || (root - 1) * (root - 1) < n);
        }
    }
}

#[cfg(test)]
mod edges;
