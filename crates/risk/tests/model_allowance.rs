//! Buckets of a fifth of the window against every spending by itself.

use plimsoll_model::allowance::Allowance;
use plimsoll_model::int;
use plimsoll_risk::allowance::Spent;
use plimsoll_risk::units::{Secs, UnixSecs};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// INSURE-3
    #[test]
    fn buckets_leave_at_most_the_room_of_the_window_and_at_least_that_of_a_fifth_more(
        start in 0i64..2_000_000_000, window in prop_oneof![Just(3_600u32), Just(86_400)], bound in 1u64..1_000_000,
        steps in prop::collection::vec((prop_oneof![-400i64..400, 0i64..9_000], 0u64..1_000_000), 1..40),
    ) {
        let (mut now, mut latest, mut spent, mut model) = (start, i64::MIN, Spent::default(), Allowance::default());
        for (secs, wanted) in steps {
            now += secs * (window / 3_600) as i64;
            // A clock that runs backwards stands still: what is spent then is as recent as anything.
            latest = latest.max(now);
            spent = spent.at(UnixSecs::new(now), Secs::new(window));
            let room = spent.room(bound as u128) as u64;
            let exact = |secs| model.room(&int(bound as i128), secs, latest);
            prop_assert!(int(room as i128) <= exact(window as i64));
            prop_assert!(int(room as i128) >= exact(window as i64 / 5 * 6 - 1));
            let amount = wanted.min(room);
            spent = spent.with(amount as u128);
            model.spend(int(amount as i128), latest);
        }
    }
}
