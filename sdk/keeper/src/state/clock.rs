//! The cluster's clock between two readings of it. The keeper's own wall clock decides nothing.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Longest time by which a reading is carried forward: a cluster that stands still must not be thought to run.
const CARRIED_AT_MOST: Duration = Duration::from_secs(30);

/// The clock sysvar as last read, carried forward by the time since.
#[derive(Clone, Copy, Debug)]
pub struct ClusterClock {
    unix_secs: i64,
    /// The slot of the reading.
    slot: u64,
    read_at: Instant,
}

impl ClusterClock {
    /// A reading made just now of a slot, Unix seconds.
    pub fn read(slot: u64, unix_secs: i64) -> Self {
        Self { unix_secs, slot, read_at: Instant::now() }
    }

    /// What the cluster's clock shows now, Unix seconds.
    pub fn now(&self) -> i64 {
        self.at(Instant::now())
    }

    /// What it shows at an instant, Unix seconds.
    pub fn at(&self, instant: Instant) -> i64 {
        let since = instant.saturating_duration_since(self.read_at).min(CARRIED_AT_MOST);
        self.unix_secs.saturating_add(since.as_secs() as i64)
    }

    /// Takes a reading of a later slot, also where its time is an earlier one: the one held was a fork's, or a lie. One
    /// of a slot before is a slow node's and does not turn time back.
    pub fn update(&mut self, slot: u64, unix_secs: i64) {
        if slot > self.slot || (slot == self.slot && unix_secs >= self.unix_secs) {
            *self = Self::read(slot, unix_secs);
        }
    }

    /// Age of the reading.
    pub fn age(&self) -> Duration {
        self.read_at.elapsed()
    }

    /// This machine's wall clock less the cluster's, seconds.
    pub fn skew_secs(&self) -> i64 {
        let own = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        own.saturating_sub(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_on_between_readings_but_not_for_ever() {
        let clock = ClusterClock::read(7, 1_000);
        let start = clock.read_at;
        assert_eq!(clock.at(start), 1_000);
        assert_eq!(clock.at(start + Duration::from_secs(7)), 1_007);
        assert_eq!(clock.at(start + Duration::from_secs(7_000)), 1_030);
    }

    #[test]
    fn a_reading_of_a_slot_before_does_not_turn_time_back() {
        let mut clock = ClusterClock::read(7, 1_000);
        clock.update(6, 990);
        clock.update(7, 990);
        assert!(clock.now() >= 1_000);
        clock.update(8, 1_020);
        assert!(clock.now() >= 1_020);
    }

    #[test]
    fn a_time_far_ahead_is_believed_only_until_a_later_slot_says_otherwise() {
        let mut clock = ClusterClock::read(7, 1_000);
        clock.update(8, 4_000_000_000);
        clock.update(9, 1_001);
        assert!((1_001..1_100).contains(&clock.now()), "{}", clock.now());
    }

    #[test]
    fn a_machine_whose_clock_is_off_only_shows_as_skew() {
        let clock = ClusterClock::read(7, 1_000);
        assert!(clock.now() < 1_100);
        assert!(clock.skew_secs() > 1_000_000);
    }
}
