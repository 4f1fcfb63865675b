//! Fills of perps, funding and settlement, and the parts of the waterfall that are plain arithmetic.

use plimsoll_model::{int, ppm, ratio, Q};
use plimsoll_risk::error::{RiskError, RiskResult};
use plimsoll_risk::params::{Contradiction, GlobalParams, MAX_BASE_UNITS};
use plimsoll_risk::perp::{
    change_of, check_funding, claim_payout_down, deficit_share_after_ppm_up, deficit_share_ppm_up, fill_fee_up,
    funding_rate, is_within_band, is_worse_than_spot, loser_pays, mean_premium_ppm, premium_integral_since, settleable,
    validate_unit, Change, ClaimPayout, MAX_POSITION_VALUE_ATOMS,
};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg};
use plimsoll_risk::price::{BasePrice, UnitPrice};
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, SignedBaseUnits, SignedPpm, UnixSecs, UsdMicro};
use plimsoll_risk::waterfall::{divide_down, draw_room, pay_leg, Payment, MAX_QUOTE_LEGS};

use super::amounts::{down, up};
use crate::convert::unit;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const MOST: u128 = u64::MAX as u128;

/// [`divide_down`] of plain numbers.
fn divide(fund: u64, claims: &[u64], shares: &mut [u64]) -> RiskResult<u64> {
    let claims: Vec<Atoms> = claims.iter().copied().map(Atoms::new).collect();
    let mut divided: Vec<Atoms> = shares.iter().copied().map(Atoms::new).collect();
    let paid = divide_down(Atoms::new(fund), &claims, &mut divided)?;
    shares.iter_mut().zip(divided).for_each(|(share, divided)| *share = divided.get());
    Ok(paid.get())
}

/// `thirds / 3` quote atoms per unit, a little less: no value of a few units is whole.
fn thirds(count: u64) -> BasePrice {
    BasePrice::from_parts(count * ((1 << 57) / 3), 57)
}

#[test]
fn a_fill_is_within_its_band_from_the_value_rounded_down_to_the_value_rounded_up() {
    for spot in [thirds(1), thirds(7), BasePrice::from_parts(5 << 32, 32)] {
        for units in [0u64, 1, 2, 3, 7, 100] {
            let exact = int(units as i128) * unit(spot);
            for band in [0u32, 1, 250_000, 500_000, 1_000_000, 2_000_000] {
                let kept = 1_000_000i128.saturating_sub(band as i128).max(0);
                let low = exact.floor() * ppm(kept);
                let high = exact.ceil() * (int(1) + ppm(band as i128));
                for quote in 0..1_600u64 {
                    let paid = int(quote as i128);
                    let expected = paid >= low && paid <= high;
                    assert_eq!(
                        is_within_band(Atoms::new(quote), BaseUnits::new(units), spot, Ppm::new(band)),
                        expected,
                        "{quote} {units} {band}"
                    );
                }
            }
        }
    }
    // The largest number is no value: it stands for all that the numbers do not hold.
    let one = BasePrice::from_parts(1 << 40, 40);
    assert!(is_within_band(Atoms::new(u64::MAX - 1), BaseUnits::new(u64::MAX - 1), one, Ppm::ZERO));
    assert!(!is_within_band(Atoms::MAX, BaseUnits::MAX, one, Ppm::ZERO));
}

#[test]
fn a_price_is_worse_than_spot_beyond_the_atom_in_which_spot_is_rounded() {
    for units in [0u64, 1, 2, 3, 10] {
        let exact: Q = int(units as i128) * unit(thirds(4));
        for quote in 0..20u64 {
            let paid = int(quote as i128);
            assert_eq!(
                is_worse_than_spot(true, Atoms::new(quote), BaseUnits::new(units), thirds(4)),
                paid > exact.ceil()
            );
            assert_eq!(
                is_worse_than_spot(false, Atoms::new(quote), BaseUnits::new(units), thirds(4)),
                paid < exact.floor()
            );
        }
    }
}

#[test]
fn a_fee_is_the_larger_rate_of_the_value_rounded_up_and_at_least_an_atom() {
    let params = PARAMS.with(|new| new.perps.fill_insurance_ppm = 1_000);
    for units in [0u64, 1, 2, 750, 751, 3_000, 1 << 40] {
        for rate in [0u32, 999, 1_000, 1_001, 20_000] {
            let worth = up(&(int(units as i128) * unit(thirds(4))), MOST);
            let fee = (worth * rate.max(1_000) as u128).div_ceil(1_000_000).max(1);
            let found = fill_fee_up(BaseUnits::new(units), thirds(4), Ppm::new(rate), &params);
            assert_eq!(found, Ok(Atoms::new(fee as u64)), "{units} {rate}");
        }
    }
    let one = BasePrice::from_parts(1 << 40, 40);
    let most = i64::MAX as u64;
    assert_eq!(fill_fee_up(BaseUnits::new(most), one, Ppm::WHOLE, &params), Ok(Atoms::new(most)));
    for (units, rate) in [(1 << 63, 1_000_000), (u64::MAX, u32::MAX)] {
        assert_eq!(fill_fee_up(BaseUnits::new(units), one, Ppm::new(rate), &params), Err(RiskError::NumberOutOfRange));
    }
}

#[test]
fn only_a_trade_against_the_position_and_no_larger_than_it_reduces() {
    for position in -3..=3i64 {
        for units in -4..=4i64 {
            let reduces = position * units < 0 && units.abs() <= position.abs();
            let expected = if reduces { Change::Reduces } else { Change::Grows };
            let found = change_of(SignedBaseUnits::new(position), SignedBaseUnits::new(units));
            assert_eq!(found, expected, "{position} {units}");
        }
    }
    let (least, most) = (SignedBaseUnits::new(i64::MIN), SignedBaseUnits::new(i64::MAX));
    assert_eq!(change_of(SignedBaseUnits::new(least.get()), SignedBaseUnits::new(most.get())), Change::Reduces);
    assert_eq!(change_of(SignedBaseUnits::new(most.get()), SignedBaseUnits::new(least.get())), Change::Grows);
}

#[test]
fn a_mean_premium_is_the_quotient_toward_zero_within_its_bound() {
    for integral in [-10_000_001i128, -7, -3, -1, 0, 1, 2, 8, 10_000_001, i128::MAX, i128::MIN] {
        for secs in [i64::MIN, -1, 0, 1, 2, 3, i64::MAX] {
            for bound in [0u32, 2, 500, 1_000_000, u32::MAX] {
                let most = bound.min(1_000_000) as i128;
                let mean = if secs > 0 { (integral / secs as i128).clamp(-most, most) } else { 0 };
                assert_eq!(
                    mean_premium_ppm(integral, UnixSecs::new(secs).elapsed_since(UnixSecs::NEVER), Ppm::new(bound))
                        .get() as i128,
                    mean,
                    "{integral} {secs} {bound}"
                );
            }
        }
    }
}

#[test]
fn a_premium_counts_for_every_second_from_the_later_start_to_its_end() {
    for reported in 0..6i64 {
        for from in 0..12 {
            for now in 0..12 {
                let counted = (from..now).filter(|second| *second < reported + 4).count() as i128;
                assert_eq!(
                    premium_integral_since(
                        SignedPpm::new(-7),
                        UnixSecs::new(reported),
                        UnixSecs::new(from),
                        UnixSecs::new(now),
                        Secs::new(4)
                    ),
                    -7 * counted
                );
            }
        }
    }
}

#[test]
fn a_funding_rate_is_its_share_of_the_price_for_each_second_of_an_hour() {
    // Two atoms a unit: a part per million of it in units of 2^-64 is 36,893,488,147,419.1 an hour.
    let spot = BasePrice::from_parts(1 << 63, 62);
    for (premium, bound) in [(0i32, 500u32), (1, 500), (499, 500), (500, 500), (501, 500), (i32::MAX, 7), (9, 0)] {
        let rate = premium.unsigned_abs().min(bound) as u128;
        let per_hour = ((rate << 63 << 20) / 1_000_000) >> 18;
        let per_sec = (per_hour / 3_600) as i64;
        assert_eq!(funding_rate(SignedPpm::new(premium), spot, Ppm::new(bound)), per_sec);
        assert_eq!(funding_rate(SignedPpm::new(-premium), spot, Ppm::new(bound)), -per_sec);
    }
    assert_eq!(funding_rate(SignedPpm::new(i32::MIN), spot, Ppm::ZERO), 0);
    let huge = BasePrice::from_parts(u64::MAX, -10);
    assert_eq!(
        (funding_rate(SignedPpm::new(5), huge, Ppm::new(5)), funding_rate(SignedPpm::new(-5), huge, Ppm::new(5))),
        (i64::MAX, -i64::MAX)
    );
}

#[test]
fn a_unit_is_listed_up_to_each_of_its_bounds() {
    let refused = Err(RiskError::ParameterOutOfBounds);
    let dollars = |value: u64| UnitPrice::<UsdMicro, BaseUnits>::from_parts(value << 40, 40);
    let (small, large) = (BasePrice::from_parts(1 << 40, 40), dollars(1_000));
    assert_eq!(validate_unit(large, small, &PARAMS), Ok(()));
    assert_eq!(validate_unit(dollars(1_001), small, &PARAMS), refused);
    // Part of a micro-dollar more than a thousand is more.
    assert_eq!(validate_unit(UnitPrice::from_parts(large.mantissa() + 1, large.shift()), small, &PARAMS), refused);
    assert_eq!(validate_unit(dollars(0), small, &PARAMS), refused);
    // The largest position: 2^43 units of 104,857.5 atoms are just below a tenth of the range, a half more is not.
    let (most, units) = (MAX_POSITION_VALUE_ATOMS, BaseUnits::new(MAX_BASE_UNITS));
    let at_most = BasePrice::from_parts(most.get() >> 10, 33);
    assert!(at_most.value_up(BaseUnits::new(units.get())).get() <= most.get());
    assert_eq!(validate_unit(large, at_most, &PARAMS), Ok(()));
    let beyond = BasePrice::from_parts((most.get() >> 10) + 1, 33);
    assert!(beyond.value_up(BaseUnits::new(units.get())).get() > most.get());
    assert_eq!(validate_unit(large, beyond, &PARAMS), refused);
}

#[test]
fn the_highest_funding_rate_may_reach_all_but_the_last_of_its_storage_at_sixteen_times_the_price() {
    let bound = PARAMS.perps.funding_bound_ppm_per_hour;
    let (mut fits, mut not) = (0, 0);
    for shift in 0..64 {
        for mantissa in [1 << 63, 3 << 62, 7 << 61, u64::MAX] {
            let atoms = BasePrice::from_parts(mantissa, shift);
            // The same price, shifted; exactly the bound an hour.
            let exact = unit(atoms) * int(16) * ppm(bound as i128) / int(3_600) * int(1 << 64);
            let expected = exact < int(i64::MAX as i128);
            (fits, not) = (fits + expected as u32, not + !expected as u32);
            assert_eq!(check_funding(atoms, &PARAMS), Contradiction::FUNDING_RANGE.unless(expected), "{atoms:?}");
        }
    }
    assert!(fits > 10 && not > 10);
    let huge = BasePrice::from_parts(1 << 63, i32::MIN);
    assert!(check_funding(huge, &PARAMS).is_err());
}

#[test]
fn what_settles_is_the_nearest_to_zero_of_six_and_nothing_where_their_signs_differ() {
    let whole = |value: u64| BasePrice::from_parts(value << 40, 40);
    let prices = [8u64, 10, 12];
    for units in [-10i64, 0, 10] {
        for cash_atoms in [-140i64, -121, -120, -100, -81, -80, -79, 0, 60, 100, 119, 120, 130] {
            for case in 0..81usize {
                let [spot, fast, slow, init] = [0, 1, 2, 3].map(|place| whole(prices[case / 3usize.pow(place) % 3]));
                for edge in [0u64, 1 << 62] {
                    let prices = LegPrices { spot, fast, init, edge, ..LegPrices::default() };
                    let (units, cash_atoms) = (SignedBaseUnits::new(units), SignedAtoms::new(cash_atoms));
                    let leg = PerpLeg { units, cash_atoms, prices, ..PerpLeg::default() };
                    let favourable = |price: BasePrice| {
                        // A quarter up for a long, down for a short; both are exact.
                        let quarters = if units.get() >= 0 { 4 + (edge != 0) as u64 } else { 4 - (edge != 0) as u64 };
                        BasePrice::from_parts(price.mantissa() / 4 * quarters, price.shift())
                    };
                    let all =
                        [spot, fast, slow, init, favourable(spot), favourable(fast)].map(|price| leg.pnl_at(price));
                    let nearest = all.into_iter().min_by_key(|pnl| pnl.unsigned_abs()).unwrap();
                    let agree = all.iter().all(|pnl| pnl.get().signum() == all[0].get().signum());
                    assert_eq!(settleable(&leg, slow), if agree { nearest } else { SignedAtoms::ZERO }, "{leg:?}");
                }
            }
        }
    }
}

#[test]
fn a_loser_pays_what_he_owes_or_all_that_he_has() {
    for loss in 0..6 {
        for balance in 0..4 {
            for room in 0..3 {
                assert_eq!(
                    loser_pays(Atoms::new(loss), Atoms::new(balance), Atoms::new(room)).get(),
                    loss.min(balance + room)
                );
            }
        }
    }
    assert_eq!(loser_pays(Atoms::MAX, Atoms::MAX, Atoms::ONE).get(), u64::MAX);
}

#[test]
fn a_deficit_takes_its_share_of_a_claim_rounded_up() {
    let amounts = [0u64, 1, 2, 3, 999_999, 1_000_000, 1_000_001, u64::MAX / 2, u64::MAX];
    for pool in amounts {
        for deficit in amounts {
            let whole = (pool as u128 + deficit as u128).min(MOST);
            let share = if deficit == 0 { 0 } else { (deficit as u128 * 1_000_000).div_ceil(whole) };
            assert_eq!(
                deficit_share_ppm_up(Atoms::new(pool), Atoms::new(deficit)).get() as u128,
                share,
                "{pool} {deficit}"
            );
        }
    }
    for share in [0u32, 1, 333_333, 999_999, 1_000_000, 1_500_000] {
        for before in [1u64, 3, 1_000, u64::MAX] {
            for after in [0u64, 1, 2, 3, 999, 1_000, u64::MAX] {
                let got = 1_000_000u128.saturating_sub(share as u128);
                let expected =
                    if after >= before { share as u128 } else { 1_000_000 - after as u128 * got / before as u128 };
                assert_eq!(
                    deficit_share_after_ppm_up(Ppm::new(share), before, after).get() as u128,
                    expected,
                    "{share} {before} {after}"
                );
            }
        }
    }
}

#[test]
fn an_exit_pays_the_pools_part_of_the_claim_rounded_down_and_strikes_the_rest() {
    for claim in [0u64, 1, 2, 5, 9, 100] {
        for pool in [0u64, 1, 3, 7] {
            for deficit in [0u64, 1, 2, 8] {
                let found = claim_payout_down(Atoms::new(claim), Atoms::new(pool), Atoms::new(deficit));
                if pool + deficit == 0 {
                    assert_eq!(found, Err(RiskError::LegEmpty));
                    continue;
                }
                let claim = claim.min(pool + deficit);
                let paid_atoms = down(&ratio(claim as i128 * pool as i128, (pool + deficit) as i128), MOST) as u64;
                assert_eq!(
                    found,
                    Ok(ClaimPayout {
                        paid_atoms: Atoms::new(paid_atoms),
                        forgone_atoms: Atoms::new(claim - paid_atoms)
                    })
                );
            }
        }
    }
    assert_eq!(claim_payout_down(Atoms::ONE, Atoms::MAX, Atoms::ONE), Err(RiskError::NumberOutOfRange));
}

#[test]
fn room_to_draw_and_payments_are_the_smallest_of_what_bounds_them() {
    let few = [0u64, 1, 2, 3];
    for case in 0..4usize.pow(5) {
        let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|place| few[case / 4usize.pow(place) % 4]);
        assert_eq!(
            draw_room(Atoms::new(a), Atoms::new(b), Atoms::new(c), Atoms::new(d), Atoms::new(e)).get(),
            a.min(b.saturating_sub(c)).min(d.saturating_sub(e))
        );
        let (from_reserved_atoms, most) = (b.min(a.min(d)), a.min(d));
        let from_unreserved_atoms = c.min(most - from_reserved_atoms);
        let remainder_atoms = a - from_reserved_atoms - from_unreserved_atoms;
        let payment = pay_leg(Atoms::new(a), Atoms::new(b), Atoms::new(c), Atoms::new(d));
        assert_eq!(
            payment,
            Payment {
                from_reserved_atoms: Atoms::new(from_reserved_atoms),
                from_unreserved_atoms: Atoms::new(from_unreserved_atoms),
                remainder_atoms: Atoms::new(remainder_atoms)
            }
        );
        assert_eq!(payment.covered_atoms().get() + remainder_atoms, a);
    }
}

#[test]
fn a_fund_is_divided_down_and_what_is_left_goes_to_the_first_inexact_shares() {
    for case in 0..5usize.pow(4) {
        let claims = [0, 1, 2, 3].map(|place| [0u64, 1, 2, 3, 7][case / 5usize.pow(place) % 5]);
        for fund in 0..16u64 {
            let total: u64 = claims.iter().sum();
            let paid = fund.min(total);
            let mut expected = claims.map(|claim| (paid * claim).checked_div(total).unwrap_or(0));
            let mut left = paid - expected.iter().sum::<u64>();
            for (share, claim) in expected.iter_mut().zip(claims) {
                if left > 0 && paid * claim % total != 0 {
                    *share += 1;
                    left -= 1;
                }
            }
            let mut shares = [9; 4];
            assert_eq!(divide(fund, &claims, &mut shares), Ok(paid));
            assert_eq!(shares, expected, "{fund} {claims:?}");
        }
    }
    let (most, more) = ([1u64; MAX_QUOTE_LEGS], [1u64; MAX_QUOTE_LEGS + 1]);
    assert_eq!(MAX_QUOTE_LEGS, 17);
    assert_eq!(divide(3, &most, &mut [0; MAX_QUOTE_LEGS]), Ok(3));
    let refused = Err(RiskError::NumberOutOfRange);
    assert_eq!(divide(3, &more, &mut [0; MAX_QUOTE_LEGS + 1]), refused);
    assert_eq!(divide(3, &most, &mut [0; MAX_QUOTE_LEGS - 1]), refused);
    assert_eq!(divide(3, &most[..1], &mut [0; 2]), refused);
}
