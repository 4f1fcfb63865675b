extern crate std;

use std::vec::Vec;

use super::*;
use crate::units::{Secs, UnixSecs};
use proptest::prelude::*;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const GAP: i64 = PARAMS.observation.observation_gap_secs as i64;
const SPACING: i64 = PARAMS.observation.bypass_spacing_secs as i64;

fn reading(health_state: HealthState, at_target: bool) -> HealthReading {
    HealthReading {
        health_state,
        at_target,
        healthy_at_spot: health_state == HealthState::Healthy,
        below_bypass: false,
        prints: None,
    }
}

/// Below the bypass, on legs published at these times.
fn deep(oldest_at: i64, newest_at: i64) -> HealthReading {
    HealthReading {
        healthy_at_spot: false,
        below_bypass: true,
        prints: Some(Prints { oldest_at: UnixSecs::new(oldest_at), newest_at: UnixSecs::new(newest_at) }),
        ..reading(HealthState::Healthy, false)
    }
}

fn look(clocks: &mut Clocks, reading: &HealthReading, now: i64) {
    clocks.note_bypass(reading, UnixSecs::new(now), &PARAMS);
    clocks.observe(reading, UnixSecs::new(now), &PARAMS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// CLOCK-1
    #[test]
    fn the_clock_never_counts_more_than_the_time_that_passed(steps in proptest::collection::vec((0i64..60, 0u8..4), 1..60)) {
        let mut clocks = Clocks::default();
        let (start, mut now) = (1_000_000i64, 1_000_000i64);
        for (gap, kind) in steps {
            now += gap;
            let before = clocks;
            let seen = [HealthState::Healthy, HealthState::UnderWater, HealthState::WindDown, HealthState::Healthy][kind as usize];
            clocks.observe(&reading(seen, kind == 3), UnixSecs::new(now), &PARAMS);
            prop_assert!(clocks.under_water_secs.get() as i64 <= now - start);
            prop_assert!(clocks.wind_down_secs <= clocks.under_water_secs);
            if kind == 3 || gap > GAP { prop_assert_eq!((clocks.under_water_secs.get(), clocks.wind_down_secs.get()), (0, 0)); }
            else if kind == 0 { prop_assert_eq!(clocks.under_water_secs, before.under_water_secs); }
        }
    }

    /// What the rule says, over the whole history instead of over a stamp: the bypass holds only where every leg was
    /// published twice within one observation gap, all of them below the ratio, and nobody saw the account healthy or
    /// looked away since.
    #[test]
    fn the_bypass_holds_only_on_two_prints_of_every_leg_since_the_last_healthy_look_or_gap(
        steps in proptest::collection::vec((0i64..40, 0u8..8, 0i64..15, 0i64..15), 1..40),
    ) {
        let (mut clocks, mut now) = (Clocks::default(), 1_000_000i64);
        let mut history: Vec<(i64, Prints)> = Vec::new();
        let mut last = None;
        for (step, kind, age, spread) in steps {
            now += step;
            let prints = Prints { oldest_at: UnixSecs::new(now - age - spread), newest_at: UnixSecs::new(now - age) };
            let seen = match kind {
                0 => reading(HealthState::Healthy, false),
                1 => HealthReading { below_bypass: false, ..deep(prints.oldest_at.get(), prints.newest_at.get()) },
                _ => deep(prints.oldest_at.get(), prints.newest_at.get()),
            };
            if kind == 0 || last.is_some_and(|last| now - last > GAP) {
                history.clear();
            }
            let was = clocks.bypass && !history.is_empty();
            look(&mut clocks, &seen, now);
            if clocks.bypass && !was {
                let twice = history.iter().any(|(at, first)| {
                    now - at <= GAP && prints.oldest_at.get() - first.newest_at.get() >= SPACING
                });
                prop_assert!(twice, "armed at {now} by {prints:?} after {history:?}");
            }
            prop_assert!(kind != 0 || !clocks.bypass);
            if kind > 1 {
                history.push((now, prints));
            }
            last = Some(now);
        }
    }
}

/// CLOCK-1
#[test]
fn a_future_zero_or_negative_stamp_adds_nothing_and_ends_nothing() {
    // The first times are so near to zero that even a stamp of zero would lie within the gap.
    for now in [1, GAP, 1_000] {
        for stamp in [i64::MIN, -1, 0, now + 1, 2_000] {
            let (health_state, secs) = (HealthState::WindDown, 20);
            let mut clocks = Clocks {
                observed_at: UnixSecs::new(stamp),
                health_state,
                under_water_secs: Secs::new(secs),
                wind_down_secs: Secs::new(secs),
                ..Default::default()
            };
            clocks.observe(&reading(health_state, false), UnixSecs::new(now), &PARAMS);
            assert_eq!(
                (clocks.under_water_secs.stored(), clocks.wind_down_secs.stored()),
                (secs, secs),
                "{stamp} at {now}"
            );
        }
    }
}

/// Nor does it tell that nobody saw the account healthy since the last print: what was noted before is void.
#[test]
fn a_future_zero_or_negative_stamp_disarms_the_bypass() {
    for now in [1, GAP, 1_000] {
        for (stamp, holds) in
            [(i64::MIN, false), (-1, false), (0, false), (now, true), (now + 1, false), (2_000, false)]
        {
            let mut clocks = Clocks {
                observed_at: UnixSecs::new(stamp),
                bypass: true,
                bypass_published_at: UnixSecs::new(now),
                ..Default::default()
            };
            let shallow = HealthReading { healthy_at_spot: false, ..reading(HealthState::UnderWater, false) };
            clocks.note_bypass(&shallow, UnixSecs::new(now), &PARAMS);
            assert_eq!(
                (clocks.bypass, clocks.bypass_published_at != UnixSecs::NEVER),
                (holds, holds),
                "{stamp} at {now}"
            );
        }
    }
}

/// CLOCK-2
#[test]
fn a_gap_in_observation_restarts_the_clock_but_a_fill_does_not() {
    let mut clocks = Clocks {
        observed_at: UnixSecs::new(100),
        health_state: HealthState::UnderWater,
        under_water_secs: Secs::new(20),
        ..Default::default()
    };
    clocks.observe(&reading(HealthState::UnderWater, false), UnixSecs::new(130), &PARAMS);
    assert_eq!(clocks.under_water_secs, Secs::new(50));
    clocks.observe(&reading(HealthState::UnderWater, false), UnixSecs::new(161), &PARAMS);
    assert_eq!(clocks.under_water_secs, Secs::ZERO);
}

/// Filled at 50 s, three healthy days, one look, a small fall: the auction went on at its ceiling of 50,000 ppm.
/// CLOCK-2.
#[test]
fn a_healthy_look_after_a_gap_restarts_both_clocks_too() {
    let mut clocks = Clocks {
        observed_at: UnixSecs::new(1_000),
        health_state: HealthState::UnderWater,
        under_water_secs: Secs::new(50),
        wind_down_secs: Secs::new(20),
        ..Default::default()
    };
    let later = 1_000 + 3 * 86_400;
    clocks.observe(&reading(HealthState::Healthy, false), UnixSecs::new(later), &PARAMS);
    assert_eq!((clocks.under_water_secs, clocks.wind_down_secs), (Secs::ZERO, Secs::ZERO));
    clocks.observe(&reading(HealthState::UnderWater, false), UnixSecs::new(later + 10), &PARAMS);
    assert_eq!(clocks.under_water_secs, Secs::ZERO);
}

#[test]
fn the_time_after_a_fill_that_restored_the_account_is_not_time_under_water() {
    let mut clocks = Clocks {
        observed_at: UnixSecs::new(1_000),
        health_state: HealthState::UnderWater,
        under_water_secs: Secs::new(50),
        ..Default::default()
    };
    clocks.restored();
    clocks.observe(&reading(HealthState::UnderWater, false), UnixSecs::new(1_025), &PARAMS);
    assert_eq!(clocks.under_water_secs, Secs::new(50));
    clocks.observe(&reading(HealthState::UnderWater, false), UnixSecs::new(1_030), &PARAMS);
    assert_eq!(clocks.under_water_secs, Secs::new(55));
}

/// BYPASS-1
#[test]
fn the_bypass_needs_two_publish_times_apart_and_none_healthy_between() {
    let mut clocks = Clocks::default();
    look(&mut clocks, &deep(100, 100), 100);
    look(&mut clocks, &deep(101, 101), 101);
    assert!(!clocks.bypass);
    look(&mut clocks, &reading(HealthState::Healthy, false), 102);
    look(&mut clocks, &deep(103, 103), 103);
    assert!(!clocks.bypass);
    look(&mut clocks, &deep(105, 105), 105);
    assert!(clocks.bypass);
}

/// One wrong print of SOL, then a refresh of USDC alone: the newest publish time moved, the print did not (BYPASS-1).
#[test]
fn a_print_of_another_leg_does_not_make_one_wrong_print_into_two() {
    let mut clocks = Clocks::default();
    look(&mut clocks, &deep(98, 100), 100);
    look(&mut clocks, &deep(100, 103), 103);
    assert!(!clocks.bypass);
    // Nor does the leg that lagged, when it catches up with the stamp.
    look(&mut clocks, &deep(101, 103), 104);
    assert!(!clocks.bypass);
    look(&mut clocks, &deep(102, 104), 104);
    assert!(clocks.bypass);
}

/// A print observed in one wick waited for the next: three days later one more counted as its second (BYPASS-2).
#[test]
fn a_stamp_is_void_once_the_observation_gap_has_passed() {
    let mut clocks = Clocks::default();
    look(&mut clocks, &deep(1_000, 1_000), 1_000);
    let later = 1_000 + 3 * 86_400;
    look(&mut clocks, &deep(later, later), later);
    assert!(!clocks.bypass && clocks.bypass_published_at == UnixSecs::new(later));
    // Watched all the time, under water but not that deep: a print of 31 s ago is too old as well.
    for at in 1..=6 {
        look(
            &mut clocks,
            &HealthReading { below_bypass: false, ..deep(later + 5 * at, later + 5 * at) },
            later + 5 * at,
        );
    }
    look(&mut clocks, &deep(later + GAP + 1, later + GAP + 1), later + GAP + 1);
    assert!(!clocks.bypass);
    look(&mut clocks, &deep(later + GAP + 3, later + GAP + 3), later + GAP + 3);
    assert!(clocks.bypass);
}

/// BYPASS-2
#[test]
fn the_bypass_ends_with_the_observation_gap_with_a_healthy_look_and_with_a_fill_that_restores() {
    let armed = Clocks {
        observed_at: UnixSecs::new(1_000),
        bypass: true,
        bypass_published_at: UnixSecs::new(990),
        health_state: HealthState::UnderWater,
        ..Default::default()
    };
    let mut unwatched = armed;
    look(
        &mut unwatched,
        &HealthReading { healthy_at_spot: false, ..reading(HealthState::Healthy, false) },
        1_000 + GAP + 1,
    );
    assert!(!unwatched.bypass && unwatched.bypass_published_at == UnixSecs::NEVER);
    let mut seen_healthy = armed;
    look(&mut seen_healthy, &reading(HealthState::Healthy, false), 1_005);
    assert!(!seen_healthy.bypass && seen_healthy.bypass_published_at == UnixSecs::NEVER);
    let mut filled = armed;
    filled.restored();
    assert!(!filled.bypass && filled.bypass_published_at == UnixSecs::NEVER);
    let mut watched = armed;
    look(
        &mut watched,
        &HealthReading { healthy_at_spot: false, ..reading(HealthState::UnderWater, false) },
        1_000 + GAP,
    );
    assert!(watched.bypass);
}

#[test]
fn clearing_forgets_everything_but_the_last_passed_check() {
    let mut clocks = Clocks {
        under_water_secs: Secs::new(5),
        wind_down_secs: Secs::new(3),
        health_state: HealthState::WindDown,
        observed_at: UnixSecs::new(7),
        passed_at: UnixSecs::new(6),
        bypass_published_at: UnixSecs::new(5),
        bypass: true,
    };
    assert!(clocks.remembers());
    clocks.clear(UnixSecs::new(9));
    assert_eq!(clocks, Clocks { observed_at: UnixSecs::new(9), passed_at: UnixSecs::new(6), ..Default::default() });
    assert!(!clocks.remembers());
}

/// Whatever is remembered, a healthy look must be written, or it would be remembered forever.
#[test]
fn each_thing_remembered_is_enough_to_be_worth_forgetting() {
    let nothing = Clocks { observed_at: UnixSecs::new(9), passed_at: UnixSecs::new(6), ..Default::default() };
    assert!(!nothing.remembers());
    for clocks in [
        Clocks { under_water_secs: Secs::new(1), ..nothing },
        Clocks { wind_down_secs: Secs::new(1), ..nothing },
        Clocks { health_state: HealthState::UnderWater, ..nothing },
        Clocks { health_state: HealthState::WindDown, ..nothing },
        Clocks { bypass: true, ..nothing },
        Clocks { bypass_published_at: UnixSecs::new(1), ..nothing },
        Clocks { bypass_published_at: UnixSecs::new(-1), ..nothing },
    ] {
        assert!(clocks.remembers(), "{clocks:?}");
    }
}
