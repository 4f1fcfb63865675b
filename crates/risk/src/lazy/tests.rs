use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::allowance::Spent;
use crate::params::MAX_BASE_UNITS;
use crate::units::{Ppm, Secs, UnixSecs};

fn spot(atoms_per_unit_ppm: u64) -> BasePrice {
    use crate::price::Price;
    let price = Price::from_decimal_down(atoms_per_unit_ppm, -6).unwrap();
    BasePrice::new_down(price, Price::from_decimal_down(1, 0).unwrap())
}

/// What so many units are worth, rounded up.
fn worth_wide_up(price: u64, units: u64) -> u128 {
    spot(price).value_up(BaseUnits::new(units)).get() as u128
}

fn some_a() -> impl Strategy<Value = u64> {
    prop_oneof![Just(A_ONE), A_MIN..=A_ONE, Just(A_MIN)]
}

#[test]
fn shares_of_an_a_of_zero_are_refused_and_a_charge_needs_a_bearer() {
    let gone = Index { a: 0, k: 0 };
    assert_eq!(gone.shares_up(BaseUnits::ONE), Err(RiskError::PositionTooLarge));
    assert_eq!(gone.shares_up(BaseUnits::ZERO), Ok(0));
    assert_eq!(Index::START.charged(Atoms::ONE, 0), Err(RiskError::LegEmpty));
}

#[test]
fn a_clock_that_runs_backwards_pays_no_funding_and_a_silent_crank_stops_it() {
    assert_eq!(funding_per_unit(7, UnixSecs::new(100), UnixSecs::new(50), Secs::new(3_600)), 0);
    assert_eq!(funding_per_unit(7, UnixSecs::new(100), UnixSecs::new(160), Secs::new(3_600)), 420);
    assert_eq!(funding_per_unit(7, UnixSecs::new(100), UnixSecs::new(i64::MAX), Secs::new(3_600)), 7 * 3_600);
    assert_eq!(
        funding_per_unit(i64::MIN, UnixSecs::new(i64::MIN), UnixSecs::new(i64::MAX), Secs::new(u32::MAX)),
        i64::MIN as i128 * u32::MAX as i128
    );
}

#[test]
fn what_a_share_pays_is_rounded_up_only_where_it_is_no_whole_number() {
    let half = Index { a: A_ONE / 2, k: 0 };
    for (per_unit, per_share) in [(-2, -1), (-3, -2), (2, 1), (3, 1), (-(1 << 70), -(1 << 69))] {
        assert_eq!(half.funded_down(per_unit).unwrap().k, per_share, "{per_unit}");
    }
}

/// INDEX-3
#[test]
fn an_epoch_wears_out_below_its_bound_and_not_at_it() {
    assert!(!Index { a: A_MIN, k: 0 }.is_worn_out());
    assert!(Index { a: A_MIN - 1, k: 0 }.is_worn_out());
}

#[test]
fn a_margin_of_a_unit_saturates_where_the_price_does_and_is_nothing_where_the_rate_is() {
    let at = |shift| BasePrice::from_parts(1 << 63, shift);
    assert_eq!(rate_of_spot_down(Ppm::ZERO, at(-64)), 0);
    assert_eq!(rate_of_spot_down(Ppm::new(500_000), at(-64)), i128::MAX);
    // Half of 2^63 * 2^-44, in units of 2^-64: the last price whose shift is upwards.
    assert_eq!(rate_of_spot_down(Ppm::new(500_000), at(44)), 1 << 82);
    assert_eq!(rate_of_spot_down(Ppm::new(500_000), at(40)), 1 << 86);
    assert_eq!(rate_of_spot_down(Ppm::new(500_000), at(48)), 1 << 78);
    assert_eq!(rate_of_spot_down(Ppm::new(500_000), at(200)), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn an_opened_position_has_exactly_its_size(a in some_a(), units in 0..=MAX_BASE_UNITS) {
        let index = Index { a, k: 0 };
        match index.shares_up(BaseUnits::new(units)) {
            Ok(shares) => {
                prop_assert_eq!(index.size_down(shares).get(), units);
                prop_assert!(shares >= units);
                prop_assert!(shares == 0 || index.size_down(shares - 1).get() < units);
            }
            // The one size that 63 bits cannot count: the largest at the smallest A.
            Err(_) => prop_assert!(a == A_MIN && units == MAX_BASE_UNITS),
        }
    }

    /// INDEX-1
    #[test]
    fn sizes_never_exceed_open_interest(a in 0..=A_ONE, shares in prop::collection::vec(0u64..1 << 58, 1..16)) {
        let index = Index { a, k: 0 };
        let sum: u64 = shares.iter().sum();
        let sizes: u64 = shares.iter().map(|s| index.size_down(*s).get()).sum();
        prop_assert!(sizes <= index.size_down(sum).get());
        prop_assert!(index.size_down(sum).get() - sizes <= shares.len() as u64);
    }

    #[test]
    fn what_longs_pay_covers_what_shorts_receive(
        f in -(1i128 << 80)..1i128 << 80, a in some_a(), shares in prop::collection::vec(1u64..1 << 40, 1..8),
    ) {
        // The same shares on both sides: whoever pays rounds up and whoever receives rounds down.
        let index = Index { a, k: 1 << 90 };
        let long = index.funded_down(received_by(Side::Long, f)).unwrap();
        let short = index.funded_down(received_by(Side::Short, f)).unwrap();
        let mut sum = 0i128;
        for s in &shares {
            sum += long.cash_down(*s, index.k).unwrap().get() as i128 + short.cash_down(*s, index.k).unwrap().get() as i128;
        }
        prop_assert!(sum <= 0);
        let total: u64 = shares.iter().sum();
        prop_assert!(-sum <= 2 * shares.len() as i128 + (total >> 63) as i128 + 1);
    }

    /// INDEX-2
    #[test]
    fn funding_per_share_is_a_times_f_rounded_down(f in -(1i128 << 62)..1i128 << 62, a in 1..=A_ONE) {
        let k = Index { a, k: 0 }.funded_down(f).unwrap().k;
        let exact = a as i128 * f;
        prop_assert_eq!(k, exact >> 63);
    }

    /// INDEX-2
    #[test]
    fn a_charge_takes_at_least_its_amount_when_shares_are_whole(
        cash in 1u64..1 << 50, shares in prop::collection::vec(1u64..1 << 40, 1..8), a in some_a(),
    ) {
        let index = Index { a, k: -5 };
        let total: u64 = shares.iter().sum();
        let charged = index.charged(Atoms::new(cash), total).unwrap();
        let paid: i128 = shares.iter().map(|s| -(charged.cash_down(*s, index.k).unwrap().get() as i128)).sum();
        prop_assert!(paid >= cash as i128);
        prop_assert!(paid <= cash as i128 + shares.len() as i128);
    }

    #[test]
    fn a_closed_side_receives_no_more_and_pays_no_less_than_the_value_it_closed(
        a in some_a(), units in 1..=MAX_BASE_UNITS, price in 1u64..1_000_000_000,
        shares in prop::collection::vec(1u64..1 << 42, 1..8),
    ) {
        let before = Index { a, k: 3 };
        let total: u64 = shares.iter().sum();
        let open_interest = before.size_down(total).get();
        for side in [Side::Long, Side::Short] {
            let (after, closed) = before.closed_down(side, total, BaseUnits::new(units), spot(price)).unwrap();
            let closed = closed.get();
            prop_assert_eq!(closed, units.min(open_interest));
            // A never rises, and open interest falls by what was closed, by rounding at most a unit and a bit more.
            prop_assert!(after.a <= before.a);
            let left = after.size_down(total).get();
            prop_assert!(left <= open_interest - closed && open_interest - closed - left <= 2);
            prop_assert!((closed == open_interest && closed > 0) == (after.a == 0) || left == 0);
            let cash: i128 = shares.iter().map(|s| after.cash_down(*s, before.k).unwrap().get() as i128).sum();
            match side {
                Side::Long => prop_assert!(cash <= spot(price).value_down(BaseUnits::new(closed)).get() as i128),
                Side::Short => prop_assert!(-cash >= spot(price).value_up(BaseUnits::new(closed)).get() as i128 || closed == 0),
            }
        }
    }

    /// LOSS-2
    #[test]
    fn an_hours_charges_stay_within_the_margin_of_a_unit(
        losses in prop::collection::vec((0u64..1 << 45, 0i64..900), 1..30), open_interest in 1..=MAX_BASE_UNITS,
        price in 1u64..1_000_000_000, rate in 1u32..1_000_000,
    ) {
        let bound = rate_of_spot_down(Ppm::new(rate), spot(price)) as u128;
        let most = (worth_wide_up(price, open_interest) * rate as u128).div_ceil(1_000_000) + 1;
        let (mut now, mut borne, mut charges) = (0, Spent::default(), Vec::new());
        for (loss, secs) in losses {
            now += secs;
            borne = borne.at(UnixSecs::new(now), CHARGE_WINDOW_SECS);
            let room = borne.room(bound);
            let (charged, per_unit) = charge_within_down(Atoms::new(loss), BaseUnits::new(open_interest), room);
            let charged = charged.get();
            prop_assert!(charged <= loss && per_unit <= room);
            borne = borne.with(per_unit);
            charges.push((now, charged as u128));
            let hour: u128 = charges.iter().filter(|(at, _)| *at >= now - 3_600).map(|(_, charged)| charged).sum();
            prop_assert!(hour <= most);
        }
    }
}

#[test]
fn a_side_receives_funding_with_the_sign_of_the_rate_and_of_the_side() {
    for rate in [i64::MIN, -7, -1, 0, 1, 7, i64::MAX] {
        for (from, now, max) in [(100, 160, 3_600), (100, 50, 3_600), (0, i64::MAX, u32::MAX), (i64::MIN, i64::MAX, 60)]
        {
            for side in [Side::Long, Side::Short] {
                let expected =
                    received_by(side, funding_per_unit(rate, UnixSecs::new(from), UnixSecs::new(now), Secs::new(max)));
                assert_eq!(
                    funding_received(side, rate, UnixSecs::new(from), UnixSecs::new(now), Secs::new(max)),
                    expected,
                    "{rate} {from} {now} {max} {side:?}"
                );
            }
        }
    }
}
