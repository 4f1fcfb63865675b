//! The arithmetic that unit prices of every kind share: plain numbers in, plain numbers out.

use super::Price;
use crate::num::{mul_high_down, mul_high_shift_both, mul_shift_by_halves, mul_wide};

/// What one indivisible unit is worth: `mantissa * 2^-shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Factor {
    /// Significand, below 2^64.
    pub(super) mantissa: u64,
    /// Negative power of two. A negative shift (a unit worth 2^64 or more) saturates every value.
    pub(super) shift: i32,
}

/// A scale at hand for several prices of one underlying.
#[derive(Clone, Copy)]
pub struct Scale {
    mantissa: u64,
    /// Shift of the unit price of a price whose exponent is zero.
    shift: i32,
}

impl Scale {
    /// Of a bank or market.
    #[inline(always)]
    pub const fn new(scale: Price) -> Self {
        // Exponents are of at most a thousand either way.
        Self { mantissa: scale.mantissa, shift: (-64i32).wrapping_sub(scale.exponent) }
    }

    /// `price * scale`, rounded down at the 62nd significant bit or later.
    #[inline(always)]
    pub(super) const fn factor_down(self, price: Price) -> Factor {
        Factor {
            mantissa: mul_high_down(price.mantissa, self.mantissa),
            shift: self.shift.wrapping_sub(price.exponent),
        }
    }
}

impl Factor {
    /// `price * scale`, rounded down at the 62nd significant bit or later.
    #[inline(always)]
    pub(super) const fn new_down(price: Price, scale: Price) -> Self {
        Scale::new(scale).factor_down(price)
    }

    /// The value of `amount`, rounded down; saturates at `u64::MAX`.
    #[inline(never)]
    pub(super) const fn value_down(&self, amount: u64) -> u64 {
        self.value_in_loop_down(amount)
    }

    /// The value of `amount`, up; saturates at `u64::MAX` (NUMBER-2). What is not zero is at least one (NUMBER-1).
    #[inline(never)]
    pub(super) const fn value_up(&self, amount: u64) -> u64 {
        self.value_in_loop_up(amount)
    }

    /// [`Factor::value_down`] without a call, for the loops over legs.
    #[inline(always)]
    pub(super) const fn value_in_loop_down(&self, amount: u64) -> u64 {
        match self.for_upper_half(amount) {
            Some((amount, right)) => mul_high_down(amount, self.mantissa).wrapping_shr(right),
            None => self.values_elsewhere(amount).0,
        }
    }

    /// [`Factor::value_up`] without a call, for the loops over legs.
    #[inline(always)]
    pub(super) const fn value_in_loop_up(&self, amount: u64) -> u64 {
        self.values_in_loop(amount).1
    }

    /// The value of `amount`, rounded down and rounded up, by one product; for the loops over legs.
    #[inline(always)]
    pub(super) const fn values_in_loop(&self, amount: u64) -> (u64, u64) {
        match self.for_upper_half(amount) {
            Some((amount, right)) => mul_high_shift_both(amount, self.mantissa, right),
            None => self.values_elsewhere(amount),
        }
    }

    /// The amount and the shift to the right, below 64, that make its value of the upper half of the product, which
    /// needs no 128-bit shift; for practically every price and amount. A shift below 64 moves the amount up instead.
    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "a negative shift is a large one, which neither branch takes")]
    const fn for_upper_half(&self, amount: u64) -> Option<(u64, u32)> {
        let shift = self.shift as u32;
        let right = shift.wrapping_sub(64);
        if right < 64 {
            return Some((amount, right));
        }
        let left = right.wrapping_neg();
        let moved = amount.wrapping_shl(left);
        if left < 64 && moved.wrapping_shr(left) == amount {
            return Some((moved, 0));
        }
        None
    }

    /// Any value, rounded down and rounded up: of a unit worth 2^64 or more, of one worth practically nothing, and one whose
    /// product needs both halves.
    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_sign_loss, reason = "a negative shift has returned")]
    const fn values_elsewhere(&self, amount: u64) -> (u64, u64) {
        if self.shift < 0 {
            let value = self.value_of_huge_unit(amount);
            return (value, value);
        }
        if self.shift > 63 {
            return (0, (amount != 0 && self.mantissa != 0) as u64);
        }
        mul_shift_by_halves(amount, self.mantissa, self.shift as u32)
    }

    /// A unit worth 2^64 or more saturates every amount of it.
    const fn value_of_huge_unit(&self, amount: u64) -> u64 {
        if amount == 0 || self.mantissa == 0 {
            0
        } else {
            u64::MAX
        }
    }

    /// The value of an amount below 2^126, rounded up; saturates at 2^126.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "halves of wider numbers, whose products with 64 bits have room for a carry and one more; of a shift of 0 to 191 and 64 the smaller is subtracted"
    )]
    pub(super) const fn value_wide_up(&self, amount: u128) -> u128 {
        const MAX: u128 = 1 << 126;
        if amount >> 64 == 0 {
            // All but sums of billions.
            if let Some((amount, right)) = self.for_upper_half(amount as u64) {
                return mul_high_shift_both(amount, self.mantissa, right).1 as u128;
            }
        }
        if amount == 0 || self.mantissa == 0 {
            return 0;
        }
        if self.shift < 0 || self.shift > 191 {
            return if self.shift < 0 { MAX } else { 1 };
        }
        let low = mul_wide(amount as u64, self.mantissa);
        // Cannot overflow: (2^64 - 1)^2 + 2^64 - 1 < 2^128.
        let top = mul_wide((amount >> 64) as u64, self.mantissa) + (low >> 64);
        let rest = low as u64;
        let shift = self.shift as u32;
        if shift >= 64 {
            let right = shift - 64;
            let value = top >> right;
            return value + ((value << right) != top || rest != 0) as u128;
        }
        if top >> (62 + shift) != 0 {
            return MAX;
        }
        let value = (top << (64 - shift)) | (rest >> shift) as u128;
        value + ((rest >> shift) << shift != rest) as u128
    }

    /// `self * (1 + edge)`, rounded down, for an edge in units of 2^-64; saturates the mantissa.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "a sum of two 64-bit numbers has 65 bits, of which 64 are kept; a shift is made of two 16-bit exponents"
    )]
    pub(super) const fn raised_down(&self, edge: u64) -> Self {
        // One bit of headroom: the sum may need 65.
        let sum = self.mantissa as u128 + mul_high_down(self.mantissa, edge) as u128;
        if sum >> 64 == 0 {
            Self { mantissa: sum as u64, shift: self.shift }
        } else {
            Self { mantissa: (sum >> 1) as u64, shift: self.shift - 1 }
        }
    }

    /// `self * (1 - edge)`, rounded up, for an edge in units of 2^-64.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the upper half of a product with the mantissa is below the mantissa"
    )]
    pub(super) const fn lowered_up(&self, edge: u64) -> Self {
        Self { mantissa: self.mantissa - mul_high_down(self.mantissa, edge), shift: self.shift }
    }

    /// The largest amount whose value, rounded up, does not exceed `value`; saturates at `u64::MAX`.
    pub(super) fn amount_down(&self, value: u64) -> u64 {
        self.amount_of_wide_down(value as u128)
    }

    /// `value / unit price` for a value of up to 128 bits, rounded down; saturates at `u64::MAX`.
    #[inline(never)]
    #[expect(clippy::cast_sign_loss, reason = "a negative shift has returned")]
    pub(super) fn amount_of_wide_down(&self, value: u128) -> u64 {
        if self.mantissa == 0 {
            return u64::MAX;
        }
        if self.shift < 0 {
            return 0;
        }
        shifted_div(value, self.mantissa, self.shift as u32, false)
    }

    /// `value / unit price`, rounded up; saturates at `u64::MAX`.
    pub(super) fn amount_up(&self, value: u64) -> u64 {
        self.amount_of_wide_up(value as u128)
    }

    /// `value / unit price` for a value of up to 128 bits, rounded up; saturates at `u64::MAX`.
    #[inline(never)]
    #[expect(clippy::cast_sign_loss, reason = "a negative shift has returned")]
    pub(super) fn amount_of_wide_up(&self, value: u128) -> u64 {
        if self.mantissa == 0 {
            return u64::MAX;
        }
        if self.shift < 0 {
            return (value != 0) as u64;
        }
        shifted_div(value, self.mantissa, self.shift as u32, true)
    }
}

/// `value * 2^shift / d` for a d that is not zero, rounded as asked, saturating at `u64::MAX`.
#[inline(never)]
#[expect(clippy::arithmetic_side_effects, reason = "callers divide by no zero, and shift back by what was shifted")]
fn shifted_div(value: u128, d: u64, shift: u32, up: bool) -> u64 {
    if value == 0 {
        return 0;
    }
    // What leaves 128 bits leaves 64 when it is divided by less than 2^64.
    let Some(numerator) = value.checked_shl(shift).filter(|shifted| shifted >> shift == value) else {
        return u64::MAX;
    };
    let Ok(quotient) = u64::try_from(numerator / d as u128) else {
        return u64::MAX;
    };
    let is_cut = up && mul_wide(quotient, d) != numerator;
    quotient.saturating_add(is_cut as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::{edge_from_ppm_up, token_scale_down};
    use proptest::prelude::*;

    fn unit(price: u64, exponent: i32, decimals: u8) -> Factor {
        Factor::new_down(Price::from_decimal_down(price, exponent).unwrap(), token_scale_down(decimals).unwrap())
    }

    #[test]
    fn one_sol_at_two_hundred_dollars_is_two_hundred_million_micro_dollars() {
        let sol = unit(20_000_000_000, -8, 9);
        assert_eq!(sol.value_up(1_000_000_000), 200_000_000);
        assert!(sol.value_down(1_000_000_000) >= 199_999_999);
    }

    /// NUMBER-2
    #[test]
    fn nothing_panics_at_a_billionth_of_a_dollar_or_a_trillion_dollars() {
        for (price, exponent) in [(1u64, -9), (1, 12), (1, -18), (u64::MAX, 12), (u64::MAX, -18)] {
            for decimals in 0..=18 {
                let p = unit(price, exponent, decimals);
                for amount in [0, 1, 1_000_000, u64::MAX >> 1, u64::MAX] {
                    let (down, up) = (p.value_down(amount), p.value_up(amount));
                    assert!(down <= up && (amount == 0) == (up == 0));
                    let _ = (p.amount_down(up), p.amount_up(up));
                    let _ = p.raised_down(u64::MAX).value_up(amount);
                    let _ = p.lowered_up(u64::MAX).value_down(amount);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_shifted_quotient_is_exact_and_saturates(
            value: u128, cut in 0u32..128, d in 1u64.., less in 0u32..64, shift in 0u32..160,
        ) {
            let (value, d) = (value >> cut, (d >> less).max(1));
            let (down, up) = (shifted_div(value, d, shift, false), shifted_div(value, d, shift, true));
            let fits = shift < 128 && value.leading_zeros() >= shift || value == 0;
            if !fits {
                prop_assert_eq!((down, up), (u64::MAX, u64::MAX));
                return Ok(());
            }
            let numerator = value.checked_shl(shift).unwrap_or(0);
            let (quotient, rest) = (numerator / d as u128, numerator % d as u128);
            prop_assert_eq!(down as u128, quotient.min(u64::MAX as u128));
            prop_assert_eq!(up as u128, (quotient + (rest != 0) as u128).min(u64::MAX as u128));
        }

        /// NUMBER-1
        #[test]
        fn values_are_within_one_of_the_exact_product(
            price in 1u64..1_000_000_000_000, exponent in -10i32..3, decimals in 0u8..13, amount in 0u64..1 << 40,
        ) {
            let p = unit(price, exponent, decimals);
            let power = exponent + 6 - decimals as i32;
            let exact = price as f64 * amount as f64 * 10f64.powi(power);
            if exact < 1e18 {
                prop_assert!(p.value_down(amount) as f64 <= exact * (1.0 + 1e-15) + 1e-9);
                prop_assert!(p.value_up(amount) as f64 >= exact * (1.0 - 1e-15) - 1e-9);
                prop_assert!(p.value_up(amount) - p.value_down(amount) <= 1);
            }
        }

        #[test]
        fn amounts_invert_values(price in 1u64..1 << 50, exponent in -10i32..1, decimals in 0u8..13, value in 0u64..1 << 50) {
            let p = unit(price, exponent, decimals);
            let down = p.amount_down(value);
            let up = p.amount_up(value);
            prop_assert!(down <= up && up - down <= 1);
            if up < u64::MAX {
                prop_assert!(p.value_up(down) <= value);
                prop_assert!(p.value_up(up) >= value);
            }
        }

        #[test]
        fn edges_move_the_price_by_their_share(
            price in 1u64.., less in 0u32..64, ppm in 0u32..1_000_000, amount in 1u64..1 << 30,
        ) {
            let p = unit((price >> less).max(1), -8, 6);
            let edge = edge_from_ppm_up(crate::units::Ppm::new(ppm));
            let plain = p.value_down(amount) as f64;
            let up = p.raised_down(edge).value_down(amount) as f64;
            let low = p.lowered_up(edge).value_down(amount) as f64;
            let b = ppm as f64 / 1e6;
            if plain < 1e17 {
                prop_assert!((up - plain * (1.0 + b)).abs() <= 2.0 + plain * 1e-12);
                prop_assert!((low - plain * (1.0 - b)).abs() <= 2.0 + plain * 1e-12);
            }
        }
    }
}
