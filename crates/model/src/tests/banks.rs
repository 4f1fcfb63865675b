use num_traits::{Signed, Zero};

use super::prng::Prng;
use crate::accounting::BankSheet;
use crate::bank::Bank;
use crate::rate::{utilization_ema, RateCurve};
use crate::rational::{floor_atoms, int, min, ppm, ratio, two_to_minus, Q};

/// To 48 fraction bits, as the program stores a rate; otherwise the numbers double at every crank.
fn stored(x: &Q) -> Q {
    floor_atoms(&(x / two_to_minus(48))) * two_to_minus(48)
}

fn step(rng: &mut Prng, bank: &mut Bank) {
    match rng.range(0, 12) {
        0 => {
            bank.deposit(&int(rng.range(1, 900)));
        }
        1 => {
            let atoms = min(&int(rng.range(1, 900)), &floor_atoms(&bank.free_liquidity()));
            if atoms.is_positive() {
                bank.book();
                let shares = min(&(&atoms / &bank.deposit_index), &bank.deposit_shares);
                bank.withdraw(&shares);
            }
        }
        2 | 3 => {
            let atoms = min(&int(rng.range(1, 900)), &floor_atoms(&bank.free_liquidity()));
            if atoms.is_positive() {
                bank.borrow(&atoms);
            }
        }
        4 => {
            let shares = &bank.borrow_shares * rng.ratio(1, 4, 4);
            bank.repay(&shares);
        }
        5 => resolve(rng, bank),
        7 => {
            // A penalty's share of insurance: a deposit that waits.
            let shares = bank.deposit(&int(rng.range(1, 90)));
            bank.waiting_shares += shares;
        }
        8 => bank.sweep(),
        6 => {
            bank.accrue();
            bank.rate = stored(&bank.rate);
            bank.utilization_ema = stored(&bank.utilization_ema);
        }
        _ => bank.advance(&int(rng.range(1, 400_000))),
    }
}

/// A bad debt: insurance pays what it can, what waits first, and depositors bear the rest.
fn resolve(rng: &mut Prng, bank: &mut Bank) {
    bank.book();
    let shares = &bank.borrow_shares * rng.ratio(1, 9, 20);
    let (owed, fund) = (&shares * &bank.booked_index, &bank.insurance + bank.waiting());
    let covered = min(&shares, &(&fund / &bank.booked_index));
    bank.cover_from_insurance(&covered);
    bank.socialize(&(&shares - &covered));
    assert!(fund <= owed || (&bank.insurance + bank.waiting()).is_positive());
    assert!(fund > owed || (bank.insurance.is_zero() && bank.waiting_shares.is_zero()), "depositors before insurance");
}

#[test]
fn the_vault_covers_what_it_owes_exactly_after_every_operation() {
    let mut rng = Prng::new(90);
    let (mut steps, mut terminal) = (0, 0);
    for _ in 0..1_000 {
        let mut bank = Bank::seeded(&int(rng.range(10, 4_000)));
        for _ in 0..40 {
            step(&mut rng, &mut bank);
            assert!(BankSheet::from(&bank).surplus().is_zero());
            assert!(!bank.vault.is_negative());
            steps += 1;
        }
        terminal += usize::from(bank.is_terminal());
    }
    println!("bank operations: {steps}, terminal banks: {terminal}");
}

#[test]
fn interest_is_credited_only_when_it_is_charged_and_never_faster_than_the_borrow_index_grows() {
    let mut rng = Prng::new(91);
    for _ in 0..1_000 {
        let mut bank = Bank::seeded(&int(rng.range(10, 4_000)));
        for _ in 0..25 {
            let (deposits, fees, booked) = (bank.deposits(), bank.fees.clone(), bank.booked_index.clone());
            let (index, uncovered) = (bank.deposit_index.clone(), bank.uncovered.clone());
            let charged = bank.book();
            assert_eq!(bank.deposits() - deposits + &bank.fees - fees + uncovered - &bank.uncovered, charged);
            assert!(&bank.deposit_index / index <= &bank.booked_index / booked);
            step(&mut rng, &mut bank);
        }
    }
}

#[test]
fn between_two_cranks_the_borrow_index_is_linear_whatever_happens() {
    let mut rng = Prng::new(92);
    for _ in 0..2_000 {
        let mut bank = Bank::seeded(&int(1_000));
        bank.advance(&int(3_600));
        bank.accrue();
        let (start, rate) = (bank.borrow_index.clone(), bank.rate.clone());
        let mut secs = Q::zero();
        for _ in 0..5 {
            let dt = int(rng.range(1, 9_000));
            secs += &dt;
            bank.advance(&dt);
            bank.deposit(&int(rng.range(1, 50)));
            bank.borrow(&int(1));
            assert_eq!(bank.borrow_index_now(), &start * (int(1) + &rate * &secs));
        }
        let read = bank.borrow_index_now();
        bank.accrue();
        assert_eq!(bank.borrow_index, read);
    }
}

#[test]
fn what_is_opened_and_closed_in_one_second_moves_the_rate_by_no_time_at_all() {
    let mut calm = Bank::seeded(&int(1_000));
    let mut spiked = calm.clone();
    for bank in [&mut calm, &mut spiked] {
        bank.advance(&int(300));
    }
    let shares = spiked.borrow(&int(500));
    spiked.repay(&shares);
    for bank in [&mut calm, &mut spiked] {
        bank.advance(&int(300));
        bank.accrue();
    }
    assert_eq!(calm.rate, spiked.rate);
    assert!(calm.rate.is_positive());
}

#[test]
fn a_loss_lowers_the_deposit_index_pro_rata_down_to_its_floor_and_the_rest_is_uncovered() {
    let mut rng = Prng::new(93);
    for _ in 0..3_000 {
        let mut bank = Bank::seeded(&int(1_000));
        bank.deposit_index = rng.ratio(1, 2_000, 1_024);
        let (deposits, owed) = (bank.deposits(), bank.borrows());
        let borne = bank.socialize(&bank.borrow_shares.clone());
        assert_eq!(&borne + &bank.uncovered, owed);
        assert_eq!(deposits - borne, bank.deposits());
        assert!(bank.deposit_index >= bank.index_floor);
        assert!(bank.uncovered.is_zero() || bank.is_terminal());
    }
}

#[test]
fn insurance_that_pays_a_borrow_leaves_depositors_untouched() {
    let mut bank = Bank::seeded(&int(1_000));
    bank.insurance = int(600);
    bank.vault += int(600);
    let index = bank.deposit_index.clone();
    assert_eq!(bank.cover_from_insurance(&bank.borrow_shares.clone()), int(500));
    assert_eq!((bank.deposit_index.clone(), bank.insurance.clone()), (index, int(100)));
    assert!(BankSheet::from(&bank).is_covered() && bank.free_liquidity() == int(1_000));
}

/// 900 of 1,000 lent, the rest withdrawn: no liquidity, and 60 wait. A bad debt of 90 costs them first, depositors 30.
#[test]
fn what_waits_pays_at_full_utilization() {
    let mut bank = Bank::seeded(&int(940));
    bank.waiting_shares = bank.deposit(&int(60));
    bank.borrow(&int(530));
    assert!(bank.free_liquidity().is_zero());
    let covered = bank.cover_from_insurance(&int(60));
    let borne = bank.socialize(&int(30));
    assert_eq!((covered, borne), (int(60), int(30)));
    assert!(bank.waiting_shares.is_zero() && BankSheet::from(&bank).surplus().is_zero());
    assert!(bank.free_liquidity().is_zero());
}

#[test]
fn uncovered_debt_is_paid_by_whatever_comes_in_and_needs_no_liquidity() {
    let mut bank = Bank::seeded(&int(1_000));
    bank.waiting_shares = bank.deposit(&int(40));
    bank.uncovered = int(100);
    bank.vault -= int(100);
    bank.fund_insurance(&int(25));
    assert_eq!((bank.uncovered.clone(), bank.insurance.clone()), (int(75), int(0)));
    bank.borrow(&bank.free_liquidity());
    bank.sweep();
    assert_eq!((bank.uncovered.clone(), bank.insurance.clone()), (int(35), int(0)));
    bank.fund_insurance(&int(50));
    assert_eq!((bank.uncovered.clone(), bank.insurance.clone()), (int(0), int(15)));
    assert!(BankSheet::from(&bank).surplus().is_zero());
}

#[test]
fn the_curve_goes_through_its_three_points_and_the_average_forgets_in_ten_minutes() {
    let curve = RateCurve::default();
    assert_eq!(curve.yearly(&int(0)), int(0));
    assert_eq!(curve.yearly(&ppm(400_000)), ppm(40_000));
    assert_eq!(curve.yearly(&ppm(800_000)), ppm(80_000));
    assert_eq!(curve.yearly(&ppm(900_000)), ppm(540_000));
    assert_eq!(curve.yearly(&int(2)), int(1));
    assert_eq!(utilization_ema(&int(0), &int(1), &int(600)), ratio(1, 2));
}
