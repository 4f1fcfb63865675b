//! How old a price may be: the one place where an age is compared.

use crate::units::{Secs, UnixSecs};

/// The oldest that a price may be for some purpose, as the time from which on it must have been published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge {
    since: UnixSecs,
    now: UnixSecs,
}

impl MaxAge {
    /// At most `age` old at `now`; exactly that old is young enough. An age beyond 2^32 seconds counts as that.
    ///
    /// Times before the first that can be reached count as that one, three instructions a margin check instead of fourteen.
    #[inline(always)]
    #[expect(clippy::arithmetic_side_effects, reason = "a constant: -2^63 and 2^32 less one")]
    pub const fn new(age: Secs, now: UnixSecs) -> Self {
        let first = i64::MIN + u32::MAX as i64;
        let now = if now.get() > first { now.get() } else { first };
        // At least -2^63, so that nothing wraps.
        Self { since: UnixSecs::new(now.wrapping_sub(age.stored() as i64)), now: UnixSecs::new(now) }
    }

    /// Whether a time is over: the clock that ages are counted from has reached it.
    #[inline(always)]
    pub const fn is_over(self, until: UnixSecs) -> bool {
        until.get() <= self.now.get()
    }

    /// Whether what was published at this time is young enough. A time ahead of the clock is.
    #[inline(always)]
    pub const fn admits(self, published_at: UnixSecs) -> bool {
        published_at.get() >= self.since.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When a price was published: at a time, or so many seconds after the oldest that is young enough.
    #[derive(Clone, Copy, Debug)]
    enum Published {
        At(i64),
        FromTheOldest(i64),
    }

    #[test]
    fn a_price_of_exactly_the_age_is_young_enough_and_one_a_second_older_is_not() {
        let max = MaxAge::new(Secs::new(15), UnixSecs::new(1_000));
        assert_eq!([984, 985, 1_000, 1_001].map(|at| max.admits(UnixSecs::new(at))), [false, true, true, true]);
    }

    proptest! {
        /// Every second case stands within three seconds of the oldest age: a time drawn from all times never does.
        #[test]
        fn an_age_is_the_difference_of_two_times_wherever_the_clock_can_be(
            now in -(1i64 << 62)..i64::MAX,
            secs: u32,
            at in prop_oneof![any::<i64>().prop_map(Published::At), (-3i64..=3).prop_map(Published::FromTheOldest)],
        ) {
            let at = match at {
                Published::At(at) => at,
                Published::FromTheOldest(secs_after) => (now - i64::from(secs)).saturating_add(secs_after),
            };
            let is_young = now as i128 - at as i128 <= secs as i128;
            prop_assert_eq!(MaxAge::new(Secs::new(secs), UnixSecs::new(now)).admits(UnixSecs::new(at)), is_young);
        }
    }
}
