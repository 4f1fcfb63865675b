use std::vec::Vec;

use super::*;
use crate::units::{Ppm, PpmPerHour, UnixSecs};
use proptest::prelude::*;

const START: i64 = 1_760_130_000;

#[test]
fn an_hour_moves_by_the_slope_and_a_day_in_one_step_by_no_more() {
    let ramp = begun(850_000, 750_000, UnixSecs::new(START));
    assert_eq!(ramp.moved_down(WEIGHT_PER_HOUR, UnixSecs::new(START + 3_600)).held_ppm.get(), 840_000);
    assert_eq!(ramp.moved_down(WEIGHT_PER_HOUR, UnixSecs::new(START + 86_400)).held_ppm.get(), 840_000);
    assert_eq!(ramp.moved_down(WEIGHT_PER_HOUR, UnixSecs::new(START + 1_800)).held_ppm.get(), 845_000);
    assert_eq!(
        begun(30_000, 60_000, UnixSecs::new(START))
            .moved_down(RATE_PER_HOUR, UnixSecs::new(START + 3_600))
            .held_ppm
            .get(),
        32_500
    );
}

/// 10,000 an hour are 2.78 a second: rounded at each they would be 7,200.
#[test]
fn what_each_second_rounds_off_is_not_lost() {
    let mut ramp = begun(850_000, 750_000, UnixSecs::new(START));
    for second in 1..=3_600 {
        ramp = ramp.moved_down(WEIGHT_PER_HOUR, UnixSecs::new(START + second));
    }
    assert_eq!((ramp.held_ppm.get(), ramp.rounded_off), (840_000, 0));
}

#[test]
fn a_part_an_hour_arrives_after_an_hour_of_seconds() {
    let mut ramp = begun(10, 11, UnixSecs::new(START));
    assert_eq!(ramp.secs_left_up(PpmPerHour::new(1)), Some(Secs::new(3_600)));
    for second in 1..3_600 {
        ramp = ramp.moved_down(PpmPerHour::new(1), UnixSecs::new(START + second));
        assert_eq!(ramp.held_ppm.get(), 10, "{second}");
        assert_eq!(ramp.secs_left_up(PpmPerHour::new(1)), Some(Secs::new(3_600 - second as u32)));
    }
    ramp = ramp.moved_down(PpmPerHour::new(1), UnixSecs::new(START + 3_600));
    assert!(ramp.has_arrived());
    assert_eq!((ramp.rounded_off, ramp.secs_left_up(PpmPerHour::new(1))), (0, Some(Secs::ZERO)));
    assert_eq!(ramp.moved_down(PpmPerHour::new(1), UnixSecs::new(START + 10_000)), ramp);
}

#[test]
fn no_slope_and_a_clock_that_runs_backwards_move_nothing() {
    let ramp = begun(10, 20, UnixSecs::new(START));
    assert_eq!(ramp.moved_down(PpmPerHour::new(0), UnixSecs::new(START + 3_600)).held_ppm.get(), 10);
    assert_eq!(ramp.secs_left_up(PpmPerHour::new(0)), None);
    for now in [START, START - 1, 0, i64::MIN] {
        assert_eq!(ramp.moved_down(PpmPerHour::new(u32::MAX), UnixSecs::new(now)), ramp);
    }
    let widest = begun(0, u32::MAX, UnixSecs::new(i64::MIN));
    assert_eq!(widest.moved_down(PpmPerHour::new(u32::MAX - 1), UnixSecs::new(i64::MAX)).held_ppm.get(), u32::MAX - 1);
    assert!(widest.moved_down(PpmPerHour::new(u32::MAX), UnixSecs::new(i64::MAX)).has_arrived());
}

/// Waits between two cranks, seconds: often none or a few, sometimes hours or days, sometimes back.
fn waits() -> impl Strategy<Value = Vec<i64>> {
    let wait = prop_oneof![4 => 0i64..5, 3 => 5i64..4_000, 2 => 4_000i64..200_000, 1 => -4_000i64..0];
    prop::collection::vec(wait, 1..60)
}

/// Slopes below one part a second, as the defaults, and any.
fn slope() -> impl Strategy<Value = PpmPerHour> {
    let parts = prop_oneof![0u32..4_000, any::<u32>()].prop_map(PpmPerHour::new);
    prop_oneof![Just(WEIGHT_PER_HOUR), Just(RATE_PER_HOUR), parts]
}

fn value() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0u32..=4_000_000, 1 => any::<u32>()]
}

/// From so many parts per million to so many.
const fn begun(held_ppm: u32, to_ppm: u32, now: UnixSecs) -> Ramp {
    Ramp::begun(Ppm::new(held_ppm), Ppm::new(to_ppm), now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_schedule_of_steps_outruns_the_slope_or_the_end(
        from in value(), to in value(), slope in slope(), waits in waits(),
    ) {
        let (mut ramp, mut now, mut latest) = (begun(from, to, UnixSecs::new(START)), START, START);
        let way = |from: u32, to: u32| from.abs_diff(to) as u128;
        for wait in waits {
            now += wait;
            let before = ramp;
            ramp = ramp.moved_down(slope, UnixSecs::new(now));
            // Toward the end, and never beyond it.
            prop_assert_eq!(way(before.held_ppm.get(), to), way(before.held_ppm.get(), ramp.held_ppm.get()) + way(ramp.held_ppm.get(), to));
            // One step: no more than the time since the last allows, of which an hour counts; a part of it was rounded
            // off before.
            let counted = (now - before.moved_at.get()).clamp(0, 3_600) as u128;
            let step = way(before.held_ppm.get(), ramp.held_ppm.get());
            prop_assert!(step <= (slope.get() as u128 * counted).div_ceil(3_600) && step <= slope.get() as u128);
            prop_assert!(ramp.rounded_off < 3_600 && (!ramp.has_arrived() || ramp.rounded_off == 0 || from == to));
            // All steps: no more than the time since the start allows, not even by rounding.
            latest = latest.max(now);
            prop_assert!(way(from, ramp.held_ppm.get()) * 3_600 <= slope.get() as u128 * (latest - START) as u128);
        }
    }

    #[test]
    fn between_any_two_moments_it_moves_by_the_slope_and_a_part_at_most(
        from in value(), to in value(), slope in slope(), waits in waits(),
    ) {
        let mut ramp = begun(from, to, UnixSecs::new(START));
        let (mut now, mut seen) = (START, Vec::new());
        for wait in waits {
            now += wait.abs();
            ramp = ramp.moved_down(slope, UnixSecs::new(now));
            seen.push((now, ramp.held_ppm.get()));
        }
        for (index, (early, at_early)) in seen.iter().enumerate() {
            for (late, at_late) in &seen[index..] {
                let allowed = (slope.get() as u128 * (late - early) as u128).div_ceil(3_600);
                prop_assert!(at_early.abs_diff(*at_late) as u128 <= allowed);
            }
        }
    }

    /// Neither earlier than it says nor, where nobody skips an hour, later.
    #[test]
    fn moved_at_least_hourly_it_arrives_when_it_said(
        from in 0u32..=40_000, to in 0u32..=40_000, slope in (500u32..20_000).prop_map(PpmPerHour::new), waits in prop::collection::vec(1i64..=3_600, 1..200),
    ) {
        let (mut ramp, mut now) = (begun(from, to, UnixSecs::new(START)), START);
        let due = START + ramp.secs_left_up(slope).unwrap().get() as i64;
        for wait in waits.iter().cycle() {
            if now >= due {
                break;
            }
            prop_assert!(!ramp.has_arrived());
            prop_assert_eq!(now + ramp.secs_left_up(slope).unwrap().get() as i64, due);
            now = (now + wait).min(due);
            ramp = ramp.moved_down(slope, UnixSecs::new(now));
        }
        prop_assert!(ramp.has_arrived());
        prop_assert_eq!(ramp.held_ppm.get(), to);
    }
}
