//! Properties of whole updates.

use core::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::error::RiskError;
use crate::units::{Secs, UnixSecs};

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const NOW: i64 = 1_760_130_000;

fn dollars(price: i64, published_at: i64) -> Observation {
    Observation::from_pyth(price * 100_000_000, 0, -8, UnixSecs::new(published_at), None).unwrap()
}

fn listed() -> PriceState {
    PriceState::listed(Secs::new(DEFAULT_FAST_SECS), Secs::new(DEFAULT_SLOW_SECS), DEFAULT_PRIOR_PICO_PER_SEC)
}

fn held(price: i64) -> PriceState {
    update(&listed(), PriceSource::Primary, &dollars(price, NOW), &PARAMS, UnixSecs::new(NOW)).unwrap().unwrap()
}

fn take(state: &PriceState, observation: &Observation, now: i64) -> RiskResult<Option<PriceState>> {
    update(state, PriceSource::Primary, observation, &PARAMS, UnixSecs::new(now))
}

/// A feed written now whose result was signed an hour ago: not a reading, nor a sign that its source speaks.
#[test]
fn what_was_signed_longer_ago_than_its_date_says_is_stale_and_shows_no_life() {
    let (state, overdue) = (held(200), Observation { overdue: true, ..dollars(150, NOW + 40) });
    assert_eq!(take(&state, &overdue, NOW + 40), Err(RiskError::PriceStale));
    assert_eq!(choose(&state, Some(&overdue), &PARAMS, UnixSecs::new(NOW + 29)), Choice::Neither);
    assert_eq!(choose(&state, Some(&overdue), &PARAMS, UnixSecs::new(NOW + 40)), Choice::Secondary);
    // What is not newer changes nothing, however it was signed.
    assert_eq!(take(&state, &Observation { overdue: true, ..dollars(150, NOW) }, NOW + 40), Ok(None));
}

/// PRICE-1
#[test]
fn prices_that_are_not_positive_and_exponents_out_of_range_are_refused() {
    for price in [0, -1, i64::MIN] {
        assert_eq!(Observation::from_pyth(price, 0, -8, UnixSecs::new(NOW), None), Err(RiskError::PriceNotPositive));
        assert_eq!(
            Observation::from_switchboard(price as i128, 0, UnixSecs::new(NOW), false),
            Err(RiskError::PriceNotPositive)
        );
    }
    assert_eq!(
        Observation::from_switchboard(i128::MIN, 0, UnixSecs::new(NOW), false),
        Err(RiskError::PriceNotPositive)
    );
    for exponent in [i32::MIN, -19, 13, i32::MAX] {
        assert_eq!(
            Observation::from_pyth(1, 0, exponent, UnixSecs::new(NOW), None),
            Err(RiskError::PriceExponentOutOfRange)
        );
    }
    for exponent in -18..=12 {
        assert!(Observation::from_pyth(1, 0, exponent, UnixSecs::new(NOW), None).is_ok());
    }
}

#[test]
fn the_same_price_from_both_oracles_is_the_same_number() {
    for (mantissa, exponent) in [(1i64, -9), (197_060_000_000, -9), (1, 0), (123_456_789, -8), (1_000_000, 6)] {
        let pyth = Observation::from_pyth(mantissa, 0, exponent, UnixSecs::new(NOW), None).unwrap();
        let scaled = mantissa as i128 * 10i128.pow((18 + exponent) as u32);
        assert_eq!(Observation::from_switchboard(scaled, 0, UnixSecs::new(NOW), false).unwrap(), pyth);
    }
}

/// PRICE-2
#[test]
fn widths_are_one_sigma_in_ppm_rounded_up_and_saturate() {
    let width =
        |price, conf| Observation::from_pyth(price, conf, -8, UnixSecs::new(NOW), None).unwrap().sigma_ppm.get();
    assert_eq!((width(1_000_000, 1), width(1_000_001, 1), width(3, 1)), (1, 1, 333_334));
    assert_eq!((width(1, u64::MAX), width(i64::MAX, u64::MAX), width(i64::MAX, 0)), (u32::MAX, 2_000_001, 0));
    let width = |value, deviation| {
        Observation::from_switchboard(value, deviation, UnixSecs::new(NOW), false).unwrap().sigma_ppm.get()
    };
    let one = 10i128.pow(18);
    assert_eq!((width(200 * one, one / 5), width(3 * one, one), width(one, 0)), (1_000, 333_334, 0));
    assert_eq!(width(197_060 * one, 197_060 * one / 1_000), 1_000);
    assert_eq!((width(1, i128::MAX), width(one, -1), width(i128::MAX, i128::MAX)), (u32::MAX, u32::MAX, 1_000_001));
}

/// PRICE-4
#[test]
fn a_reading_that_is_not_newer_changes_nothing_however_old_it_is() {
    let state = held(100);
    for published_at in [NOW, NOW - 1, 0, i64::MIN] {
        assert_eq!(take(&state, &dollars(90, published_at), NOW + 1_000_000), Ok(None));
    }
}

/// PRICE-4
#[test]
fn a_newer_reading_beyond_the_write_age_is_stale() {
    let state = held(100);
    assert_eq!(take(&state, &dollars(90, NOW + 10), NOW + 16), Err(RiskError::PriceStale));
    assert!(take(&state, &dollars(90, NOW + 10), NOW + 15).unwrap().is_some());
}

/// PRICE-4
#[test]
fn a_reading_ahead_of_the_clock_is_taken_as_now_or_refused() {
    let state = held(100);
    assert_eq!(take(&state, &dollars(90, NOW + 4), NOW + 1), Err(RiskError::PriceFromFuture));
    assert_eq!(take(&state, &dollars(90, i64::MAX), i64::MAX - 3), Err(RiskError::PriceFromFuture));
    let next = take(&state, &dollars(90, NOW + 3), NOW + 1).unwrap().unwrap();
    assert_eq!((next.published_at, next.source_published_at[0]), (UnixSecs::new(NOW + 1), UnixSecs::new(NOW + 3)));
    // The same reading again, a second later, is not newer; another within the same second of the clock neither.
    assert_eq!(take(&next, &dollars(90, NOW + 3), NOW + 2), Ok(None));
    let ahead = take(&state, &dollars(90, NOW + 2), NOW + 1).unwrap().unwrap();
    assert_eq!(take(&ahead, &dollars(80, NOW + 3), NOW + 1), Ok(None));
    assert!(take(&ahead, &dollars(80, NOW + 3), NOW + 2).unwrap().is_some());
}

/// PRICE-4
#[test]
fn where_the_caller_chooses_the_account_only_the_first_update_of_a_second_counts() {
    let state = held(100);
    let posted = |previous| Observation { previous_at: Some(previous), ..dollars(90, NOW + 1) };
    for previous in [NOW + 1, NOW + 2, i64::MAX] {
        assert_eq!(take(&state, &posted(UnixSecs::new(previous)), NOW + 1), Err(RiskError::PriceNotFirstOfSecond));
    }
    for previous in [NOW, i64::MIN] {
        assert!(take(&state, &posted(UnixSecs::new(previous)), NOW + 1).unwrap().is_some());
    }
}

/// PRICE-5
#[test]
fn the_secondary_counts_only_while_the_primary_is_silent() {
    let state = held(100);
    let at = |age: i64, now: i64| choose(&state, Some(&dollars(100, now - age)), &PARAMS, UnixSecs::new(now));
    let now = NOW + 100;
    assert_eq!((at(0, now), at(5, now), at(-2, now)), (Choice::Primary, Choice::Primary, Choice::Primary));
    assert_eq!((at(6, now), at(29, now)), (Choice::Neither, Choice::Neither));
    assert_eq!((at(30, now), at(90, now)), (Choice::Secondary, Choice::Secondary));
    // A shown account older than what the board has taken proves nothing.
    assert_eq!(at(1_000, NOW + 29), Choice::Neither);
    assert_eq!(at(1_000, NOW + 30), Choice::Secondary);
}

/// PRICE-5
#[test]
fn a_broken_primary_does_not_block_the_secondary_for_ever() {
    let state = held(100);
    assert_eq!(choose(&state, None, &PARAMS, UnixSecs::new(NOW + 29)), Choice::Neither);
    assert_eq!(choose(&state, None, &PARAMS, UnixSecs::new(NOW + 30)), Choice::Secondary);
    assert_eq!(choose(&state, Some(&dollars(1, i64::MAX)), &PARAMS, UnixSecs::new(NOW + 30)), Choice::Secondary);
    assert_eq!(choose(&listed(), None, &PARAMS, UnixSecs::new(NOW)), Choice::Secondary);
}

/// PRICE-4
#[test]
fn switching_sources_never_moves_the_held_time_backwards() {
    let state = held(100);
    let second = update(&state, PriceSource::Secondary, &dollars(90, NOW + 40), &PARAMS, UnixSecs::new(NOW + 40))
        .unwrap()
        .unwrap();
    assert_eq!(
        (second.source, second.source_published_at),
        (PriceSource::Secondary, [NOW, NOW + 40, 0].map(UnixSecs::new))
    );
    // The primary is back with an update from before the secondary's: newer than its own last, not than the held one.
    assert_eq!(take(&second, &dollars(95, NOW + 39), NOW + 41), Ok(None));
    let back = take(&second, &dollars(95, NOW + 41), NOW + 41).unwrap().unwrap();
    assert_eq!(
        (back.source, back.published_at, back.source_published_at),
        (PriceSource::Primary, UnixSecs::new(NOW + 41), [NOW + 41, NOW + 40, 0].map(UnixSecs::new))
    );
}

/// PRICE-6
#[test]
fn a_new_price_starts_with_zero_weight() {
    let state = held(100);
    let spike = take(&state, &dollars(1_000, NOW + 10), NOW + 10).unwrap().unwrap();
    assert_eq!((spike.fast, spike.slow), (state.fast, state.slow));
    assert_eq!((spike.low, spike.high), (state.spot, spike.spot));
}

/// RISK-2
#[test]
fn averages_are_ready_after_five_updates_and_twice_the_longer_constant() {
    let mut state = held(100);
    for at in [1, 2, 3, 7_199] {
        state = take(&state, &dollars(100, NOW + at), NOW + at).unwrap().unwrap();
    }
    assert!(!state.is_ready());
    state = take(&state, &dollars(100, NOW + 7_200), NOW + 7_200).unwrap().unwrap();
    assert!(state.is_ready());
    let few = take(&held(100), &dollars(100, NOW + 7_200), NOW + 7_200).unwrap().unwrap();
    assert!(!few.is_ready() && !listed().is_ready());
}

/// PRICE-7
#[test]
fn the_variance_is_sampled_at_most_every_thirty_seconds() {
    let state = held(100);
    let early = take(&state, &dollars(110, NOW + 29), NOW + 29).unwrap().unwrap();
    assert_eq!((early.variance, early.sampled_at, early.sample), (state.variance, UnixSecs::new(NOW), state.spot));
    let due = take(&early, &dollars(110, NOW + 30), NOW + 30).unwrap().unwrap();
    assert!(due.variance > state.variance && due.vol_ppm_per_sqrt_sec > state.vol_ppm_per_sqrt_sec);
    assert_eq!((due.sampled_at, due.sample), (UnixSecs::new(NOW + 30), due.spot));
}

/// A sequence of readings: seconds to the next one, price, exponent, width, source, distance of the clock.
fn readings() -> impl Strategy<Value = std::vec::Vec<(i64, i64, i32, u64, bool, i64)>> {
    let price = prop_oneof![Just(1i64), Just(i64::MAX), 1i64..1_000_000_000_000, any::<i64>()];
    let step = prop_oneof![-3i64..20, 0i64..100_000, any::<i64>()];
    let width = prop_oneof![0u64..1_000_000, any::<u64>()];
    proptest::collection::vec((step, price, -19i32..14, width, any::<bool>(), -3i64..7), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn whatever_is_read_nothing_panics_and_what_the_board_promises_holds(readings in readings()) {
        let (mut state, mut time) = (listed(), NOW);
        let mut span: Option<(Price, Price)> = None;
        for (step, price, exponent, width, secondary, lag) in readings {
            time = if step.abs() < 200_000 { time.saturating_add(step) } else { step };
            let Ok(observation) = Observation::from_pyth(price, width, exponent, UnixSecs::new(time), None) else { continue };
            let now = time.saturating_add(lag);
            let source = if secondary { PriceSource::Secondary } else { PriceSource::Primary };
            let Ok(Some(next)) = update(&state, source, &observation, &PARAMS, UnixSecs::new(now)) else { continue };
            prop_assert!(state.update_count == 0 || next.published_at > state.published_at);
            prop_assert!(next.source_published_at[source.index()] > state.source_published_at[source.index()]);
            prop_assert!(next.published_at <= UnixSecs::new(now) && next.published_at >= next.first_published_at);
            prop_assert!(next.variance >= Fixed::ZERO && next.variance <= state.variance.max(prior_up(1_400_000_000)));
            let (least, most) = span.unwrap_or((next.spot, next.spot));
            let (least, most) = (least.min(next.spot), most.max(next.spot));
            for average in [next.fast, next.slow] {
                prop_assert_ne!(average.cmp_value(&least), Ordering::Less);
                prop_assert_ne!(average.cmp_value(&most), Ordering::Greater);
            }
            for price in [next.spot, next.fast, next.slow] {
                prop_assert_ne!(next.low.cmp_value(&price), Ordering::Greater);
                prop_assert_ne!(next.high.cmp_value(&price), Ordering::Less);
            }
            span = Some((least, most));
            state = next;
            time = time.min(now + 100);
        }
    }

    #[test]
    fn switchboard_readings_never_panic_and_never_understate_their_width(value in 1i128.., deviation: i128, shift in 0u32..126) {
        let (value, deviation) = ((value >> shift).max(1), deviation >> (shift / 2));
        let reading = Observation::from_switchboard(value, deviation, UnixSecs::new(NOW), false).unwrap();
        prop_assert!(reading.price.mantissa >> 63 == 1);
        if let Some(scaled) = deviation.checked_mul(1_000_000).filter(|scaled| *scaled >= 0) {
            let exact = scaled / value + (scaled % value != 0) as i128;
            prop_assert!(reading.sigma_ppm.get() as i128 >= exact.min(u32::MAX as i128));
            prop_assert!(reading.sigma_ppm.get() as i128 <= exact + exact / 1_000_000_000 + 1);
        }
    }

    #[test]
    fn a_price_that_lasts_one_second_moves_the_fast_average_by_at_most_a_fifteenth_of_its_size(
        price in 1i64..1_000_000, spike in 1i64..1_000_000, gap in 1i64..1_000,
    ) {
        let state = held(price);
        let spiked = take(&state, &dollars(spike, NOW + gap), NOW + gap).unwrap().unwrap();
        let after = take(&spiked, &dollars(price, NOW + gap + 1), NOW + gap + 1).unwrap().unwrap();
        let float = |p: Price| p.mantissa as f64 * 2f64.powi(p.exponent);
        let (moved, size) = (float(after.fast) - price as f64, (spike - price) as f64);
        prop_assert!(moved.abs() <= size.abs() / 15.0 + 1e-6);
    }
}
