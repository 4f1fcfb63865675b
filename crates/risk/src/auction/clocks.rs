//! What an account remembers between observations: how long it has been under water, and whether spot alone counts.

use crate::params::GlobalParams;

/// What an account remembers between observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Seconds under water.
    pub under_water_secs: u32,
    /// Seconds in wind-down.
    pub wind_down_secs: u32,
    /// What the last observation saw.
    pub seen: Seen,
    /// When, Unix seconds.
    pub observed_at: i64,
    /// When an initial check last passed, Unix seconds.
    pub passed_at: i64,
    /// Publish time of the first ratio below the bypass, zero for none.
    pub bypass_published_at: i64,
    /// Spot alone counts.
    pub bypass: bool,
}

/// What an observation saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Not under water.
    #[default]
    Healthy,
    /// Under water.
    UnderWater,
    /// Under water and in wind-down.
    WindDown,
}

/// What the clocks need to know of an account's margins now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Eligible for liquidation and, if so, in which regime.
    pub seen: Seen,
    /// At target or above at both prices.
    pub at_target: bool,
    /// At maintenance or above at spot.
    pub healthy_at_spot: bool,
    /// Below the bypass ratio at spot.
    pub below_bypass: bool,
    /// Newest publish time among the account's fresh legs, zero for none.
    pub newest_published_at: i64,
}

impl Clocks {
    /// Notes the bypass stamp: a ratio below the bypass at two publish times some seconds apart, none healthy between.
    pub fn note_bypass(&mut self, sight: &Sight, params: &GlobalParams) {
        if sight.healthy_at_spot {
            self.bypass_published_at = 0;
            self.bypass = false;
        } else if sight.below_bypass && sight.newest_published_at > 0 {
            if self.bypass_published_at <= 0 || self.bypass_published_at > sight.newest_published_at {
                self.bypass_published_at = sight.newest_published_at;
            } else if sight.newest_published_at - self.bypass_published_at >= params.bypass_spacing_secs as i64 {
                self.bypass = true;
            }
        }
    }

    /// Adds the time between two under-water observations at most `observation_gap_secs` apart; a longer gap restarts
    /// at zero; between maintenance and target the clocks stand still; at target at both prices they clear.
    /// A negative, zero or future stamp adds nothing.
    pub fn observe(&mut self, sight: &Sight, now: i64, params: &GlobalParams) {
        let known = self.observed_at > 0 && self.observed_at <= now;
        let gap = if known { now - self.observed_at } else { 0 };
        if sight.at_target {
            self.under_water_secs = 0;
            self.wind_down_secs = 0;
        } else if gap > params.observation_gap_secs as i64 {
            if sight.seen != Seen::Healthy {
                self.under_water_secs = 0;
                self.wind_down_secs = 0;
            }
        } else {
            // At most the observation gap, so it fits.
            let elapsed = gap as u32;
            if sight.seen >= Seen::UnderWater && self.seen >= Seen::UnderWater {
                self.under_water_secs = self.under_water_secs.saturating_add(elapsed);
            }
            if sight.seen == Seen::WindDown && self.seen == Seen::WindDown {
                self.wind_down_secs = self.wind_down_secs.saturating_add(elapsed);
            }
        }
        self.seen = sight.seen;
        self.observed_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PARAMS: GlobalParams = GlobalParams::DEFAULT;

    fn sight(seen: Seen, at_target: bool) -> Sight {
        Sight { seen, at_target, healthy_at_spot: seen == Seen::Healthy, below_bypass: false, newest_published_at: 0 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_clock_never_counts_more_than_the_time_that_passed(steps in proptest::collection::vec((0i64..60, 0u8..4), 1..60)) {
            let mut clocks = Clocks::default();
            let (start, mut now) = (1_000_000i64, 1_000_000i64);
            for (gap, kind) in steps {
                now += gap;
                let before = clocks;
                let seen = [Seen::Healthy, Seen::UnderWater, Seen::WindDown, Seen::Healthy][kind as usize];
                clocks.observe(&sight(seen, kind == 3), now, &PARAMS);
                prop_assert!(clocks.under_water_secs as i64 <= now - start);
                prop_assert!(clocks.wind_down_secs <= clocks.under_water_secs);
                if kind == 3 { prop_assert_eq!((clocks.under_water_secs, clocks.wind_down_secs), (0, 0)); }
                if kind == 0 { prop_assert_eq!(clocks.under_water_secs, before.under_water_secs); }
            }
        }
    }

    #[test]
    fn a_future_zero_or_negative_stamp_adds_nothing() {
        for stamp in [i64::MIN, -1, 0, 2_000] {
            let mut clocks = Clocks { observed_at: stamp, seen: Seen::UnderWater, ..Default::default() };
            clocks.observe(&sight(Seen::UnderWater, false), 1_000, &PARAMS);
            assert_eq!(clocks.under_water_secs, 0);
        }
    }

    #[test]
    fn a_gap_in_observation_restarts_the_clock_but_a_fill_does_not() {
        let mut clocks =
            Clocks { observed_at: 100, seen: Seen::UnderWater, under_water_secs: 20, ..Default::default() };
        clocks.observe(&sight(Seen::UnderWater, false), 130, &PARAMS);
        assert_eq!(clocks.under_water_secs, 50);
        clocks.observe(&sight(Seen::UnderWater, false), 161, &PARAMS);
        assert_eq!(clocks.under_water_secs, 0);
    }

    #[test]
    fn the_bypass_needs_two_publish_times_apart_and_none_healthy_between() {
        let low = |at| Sight { below_bypass: true, newest_published_at: at, ..sight(Seen::Healthy, false) };
        let low = |at| Sight { healthy_at_spot: false, ..low(at) };
        let mut clocks = Clocks::default();
        clocks.note_bypass(&low(100), &PARAMS);
        clocks.note_bypass(&low(101), &PARAMS);
        assert!(!clocks.bypass);
        clocks.note_bypass(&sight(Seen::Healthy, false), &PARAMS);
        clocks.note_bypass(&low(103), &PARAMS);
        assert!(!clocks.bypass);
        clocks.note_bypass(&low(105), &PARAMS);
        assert!(clocks.bypass);
    }
}
