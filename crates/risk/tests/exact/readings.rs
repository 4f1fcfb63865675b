//! Readings of oracles: which are admitted, which source counts, how wide they are, what a slot becomes.

use plimsoll_model::{int, Q};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::oracle::{admit, bounds, choose, update, Admission, Choice, Observation, PriceSource, PriceState};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::Price;
use plimsoll_risk::units::{Ppm, Secs, UnixSecs};

use super::amounts::up;
use super::prices::assert_cut;

const PARAMS: GlobalParams = {
    let mut params = GlobalParams::DEFAULT;
    (params.prices.future_secs, params.prices.write_age_secs, params.prices.primary_stale_secs) = (2, 3, 5);
    params
};

fn reading(published_at: i64) -> Observation {
    let price = Price::from_decimal_down(7, 0).unwrap();
    Observation {
        price,
        sigma_ppm: Ppm::new(1_000),
        published_at: UnixSecs::new(published_at),
        previous_at: None,
        overdue: false,
    }
}

#[test]
fn a_reading_is_admitted_by_the_five_rules_in_their_order() {
    let source = PriceSource::Secondary;
    for (update_count, held) in [(0, 0), (0, 8), (1, 0), (1, 8), (1, 9), (9, 10), (9, 11)] {
        for taken in [0, 7, 8, 9] {
            let state = PriceState {
                update_count,
                published_at: UnixSecs::new(held),
                source_published_at: [UnixSecs::new(99), UnixSecs::new(taken), UnixSecs::new(99)],
                ..PriceState::default()
            };
            for at in 0..14 {
                for previous_at in [None, Some(at - 1), Some(at), Some(at + 1)] {
                    for overdue in [false, true] {
                        let seen = Observation { previous_at: previous_at.map(UnixSecs::new), overdue, ..reading(at) };
                        let now = 9;
                        let expected = if at <= taken {
                            Ok(Admission::NotNewer)
                        } else if at > now + 2 {
                            Err(RiskError::PriceFromFuture)
                        } else if overdue || now - at > 3 {
                            Err(RiskError::PriceStale)
                        } else if previous_at >= Some(at) {
                            Err(RiskError::PriceNotFirstOfSecond)
                        } else if held > 0 && at.min(now) <= held {
                            Ok(Admission::NotNewer)
                        } else {
                            Ok(Admission::Accept(UnixSecs::new(at.min(now))))
                        };
                        assert_eq!(
                            admit(&state, source, &seen, &PARAMS, UnixSecs::new(now)),
                            expected,
                            "{held} {taken} {at}"
                        );
                    }
                }
            }
        }
    }
    // Before its first update a slot holds no time that a reading could fail to be newer than.
    assert_eq!(
        admit(&PriceState::default(), source, &reading(1), &PARAMS, UnixSecs::NEVER),
        Ok(Admission::Accept(UnixSecs::NEVER))
    );
}

#[test]
fn the_secondary_counts_from_the_second_on_in_which_the_primary_has_been_silent_for_long_enough() {
    for taken in 0..12 {
        let state = PriceState { source_published_at: [taken, 99, 99].map(UnixSecs::new), ..PriceState::default() };
        for (at, overdue) in (-1..14).flat_map(|at| [(at, false), (at, true)]) {
            // None at all where the time is -1.
            let seen = Observation { overdue, ..reading(at) };
            let shown = Some(&seen).filter(|_| at >= 0);
            let now = 9;
            let spoke = shown.is_some() && !overdue && at <= now + 2;
            let last = if spoke { at.max(taken) } else { taken };
            let expected = match (spoke && now - at <= 3, now - last >= 5) {
                (true, _) => Choice::Primary,
                (_, true) => Choice::Secondary,
                _ => Choice::Neither,
            };
            assert_eq!(choose(&state, shown, &PARAMS, UnixSecs::new(now)), expected, "{taken} {at} {overdue}");
        }
    }
}

#[test]
fn a_width_of_pyth_is_its_share_of_the_price_rounded_up() {
    for price in [1i64, 2, 3, 999_999, 1_000_000, 1_000_001, 1 << 62, i64::MAX] {
        for conf in [0u64, 1, 2, 999_999, 1_000_001, u64::MAX / 1_000_000, u64::MAX / 1_000_000 + 1, u64::MAX] {
            let exact: Q = int(conf as i128) * int(1_000_000) / int(price as i128);
            let seen = Observation::from_pyth(price, conf, -8, UnixSecs::new(5), Some(UnixSecs::new(4))).unwrap();
            assert_eq!(seen.sigma_ppm.get() as u128, up(&exact, u32::MAX as u128), "{price} {conf}");
            assert_eq!(
                (seen.published_at, seen.previous_at, seen.overdue),
                (UnixSecs::new(5), Some(UnixSecs::new(4)), false)
            );
        }
    }
}

#[test]
fn a_reading_of_switchboard_is_its_value_and_its_width_rounded_up() {
    let one = 10i128.pow(18);
    let shared = int(one);
    for value in [1, 3, 999_999_999, one - 1, one, 197 * one + 7, (1 << 108) + 1, 1 << 120, i128::MAX] {
        for width in [
            0,
            1,
            2,
            1 << 19,
            (1 << 20) + 1,
            one / 5,
            (1 << 107) + 7,
            (1 << 108) - 1,
            1 << 108,
            (1 << 110) + 1,
            i128::MAX,
        ] {
            let seen = Observation::from_switchboard(value, width, UnixSecs::new(5), true).unwrap();
            assert_cut(seen.price, &(int(value) / &shared));
            assert!(seen.overdue && seen.previous_at.is_none() && seen.published_at == UnixSecs::new(5));
            // A width of 2^108 or more gives up 20 bits, up, of a price that gives up as many, down.
            let exact: Q = match (width >> 108, value >> 20) {
                (0, _) => int(width) * int(1_000_000) / int(value),
                (_, 0) => int(u32::MAX as i128),
                (_, price) => int((width >> 20) + 1) * int(1_000_000) / int(price),
            };
            assert_eq!(seen.sigma_ppm.get() as u128, up(&exact, u32::MAX as u128), "{value} {width}");
        }
    }
}

/// Nothing of a slot is left out: neither by the first update nor by one that samples the variance, nor by one that does
/// not.
#[test]
fn an_update_writes_what_it_decides_and_keeps_the_rest() {
    let listed = PriceState::listed(Secs::new(15), Secs::new(3_600), 20_000);
    let first = update(&listed, PriceSource::Secondary, &reading(11), &PARAMS, UnixSecs::new(9)).unwrap().unwrap();
    let price = reading(11).price;
    let (low, high) =
        bounds(price, price, price, Ppm::new(1_000), Ppm::new(PARAMS.prices.confidence_sigmas_ppm)).unwrap();
    let expected = PriceState {
        source: PriceSource::Secondary,
        sigma_ppm: Ppm::new(1_000),
        update_count: 1,
        published_at: UnixSecs::new(9),
        first_published_at: UnixSecs::new(9),
        spot: price,
        fast: price,
        slow: price,
        low,
        high,
        sample: price,
        sampled_at: UnixSecs::new(9),
        source_published_at: [UnixSecs::NEVER, UnixSecs::new(11), UnixSecs::NEVER],
        ..listed
    };
    assert_eq!(first, expected);
    assert!(low.cmp_value(&price).is_lt() && high.cmp_value(&price).is_gt());
    let later = Observation { price: Price::from_decimal_down(8, 0).unwrap(), sigma_ppm: Ppm::ZERO, ..reading(38) };
    let second = update(&first, PriceSource::Primary, &later, &PARAMS, UnixSecs::new(38)).unwrap().unwrap();
    let expected = PriceState {
        source: PriceSource::Primary,
        sigma_ppm: Ppm::ZERO,
        update_count: 2,
        published_at: UnixSecs::new(38),
        spot: later.price,
        low: price,
        high: later.price,
        source_published_at: [UnixSecs::new(38), UnixSecs::new(11), UnixSecs::NEVER],
        ..first
    };
    assert_eq!(second, expected);
    let third = update(
        &second,
        PriceSource::Primary,
        &Observation { published_at: UnixSecs::new(39), ..later },
        &PARAMS,
        UnixSecs::new(39),
    );
    let third = third.unwrap().unwrap();
    // Thirty seconds after the last sample; a second of the higher price.
    assert_eq!((third.sample, third.sampled_at, third.update_count), (later.price, UnixSecs::new(39), 3));
    assert!(third.variance > second.variance && third.vol_ppm_per_sqrt_sec > second.vol_ppm_per_sqrt_sec);
    assert!(third.fast.cmp_value(&second.fast).is_gt() && third.slow.cmp_value(&second.slow).is_gt());
    assert_eq!((third.first_published_at, third.spot), (UnixSecs::new(9), later.price));
}
