//! Worked examples with every number exact, and the inputs at which a rule turns.

use super::*;
use crate::error::RiskError;
use crate::units::{Atoms, Ppm, Secs};

/// A hundred atoms deposited and sixty lent, both at an index of one, with so much uncovered.
fn hundred(borrow_shares: u64, uncovered_atoms: u64) -> Totals {
    Totals {
        deposit_shares: 100,
        borrow_shares,
        deposit_index: INDEX_ONE,
        borrow_index: INDEX_ONE,
        uncovered_atoms: Atoms::new(uncovered_atoms),
    }
}

#[test]
fn what_is_uncovered_is_not_free_and_counts_as_lent() {
    for (lent, uncovered, free, liquid) in [
        (60, 0, 40, true),
        (60, 15, 25, true),
        (60, 39, 1, true),
        (60, 40, 0, true),
        (60, 41, 0, false),
        (101, 0, 0, false),
        (0, 100, 0, true),
        (0, 101, 0, false),
    ] {
        let totals = hundred(lent, uncovered);
        assert_eq!((totals.free_liquidity_down().get(), totals.is_liquid()), (free, liquid), "{lent} {uncovered}");
    }
}

#[test]
fn a_loss_that_nobody_can_bear_leaves_the_index_and_a_bank_without_loss_is_unchanged() {
    let same = |uncovered_atoms| Socialized { deposit_index: INDEX_ONE, uncovered_atoms, terminal: false };
    assert_eq!(socialize(0, INDEX_ONE, Atoms::new(5)), same(Atoms::new(5)));
    assert_eq!(socialize(8, INDEX_ONE, Atoms::ZERO), same(Atoms::ZERO));
    assert_eq!(socialize(0, INDEX_ONE, Atoms::ZERO), same(Atoms::ZERO));
}

#[test]
fn what_comes_back_waits_only_where_more_is_lent_than_deposited() {
    // Of a hundred deposited sixty are lent and 55 uncovered: as soon as nothing is uncovered, nothing is lent out.
    let back = |atoms| hundred(60, 55).give_back_down(Atoms::new(atoms)).unwrap();
    assert_eq!(back(10), Intake { covered_atoms: Atoms::new(10), shares: 0, insurance_atoms: Atoms::ZERO });
    assert_eq!(back(55), Intake { covered_atoms: Atoms::new(55), shares: 0, insurance_atoms: Atoms::ZERO });
    assert_eq!(back(60), Intake { covered_atoms: Atoms::new(55), shares: 0, insurance_atoms: Atoms::new(5) });
    // 130 are lent: thirty of what comes back wait, and only beyond them is there insurance.
    let back = |atoms| hundred(130, 5).give_back_down(Atoms::new(atoms)).unwrap();
    assert_eq!(back(25), Intake { covered_atoms: Atoms::new(5), shares: 20, insurance_atoms: Atoms::ZERO });
    assert_eq!(back(35), Intake { covered_atoms: Atoms::new(5), shares: 30, insurance_atoms: Atoms::ZERO });
    assert_eq!(back(36), Intake { covered_atoms: Atoms::new(5), shares: 30, insurance_atoms: Atoms::new(1) });
}

/// Seven shares at half an atom each: worth three atoms, and half of one that no payment can name.
#[test]
fn a_payment_of_all_that_waits_is_worth_leaves_no_share_behind() {
    let fund = Fund { insurance_atoms: Atoms::new(10), waiting_shares: 7, deposit_index: INDEX_ONE / 2 };
    let draw = |atoms| fund.draw_up(Atoms::new(atoms)).unwrap();
    assert_eq!(draw(0), Draw { waiting_shares: 0, waiting_atoms: Atoms::ZERO, insurance_atoms: Atoms::ZERO });
    assert_eq!(draw(2), Draw { waiting_shares: 4, waiting_atoms: Atoms::new(2), insurance_atoms: Atoms::ZERO });
    assert_eq!(draw(3), Draw { waiting_shares: 7, waiting_atoms: Atoms::new(3), insurance_atoms: Atoms::ZERO });
    assert_eq!(draw(4), Draw { waiting_shares: 7, waiting_atoms: Atoms::new(3), insurance_atoms: Atoms::new(1) });
    assert_eq!(draw(13), Draw { waiting_shares: 7, waiting_atoms: Atoms::new(3), insurance_atoms: Atoms::new(10) });
    assert_eq!(fund.draw_up(Atoms::new(14)), Err(RiskError::NumberOutOfRange));
}

#[test]
fn a_whole_deposit_passes_at_the_copy_of_the_index_and_what_it_earned_since_stays() {
    let passing = |atoms, index| shares_passing_down(100, Atoms::new(atoms), INDEX_ONE, index).unwrap();
    for atoms in [100, 101, u64::MAX] {
        assert_eq!(passing(atoms, INDEX_ONE), 100);
        assert_eq!(passing(atoms, INDEX_ONE + INDEX_ONE / 4), 80);
        // The bank's index fell below the copy, as after a socialized loss: there are no more shares than are held.
        assert_eq!(passing(atoms, INDEX_ONE / 2), 100);
    }
    assert_eq!(passing(99, INDEX_ONE + INDEX_ONE / 4), 79);
    assert_eq!(passing(99, INDEX_ONE), 99);
    assert_eq!(passing(99, INDEX_ONE / 2), 100);
}

#[test]
fn a_move_of_shares_on_either_side_is_a_move() {
    for (deposit_shares, borrow_shares, nothing) in
        [(0, 0, true), (1, 0, false), (0, 1, false), (-1, 0, false), (0, -1, false), (-3, -4, false), (2, -2, false)]
    {
        assert_eq!(ShareDelta { deposit_shares, borrow_shares }.is_zero(), nothing);
    }
}

/// INTEREST-3
#[test]
fn a_curve_above_300_percent_or_with_its_kink_at_an_end_or_falling_is_refused() {
    let good = RateCurve::DEFAULT;
    for good in [
        good,
        RateCurve { rate_full_ppm: Ppm::new(3_000_000), ..good },
        RateCurve { kink_ppm: Ppm::new(1), ..good },
        RateCurve { kink_ppm: Ppm::new(PPM - 1), ..good },
        RateCurve { rate_zero_ppm: Ppm::new(80_000), rate_full_ppm: Ppm::new(80_000), ..good },
    ] {
        assert_eq!(good.validate(), Ok(()));
    }
    for bad in [
        RateCurve { rate_full_ppm: Ppm::new(3_000_001), ..good },
        RateCurve { kink_ppm: Ppm::ZERO, ..good },
        RateCurve { kink_ppm: Ppm::WHOLE, ..good },
        RateCurve { rate_zero_ppm: Ppm::new(80_001), ..good },
        RateCurve { rate_full_ppm: Ppm::new(79_999), ..good },
    ] {
        assert_eq!(bad.validate(), Err(RiskError::ParameterOutOfBounds));
        assert!(bad.rate_per_sec_up(Ppm::ZERO).is_err());
    }
}

#[test]
fn eight_percent_a_year_at_the_kink_is_eight_percent_after_a_year() {
    let rate = RateCurve::DEFAULT.rate_per_sec_up(Ppm::new(800_000)).unwrap();
    let index = borrow_index_at_up(INDEX_ONE, rate, Secs::wide(SECS_PER_YEAR));
    let exact = INDEX_ONE as u128 * 108 / 100;
    assert!((exact..exact + 1_000_000).contains(&(index as u128)));
}
