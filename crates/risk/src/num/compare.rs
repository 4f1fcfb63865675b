//! The order of two products of 128-bit numbers, by their 256 bits.

use core::cmp::Ordering;

use super::mul_wide;

/// The order of `a * b` and `c * d`, exactly (NUMBER-3).
#[inline(never)]
#[expect(clippy::arithmetic_side_effects, reason = "signs are between -1 and 1")]
pub fn cmp_products(a: i128, b: i128, c: i128, d: i128) -> Ordering {
    let sign = |x: i128, y: i128| x.signum() * y.signum();
    let (left, right) = (sign(a, b), sign(c, d));
    if left != right {
        return left.cmp(&right);
    }
    let order = product(a.unsigned_abs(), b.unsigned_abs()).cmp(&product(c.unsigned_abs(), d.unsigned_abs()));
    if left < 0 {
        order.reverse()
    } else {
        order
    }
}

/// `a * b` as (high, low) halves of 256 bits.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "lower halves; the upper 128 bits of a product of two 128-bit numbers fit"
)]
fn product(a: u128, b: u128) -> (u128, u128) {
    let (a_hi, a_lo, b_hi, b_lo) = ((a >> 64) as u64, a as u64, (b >> 64) as u64, b as u64);
    let ll = mul_wide(a_lo, b_lo);
    let (mid, carry) = mul_wide(a_lo, b_hi).overflowing_add(mul_wide(a_hi, b_lo));
    let (low, carry_low) = ll.overflowing_add(mid << 64);
    let high = mul_wide(a_hi, b_hi) + (mid >> 64) + ((carry as u128) << 64) + carry_low as u128;
    (high, low)
}

#[cfg(test)]
mod tests;
