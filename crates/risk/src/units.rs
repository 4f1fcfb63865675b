//! Numbers in different units, which the compiler keeps apart: a value is in micro-dollars, a value times a weight in pico-dollars,
//! and only a share turns the one into the other (NUMBER-3). What is held is counted in atoms of a token or in base units
//! of a market, and only a price of its own kind ([`crate::price::UnitPrice`]) values it. A time ([`UnixSecs`]) and a
//! duration ([`Secs`]) are two things: only the difference of two times is a duration.

mod counts;
mod share;
mod speed;
mod time;

pub use counts::{Atoms, BaseUnits, Count, Signed, SignedAtoms, SignedBaseUnits};
pub use share::{Ppm, SignedPpm};
pub use speed::{PpmPerHour, PpmPerRootSec, PpmPerSec};
pub use time::{Secs, UnixSecs};

use core::cmp::Ordering;

use crate::num::{mul_u128_u32, mul_u32};

/// A value, micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct UsdMicro(u64);

/// What one value is more than another, micro-dollars: a gain, or below zero a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct SignedUsdMicro(i64);

/// A sum of values of an account, micro-dollars: it needs more than 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct UsdMicroSum(u128);

/// A signed sum of values times shares, pico-dollars: what NAV and requirements are kept in, undivided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct UsdPico(i128);

impl UsdMicro {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than any value: what has no bound.
    pub const MAX: Self = Self(u64::MAX);

    /// So many micro-dollars.
    #[inline(always)]
    pub const fn new(micro: u64) -> Self {
        Self(micro)
    }

    /// So many dollars.
    #[expect(clippy::arithmetic_side_effects, reason = "32 bits times a million fit in 64")]
    pub const fn dollars(dollars: u32) -> Self {
        Self(dollars as u64 * 1_000_000)
    }

    /// Micro-dollars.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum; saturates.
    #[inline(always)]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// By how much it is more than another; saturates.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "cut to what a signed number holds")]
    pub const fn less(self, other: Self) -> SignedUsdMicro {
        const MOST: u64 = i64::MAX as u64;
        let difference = self.0.abs_diff(other.0);
        let magnitude = if difference > MOST { i64::MAX } else { difference as i64 };
        // A magnitude of 63 bits has a negative.
        SignedUsdMicro(if self.0 < other.0 { magnitude.wrapping_neg() } else { magnitude })
    }

    /// A share of it, undivided: at most 96 bits.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "a product of 64 and 32 bits")]
    pub const fn times(self, share: Ppm) -> UsdPico {
        UsdPico(mul_u32(self.0, share.get()) as i128)
    }

    /// The whole of it, in pico-dollars.
    #[inline(always)]
    pub const fn pico(self) -> UsdPico {
        self.times(Ppm::WHOLE)
    }

    /// The same as a sum.
    #[inline(always)]
    pub const fn wide(self) -> UsdMicroSum {
        UsdMicroSum(self.0 as u128)
    }
}

impl SignedUsdMicro {
    /// So many micro-dollars.
    #[inline(always)]
    pub const fn new(micro: i64) -> Self {
        Self(micro)
    }

    /// Micro-dollars.
    #[inline(always)]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl UsdMicroSum {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many micro-dollars.
    #[inline(always)]
    pub const fn new(micro: u128) -> Self {
        Self(micro)
    }

    /// Micro-dollars.
    #[inline(always)]
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The sum of two of an account, which are below 2^127.
    #[inline(always)]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// The sum; saturates.
    #[inline(always)]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// A share of it, undivided; saturates from 2^95 micro-dollars on.
    #[inline(always)]
    #[expect(clippy::cast_possible_wrap, reason = "a product of 95 and 32 bits")]
    pub const fn times(self, share: Ppm) -> UsdPico {
        if self.0 >> 95 != 0 {
            return UsdPico(if share.is_zero() { 0 } else { i128::MAX });
        }
        UsdPico(mul_u128_u32(self.0, share.get()) as i128)
    }

    /// The whole of it, in pico-dollars; saturates.
    #[inline(always)]
    pub const fn pico(self) -> UsdPico {
        self.times(Ppm::WHOLE)
    }
}

impl UsdPico {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many pico-dollars.
    #[inline(always)]
    pub const fn new(pico: i128) -> Self {
        Self(pico)
    }

    /// Pico-dollars.
    #[inline(always)]
    pub const fn get(self) -> i128 {
        self.0
    }

    /// Below zero.
    #[inline(always)]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum of two numbers of an account, which are below 2^126.
    #[inline(always)]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// The difference of two numbers of an account, which are below 2^126.
    #[inline(always)]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl Ord for UsdPico {
    #[inline(always)]
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

/// Each comparison is the numbers' own: made of an [`Ordering`], one of 128 bits costs twice as much.
impl PartialOrd for UsdPico {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    #[inline(always)]
    fn lt(&self, other: &Self) -> bool {
        self.0 < other.0
    }

    #[inline(always)]
    fn le(&self, other: &Self) -> bool {
        self.0 <= other.0
    }

    #[inline(always)]
    fn gt(&self, other: &Self) -> bool {
        self.0 > other.0
    }

    #[inline(always)]
    fn ge(&self, other: &Self) -> bool {
        self.0 >= other.0
    }
}

/// The order of two ratios `nav / requirement`, exactly, by their cross products: what has the larger ratio is greater
/// where both requirements are positive.
#[inline(always)]
pub fn cmp_ratios((nav, requirement): (UsdPico, UsdPico), (other, others): (UsdPico, UsdPico)) -> Ordering {
    crate::num::cmp_products(nav.0, others.0, other.0, requirement.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn two_values_differ_by_a_gain_or_a_loss_cut_to_what_a_signed_number_holds(one: u64, other: u64) {
            let exact = (one as i128 - other as i128).clamp(-(i64::MAX as i128), i64::MAX as i128);
            prop_assert_eq!(UsdMicro::new(one).less(UsdMicro::new(other)).get() as i128, exact);
        }

        #[test]
        fn a_share_of_a_value_is_their_product_and_the_whole_of_it_a_million_times_it(micro: u64, ppm: u32) {
            let value = UsdMicro::new(micro);
            prop_assert_eq!(value.times(Ppm::new(ppm)).get(), micro as i128 * ppm as i128);
            prop_assert_eq!(value.pico().get(), micro as i128 * 1_000_000);
            prop_assert_eq!(value.wide().times(Ppm::new(ppm)), value.times(Ppm::new(ppm)));
        }

        #[test]
        fn a_share_of_a_sum_is_their_product_or_the_largest_number(micro: u128, small in 0u32..128, ppm: u32) {
            let (sum, share) = (micro >> small, Ppm::new(ppm));
            let exact = sum.checked_mul(ppm as u128).and_then(|product| i128::try_from(product).ok());
            let most = if sum >> 95 == 0 { exact.unwrap() } else if ppm == 0 { 0 } else { i128::MAX };
            prop_assert_eq!(UsdMicroSum::new(sum).times(share).get(), most);
        }

        #[test]
        fn ratios_are_in_the_order_of_their_quotients(
            a in -1_000i128..1_000, b in 1i128..1_000, c in -1_000i128..1_000, d in 1i128..1_000,
        ) {
            let found = cmp_ratios((UsdPico::new(a), UsdPico::new(b)), (UsdPico::new(c), UsdPico::new(d)));
            prop_assert_eq!(found, (a * d).cmp(&(c * b)));
        }
    }
}
