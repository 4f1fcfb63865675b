//! What is charged as a fee and what is credited of it, counted in bits of an atom (INSURE-6).

use bytemuck::Zeroable;
use plimsoll_ledger::{insurance, interest, pool, settle, token};
use plimsoll_risk::num::{mul_wide, PPM};
use plimsoll_risk::params::{DEPOSIT_INDEX_FLOOR, INDEX_ONE};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_state::{Bank, BankSlot, Market};
use proptest::prelude::*;

const ATOM: u128 = 1 << 48;

/// What insurance of the bank comes to, with uncovered debt that it has paid, in bits of an atom.
fn insured(bank: &Bank, uncovered: u64) -> u128 {
    mul_wide(bank.waiting_shares, bank.deposit_index)
        + (bank.insurance_atoms as u128 + (uncovered - bank.uncovered_atoms) as u128) * ATOM
}

fn index() -> impl Strategy<Value = u64> {
    prop_oneof![Just(INDEX_ONE), DEPOSIT_INDEX_FLOOR..INDEX_ONE, INDEX_ONE..INDEX_ONE * 2, INDEX_ONE..INDEX_ONE << 8]
}

fn bank(deposit_index: u64, uncovered_atoms: u64) -> Bank {
    Bank { deposit_index, booked_borrow_index: INDEX_ONE, deposit_shares: 1 << 40, uncovered_atoms, ..Bank::zeroed() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The insurance share of a penalty was credited in whole shares: up to a share less than was charged.
    #[test]
    fn a_penaltys_share_is_credited_as_charged_but_for_a_fraction_of_an_atom_and_never_more(
        index in index(), atoms in prop_oneof![0u64..100, 0u64..1 << 40], uncovered in prop_oneof![Just(0u64), 0u64..50],
    ) {
        let mut bank = bank(index, uncovered);
        let delta = insurance::add_waiting(&mut bank, Atoms::new(atoms)).unwrap();
        token::apply_totals(&mut bank, delta).unwrap();
        let (charged, credited) = (atoms as u128 * ATOM, insured(&bank, uncovered));
        prop_assert!(credited <= charged && charged - credited < ATOM, "{} of {}", credited, charged);
        prop_assert_eq!(bank.deposit_shares, (1 << 40) + bank.waiting_shares);
    }

    /// A market's own claim is paid in shares of its pool, and the bank gets every one of them.
    #[test]
    fn a_markets_own_claim_arrives_share_by_share(index in index(), claim in 1u64..1 << 40, paid_in in 1u64..1 << 40) {
        let (mut market, mut bank) = (Market::zeroed(), bank(index, 0));
        pool::pay_in_up(&mut market, Atoms::new(paid_in), index).unwrap();
        market.own_claim_atoms = 0;
        pool::add_own_claim(&mut market, Atoms::new(claim)).unwrap();
        let before = market;
        if settle::pay_own_claim(&mut market, &mut bank).is_ok() {
            prop_assert_eq!(before.pool_shares - market.pool_shares, bank.waiting_shares);
            prop_assert_eq!(before.pool_atoms - market.pool_atoms, before.own_claim_atoms - market.own_claim_atoms);
        }
    }

    /// A sweep makes of shares the atoms that they are worth, but for a fraction, and a market's fees settle its deficit first.
    #[test]
    fn what_is_swept_or_set_off_is_what_was_there(index in index(), waiting in 0u64..1 << 40, fee in 0u64..1 << 40, deficit in 0u64..1 << 40) {
        let mut bank = Bank { waiting_shares: waiting, ..bank(index, 0) };
        let before = insured(&bank, 0);
        insurance::sweep_waiting(&mut bank).unwrap();
        prop_assert!(insured(&bank, 0) <= before && before - insured(&bank, 0) < ATOM);
        let mut market = Market { deficit_atoms: deficit, ..Market::zeroed() };
        pool::add_own_claim(&mut market, Atoms::new(fee)).unwrap();
        prop_assert_eq!(market.own_claim_atoms + (deficit - market.deficit_atoms), fee);
    }

    /// What borrowers are charged as interest, depositors and the protocol are credited, but for a fraction of an atom.
    #[test]
    fn interest_is_credited_as_charged_but_for_a_fraction_of_an_atom(
        index in index(), borrow_shares in 1u64..1 << 40, growth in 0u64..INDEX_ONE / 4, fee_ppm in 0u32..=500_000, uncovered in 0u64..50,
    ) {
        let mut bank = Bank { borrow_shares, ..bank(index, uncovered) };
        bank.lending.interest_fee_ppm = fee_ppm;
        let slot = BankSlot { borrow_index: INDEX_ONE + growth, ..BankSlot::zeroed() };
        let before = mul_wide(bank.deposit_shares, index);
        interest::book_now(&mut bank, &slot, UnixSecs::new(0));
        let charged = mul_wide(borrow_shares, growth);
        let earned = mul_wide(bank.deposit_shares, bank.deposit_index) - before;
        let protocol = (bank.fees_atoms + (uncovered - bank.uncovered_atoms)) as u128 * ATOM;
        prop_assert!(earned + protocol <= charged && charged - earned - protocol < ATOM);
        // Of which the protocol's part is at least its share, to an atom.
        prop_assert!(protocol + ATOM > charged * fee_ppm as u128 / PPM as u128);
    }
}
