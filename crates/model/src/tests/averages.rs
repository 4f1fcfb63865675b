use num_traits::{Signed, Zero};

use super::prng::Prng;
use crate::ema::{Ema, Variance};
use crate::rate::step_weight;
use crate::rational::{int, max, min, ppm, ratio, Q};

#[test]
fn a_new_price_starts_with_zero_weight() {
    let mut rng = Prng::new(100);
    for _ in 0..3_000 {
        let mut one = Ema::start(int(100), int(0));
        one.update(int(rng.range(50, 150)), int(3), |dt| step_weight(dt, &int(15)));
        let mut other = one.clone();
        one.update(int(1), int(7), |dt| step_weight(dt, &int(15)));
        other.update(int(9_999), int(7), |dt| step_weight(dt, &int(15)));
        assert_eq!(one.value, other.value);
    }
}

#[test]
fn a_gap_integrates_at_most_ten_seconds() {
    let mut short = Ema::start(int(100), int(0));
    short.update(int(50), int(1), |dt| step_weight(dt, &int(15)));
    let mut long = short.clone();
    short.update(int(50), int(11), |dt| step_weight(dt, &int(15)));
    long.update(int(50), int(90_000), |dt| step_weight(dt, &int(15)));
    assert_eq!(short.value, long.value);
    assert_eq!(short.value, int(100) - int(50) * ratio(10, 25));
}

#[test]
fn an_average_stays_between_the_lowest_and_the_highest_price_it_saw() {
    let mut rng = Prng::new(101);
    for _ in 0..500 {
        let mut ema = Ema::start(int(100), int(0));
        let (mut low, mut high, mut now) = (int(100), int(100), 0);
        for _ in 0..12 {
            now += rng.range(1, 20);
            let price = int(rng.range(10, 500));
            (low, high) = (min(&low, &price), max(&high, &price));
            ema.update(price, int(now), |dt| step_weight(dt, &int(15)));
            assert!(low <= ema.value && ema.value <= high);
        }
    }
}

#[test]
fn an_average_is_not_ready_before_five_updates_and_twice_its_time_constant() {
    let tau = int(15);
    let mut ema = Ema::start(int(1), int(0));
    for secs in [10, 20, 30] {
        ema.update(int(1), int(secs), |dt| step_weight(dt, &int(15)));
        assert!(!ema.is_ready(&tau));
    }
    ema.update(int(1), int(31), |dt| step_weight(dt, &int(15)));
    assert!(ema.is_ready(&tau));
}

#[test]
fn variance_waits_thirty_seconds_and_clamps_the_move_and_the_time() {
    let half = |_: &Q| ratio(1, 2);
    let mut v = Variance::start(Q::zero(), int(100), int(0));
    assert!(!v.update(int(150), int(29), half));
    assert!(v.value.is_zero());
    assert!(v.update(int(150), int(1_000), half));
    // Half of (20 %)^2 over 300 s.
    assert_eq!(v.value, ratio(4, 100) / int(300) / int(2));
    assert!(v.update(int(150), int(1_030), half));
    assert_eq!(v.value, ratio(4, 100) / int(300) / int(4));
}

#[test]
fn variance_is_never_negative_nor_above_the_largest_sample() {
    let mut rng = Prng::new(102);
    let limit = ratio(4, 100) / int(30);
    for _ in 0..500 {
        let mut v = Variance::start(ppm(1) / int(50), int(100), int(0));
        let mut now = 0;
        for _ in 0..12 {
            now += rng.range(1, 500);
            let lambda = rng.ratio(0, 8, 8);
            v.update(int(rng.range(10, 500)), int(now), |_| lambda.clone());
            assert!(!v.value.is_negative() && v.value <= limit);
        }
    }
}
