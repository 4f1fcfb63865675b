//! Creating twice, creating on a prepared address, and using what was closed.

use plimsoll_state::{MarginAccount, TokenPosition};
use plimsoll_tests::*;
use solana_account::Account;
use solana_instruction::{AccountMeta, Instruction};

use super::calls::{calls, Call};
use super::clean::{complaint, named, untouched};
use super::program::{self, Slot};
use super::stage::Stage;

fn creates(call: &Call) -> Vec<usize> {
    let slots = program::slots(call.name);
    // What a proposal creates is numbered: a second one is another.
    let created = |slot: &Slot| slot.derived && call.name != "propose_change";
    (0..slots.len()).filter(|at| created(&slots[*at])).collect()
}

fn transfer(from: anchor_lang::prelude::Pubkey, to: anchor_lang::prelude::Pubkey, lamports: u64) -> Instruction {
    let data = [2u32.to_le_bytes().as_slice(), &lamports.to_le_bytes()].concat();
    let accounts = vec![AccountMeta::new(from, true), AccountMeta::new(to, false)];
    Instruction { program_id: Default::default(), accounts, data }
}

#[test]
fn what_exists_cannot_be_created_again() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let creating: Vec<&Call> = calls.iter().filter(|call| !creates(call).is_empty()).collect();
    assert_eq!(creating.len(), 11);
    for call in creating {
        let mut world = stage.world.clone();
        assert_sent(world.send(&payer, std::slice::from_ref(&call.ix)));
        if call.case == "first step" {
            // A later step is no second creation; one after the last would be.
            let steps = match call.name {
                "grow_board" => ix::BOARD_STEPS,
                "grow_feeds" => ix::FEEDS_STEPS,
                _ => ix::REGISTRY_STEPS,
            };
            (1..steps).for_each(|_| drop(assert_sent(world.send(&payer, std::slice::from_ref(&call.ix)))));
        }
        let before = world.snapshot();
        let failure = world.send(&payer, std::slice::from_ref(&call.ix)).expect_err("it exists");
        assert_eq!(complaint(&failure, &stage.hostile), None, "{}", call.title());
        assert_eq!(untouched(&before, &world.snapshot()), None, "{}", call.title());
        // Anchor's `init` meets the vault; a market's slot is taken; what else exists the program says is complete.
        let expected = match call.name {
            "list_bank" => "AlreadyInUse",
            "list_market" => "SlotTaken",
            _ => "AlreadyComplete",
        };
        assert_eq!(named(&failure), expected, "{}", call.title());
    }
}

#[test]
fn lamports_on_an_address_stop_no_creation() {
    let mut stage = Stage::new();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let mut tried = 0;
    for call in &calls {
        for at in creates(call) {
            tried += 1;
            for lamports in [1, 890_880, 50_000_000_000] {
                let mut world = stage.world.clone();
                let key = call.ix.accounts[at].pubkey;
                let account = world.svm.get_account(&key).unwrap_or_default();
                world.put(&key, Account { lamports: account.lamports + lamports, ..account });
                assert_sent(world.send(&payer, std::slice::from_ref(&call.ix)));
            }
        }
    }
    assert!(tried >= 11, "{tried} addresses");
}

#[test]
fn a_closed_account_is_dead_within_the_same_transaction_even_with_its_rent_back() {
    let mut stage = Stage::new();
    let (keys, empty, rent_payer) = (stage.world.keys, stage.empty, stage.rent_payer);
    let payer = stage.world.party("fees");
    let source = stage.world.funded(&empty.owner, USDC, 1_000);
    let close = ix::close_account(empty.owner, empty.account, rent_payer);
    let refund = transfer(empty.owner, empty.account, 50_000_000);
    let args = args::DepositArgs { amount_atoms: 1_000 };
    let token = stage.world.token(USDC);
    for used in [
        ix::deposit(&keys, &token, empty.owner, empty.account, source, args),
        ix::set_delegate(empty.owner, empty.account, None),
        ix::close_account(empty.owner, empty.account, rent_payer),
        ix::check_margin(&keys, empty.account, 1),
        ix::observe_margin(&keys, empty.account),
    ] {
        let transaction = [close.clone(), refund.clone(), used.clone()];
        let owned_by_system = anchor_lang::error::ErrorCode::AccountOwnedByWrongProgram;
        assert_refused(&mut stage.world, &payer, &transaction, owned_by_system);
        let mut world = stage.world.clone();
        assert_sent(world.send(&payer, &[close.clone(), refund.clone()]));
        assert!(world.data(&empty.account).is_empty());
        assert_refused(&mut world, &payer, &[used], owned_by_system);
    }
}

#[test]
fn an_address_that_was_closed_and_is_opened_again_remembers_nothing() {
    let mut stage = Stage::new();
    let (keys, empty, rent_payer) = (stage.world.keys, stage.empty, stage.rent_payer);
    let payer = stage.world.party("fees");
    let mut marked: MarginAccount = stage.world.margin_account(&empty);
    (marked.under_water_secs, marked.bypass, marked.delegate) = (77, 1, [9; 32]);
    marked.passed_at = stage.world.now();
    stage.world.write(&empty.account, &marked);
    let close = ix::close_account(empty.owner, empty.account, rent_payer);
    let open = ix::open_account(&keys, empty.owner, payer, args::OpenAccountArgs { id: 0, delegate: None });
    assert_sent(stage.world.send(&payer, &[close, open]));
    let opened = stage.world.margin_account(&empty);
    assert_eq!((opened.under_water_secs, opened.bypass, opened.delegate, opened.passed_at), (0, 0, [0; 32], 0));
    assert_eq!(opened.rent_payer, payer.to_bytes());
    assert!(opened
        .tokens
        .iter()
        .all(|token| bytemuck::bytes_of(token) == bytemuck::bytes_of(&TokenPosition::default())));
}

#[test]
fn rent_goes_back_to_a_payer_that_has_since_been_emptied() {
    let mut stage = Stage::new();
    let (empty, rent_payer) = (stage.empty, stage.rent_payer);
    let payer = stage.world.party("fees");
    let rent = stage.world.lamports(&empty.account);
    for lamports in [0, 1] {
        let mut world = stage.world.clone();
        world.set_lamports(&rent_payer, lamports);
        assert_sent(world.send(&payer, &[ix::close_account(empty.owner, empty.account, rent_payer)]));
        assert_eq!(world.lamports(&rent_payer), lamports + rent);
    }
}
