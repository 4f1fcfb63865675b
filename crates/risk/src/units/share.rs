//! Shares of something, parts per million: weights, rates, penalties, fees, ratios.

use crate::num::{mul_div_down, mul_div_up, PPM};

/// A share of something, parts per million.
///
/// It is no number of anything, and of two shares only a product is a smaller one:
/// ```compile_fail,E0308
/// use plimsoll_risk::units::{Ppm, UsdMicro};
/// let both = UsdMicro::new(1).plus(Ppm::WHOLE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Ppm(u32);

/// A signed share, parts per million: what one side of a market pays the other, of notional.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct SignedPpm(i32);

impl Ppm {
    /// Nothing of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const WHOLE: Self = Self(PPM);
    /// What saturates: some 4,295 times the whole.
    pub const MAX: Self = Self(u32::MAX);

    /// So many parts per million.
    #[inline(always)]
    pub const fn new(ppm: u32) -> Self {
        Self(ppm)
    }

    /// So many parts per million; saturates.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it has 32 bits in this branch")]
    pub const fn saturating(ppm: u64) -> Self {
        if ppm > u32::MAX as u64 {
            Self::MAX
        } else {
            Self(ppm as u32)
        }
    }

    /// So many parts per million, of a wider number; saturates.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it has 32 bits in this branch")]
    pub const fn saturating_wide(ppm: u128) -> Self {
        if ppm > u32::MAX as u128 {
            Self::MAX
        } else {
            Self(ppm as u32)
        }
    }

    /// Parts per million.
    #[inline(always)]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether it is nothing.
    #[inline(always)]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The smaller of two.
    #[inline(always)]
    pub const fn min(self, other: Self) -> Self {
        if self.0 < other.0 {
            self
        } else {
            other
        }
    }

    /// The larger of two.
    #[inline(always)]
    pub const fn max(self, other: Self) -> Self {
        if self.0 > other.0 {
            self
        } else {
            other
        }
    }

    /// Both together; saturates.
    #[inline(always)]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; nothing where more is taken than there is.
    #[inline(always)]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// What it leaves of the whole; nothing from the whole on.
    #[inline(always)]
    pub const fn rest(self) -> Self {
        Self::WHOLE.saturating_sub(self)
    }

    /// The whole and it; saturates.
    #[inline(always)]
    pub const fn and_whole(self) -> Self {
        Self::WHOLE.saturating_add(self)
    }

    /// By how much it is above the whole; nothing up to it.
    #[inline(always)]
    pub const fn beyond_whole(self) -> Self {
        self.saturating_sub(Self::WHOLE)
    }

    /// A share of a share, undivided: parts per million of parts per million, which no product of 32 bits leaves.
    #[inline(always)]
    pub const fn times(self, other: Self) -> u64 {
        (self.0 as u64).wrapping_mul(other.0 as u64)
    }

    /// So much of a number of anything, rounded down; none above 64 bits.
    pub const fn of_down(self, number: u64) -> Option<u64> {
        mul_div_down(number, self.0 as u64, PPM as u64)
    }

    /// So much of a number of anything, rounded up; none above 64 bits.
    pub const fn of_up(self, number: u64) -> Option<u64> {
        mul_div_up(number, self.0 as u64, PPM as u64)
    }
}

impl SignedPpm {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many parts per million.
    #[inline(always)]
    pub const fn new(ppm: i32) -> Self {
        Self(ppm)
    }

    /// Parts per million.
    #[inline(always)]
    pub const fn get(self) -> i32 {
        self.0
    }

    /// Below zero.
    #[inline(always)]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Without its sign.
    #[inline(always)]
    pub const fn unsigned_abs(self) -> Ppm {
        Ppm(self.0.unsigned_abs())
    }
}

/// As lists of settings have it.
impl From<u32> for Ppm {
    #[inline(always)]
    fn from(ppm: u32) -> Self {
        Self(ppm)
    }
}

/// As lists of settings have it.
impl From<Ppm> for u32 {
    #[inline(always)]
    fn from(share: Ppm) -> Self {
        share.0
    }
}

impl core::fmt::Display for Ppm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_share_and_what_it_leaves_are_the_whole_up_to_the_whole(ppm in 0..=PPM, more: u32) {
            let share = Ppm::new(ppm);
            prop_assert_eq!(share.saturating_add(share.rest()), Ppm::WHOLE);
            prop_assert_eq!((share.beyond_whole(), Ppm::WHOLE.saturating_add(share).rest()), (Ppm::ZERO, Ppm::ZERO));
            prop_assert_eq!(Ppm::new(more).beyond_whole().get(), more.saturating_sub(PPM));
        }

        #[test]
        fn shares_are_ordered_added_and_multiplied_as_their_numbers_are(a: u32, b: u32, wide: u128) {
            let (one, other) = (Ppm::new(a), Ppm::new(b));
            prop_assert_eq!((one.min(other).get(), one.max(other).get()), (a.min(b), a.max(b)));
            prop_assert_eq!(one.times(other), a as u64 * b as u64);
            prop_assert_eq!(one.saturating_sub(other).get(), a.saturating_sub(b));
            prop_assert_eq!(one.saturating_add(other).get() as u64, (a as u64 + b as u64).min(u32::MAX as u64));
            prop_assert_eq!(Ppm::saturating_wide(wide).get() as u128, wide.min(u32::MAX as u128));
            prop_assert_eq!(Ppm::saturating((wide >> 64) as u64), Ppm::saturating_wide(wide >> 64));
            prop_assert_eq!((Ppm::saturating(a as u64), Ppm::saturating_wide(a as u128)), (one, one));
        }

        #[test]
        fn a_share_of_a_number_is_rounded_as_its_name_says(number: u64, ppm in 0..=PPM) {
            let exact = number as u128 * ppm as u128;
            let (down, up) = (Ppm::new(ppm).of_down(number).unwrap(), Ppm::new(ppm).of_up(number).unwrap());
            prop_assert_eq!((down as u128, up as u128), (exact / PPM as u128, exact.div_ceil(PPM as u128)));
        }

        #[test]
        fn a_signed_share_has_a_sign_and_a_magnitude(ppm: i32) {
            let share = SignedPpm::new(ppm);
            prop_assert_eq!((share.get(), share.is_negative(), share.unsigned_abs().get()), (ppm, ppm < 0, ppm.unsigned_abs()));
        }
    }
}
