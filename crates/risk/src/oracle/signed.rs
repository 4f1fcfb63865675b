//! When the samples behind an aggregated result were signed, in slots.

use crate::params::GlobalParams;

/// Slots that may pass in a second: none takes less than 200 ms.
const MOST_SLOTS_PER_SEC: u64 = 5;

/// The slots of a result that several oracles have signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Signed {
    /// Slot at which the value of the result was signed.
    pub result_slot: u64,
    /// Slot of the oldest sample that the result counts.
    pub oldest_slot: u64,
    /// For how many slots the feed itself lets a sample count.
    pub max_staleness_slots: u32,
}

impl Signed {
    /// Whether the result is older than its date can say, seen at `slot`.
    ///
    /// Samples are dated when they land, and may land minutes after they were signed. A value that was signed more slots
    /// ago than the write age can have is older than that whatever its date says; so is one that the feed itself would no
    /// longer count. The samples beside it only decide which of them the median is, and may be older, by
    /// `submission_age_slots` whatever the feed allows (PRICE-3).
    #[expect(clippy::arithmetic_side_effects, reason = "five times a 32-bit number in 64 bits")]
    pub const fn is_overdue(&self, slot: u64, params: &GlobalParams) -> bool {
        let age = slot.saturating_sub(self.result_slot);
        age > MOST_SLOTS_PER_SEC * params.prices.write_age().get()
            || age > self.max_staleness_slots as u64
            || slot.saturating_sub(self.oldest_slot) > params.prices.submission_age_slots as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    /// PRICE-3
    #[test]
    fn a_result_is_overdue_by_its_own_slot_by_the_feeds_bound_and_by_its_oldest_sample() {
        let at = |age: u64, oldest: u64, max_staleness_slots| {
            let signed = Signed { result_slot: 1_000 - age, oldest_slot: 1_000 - oldest, max_staleness_slots };
            signed.is_overdue(1_000, &PARAMS)
        };
        assert!(!at(25, 150, 60));
        assert!(at(26, 26, 60));
        assert!(at(11, 11, 10) && !at(10, 10, 10));
        assert!(at(0, 151, u32::MAX));
        // Ahead of the clock is no age.
        assert!(!Signed { result_slot: u64::MAX, oldest_slot: u64::MAX, max_staleness_slots: 0 }.is_overdue(0, &PARAMS));
    }
}
