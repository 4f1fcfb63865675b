//! Prices and scales as a 64-bit mantissa with a binary exponent, normalised once; values by a product and a shift.
//!
//! A [`Price`] is US dollars per whole unit of an underlying, as the price board stores it. A *scale* is the same
//! type and turns it into what one indivisible unit is worth: micro-dollars per atom for a bank, quote atoms per
//! base unit for a market. Their product, a [`TokenPrice`] or a [`BasePrice`], values an amount without any division
//! (NUMBER-1), and only an amount of its own kind.

mod typed;
mod unit;

pub use typed::{BasePrice, TokenPrice, UnitPrice};
pub use unit::Scale;

use crate::error::{RiskError, RiskResult};
use crate::num::{mul_wide, PPM};
use crate::units::Ppm;

/// Smallest and largest decimal exponent accepted from an oracle.
pub const MIN_EXPONENT: i32 = -18;
/// See [`MIN_EXPONENT`].
pub const MAX_EXPONENT: i32 = 12;
/// Most decimals of a mint and of a market's base.
pub const MAX_DECIMALS: u8 = 18;

/// A non-negative number `mantissa * 2^exponent`. Normalised: the mantissa's top bit is set, or all is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Price {
    /// Significand.
    pub mantissa: u64,
    /// Power of two.
    pub exponent: i32,
}

impl Price {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, exponent: 0 };

    /// `value * 2^exponent`, normalised, rounded down to 64 significant bits.
    ///
    /// # Errors
    /// `PriceExponentOutOfRange` where the exponent leaves +-1,000.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "a value that is not zero has at most 127 leading zeros; 32 bits in 64 leave room for them; narrowed within a thousand"
    )]
    pub const fn from_parts_down(value: u128, exponent: i32) -> RiskResult<Self> {
        if value == 0 {
            return Ok(Self::ZERO);
        }
        let lead = value.leading_zeros();
        let mantissa = ((value << lead) >> 64) as u64;
        let exponent = exponent as i64 + 64 - lead as i64;
        if exponent < -1_000 || exponent > 1_000 {
            return Err(RiskError::PriceExponentOutOfRange);
        }
        Ok(Self { mantissa, exponent: exponent as i32 })
    }

    /// `value * 10^decimal_exponent`, rounded down to 64 significant bits.
    ///
    /// # Errors
    /// `PriceExponentOutOfRange` outside [`MIN_EXPONENT`]..=[`MAX_EXPONENT`].
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "ten to the 18th fits 64 bits; a value that is not zero has at most 63 leading zeros, and 63 more are 126"
    )]
    pub fn from_decimal_down(value: u64, decimal_exponent: i32) -> RiskResult<Self> {
        if !(MIN_EXPONENT..=MAX_EXPONENT).contains(&decimal_exponent) {
            return Err(RiskError::PriceExponentOutOfRange);
        }
        let power = 10u64.pow(decimal_exponent.unsigned_abs());
        if decimal_exponent >= 0 {
            return Self::from_parts_down(mul_wide(value, power), 0);
        }
        if value == 0 {
            return Ok(Self::ZERO);
        }
        // 127 significant bits before the division leave at least 64 after it.
        let lead = value.leading_zeros() + 63;
        let quotient = ((value as u128) << lead) / power as u128;
        Self::from_parts_down(quotient, -(lead as i32))
    }

    /// Whether this is zero.
    pub const fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// The order of two normalised prices.
    pub fn cmp_value(&self, other: &Self) -> core::cmp::Ordering {
        match (self.mantissa, other.mantissa) {
            (0, 0) => core::cmp::Ordering::Equal,
            (0, _) => core::cmp::Ordering::Less,
            (_, 0) => core::cmp::Ordering::Greater,
            _ => (self.exponent, self.mantissa).cmp(&(other.exponent, other.mantissa)),
        }
    }

    /// The lower of two prices.
    pub fn min(self, other: Self) -> Self {
        if self.cmp_value(&other).is_gt() {
            other
        } else {
            self
        }
    }

    /// The higher of two prices.
    pub fn max(self, other: Self) -> Self {
        if self.cmp_value(&other).is_lt() {
            other
        } else {
            self
        }
    }

    /// `self * factor`, rounded down to 64 significant bits.
    ///
    /// # Errors
    /// `PriceExponentOutOfRange`, see [`Price::from_parts_down`].
    #[expect(clippy::arithmetic_side_effects, reason = "the divisor is a constant")]
    pub fn scaled_ppm_down(self, factor_ppm: Ppm) -> RiskResult<Self> {
        let widened = crate::num::mul_u32(self.mantissa, factor_ppm.get());
        // 20 spare bits keep 64 significant ones after the division by a million.
        Self::from_parts_down((widened << 20) / PPM as u128, self.exponent.saturating_sub(20))
    }

    /// `self / other`, rounded down, at most [`Ppm::MAX`], which it is where `other` is zero.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        reason = "64 bits times a million, shifted by 40, stay below 2^124 and over a divisor that is not zero; a shift above -128 is negated"
    )]
    pub fn ratio_ppm_down(&self, other: &Self) -> Ppm {
        if other.mantissa == 0 {
            return Ppm::MAX;
        }
        let ratio = ((self.mantissa as u128 * PPM as u128) << 40) / other.mantissa as u128;
        let shift = other.exponent.saturating_sub(self.exponent).saturating_add(40);
        let ppm = match shift {
            _ if ratio == 0 => 0,
            s if s > 127 => 0,
            s if s >= 0 => ratio >> s,
            s if s > -128 && -s <= ratio.leading_zeros() as i32 => ratio << -s,
            _ => u128::MAX,
        };
        Ppm::saturating_wide(ppm)
    }
}

/// The scale of a bank: micro-dollars per atom and per dollar of price, `10^6 / 10^decimals`, rounded down.
///
/// # Errors
/// `ParameterOutOfBounds` above 18 decimals.
#[expect(clippy::arithmetic_side_effects, reason = "at most 18 is subtracted from six")]
pub fn token_scale_down(decimals: u8) -> RiskResult<Price> {
    if decimals > MAX_DECIMALS {
        return Err(RiskError::ParameterOutOfBounds);
    }
    Price::from_decimal_down(1, 6 - decimals as i32)
}

/// The scale of a market: quote atoms per base unit and per dollar of price, `10^quote_decimals / 10^base_decimals`.
///
/// A contract counts one quote token as one dollar of its index; quote's own price then values the tokens (MARGIN-5).
///
/// # Errors
/// `ParameterOutOfBounds` above 18 decimals on either side, or where quote has more than twelve decimals beyond the base.
#[expect(clippy::arithmetic_side_effects, reason = "a difference of two 8-bit numbers")]
pub fn base_scale_down(quote_decimals: u8, base_decimals: u8) -> RiskResult<Price> {
    let power = quote_decimals as i32 - base_decimals as i32;
    if quote_decimals > MAX_DECIMALS || base_decimals > MAX_DECIMALS || power > MAX_EXPONENT {
        return Err(RiskError::ParameterOutOfBounds);
    }
    Price::from_decimal_down(1, power)
}

/// An edge in units of 2^-64, rounded up; the largest is just below one.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "below a million: the largest product is 2^64 less 1.8e13")]
pub const fn edge_from_ppm_up(edge: Ppm) -> u64 {
    if edge.get() >= PPM {
        return u64::MAX;
    }
    // 2^64 / 10^6 = 18446744073709.55
    edge.get() as u64 * 18_446_744_073_710
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_order_of_prices_is_the_order_of_numbers(a in 1u64.., b in 1u64.., ea in -18i32..13, eb in -18i32..13) {
            let (pa, pb) = (Price::from_decimal_down(a, ea).unwrap(), Price::from_decimal_down(b, eb).unwrap());
            let (fa, fb) = (a as f64 * 10f64.powi(ea), b as f64 * 10f64.powi(eb));
            if (fa / fb - 1.0).abs() > 1e-12 {
                prop_assert_eq!(pa.cmp_value(&pb).is_lt(), fa < fb);
            }
        }
    }
}
