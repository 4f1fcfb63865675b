//! Time: points of it, and how long it is between two of them.

/// A duration, whole seconds.
///
/// It is no number of anything else, whatever its size:
/// ```compile_fail,E0308
/// use plimsoll_risk::units::{Atoms, Secs};
/// let both = Secs::new(1).saturating_add(Atoms::ONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Secs(u64);

/// A point in time, seconds since the start of 1970, leap seconds not counted.
///
/// Two points have a distance and no sum, and a duration is no point:
/// ```compile_fail,E0308
/// use plimsoll_risk::units::UnixSecs;
/// let later = UnixSecs::new(1).plus(UnixSecs::new(1));
/// ```
/// ```compile_fail,E0308
/// use plimsoll_risk::units::{Secs, UnixSecs};
/// let is_past = UnixSecs::new(1) > Secs::new(1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct UnixSecs(i64);

impl Secs {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds: every duration that is set or stored has 32 bits.
    #[inline(always)]
    pub const fn new(secs: u32) -> Self {
        Self(secs as u64)
    }

    /// So many seconds, of more than 32 bits.
    #[inline(always)]
    pub const fn wide(secs: u64) -> Self {
        Self(secs)
    }

    /// How many seconds.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// How many seconds, at most `u32::MAX`: as durations are stored.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it has 32 bits in this branch")]
    pub const fn stored(self) -> u32 {
        if self.0 > u32::MAX as u64 {
            u32::MAX
        } else {
            self.0 as u32
        }
    }

    /// Whether it is none.
    #[inline(always)]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The shorter of two.
    #[inline(always)]
    pub const fn min(self, other: Self) -> Self {
        if self.0 < other.0 {
            self
        } else {
            other
        }
    }

    /// One after the other; saturates.
    #[inline(always)]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; none where more is taken than there is.
    #[inline(always)]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl UnixSecs {
    /// What is stored where there is no time yet.
    pub const NEVER: Self = Self(0);

    /// So many seconds after the start of 1970.
    #[inline(always)]
    pub const fn new(secs: i64) -> Self {
        Self(secs)
    }

    /// How many seconds after the start of 1970.
    #[inline(always)]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether it is a time of a clock: neither [`UnixSecs::NEVER`] nor before it.
    #[inline(always)]
    pub const fn is_set(self) -> bool {
        self.0 > 0
    }

    /// How long ago `earlier` is, exactly; none where it lies ahead.
    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the later time less the earlier one is positive, and fits as unsigned")]
    pub const fn elapsed_since(self, earlier: Self) -> Secs {
        if self.0 > earlier.0 {
            // The distance of two signed numbers fits an unsigned one.
            Secs(self.0.wrapping_sub(earlier.0) as u64)
        } else {
            Secs::ZERO
        }
    }

    /// So much later; saturates.
    #[inline(always)]
    pub const fn plus(self, span: Secs) -> Self {
        Self(self.0.saturating_add_unsigned(span.0))
    }
}

impl core::fmt::Display for Secs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

impl core::fmt::Display for UnixSecs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_duration_is_stored_in_32_bits_and_what_does_not_fit_is_the_longest() {
        let longest = Secs::new(u32::MAX);
        assert_eq!([Secs::ZERO, Secs::new(7), longest].map(Secs::stored), [0, 7, u32::MAX]);
        assert_eq!(longest.saturating_add(Secs::new(1)).stored(), u32::MAX);
        assert_eq!(longest.saturating_add(Secs::new(1)).get(), 1 << 32);
    }

    #[test]
    fn a_time_is_set_only_after_the_start_of_1970() {
        assert_eq!([-1, 0, 1].map(|secs| UnixSecs::new(secs).is_set()), [false, false, true]);
    }

    proptest! {
        #[test]
        fn what_has_elapsed_is_the_difference_of_two_times_and_nothing_where_the_clock_went_back(from: i64, to: i64) {
            let difference = (to as i128 - from as i128).max(0);
            prop_assert_eq!(UnixSecs::new(to).elapsed_since(UnixSecs::new(from)).get() as i128, difference);
        }

        #[test]
        fn a_time_and_a_duration_later_are_that_duration_apart(at in i64::MIN..i64::MAX - u32::MAX as i64, secs: u32) {
            let (at, span) = (UnixSecs::new(at), Secs::new(secs));
            prop_assert_eq!(at.plus(span).elapsed_since(at), span);
            prop_assert_eq!(UnixSecs::new(i64::MAX).plus(span), UnixSecs::new(i64::MAX));
        }

        #[test]
        fn durations_add_up_and_never_fall_below_none(one: u32, other: u32) {
            let (a, b) = (Secs::new(one), Secs::new(other));
            prop_assert_eq!(a.saturating_add(b).get(), one as u64 + other as u64);
            prop_assert_eq!(a.saturating_sub(b).get(), (one as u64).saturating_sub(other as u64));
            prop_assert_eq!(a.min(b), Secs::new(one.min(other)));
        }
    }
}
