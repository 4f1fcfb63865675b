//! What comes into a fund is there, promised, paid for losses, or taken out above its target (INSURE-7, INV-19).

use bytemuck::{zeroed_box, Zeroable};
use plimsoll_ledger::{insurance, token};
use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, Registry, SlotStatus, StoredParams};
use proptest::prelude::*;

const NOW: UnixSecs = UnixSecs::new(1_700_000_000);

fn registry() -> Box<Registry> {
    let mut registry: Box<Registry> = zeroed_box();
    registry.params = StoredParams(GlobalParams::DEFAULT);
    (registry.bank_count, registry.market_count) = (2, 2);
    registry.banks.iter_mut().take(2).for_each(|slot| slot.status = SlotStatus::Active as u8);
    registry
}

/// Of bank 1, at an index of 1.5: 1,000 deposited, so much of it lent, so much insurance.
fn bank(lent: u64, insurance_atoms: u64, target: u64, floor: u64) -> Bank {
    let mut bank = Bank::zeroed();
    (bank.index, bank.deposit_shares, bank.borrow_shares) = (1, 1_000, lent);
    (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE / 2 * 3, INDEX_ONE / 2 * 3);
    (bank.insurance_atoms, bank.insurance_in_atoms) = (insurance_atoms, insurance_atoms);
    (bank.caps.insurance_target_atoms, bank.caps.insurance_floor_atoms) = (target, floor);
    bank
}

#[test]
fn what_waits_and_what_is_promised_is_neither_taken_nor_counted_as_kept() {
    let registry = registry();
    let mut bank = bank(0, 100, 60, 0);
    bank.waiting_shares = 500;
    assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::MAX, NOW), Ok(Atoms::new(40)));
    assert_eq!((bank.insurance_atoms, bank.waiting_shares, bank.insurance_withdrawn_atoms), (60, 500, 40));
    let nothing_left = insurance::withdraw_excess(&mut bank, &registry, Atoms::MAX, NOW);
    assert_eq!(nothing_left, Err(RiskError::InsuranceWithinTarget));
    bank.caps.insurance_target_atoms = 0;
    assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::new(7), NOW), Ok(Atoms::new(7)));
    let nothing_asked = insurance::withdraw_excess(&mut bank, &registry, Atoms::ZERO, NOW);
    assert_eq!(nothing_asked, Err(RiskError::InsuranceWithinTarget));
    bank.reserved_atoms = 1;
    assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::new(7), NOW), Err(RiskError::LossKnown));
}

#[test]
fn losses_of_markets_claim_quotes_insurance_and_no_other() {
    for (index, claimed) in [(0, Err(RiskError::LossKnown)), (1, Ok(Atoms::new(5)))] {
        let mut registry = registry();
        let mut bank = Bank { index, ..bank(0, 100, 60, 0) };
        registry.markets[1].known_loss_atoms = [0, 3];
        assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::new(5), NOW), claimed);
        // Of a market that is not listed nothing is asked.
        (registry.markets[1].known_loss_atoms, registry.markets[2].known_loss_atoms) = ([0; 2], [9; 2]);
        assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::new(5), NOW), Ok(Atoms::new(5)));
        registry.frozen_accounts = 1;
        assert_eq!(insurance::withdraw_excess(&mut bank, &registry, Atoms::new(5), NOW), Err(RiskError::LossKnown));
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    PaidIn(u64),
    Waits(u64),
    Swept,
    Reserved(u64),
    Paid(u64),
    GivenBack(u64),
    Withdrawn(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let atoms = || prop_oneof![0u64..200, 0u64..5];
    prop_oneof![
        atoms().prop_map(Step::PaidIn),
        atoms().prop_map(Step::Waits),
        Just(Step::Swept),
        atoms().prop_map(Step::Reserved),
        atoms().prop_map(Step::Paid),
        atoms().prop_map(Step::GivenBack),
        atoms().prop_map(Step::Withdrawn),
    ]
}

/// As a resolution and the instructions about insurance do it; what fails changes nothing.
fn walk(bank: &Bank, registry: &Registry, step: Step) -> Option<Bank> {
    let mut next = *bank;
    match step {
        Step::PaidIn(atoms) => insurance::add_insurance(&mut next, Atoms::new(atoms)).ok()?,
        Step::Waits(atoms) => {
            let delta = insurance::add_waiting(&mut next, Atoms::new(atoms)).ok()?;
            token::apply_totals(&mut next, delta).ok()?;
        }
        Step::Swept => drop(insurance::sweep_waiting(&mut next).ok()?),
        Step::Reserved(atoms) => {
            insurance::draw(&mut next, Atoms::new(atoms)).ok()?;
            next.reserved_atoms += atoms;
        }
        Step::Paid(atoms) => {
            next.reserved_atoms = next.reserved_atoms.checked_sub(atoms)?;
            next.insurance_out_atoms += atoms;
        }
        Step::GivenBack(atoms) => insurance::give_back(&mut next, Atoms::new(atoms)).ok()?,
        Step::Withdrawn(atoms) => drop(insurance::withdraw_excess(&mut next, registry, Atoms::new(atoms), NOW).ok()?),
    }
    Some(next)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// INV-19
    #[test]
    fn whatever_happens_to_a_fund_what_came_in_is_there_promised_paid_or_taken_out_above_its_target(
        steps in prop::collection::vec(step(), 1..60), lent in 0u64..1_300, start in 0u64..300, target in 0u64..300, floor in 0u64..300,
        uncovered in prop_oneof![3 => Just(0u64), 1 => 0u64..100],
    ) {
        let registry = registry();
        let mut bank = Bank { uncovered_atoms: uncovered, ..bank(lent, start, target, floor) };
        for step in steps {
            let before = bank;
            let Some(after) = walk(&before, &registry, step) else { continue };
            bank = after;
            let held = bank.insurance_atoms + bank.reserved_atoms;
            let gone = bank.insurance_out_atoms + bank.insurance_withdrawn_atoms;
            prop_assert_eq!(bank.insurance_in_atoms, held + gone, "{:?}", step);
            let taken = bank.insurance_withdrawn_atoms - before.insurance_withdrawn_atoms;
            if let Step::Withdrawn(most) = step {
                prop_assert!(taken > 0 && taken <= most && before.reserved_atoms == 0 && before.uncovered_atoms == 0);
                prop_assert!(bank.insurance_atoms >= target.max(floor), "{} below {target} or {floor}", bank.insurance_atoms);
                let others = |bank: &Bank| (bank.deposit_shares, bank.borrow_shares, bank.waiting_shares, bank.fees_atoms);
                prop_assert_eq!(others(&bank), others(&before));
            } else {
                prop_assert_eq!(taken, 0);
            }
        }
    }
}
