//! Who switches a price to its standby source and back, and how often (PRICE-10).
//!
//! A switch makes the averages begin anew, so that the price's legs count as stale for two slow time constants. Whoever
//! could switch without end could keep them stale without end: each key has a row of two, there and back, and then rests.

use crate::breaker::{Spell, Terms};
use crate::units::{Secs, UnixSecs};

/// Switches of a key in a row.
pub const SWITCHES_IN_A_ROW: u32 = 2;
/// Slow time constants that a key rests after its row: a day by default.
pub const REST_TIME_CONSTANTS: u32 = 24;

/// The key that switches a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SwitchedBy {
    /// The engine's authority.
    #[default]
    Authority = 0,
    /// Its risk authority.
    RiskAuthority = 1,
}

/// The switches of a price; zeroed there has been none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Who switched last.
    pub last_by: SwitchedBy,
    /// The authority's latest and its place in its row.
    pub authority: Spell,
    /// The risk authority's.
    pub risk_authority: Spell,
}

impl Switches {
    /// What they are after one more.
    ///
    /// The authority's answer to the risk authority's switch does not count in its row: whoever holds a stolen risk
    /// authority's key can neither keep a price at the source that he chose nor use up what undoes it.
    ///
    /// # Errors
    /// From when on this key may switch again, where its row is full and the rest is not over.
    pub fn switched(self, by: SwitchedBy, now: UnixSecs, slow: Secs) -> Result<Self, UnixSecs> {
        let again = |row: Spell| row.begin(now, Secs::ZERO, &terms(slow));
        let next = match by {
            SwitchedBy::Authority if self.last_by == SwitchedBy::RiskAuthority => self,
            SwitchedBy::Authority => Self { authority: again(self.authority)?, ..self },
            SwitchedBy::RiskAuthority => Self { risk_authority: again(self.risk_authority)?, ..self },
        };
        Ok(Self { last_by: by, ..next })
    }

    /// From when on a key may switch: now unless its row is full.
    pub fn may_switch_at(&self, by: SwitchedBy, now: UnixSecs, slow: Secs) -> UnixSecs {
        match by {
            SwitchedBy::Authority if self.last_by == SwitchedBy::RiskAuthority => now,
            SwitchedBy::Authority => self.authority.may_begin_at(now, &terms(slow)),
            SwitchedBy::RiskAuthority => self.risk_authority.may_begin_at(now, &terms(slow)),
        }
    }
}

/// Of a moment each: what lasts is the wait for the averages.
const fn terms(slow: Secs) -> Terms {
    let rest = Secs::new(slow.stored().saturating_mul(REST_TIME_CONSTANTS));
    Terms { lasts: Secs::ZERO, most: SWITCHES_IN_A_ROW, rest }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    use super::*;
    use crate::oracle::READY_TIME_CONSTANTS;
    use SwitchedBy::{Authority, RiskAuthority};

    const START: i64 = 1_700_000_000;
    const SLOW: Secs = Secs::new(3_600);
    const HOUR: i64 = 3_600;

    fn at(later: i64) -> UnixSecs {
        UnixSecs::new(START + later)
    }

    #[test]
    fn each_key_switches_there_and_back_and_then_rests_for_a_day() {
        for by in [Authority, RiskAuthority] {
            let there = Switches::default().switched(by, at(0), SLOW).unwrap();
            let back = there.switched(by, at(60), SLOW).unwrap_or_else(|from| panic!("{by:?} {from:?}"));
            for later in [60, HOUR, 24 * HOUR + 59] {
                assert_eq!(back.switched(by, at(later), SLOW), Err(at(24 * HOUR + 60)), "{by:?}");
                assert_eq!(back.may_switch_at(by, at(later), SLOW), at(24 * HOUR + 60));
            }
            assert!(back.switched(by, at(24 * HOUR + 60), SLOW).is_ok());
            assert_eq!(back.may_switch_at(by, at(24 * HOUR + 60), SLOW), at(24 * HOUR + 60));
        }
    }

    /// Its row is used up, and still it answers.
    #[test]
    fn the_authority_answers_every_switch_of_the_risk_authority_and_only_those() {
        let mut switches = Switches::default();
        for _ in 0..2 {
            switches = switches.switched(Authority, at(0), SLOW).unwrap();
        }
        assert!(switches.switched(Authority, at(1), SLOW).is_err());
        for _ in 0..2 {
            switches = switches.switched(RiskAuthority, at(1), SLOW).unwrap();
            assert_eq!(switches.may_switch_at(Authority, at(1), SLOW), at(1));
            switches = switches.switched(Authority, at(1), SLOW).unwrap();
            assert!(switches.switched(Authority, at(1), SLOW).is_err());
        }
        // The last word is the authority's.
        assert_eq!(switches.switched(RiskAuthority, at(1), SLOW), Err(at(1 + 24 * HOUR)));
    }

    #[test]
    fn the_rest_follows_the_slow_average() {
        let twice = |slow| {
            let once = Switches::default().switched(RiskAuthority, at(0), slow).unwrap();
            once.switched(RiskAuthority, at(0), slow).unwrap().may_switch_at(RiskAuthority, at(0), slow)
        };
        assert_eq!(twice(Secs::new(60)), at(1_440));
        assert_eq!(twice(Secs::new(86_400)), at(24 * 86_400));
        assert_eq!(twice(Secs::new(u32::MAX)), at(i64::from(u32::MAX)));
    }

    /// Seconds of the latest 24 slow time constants in which the price waited for its averages.
    fn waited(switched: &[i64], slow: i64, now: i64) -> i64 {
        let (from, wait) = (now - i64::from(REST_TIME_CONSTANTS) * slow, i64::from(READY_TIME_CONSTANTS) * slow);
        let (mut counted, mut sum) = (from, 0);
        for at in switched {
            let until = (at + wait).min(now);
            sum += (until - (*at).max(counted)).max(0);
            counted = counted.max(until);
        }
        sum
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// PRICE-10: whatever is asked for when, one key keeps a price waiting for at most four slow time constants of any
        /// 24, and both of them together, against each other or not, for at most 14.
        #[test]
        fn no_schedule_of_switches_keeps_a_price_waiting_for_more_than_its_share(
            asks in prop::collection::vec((0i64..14 * HOUR, 0u8..6, any::<bool>()), 1..80),
            slow in prop_oneof![Just(60u32), Just(3_600), Just(86_400)],
            alone in prop::option::of(any::<bool>()),
        ) {
            let (mut switches, mut now, mut switched) = (Switches::default(), START, Vec::new());
            let most = if alone.is_some() { 4 } else { 14 } * i64::from(slow);
            for (later, quick, risk) in asks {
                // In slow time constants, and every second one at once.
                now += if quick % 2 == 0 { 0 } else { later * i64::from(slow) / (3 * HOUR) };
                prop_assert!(waited(&switched, i64::from(slow), now) <= most);
                let by = if alone.unwrap_or(risk) { RiskAuthority } else { Authority };
                match switches.switched(by, UnixSecs::new(now), Secs::new(slow)) {
                    Ok(next) => {
                        prop_assert_eq!(next.last_by, by);
                        prop_assert_eq!(switches.may_switch_at(by, UnixSecs::new(now), Secs::new(slow)), UnixSecs::new(now));
                        switches = next;
                        switched.push(now);
                    }
                    Err(from) => {
                        prop_assert!(from > UnixSecs::new(now));
                        prop_assert_eq!(switches.may_switch_at(by, UnixSecs::new(now), Secs::new(slow)), from);
                    }
                }
                // Within what an average takes to be ready, the sum is largest.
                prop_assert!(waited(&switched, i64::from(slow), now + 2 * i64::from(slow)) <= most);
            }
        }
    }
}
