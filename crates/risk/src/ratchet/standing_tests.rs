use std::vec;

use proptest::prelude::*;

use super::{CapChange, Change, Effect, Progress, Schedule, Standing, Verdict};
use crate::units::{Secs, UnixSecs, UsdMicro};
use crate::RiskError;

fn verdict(effects: &[Effect]) -> Verdict {
    let mut verdict = Verdict::default();
    for effect in effects {
        verdict.note(Change { name: effect.words(), numbers: None, effect: *effect });
    }
    verdict
}

#[test]
fn only_what_waits_is_refused_and_only_of_a_key_that_signs_just_now() {
    use Effect::{AtOnce, Harmless, Ramps, Waits};
    for effects in [&[Harmless, AtOnce, Ramps][..], &[Waits], &[Harmless, AtOnce, Ramps, Waits], &[]] {
        let verdict = verdict(effects);
        assert_eq!(Standing::SettingUp.admits(&verdict), Ok(()));
        assert_eq!(Standing::Waited.admits(&verdict), Ok(()));
        let refused = effects.contains(&Waits).then(|| Effect::Waits.words());
        assert_eq!(Standing::Direct.admits(&verdict).err().map(|change| change.name), refused);
    }
    assert_eq!([Standing::SettingUp, Standing::Direct, Standing::Waited].map(Standing::ramps), [false, true, true]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_change_is_due_for_a_week_from_its_delay_on_and_at_no_other_time(
        proposed in -1i64 << 40..1i64 << 40,
        delay in 0u32..2_592_001,
        look in -100_000i64..4_000_000,
    ) {
        let schedule = Schedule::of(UnixSecs::new(proposed), Secs::new(delay));
        let (delay, week) = (delay as i64, 604_800);
        let expected = if look < delay {
            Progress::Waiting(Secs::wide((delay - look) as u64))
        } else if look < delay + week {
            Progress::Due
        } else {
            Progress::Expired
        };
        prop_assert_eq!(schedule.at(UnixSecs::new(proposed + look)), expected);
    }

    /// POWER-3
    #[test]
    fn whatever_is_asked_for_and_when_a_cap_more_than_doubles_in_no_day(
        first in 1u64..1_000_000,
        asked in prop::collection::vec((0u64..1 << 40, 1i64..100_000), 1..40),
    ) {
        // A unit is worth a micro-dollar.
        let (mut held, mut raised_at, mut now) = (0u64, UnixSecs::new(0), UnixSecs::new(1_000_000));
        let mut history = vec![(now.get(), held)];
        for (asked, secs) in asked {
            now = UnixSecs::new(now.get() + secs);
            let change = CapChange { held, asked, worth: UsdMicro::new(asked) };
            match change.check(UsdMicro::new(first), raised_at, now) {
                Ok(()) => {
                    raised_at = if change.rises() { now } else { raised_at };
                    held = asked;
                }
                Err(error) => prop_assert_eq!(error, RiskError::CapGrowthLimited),
            }
            history.push((now.get(), held));
            let lately = history.iter().filter(|(at, _)| now.get() - at < 86_400).map(|(_, cap)| *cap);
            let most = lately.chain(history.iter().rev().find(|(at, _)| now.get() - at >= 86_400).map(|(_, cap)| *cap));
            let most = most.max().unwrap_or(0);
            prop_assert!(held <= most.max(first).saturating_mul(2), "{held} after {most}");
        }
    }
}

#[test]
fn a_cap_falls_at_once_and_to_anything() {
    let change = CapChange { held: 100, asked: 0, worth: UsdMicro::MAX };
    let (now, long_ago) = (UnixSecs::new(10), UnixSecs::new(9));
    assert_eq!(change.check(UsdMicro::new(0), long_ago, now), Ok(()));
    let same = CapChange { asked: 100, ..change };
    assert_eq!(same.check(UsdMicro::new(0), long_ago, now), Ok(()));
    let more = CapChange { asked: 101, ..change };
    assert_eq!(more.check(UsdMicro::MAX, long_ago, now), Err(RiskError::CapGrowthLimited));
    assert_eq!(more.check(UsdMicro::new(0), UnixSecs::new(0), now), Ok(()));
    assert_eq!(more.check(UsdMicro::new(0), long_ago, UnixSecs::new(9 + 86_399)), Err(RiskError::CapGrowthLimited));
    assert_eq!(more.check(UsdMicro::new(0), long_ago, UnixSecs::new(9 + 86_400)), Ok(()));
}
