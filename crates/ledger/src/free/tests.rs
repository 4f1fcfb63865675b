use std::boxed::Box;

use bytemuck::{zeroed_box, Zeroable};
use plimsoll_risk::params::{GlobalParams, INDEX_ONE};
use plimsoll_state::{BankCaps, PriceBoard, Registry, SlotStatus, StoredParams};

use super::*;

const NOW: UnixSecs = UnixSecs::new(1_700_000_000);

struct World {
    registry: Box<Registry>,
    board: Box<PriceBoard>,
    bank: Bank,
    account: MarginAccount,
}

/// A bank of a thousand deposited and a hundred lent, and an account that holds six hundred of it.
fn world() -> World {
    let mut registry: Box<Registry> = zeroed_box();
    registry.params = StoredParams(GlobalParams::DEFAULT);
    let slot = &mut registry.banks[0];
    (slot.status, slot.deposit_index, slot.borrow_index) = (SlotStatus::Active as u8, INDEX_ONE, INDEX_ONE);
    slot.accrued_at = NOW.get();
    let caps = BankCaps {
        borrow_cap_atoms: 300,
        outflow_hour_ppm: 1_000_000,
        outflow_day_ppm: 1_000_000,
        ..BankCaps::default()
    };
    let bank = Bank {
        deposit_index: INDEX_ONE,
        booked_borrow_index: INDEX_ONE,
        deposit_shares: 1_000,
        borrow_shares: 100,
        utilization_at: NOW.get(),
        caps,
        ..Bank::zeroed()
    };
    let mut account = MarginAccount::zeroed();
    token::apply_delta(&mut account, 0, SignedAtoms::new(600), &bank.indices()).unwrap();
    World { registry, board: zeroed_box(), bank, account }
}

impl World {
    fn most(&self, taking: Taking) -> (u64, Bound) {
        let books = Books { registry: &self.registry, board: &self.board, now: NOW };
        let mut buffer = Portfolio::empty(*self.registry.params());
        let free = most_out(&self.account, &self.bank, &books, taking, &mut buffer);
        (free.atoms.get(), free.bound)
    }
}

#[test]
fn a_withdrawal_ends_at_the_deposit_or_at_what_the_bank_has_not_lent() {
    let mut world = world();
    assert_eq!(world.most(Taking::Withdrawal), (600, Bound::Refused(RiskError::BalanceInsufficient)));
    world.bank.borrow_shares = 550;
    assert_eq!(world.most(Taking::Withdrawal), (450, Bound::Liquidity));
    (world.bank.borrow_shares, world.bank.caps.outflow_hour_ppm) = (100, 250_000);
    assert_eq!(world.most(Taking::Withdrawal), (250, Bound::Refused(RiskError::OutflowLimited)));
    world.registry.pause_bits |= pause::WITHDRAW;
    world.registry.pauses[pause::WITHDRAW.trailing_zeros() as usize].authority_until_at = NOW.get() + 60;
    assert_eq!(world.most(Taking::Withdrawal), (0, Bound::Refused(RiskError::Paused)));
}

#[test]
fn on_credit_nothing_passes_that_no_margin_covers() {
    let mut world = world();
    // The deposit goes first and needs no margin; the board has no price by which a debt could be valued.
    let (most, bound) = world.most(Taking::Borrow);
    assert_eq!(most, 600);
    assert!(matches!(bound, Bound::Margin | Bound::Refused(_)), "{bound:?}");
    world.bank.borrow_shares = 301;
    assert_eq!(world.most(Taking::Borrow).0, 600);
}

#[test]
fn what_is_asked_beforehand_is_what_the_ledger_books() {
    let world = world();
    let slot = world.registry.bank(0).unwrap();
    let less = moved(&world.account, slot, 0, SignedAtoms::new(-150), NOW).unwrap();
    assert_eq!(token::shares_of(&less, 0), 450);
    let books = Books { registry: &world.registry, board: &world.board, now: NOW };
    let mut buffer = Portfolio::empty(*world.registry.params());
    let out = taken_out(&world.account, &world.bank, &books, Atoms::new(150), Taking::Withdrawal, &mut buffer).unwrap();
    assert_eq!(bytemuck::bytes_of(&out), bytemuck::bytes_of(&less));
    assert_eq!(moved(&world.account, slot, 0, SignedAtoms::new(0), NOW).unwrap_err(), RiskError::AmountZero);
}
