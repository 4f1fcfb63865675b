//! A pause by hand: the guardian's, of which only some may follow on each other, and the authority's (KEY-4).

use super::{Spell, Terms};
use crate::units::{Secs, UnixSecs};

/// The guardian's pauses: six hours, four in a row, then a day without one.
pub const GUARDIAN_TERMS: Terms = Terms { lasts: Secs::new(6 * 3_600), most: 4, rest: Secs::new(86_400) };
/// The longest that the authority pauses at a time; it may ask again.
pub const AUTHORITY_PAUSE: Secs = Secs::new(7 * 86_400);

/// Who pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pauser {
    /// Adds pauses of hours and ends none.
    Guardian,
    /// Adds pauses of days and ends any.
    Authority,
}

impl Pauser {
    /// The longest pause that he may ask for at a time.
    pub const fn longest(self) -> Secs {
        match self {
            Self::Guardian => GUARDIAN_TERMS.lasts,
            Self::Authority => AUTHORITY_PAUSE,
        }
    }
}

/// What is paused of one thing, and until when; zeroed nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// The authority's ends here.
    pub authority_until: UnixSecs,
    /// The guardian's.
    pub guardian: Spell,
}

impl Pause {
    /// When the last of both ends or ended.
    #[inline(always)]
    pub fn until(&self) -> UnixSecs {
        self.authority_until.max(self.guardian.until)
    }

    /// Paused from now on for `lasts`, never longer than [`Pauser::longest`]; what stands already is not shortened.
    ///
    /// # Errors
    /// From when on the guardian may pause it again.
    pub fn add(self, by: Pauser, now: UnixSecs, lasts: Secs) -> Result<Self, UnixSecs> {
        match by {
            Pauser::Guardian => Ok(Self { guardian: self.guardian.begin(now, lasts, &GUARDIAN_TERMS)?, ..self }),
            Pauser::Authority => {
                let until = now.plus(lasts.min(AUTHORITY_PAUSE));
                Ok(Self { authority_until: self.authority_until.max(until), ..self })
            }
        }
    }

    /// Ended now, whoever asked for it; how many the guardian has used of his row stays.
    #[must_use]
    pub fn ended(self, now: UnixSecs) -> Self {
        Self { authority_until: self.authority_until.min(now), guardian: self.guardian.ended(now) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_700_000_000;
    const HOUR: i64 = 3_600;
    const MOST: Secs = Secs::new(u32::MAX);

    fn at(later: i64) -> UnixSecs {
        UnixSecs::new(START + later)
    }

    #[test]
    fn a_guardian_pauses_for_a_day_at_most_and_then_not_for_a_day() {
        let mut pause = Pause::default();
        for hour in [0, 6, 12, 18] {
            pause = pause.add(Pauser::Guardian, at(hour * HOUR), MOST).unwrap();
            assert_eq!(pause.until(), at((hour + 6) * HOUR));
        }
        for hour in [18, 24, 47] {
            assert_eq!(pause.add(Pauser::Guardian, at(hour * HOUR), MOST), Err(at(48 * HOUR)));
        }
        assert!(pause.add(Pauser::Guardian, at(48 * HOUR), MOST).is_ok());
        // The authority is not bound by the guardian's row.
        let longer = pause.add(Pauser::Authority, at(20 * HOUR), MOST).unwrap();
        assert_eq!(longer.until(), at((20 + 7 * 24) * HOUR));
    }

    #[test]
    fn an_authority_pauses_for_a_week_at_a_time_and_ends_what_anybody_asked_for() {
        let paused = Pause::default().add(Pauser::Authority, at(0), MOST).unwrap();
        assert_eq!(paused.until(), at(7 * 24 * HOUR));
        assert_eq!(paused.add(Pauser::Authority, at(1), Secs::new(5)).unwrap(), paused);
        assert_eq!(paused.add(Pauser::Authority, at(HOUR), MOST).unwrap().until(), at((1 + 7 * 24) * HOUR));
        let both = paused.add(Pauser::Guardian, at(HOUR), MOST).unwrap();
        let ended = both.ended(at(2 * HOUR));
        assert_eq!((ended.until(), ended.guardian.in_a_row), (at(2 * HOUR), 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// KEY-4: the guardian alone, whatever he asks for and when, never stops anything for more than a day of any two, and
        /// whatever both ask for ends within a week of the last call.
        #[test]
        fn whatever_is_asked_for_a_pause_ends(
            calls in prop::collection::vec((0i64..9 * HOUR, any::<u32>(), 0u8..8), 1..80),
        ) {
            let (mut pause, mut now) = (Pause::default(), START);
            // Every second that the guardian stops, by hours of the clock, is counted from the pauses that were granted.
            let mut stopped: std::vec::Vec<(i64, i64)> = std::vec::Vec::new();
            for (later, lasts, what) in calls {
                now += later;
                let (time, lasts) = (UnixSecs::new(now), Secs::new(lasts));
                match what {
                    0 => {
                        pause = pause.ended(time);
                        prop_assert!(pause.until() <= time);
                        for (_, until) in stopped.iter_mut() {
                            *until = (*until).min(now);
                        }
                    }
                    1 => pause = pause.add(Pauser::Authority, time, lasts).unwrap(),
                    _ => {
                        if let Ok(next) = pause.add(Pauser::Guardian, time, lasts) {
                            pause = next;
                            stopped.push((now, next.guardian.until.get()));
                        }
                    }
                }
                prop_assert!(pause.until() <= time.plus(AUTHORITY_PAUSE));
                prop_assert!(pause.guardian.until <= time.plus(GUARDIAN_TERMS.lasts));
                // A second of a two-day stretch is stopped at most once, however many pauses cover it.
                let (from, mut until_now, mut sum) = (now - 48 * HOUR, i64::MIN, 0);
                for (begun, until) in &stopped {
                    let begun = (*begun).max(from).max(until_now);
                    sum += ((*until).min(now) - begun).max(0);
                    until_now = until_now.max(*until);
                }
                prop_assert!(sum <= 24 * HOUR, "{sum}");
            }
        }
    }
}
