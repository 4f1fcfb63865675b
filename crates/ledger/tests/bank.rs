//! What a bank books, lends and insures, by hand.

use bytemuck::Zeroable;
use plimsoll_ledger::{insurance, interest, loss, token};
use plimsoll_risk::bank::{Fund, ShareDelta};
use plimsoll_risk::params::INDEX_ONE;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::*;

const NOW: i64 = 1_760_130_600;

/// A thousand deposited, half of it lent, at indices of one, and a rate of a half a second: nothing but round numbers.
fn listed() -> (Bank, BankSlot) {
    let (mut bank, mut slot) = (Bank::zeroed(), BankSlot::zeroed());
    (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
    (bank.deposit_shares, bank.borrow_shares) = (1_000, 500);
    (bank.utilization_at, bank.accrued_at) = (NOW, NOW);
    bank.lending.interest_fee_ppm = 500_000;
    (slot.deposit_index, slot.borrow_index, slot.accrued_at) = (INDEX_ONE, INDEX_ONE, NOW);
    slot.borrow_rate_per_sec = 1 << 63;
    (bank, slot)
}

#[test]
fn interest_is_booked_once_and_half_of_it_is_the_protocols() {
    let (mut bank, slot) = listed();
    // The debt doubles in two seconds: 500 atoms, of which 250 raise the deposits by a quarter.
    let expected = INDEX_ONE + INDEX_ONE / 4;
    assert_eq!(bank.deposit_index_at(&slot, UnixSecs::new(NOW + 2)), expected);
    assert_eq!((bank.deposit_index, bank.booked_borrow_index), (INDEX_ONE, INDEX_ONE));
    interest::book_now(&mut bank, &slot, UnixSecs::new(NOW + 2));
    for _ in 0..2 {
        let figures = (bank.deposit_index, bank.booked_borrow_index, bank.fees_atoms, bank.uncovered_atoms);
        assert_eq!(figures, (expected, INDEX_ONE * 2, 250, 0));
        assert_eq!((bank.utilization_integral.get(), bank.utilization_at), (2 * 500_000, NOW + 2));
        // A clock behind books nothing and turns nothing back.
        interest::book_now(&mut bank, &slot, UnixSecs::new(NOW + 1));
    }
    assert_eq!(bank.deposit_index_at(&slot, UnixSecs::new(NOW + 2)), expected);
}

#[test]
fn the_protocols_part_of_interest_pays_uncovered_debt_first() {
    let (mut bank, slot) = listed();
    bank.uncovered_atoms = 200;
    interest::book_now(&mut bank, &slot, UnixSecs::new(NOW + 2));
    assert_eq!((bank.uncovered_atoms, bank.fees_atoms), (0, 50));
}

#[test]
fn the_deposit_index_is_at_most_what_the_borrow_index_has_grown_by() {
    let (_, mut slot) = listed();
    slot.deposit_index = INDEX_ONE / 2 * 3;
    assert_eq!(slot.deposit_index_at_most(UnixSecs::new(NOW - 1)), INDEX_ONE / 2 * 3);
    assert_eq!(slot.deposit_index_at_most(UnixSecs::new(NOW)), INDEX_ONE / 2 * 3);
    assert_eq!(slot.deposit_index_at_most(UnixSecs::new(NOW + 2)), INDEX_ONE * 3);
    assert_eq!(slot.borrow_index_at(UnixSecs::new(NOW + 1)), INDEX_ONE / 2 * 3);
    let indices = slot.indices_at(UnixSecs::new(NOW + 2));
    assert_eq!((indices.deposit_index, indices.borrow_index), (INDEX_ONE / 2 * 3, INDEX_ONE * 2));
}

#[test]
fn a_bank_lends_up_to_its_cap_where_it_is_active_and_borrowing_is_not_paused() {
    let (mut bank, _) = listed();
    (bank.index, bank.caps.borrow_cap_atoms) = (3, 560);
    let room = |status, pause_bits| {
        let mut registry = Box::new(Registry { pause_bits, ..Registry::zeroed() });
        registry.pauses[1].guardian_until_at = 9;
        registry.banks[3].status = status as u8;
        bank.lending_room_down(&registry, UnixSecs::new(8))
    };
    assert_eq!(room(SlotStatus::Active, 0), Atoms::new(60));
    assert_eq!(room(SlotStatus::Active, pause::ALL & !pause::BORROW), Atoms::new(60));
    assert_eq!(room(SlotStatus::Active, pause::BORROW), Atoms::ZERO);
    for status in [SlotStatus::Empty, SlotStatus::ReduceOnly, SlotStatus::Terminal] {
        assert_eq!([0, pause::BORROW].map(|bits| room(status, bits).get()), [0, 0]);
    }
}

#[test]
fn what_deposits_bear_is_counted_and_what_they_cannot_bear_is_not() {
    let (mut bank, mut slot) = listed();
    slot.status = SlotStatus::Active as u8;
    loss::socialize_on_deposits(&mut bank, &mut slot, Atoms::new(250));
    loss::socialize_on_deposits(&mut bank, &mut slot, Atoms::new(800));
    // All but a thousandth and the rounding of it: 749 of the second loss.
    assert_eq!((bank.socialized_atoms, bank.uncovered_atoms), (999, 51));
    loss::socialize_on_deposits(&mut bank, &mut slot, Atoms::new(9));
    assert_eq!((bank.socialized_atoms, bank.uncovered_atoms), (999, 60));
}

#[test]
fn what_waits_is_a_deposit_until_it_is_swept() {
    let (mut bank, _) = listed();
    (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE / 2 * 3, INDEX_ONE);
    let delta = insurance::add_waiting(&mut bank, Atoms::new(100)).unwrap();
    assert_eq!(delta, ShareDelta { deposit_shares: 66, borrow_shares: 0 });
    token::apply_totals(&mut bank, delta).unwrap();
    assert_eq!((bank.deposit_shares, bank.borrow_shares, bank.waiting_shares), (1_066, 500, 66));
    let fund = Fund { insurance_atoms: Atoms::new(1), waiting_shares: 66, deposit_index: INDEX_ONE / 2 * 3 };
    assert_eq!((bank.fund(), bank.fund().worth_down()), (fund, Atoms::new(100)));
    bank.uncovered_atoms = 30;
    assert_eq!(insurance::sweep_waiting(&mut bank), Ok(Atoms::new(99)));
    assert_eq!((bank.deposit_shares, bank.waiting_shares, bank.uncovered_atoms), (1_000, 0, 0));
    assert_eq!((bank.insurance_atoms, bank.insurance_in_atoms, bank.insurance_out_atoms), (70, 100, 30));
    assert_eq!(insurance::sweep_waiting(&mut bank), Ok(Atoms::ZERO));
    bank.waiting_shares = u64::MAX;
    assert_eq!(insurance::receive_waiting(&mut bank, 1), Err(RiskError::NumberOutOfRange));
}

#[test]
fn what_comes_in_pays_uncovered_debt_first() {
    let (mut bank, _) = listed();
    bank.uncovered_atoms = 30;
    insurance::add_insurance(&mut bank, Atoms::new(20)).unwrap();
    assert_eq!((bank.uncovered_atoms, bank.insurance_atoms), (10, 0));
    insurance::add_insurance(&mut bank, Atoms::new(25)).unwrap();
    assert_eq!((bank.uncovered_atoms, bank.insurance_atoms), (0, 15));
    assert_eq!((bank.insurance_in_atoms, bank.insurance_out_atoms), (45, 30));
}

#[test]
fn a_draw_takes_what_waits_first_and_counts_it_as_paid_in() {
    let (mut bank, _) = listed();
    (bank.waiting_shares, bank.insurance_atoms) = (40, 100);
    insurance::draw(&mut bank, Atoms::new(30)).unwrap();
    assert_eq!((bank.waiting_shares, bank.insurance_atoms, bank.deposit_shares), (10, 100, 970));
    insurance::draw(&mut bank, Atoms::new(25)).unwrap();
    assert_eq!((bank.waiting_shares, bank.insurance_atoms, bank.deposit_shares), (0, 85, 960));
    assert_eq!((bank.insurance_in_atoms, bank.insurance_out_atoms), (40, 0));
    assert_eq!(insurance::draw(&mut bank, Atoms::new(86)), Err(RiskError::NumberOutOfRange));
}

/// More is lent than deposited by 20 once the uncovered 10 are paid: of 100 that come back, 20 wait again.
#[test]
fn what_comes_back_covers_then_waits_then_insures() {
    let (mut bank, _) = listed();
    (bank.deposit_shares, bank.borrow_shares) = (100, 120);
    (bank.uncovered_atoms, bank.reserved_atoms, bank.insurance_in_atoms) = (10, 130, 500);
    insurance::give_back(&mut bank, Atoms::new(100)).unwrap();
    assert_eq!((bank.reserved_atoms, bank.uncovered_atoms, bank.insurance_atoms), (30, 0, 70));
    assert_eq!((bank.deposit_shares, bank.borrow_shares, bank.waiting_shares), (120, 120, 20));
    assert_eq!((bank.insurance_in_atoms, bank.insurance_out_atoms), (480, 10));
    assert_eq!(insurance::give_back(&mut bank, Atoms::new(31)), Err(RiskError::NumberOutOfRange));
}

#[test]
fn a_fall_of_the_deposit_index_cuts_every_markets_claims() {
    let mut registry = Registry { market_count: 3, ..Registry::zeroed() };
    for (slot, share) in registry.markets.iter_mut().zip([0, 200_000, 1_000_000, 200_000]) {
        slot.deficit_share_ppm = share;
    }
    let mut risen = registry;
    loss::cut_claims(&mut risen, INDEX_ONE, INDEX_ONE + 1);
    assert_eq!(risen.markets.map(|slot| slot.deficit_share_ppm), registry.markets.map(|slot| slot.deficit_share_ppm));
    loss::cut_claims(&mut registry, INDEX_ONE, INDEX_ONE / 4 * 3);
    // Three quarters of one, of four fifths and of nothing; what is not counted is left alone.
    let shares = [0, 1, 2, 3, 4].map(|market: usize| registry.markets[market].deficit_share_ppm);
    assert_eq!(shares, [250_000, 400_000, 1_000_000, 200_000, 0]);
}
