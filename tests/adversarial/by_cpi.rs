//! The engine called by a hostile program: with signatures it does not have, in orders nobody intended, with answers
//! that are not the engine's.

use anchor_lang::prelude::{ErrorCode, Pubkey};
use plimsoll_interface::answer::{self, AnswerError};
use plimsoll_state::{Bank, EngineAccount, MarginAccount};
use plimsoll_tests::*;
use solana_instruction::{AccountMeta, Instruction};
use testkit_hostile::client::{signer as hostile_signer, Script};

use super::calls::{calls, Call};
use super::clean::named;
use super::sealevel::compared;
use super::stage::{Stage, FALLEN_E8, SOLS, UNITS};

/// What the runtime says to a program that claims a right its caller does not have.
const ESCALATION: &str = "Cross-program invocation with unauthorized signer or writable account";
/// And to one that is called while it is at work further down.
const REENTRANCY: &str = "Cross-program invocation reentrancy not allowed for this instruction";

fn staged() -> Stage {
    let mut stage = Stage::new();
    deploy_hostile(&mut stage.world);
    stage
}

fn signers_of(ix: &Instruction) -> Vec<Pubkey> {
    ix.accounts.iter().filter(|meta| meta.is_signer).map(|meta| meta.pubkey).collect()
}

/// The call through the hostile program, with the signatures that it asks for.
fn through(call: &Call) -> Instruction {
    Script::new().call(&call.ix).instruction(&signers_of(&call.ix))
}

/// Refused by the runtime in these words, every byte left as it was.
#[track_caller]
fn assert_runtime_refuses(world: &mut World, ix: Instruction, words: &str) {
    let payer = world.party("fees");
    let before = world.snapshot();
    let failure = world.send(&payer, &[ix]).expect_err("the runtime refuses");
    assert!(failure.text.contains(words), "{failure}");
    assert_same(&before, &world.snapshot());
}

#[test]
fn every_call_of_the_table_does_by_cpi_what_it_does_alone() {
    let mut stage = staged();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    for call in &calls {
        let (mut alone, mut by_cpi) = (stage.world.clone(), stage.world.clone());
        assert_sent(alone.send(&payer, std::slice::from_ref(&call.ix)));
        let sent = by_cpi.send(&payer, &[through(call)]);
        assert!(sent.is_ok(), "{}: {}", call.title(), sent.unwrap_err());
        assert_same(&alone.snapshot(), &by_cpi.snapshot());
    }
}

#[test]
fn no_call_gets_a_signature_or_a_right_to_write_that_the_transaction_did_not_give() {
    let mut stage = staged();
    let calls = calls(&mut stage);
    let mut attacks = 0;
    for call in &calls {
        let signers = signers_of(&call.ix);
        for missing in &signers {
            let others: Vec<Pubkey> = signers.iter().filter(|key| *key != missing).copied().collect();
            let ix = Script::new().call(&call.ix).instruction(&others);
            assert_runtime_refuses(&mut stage.world, ix, ESCALATION);
            attacks += 1;
        }
        for written in call.ix.accounts.iter().filter(|meta| meta.is_writable && !meta.is_signer) {
            let mut ix = through(call);
            ix.accounts.iter_mut().filter(|meta| meta.pubkey == written.pubkey).for_each(|m| m.is_writable = false);
            assert_runtime_refuses(&mut stage.world, ix, ESCALATION);
            attacks += 1;
        }
    }
    assert!(attacks > 150, "the table has lost rows: {attacks} attacks");
}

#[test]
fn nobody_signs_for_a_banks_vault_the_event_authority_or_another_programs_venue() {
    let mut stage = staged();
    let keys = stage.world.keys;
    let token = stage.world.token(USDC);
    let loot = stage.world.party("loot");
    let loot = stage.world.funded(&loot, USDC, 0);
    // A transfer out of the vault, whose authority is the bank's address.
    let mut data = vec![3];
    data.extend_from_slice(&1_000_000u64.to_le_bytes());
    let bank = keys.bank(USDC);
    let steal = Instruction {
        program_id: token.token_program,
        accounts: vec![
            AccountMeta::new(bank.vault, false),
            AccountMeta::new(loot, false),
            AccountMeta::new_readonly(bank.bank, true),
        ],
        data,
    };
    // An event that never happened.
    let mut data = anchor_lang::event::EVENT_IX_TAG_LE.to_vec();
    data.extend_from_slice(&<plimsoll::event::Deposited as plimsoll::event::Event>::DISCRIMINATOR);
    let forge = Instruction {
        program_id: pda::PROGRAM_ID,
        accounts: vec![AccountMeta::new_readonly(pda::event_authority(), true)],
        data,
    };
    // A premium in the name of a venue that another program signs for.
    let premium = ix::report_premium(&keys, SOL_PERP, stage.venue_signer, 100);
    for attack in [steal, forge.clone(), premium.clone()] {
        let ix = Script::new().call(&attack).instruction(&[]);
        assert_runtime_refuses(&mut stage.world, ix, ESCALATION);
    }
    // Without claiming the signature the engine misses it.
    let payer = stage.world.party("fees");
    for mut attack in [forge, premium] {
        attack.accounts[0].is_signer = false;
        let ix = Script::new().call(&attack).instruction(&[]);
        let missing = if attack.data.len() == 16 { ErrorCode::ConstraintSigner } else { ErrorCode::AccountNotSigner };
        assert_refused(&mut stage.world, &payer, &[ix], missing);
    }
}

#[test]
fn a_venue_of_the_attackers_own_stays_within_band_notional_and_approval() {
    let mut stage = staged();
    let (keys, authority, signer) = (stage.world.keys, stage.world.authority, hostile_signer());
    let args = args::RegisterVenueArgs { signer, settle_markets: 1, premium_markets: 1 };
    stage.sent(ix::register_venue(&keys, authority, authority, args));
    let (alice, bob, venue) = (stage.alice, stage.bob, keys.venue(&signer));
    let payer = stage.world.party("fees");
    let fill = |world: &World, units: u64, price_e8: i64| {
        let quote_atoms = world.quote_atoms(SOL_PERP, units, Some(price_e8));
        let args = args::SettleFillArgs { base_units: units, quote_atoms };
        ix::settle_fill(&keys, SOL_PERP, alice.account, bob.account, ix::FillAuthority::Venue { signer }, args)
    };
    let fair = fill(&stage.world, UNITS, FALLEN_E8);
    let refused = Script::new().call(&fair).instruction(&[]);
    assert_refused(&mut stage.world, &payer, &[refused], EngineError::VenueNotApproved);
    for trader in [alice, bob] {
        let approve = stage.world.approve_venue(&trader, venue, 400 * super::stage::USD);
        stage.sent(approve);
    }
    let (dear, cheap) = (fill(&stage.world, UNITS, FALLEN_E8 * 2), fill(&stage.world, UNITS, FALLEN_E8 / 2));
    let elsewhere = ix::report_premium(&keys, BTC_PERP, signer, 100);
    let same = ix::settle_fill(
        &keys,
        SOL_PERP,
        alice.account,
        alice.account,
        ix::FillAuthority::Venue { signer },
        args::SettleFillArgs { base_units: UNITS, quote_atoms: 162_000_000 },
    );
    let thrice = Script::new().call(&fair).call(&fair).call(&fair);
    for (script, error) in [
        (Script::new().call(&dear), EngineError::PriceOutsideBand),
        (Script::new().call(&cheap), EngineError::PriceOutsideBand),
        (Script::new().call(&fair).call(&dear), EngineError::PriceOutsideBand),
        (Script::new().call(&elsewhere), EngineError::VenueInactive),
        (Script::new().call(&same), EngineError::SameAccount),
        (thrice, EngineError::VenueNotionalExceeded),
    ] {
        assert_refused(&mut stage.world, &payer, &[script.instruction(&[])], error);
    }
    // What is approved works, so the refusals are not for another reason.
    assert_sent(stage.world.send(&payer, &[Script::new().call(&fair).call(&fair).instruction(&[])]));
}

#[test]
fn a_program_in_place_of_the_token_program_is_never_called() {
    let mut stage = staged();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let (mut attacks, mut names) = (0, std::collections::BTreeSet::new());
    for call in &calls {
        let programs = [pda::TOKEN_PROGRAM, pda::TOKEN_2022_PROGRAM, anchor_lang::system_program::ID];
        for program in programs {
            let mut ix = call.ix.clone();
            let places: Vec<_> = ix.accounts.iter_mut().filter(|meta| meta.pubkey == program).collect();
            if places.is_empty() {
                continue;
            }
            places.into_iter().for_each(|meta| meta.pubkey = testkit_hostile::ID);
            let before = stage.world.snapshot();
            let sent = stage.world.send(&payer, &[Script::new().call(&ix).instruction(&signers_of(&ix))]);
            let failure = sent.expect_err(&call.title());
            assert!(!failure.logs.iter().any(|log| log.contains(testkit_hostile::CALLED)), "{failure}");
            assert_same(&before, &stage.world.snapshot());
            names.insert(named(&failure));
            attacks += 1;
        }
    }
    // Anchor knows the programs that it is told of; a bank's token program is the engine's to compare.
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["AccountMismatch", "InvalidProgramId"]);
    assert!(attacks >= 10, "the table has lost rows: {attacks} attacks");
}

#[test]
fn even_a_bank_that_named_a_hostile_token_program_could_be_neither_re_entered_nor_lied_to() {
    let mut stage = staged();
    let (keys, alice) = (stage.world.keys, stage.alice);
    let source = stage.world.funded(&alice.owner, USDC, 1_000);
    // No instruction lists such a bank; it is written from outside.
    let mut bank: Bank = stage.world.read(&keys.bank(USDC).bank);
    bank.token_program = testkit_hostile::ID.to_bytes();
    let mut token = stage.world.token(USDC);
    token.token_program = testkit_hostile::ID;
    stage.world.write(&keys.bank(USDC).bank, &bank);
    let args = args::DepositArgs { amount_atoms: 1_000 };
    let payer = stage.world.party("fees");
    // It says that it moved the tokens.
    let deposit = ix::deposit(&keys, &token, alice.owner, alice.account, source, args);
    assert_refused(&mut stage.world, &payer, &[deposit], EngineError::AmountZero);
    let withdraw = args::WithdrawArgs { amount_atoms: 1_000, all: false };
    let withdraw = ix::withdraw(&keys, &token, alice.owner, alice.account, source, withdraw);
    assert_refused(&mut stage.world, &payer, &[withdraw], EngineError::VaultDeltaMismatch);
    // It calls the engine, handed over as the mint, in the middle of the deposit.
    bank.mint = pda::PROGRAM_ID.to_bytes();
    token.mint = pda::PROGRAM_ID;
    stage.world.write(&keys.bank(USDC).bank, &bank);
    let deposit = ix::deposit(&keys, &token, alice.owner, alice.account, source, args);
    assert_runtime_refuses(&mut stage.world, deposit, REENTRANCY);
}

#[test]
fn a_byte_for_byte_copy_of_an_account_that_the_attacker_owns_is_refused_in_every_slot() {
    let mut stage = staged();
    let calls = calls(&mut stage);
    let payer = stage.world.party("fees");
    let mut attacks = 0;
    for call in &calls {
        for (at, meta) in call.ix.accounts.iter().take(compared(call)).enumerate() {
            let Some(mut copy) = stage.world.svm.get_account(&meta.pubkey) else { continue };
            if copy.owner != pda::PROGRAM_ID {
                continue;
            }
            copy.owner = testkit_hostile::ID;
            let forged = address("forged");
            let mut world = stage.world.clone();
            world.put(&forged, copy);
            let mut ix = call.ix.clone();
            ix.accounts[at].pubkey = forged;
            let script = Script::new().call(&ix).instruction(&signers_of(&ix));
            let failure = world.send(&payer, &[script]).expect_err(&call.title());
            // Where an address is derived the seeds are compared first, and of an engine what says that it is theirs; what
            // is not ready is named by the engine.
            let owner: u32 = ErrorCode::AccountOwnedByWrongProgram.into();
            let seeds: u32 = ErrorCode::ConstraintSeeds.into();
            let own = [EngineError::EngineMismatch, EngineError::AccountMismatch, EngineError::ChangeMismatch];
            let is = |code| [owner, seeds].contains(&code) || own.iter().any(|error| *error as u32 == code);
            assert!(failure.code.is_some_and(is), "{} {at}: {failure}", call.title());
            attacks += 1;
        }
    }
    assert!(attacks > 150, "the table has lost rows: {attacks} attacks");
}

#[test]
fn an_answer_that_the_attacker_left_behind_is_not_taken_for_the_engines() {
    let mut stage = staged();
    deploy_example_venue(&mut stage.world);
    let (keys, alice) = (stage.world.keys, stage.alice);
    let rosy = plimsoll_state::MarginView {
        ratio_ppm: u32::MAX,
        views: 7,
        engine: keys.engine.to_bytes(),
        account: alice.account.to_bytes(),
        owner: alice.owner.to_bytes(),
        init_nav_usd_pico: plimsoll_state::I128Le::new(i128::MAX),
        ..Default::default()
    };
    let expected = answer::of_account(&keys.engine, &alice.account);
    let bytes = bytemuck::bytes_of(&rosy);
    let payer = stage.world.party("fees");
    let lie = Script::new().answer(bytes);
    let meta = assert_sent(stage.world.send(&payer, &[lie.clone().instruction(&[])]));
    let refused = answer::margin_view(&meta.return_data.program_id, &meta.return_data.data, &expected);
    assert_eq!(refused, Err(AnswerError::NotFromEngine));
    // Before a real check in the same instruction, and before one in the same transaction.
    let check = ix::check_margin(&keys, alice.account, 3);
    let honest = assert_sent(stage.world.simulate(&payer, std::slice::from_ref(&check))).return_data;
    let after_lie = lie.clone().call(&check).instruction(&[]);
    assert_eq!(assert_sent(stage.world.simulate(&payer, &[after_lie])).return_data, honest);
    let in_turn = [lie.clone().instruction(&[]), check.clone()];
    assert_eq!(assert_sent(stage.world.simulate(&payer, &in_turn)).return_data, honest);
    // Afterwards: whoever reads must see whose it is.
    let covered = Script::new().call(&check).answer(bytes).instruction(&[]);
    let meta = assert_sent(stage.world.simulate(&payer, &[covered]));
    assert_eq!(meta.return_data.program_id, testkit_hostile::ID);
    // In the engine's place the hostile program is not called at all.
    let operator = stage.world.party("operator");
    let venue = example_venue::client::Venue::of(operator, keys.engine);
    assert_sent(stage.world.send(&operator, &[venue.create()]));
    let read = example_venue::accounts::ReadMargin {
        config: venue.config,
        margin_account: alice.account,
        registry: keys.registry,
        board: keys.board,
        engine_program: testkit_hostile::ID,
    };
    let read = Instruction {
        program_id: example_venue::ID,
        accounts: anchor_lang::ToAccountMetas::to_account_metas(&read, None),
        data: anchor_lang::InstructionData::data(&example_venue::instruction::ReadMargin { views: 3 }),
    };
    assert_refused(&mut stage.world, &payer, &[read], ErrorCode::InvalidProgramId);
}

#[test]
fn a_loan_that_is_repaid_in_the_same_instruction_moves_no_rate_and_earns_no_interest() {
    let mut stage = staged();
    let (keys, alice) = (stage.world.keys, stage.alice);
    let purse = stage.world.funded(&alice.owner, SOL, 0);
    let sol = stage.world.token(SOL);
    let loan = args::BorrowArgs { amount_atoms: 1_500 * SOLS };
    let borrow = ix::borrow(&keys, &sol, alice.owner, alice.account, purse, loan);
    let deposit = args::DepositArgs { amount_atoms: 1_500 * SOLS };
    let repay = ix::deposit(&keys, &sol, alice.owner, alice.account, purse, deposit);
    let accrue = ix::accrue(&keys, SOL);
    let payer = stage.world.party("fees");
    let (mut with, mut without) = (stage.world.clone(), stage.world.clone());
    let script = Script::new().call(&borrow).call(&accrue).call(&repay).instruction(&[alice.owner]);
    assert_sent(with.send(&payer, &[script]));
    assert_sent(without.send(&payer, std::slice::from_ref(&accrue)));
    let rate = |world: &World| world.registry().banks[SOL as usize].borrow_rate_per_sec;
    assert_eq!(rate(&with), rate(&without));
    for world in [&mut with, &mut without] {
        world.hold_prices(60, 5);
        assert_sent(world.send(&payer, std::slice::from_ref(&accrue)));
    }
    assert_eq!(rate(&with), rate(&without));
    let index = |world: &World| world.read::<Bank>(&keys.bank(SOL).bank).deposit_index;
    assert!(index(&with).abs_diff(index(&without)) <= 1);
}

#[test]
fn a_frozen_account_is_not_thawed_by_anything_called_around_its_resolution() {
    let mut stage = staged();
    let (keys, frozen) = (stage.world.keys, stage.owing_quote);
    let purse = stage.world.funded(&frozen.owner, USDC, 1_000);
    let token = stage.world.token(USDC);
    let repay = ix::repay(
        &keys,
        &token,
        frozen.owner,
        frozen.account,
        purse,
        args::RepayArgs { amount_atoms: 1_000, all: false },
    );
    let withdraw = args::WithdrawArgs { amount_atoms: 0, all: true };
    let withdraw = ix::withdraw(&keys, &token, frozen.owner, frozen.account, purse, withdraw);
    let delegate = ix::set_delegate(frozen.owner, frozen.account, Some(all_rights(hostile_signer())));
    let finish = ix::resolve_bankruptcy(&keys, frozen.account, args::ResolveStep::Finish);
    let payer = stage.world.party("fees");
    for (second, error) in [
        (withdraw, EngineError::AccountBankrupt),
        (delegate, EngineError::AccountBankrupt),
        (finish, EngineError::WrongStage),
    ] {
        let ix = Script::new().call(&repay).call(&second).instruction(&[frozen.owner]);
        assert_refused(&mut stage.world, &payer, &[ix], error);
    }
    let account: MarginAccount = stage.world.margin_account(&frozen);
    assert_eq!(account.invariant(), Ok(()));
}
