//! Sliding allowances: how much may be spent within any stretch of time of a given length.
//!
//! A window that resets lets twice its bound through, just before and just after the reset. Here time is cut at absolute
//! points into buckets of a fifth of the window, and what was spent counts as long as its bucket can overlap the window
//! that ends now: six buckets, so for one to one and a fifth windows. No stretch of the window's length ever sees more
//! than the bound that its last spending was held to (INSURE-3).

use crate::units::{Secs, UnixSecs};

/// Buckets that a window can overlap: five of its length and the one that it cuts.
pub const BUCKETS: usize = 6;

/// What was spent lately, by time; amounts in any one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The latest bucket: `floor(t / ceil(window / 5))` of the latest time seen.
    pub at_bucket: i64,
    /// Amounts of this bucket and the five before it, each at its number modulo six.
    pub amounts: [u128; BUCKETS],
}

impl Spent {
    /// Seconds of a bucket, at least one; five of them are at least a window.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        reason = "the number of buckets is the constant six"
    )]
    pub(crate) const fn bucket_secs(window: Secs) -> i64 {
        let fifth = window.stored().div_ceil(BUCKETS as u32 - 1) as i64;
        if fifth > 0 {
            fifth
        } else {
            1
        }
    }

    /// The bucket of a time.
    pub(crate) const fn bucket(now: UnixSecs, window: Secs) -> i64 {
        now.get().div_euclid(Self::bucket_secs(window))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "a remainder of a division by six is 0 to 5"
    )]
    pub(crate) const fn place(bucket: i64) -> usize {
        bucket.rem_euclid(BUCKETS as i64) as usize
    }

    /// The same at `now`: what can overlap no window that ends now or later is forgotten.
    ///
    /// A clock that went backwards forgets nothing, and what is spent then counts from the latest time seen.
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_wrap,
        clippy::indexing_slicing,
        reason = "the number of buckets is six, a place below it; the loop's start is at most `now`, since time has passed"
    )]
    pub fn at(mut self, now: UnixSecs, window: Secs) -> Self {
        let now = Self::bucket(now, window);
        let passed = now.saturating_sub(self.at_bucket);
        if passed <= 0 {
            return self;
        }
        if passed >= BUCKETS as i64 {
            self.amounts = [0; BUCKETS];
        } else {
            for bucket in self.at_bucket + 1..=now {
                self.amounts[Self::place(bucket)] = 0;
            }
        }
        self.at_bucket = now;
        self
    }

    /// All that counts; saturates.
    pub fn total(&self) -> u128 {
        self.amounts.iter().fold(0, |sum: u128, amount| sum.saturating_add(*amount))
    }

    /// What may still be spent under `bound`.
    pub fn room(&self, bound: u128) -> u128 {
        bound.saturating_sub(self.total())
    }

    /// The same with `amount` more in the latest bucket; saturates.
    #[expect(clippy::indexing_slicing, reason = "a place is below the number of buckets")]
    pub fn with(mut self, amount: u128) -> Self {
        let latest = &mut self.amounts[Self::place(self.at_bucket)];
        *latest = latest.saturating_add(amount);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Secs = Secs::new(3_600);

    #[test]
    fn what_is_spent_counts_for_an_hour_and_at_most_twelve_minutes_more() {
        for at in [0i64, 1, 719, 720, 1_700_000_123] {
            let spent = Spent::default().at(UnixSecs::new(at), HOUR).with(7);
            assert_eq!(spent.at(UnixSecs::new(at + 3_600), HOUR).total(), 7);
            assert_eq!(spent.at(UnixSecs::new(at + 4_320), HOUR).total(), 0);
        }
        // Spent at the very start of a bucket it counts for six of them.
        assert_eq!(
            Spent::default().at(UnixSecs::new(7_200), HOUR).with(7).at(UnixSecs::new(7_200 + 4_319), HOUR).total(),
            7
        );
    }

    /// INSURE-3
    #[test]
    fn two_seconds_around_any_boundary_see_one_bound() {
        // A window that resets let an atom open it, and then a whole bound on each side of its end.
        for boundary in (0..20).map(|n| n * 360) {
            let first = Spent::default().at(UnixSecs::new(boundary - 1), HOUR);
            let first = first.with(first.room(100));
            assert_eq!(first.at(UnixSecs::new(boundary + 1), HOUR).room(100), 0);
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_frees_nothing() {
        let spent = Spent::default().at(UnixSecs::new(10_000), HOUR).with(60);
        for now in [9_999, 5_000, 0, -1, i64::MIN] {
            assert_eq!(spent.at(UnixSecs::new(now), HOUR).room(100), 40);
        }
        // What is spent then is as recent as anything.
        assert_eq!(spent.at(UnixSecs::NEVER, HOUR).with(40).at(UnixSecs::new(13_599), HOUR).room(100), 0);
    }

    #[test]
    fn numbers_saturate_instead_of_wrapping() {
        let spent = Spent::default().with(u128::MAX).with(5).at(UnixSecs::new(720), HOUR).with(u128::MAX);
        assert_eq!((spent.total(), spent.room(u128::MAX)), (u128::MAX, 0));
        let end = spent.at(UnixSecs::new(i64::MAX), Secs::ZERO).with(3);
        assert_eq!((end.at_bucket, end.total()), (i64::MAX, 3));
        assert_eq!(Spent { at_bucket: i64::MIN, ..end }.at(UnixSecs::new(i64::MAX), HOUR).total(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn no_stretch_of_the_windows_length_ever_sees_more_than_the_bound(
            start in prop_oneof![0i64..100_000, 0i64..2_000_000_000],
            steps in prop::collection::vec((prop_oneof![0i64..30, 0i64..1_500, 0i64..9_000], 0u128..150), 1..60),
            window in prop_oneof![Just(3_600u32), Just(86_400), Just(60), Just(5), 1u32..5_000],
        ) {
            let bound = 100u128;
            let (mut now, mut spent) = (start, Spent::default());
            let mut spendings: Vec<(i64, u128)> = Vec::new();
            for (secs, wanted) in steps {
                now += secs;
                spent = spent.at(UnixSecs::new(now), Secs::new(window));
                let amount = wanted.min(spent.room(bound));
                spent = spent.with(amount);
                spendings.push((now, amount));
                let within = |since: i64| spendings.iter().filter(|(at, _)| *at >= since).map(|(_, a)| a).sum::<u128>();
                prop_assert!(within(now - window as i64) <= bound);
                // And nothing counts for longer than six buckets.
                let bucket = window.div_ceil(5) as i64;
                prop_assert!(spent.room(bound) >= bound.saturating_sub(within(now - 6 * bucket + 1)));
            }
        }
    }
}
