//! Insurance leaves above its target only, in public, and never while a loss may claim it (INSURE-7).

use anchor_lang::prelude::Pubkey;
use plimsoll::event::InsuranceWithdrawn;
use plimsoll::instructions::ResolveStep::{Finish, Freeze, PayBorrow};
use plimsoll_state::{Bank, Engine, Registry};
use plimsoll_tests::*;
use solana_instruction::Instruction;

use super::{bank_args, execute, launched, propose, wait, DELAY};

const FUND: u64 = 50_000 * USD;
const TARGET: u64 = 40_000 * USD;

fn bank(stage: &Stage) -> Bank {
    stage.read(&stage.keys.bank(USDC).bank)
}

/// An engine with insurance of 50,000 dollars, of which 40,000 are to stay, and where the rest may go.
fn funded(mut stage: Stage) -> (Stage, Pubkey) {
    assert_sent(stage.fund_insurance(USDC, FUND));
    let (key, mut held) = (stage.keys.bank(USDC).bank, bank(&stage));
    held.caps.insurance_target_atoms = TARGET;
    stage.write(&key, &held);
    let treasury = stage.party("treasury");
    let destination = stage.funded(&treasury, USDC, 0);
    (stage, destination)
}

fn withdraw(stage: &Stage, signer: Pubkey, destination: Pubkey, most_atoms: u64) -> Instruction {
    let args = args::WithdrawInsuranceArgs { most_atoms };
    ix::withdraw_insurance(&stage.keys, &stage.token(USDC), signer, destination, args)
}

/// Proposes that all that is above the target leaves, and waits until that is due.
fn due(stage: &mut Stage, destination: Pubkey) -> u64 {
    let take = withdraw(stage, stage.keys.executor(), destination, FUND);
    let id = propose(stage, &take);
    wait(stage, DELAY);
    id
}

/// INSURE-7, POWER-1
#[test]
fn no_key_takes_insurance_at_once_and_a_change_that_has_waited_takes_what_is_above_the_target_to_where_it_said() {
    let (mut stage, destination) = funded(launched());
    let (keys, risk) = (stage.keys, stage.party("risk"));
    let mut engine: Engine = stage.read(&keys.engine);
    (engine.risk_authority, engine.guardian) = (risk.to_bytes(), stage.party("guardian").to_bytes());
    engine.fee_collector = stage.party("fee collector").to_bytes();
    stage.write(&keys.engine, &engine);
    for (signer, error) in [
        (stage.authority, EngineError::ChangeWaits),
        (risk, EngineError::NotAuthority),
        (address("guardian"), EngineError::NotAuthority),
        (address("fee collector"), EngineError::NotAuthority),
        (stage.maker.owner, EngineError::NotAuthority),
    ] {
        let take = withdraw(&stage, signer, destination, USD);
        assert_refused(&mut stage, &signer, &[take], error);
    }
    let take = withdraw(&stage, keys.executor(), destination, FUND);
    let id = propose(&mut stage, &take);
    assert_code(execute(&mut stage, id), EngineError::ChangeNotDue);
    wait(&mut stage, DELAY);
    let before = bank(&stage);
    let sent = execute(&mut stage, id);
    let taken: InsuranceWithdrawn = event(&stage.done(sent));
    let after = bank(&stage);
    assert_eq!((taken.atoms, taken.destination), (FUND - TARGET, destination));
    assert_eq!((stage.token_balance(&destination), after.insurance_atoms), (FUND - TARGET, TARGET));
    assert_eq!((after.insurance_withdrawn_atoms, after.insurance_out_atoms), (FUND - TARGET, 0));
    let deposits = |bank: &Bank| (bank.deposit_shares, bank.borrow_shares, bank.fees_atoms, bank.waiting_shares);
    assert_eq!(deposits(&after), deposits(&before), "nobody else's");
    // The same once more finds nothing.
    let again = due(&mut stage, destination);
    let failure = execute(&mut stage, again).expect_err("nothing is above");
    assert_eq!(failure.code, Some(EngineError::InsuranceWithinTarget as u32), "{failure}");
    let told = format!("bank 0: keeps {TARGET} of {TARGET}");
    assert!(failure.logs.iter().any(|log| log.contains(&told)), "{failure}");
}

/// INSURE-7
#[test]
fn what_leaves_is_what_is_above_target_and_floor_when_it_happens() {
    // (target, floor, most, taken) of a fund of 50,000 dollars
    for (target, floor, most, taken) in [
        (TARGET, 0, 3_000 * USD, 3_000 * USD),
        (TARGET, 45_000 * USD, FUND, 5_000 * USD),
        (0, 0, FUND, FUND),
        (FUND - 1, 0, FUND, 1),
        (FUND, 0, FUND, 0),
        (u64::MAX, 0, FUND, 0),
        (0, FUND, FUND, 0),
    ] {
        let (mut stage, destination) = funded(Stage::new());
        let (key, mut held) = (stage.keys.bank(USDC).bank, bank(&stage));
        (held.caps.insurance_target_atoms, held.caps.insurance_floor_atoms) = (target, floor);
        stage.write(&key, &held);
        let take = withdraw(&stage, stage.authority, destination, most);
        let sent = stage.send_as_authority(take);
        if taken == 0 {
            assert_code(sent, EngineError::InsuranceWithinTarget);
        } else {
            stage.done(sent);
        }
        assert_eq!(stage.token_balance(&destination), taken, "{target} {floor} {most}");
    }
    // What was proposed when there was more.
    let (mut stage, destination) = funded(launched());
    let id = due(&mut stage, destination);
    let (key, mut held) = (stage.keys.bank(USDC).bank, bank(&stage));
    (held.insurance_atoms, held.insurance_out_atoms) = (TARGET + 7, FUND - TARGET - 7);
    stage.write(&key, &held);
    assert_sent(execute(&mut stage, id));
    assert_eq!((stage.token_balance(&destination), bank(&stage).insurance_atoms), (7, TARGET));
}

/// INSURE-7
#[test]
fn a_target_rises_at_once_and_falls_only_after_it_has_waited() {
    let (mut stage, destination) = funded(launched());
    let (keys, authority) = (stage.keys, stage.authority);
    let id = due(&mut stage, destination);
    let with = |target| bank_args(USDC, |config| config.insurance_target_atoms = Some(target));
    let failure =
        stage.send_as_authority(ix::update_bank(&keys, authority, USDC, with(TARGET - 1))).expect_err("lower");
    assert_eq!(failure.code, Some(EngineError::ChangeWaits as u32), "{failure}");
    let waits = format!("waits: insurance_target_atoms from {TARGET} to {}", TARGET - 1);
    assert!(failure.logs.iter().any(|log| log.contains(&waits)), "{failure}");
    // Whoever sees the proposal and thinks better of it needs no second one.
    assert_sent(stage.send_as_authority(ix::update_bank(&keys, authority, USDC, with(FUND))));
    assert_code(execute(&mut stage, id), EngineError::InsuranceWithinTarget);
}

/// INSURE-7: each by itself, and none of it of another bank's.
#[test]
fn nothing_leaves_while_a_loss_may_claim_it() {
    let (stage, destination) = funded(Stage::new());
    let take = withdraw(&stage, stage.authority, destination, FUND);
    assert_sent(stage.clone().send_as_authority(take.clone()));
    let of_registry: [(fn(&mut Registry, i64), EngineError); 5] = [
        (|registry, _| registry.frozen_accounts = 1, EngineError::LossKnown),
        (|registry, _| registry.banks[USDC as usize].known_loss_atoms = 1, EngineError::LossKnown),
        (|registry, _| registry.markets[BTC_PERP as usize].known_loss_atoms[1] = 1, EngineError::LossKnown),
        (|registry, _| registry.markets[SOL_PERP as usize].deficit_share_ppm = 1, EngineError::LossKnown),
        (
            |registry, now| registry.banks[USDC as usize].drawdown.until_at = now + 1,
            EngineError::DrawdownBreakerTripped,
        ),
    ];
    for (claim, error) in of_registry {
        let mut stage = stage.clone();
        let (key, mut registry, now) = (stage.keys.registry, stage.registry(), stage.now());
        claim(&mut registry, now);
        stage.write(&key, &*registry);
        assert_code(stage.send_as_authority(take.clone()), error);
    }
    let of_bank: [fn(&mut Bank); 2] = [|bank| bank.reserved_atoms = 1, |bank| bank.uncovered_atoms = 1];
    for claim in of_bank {
        let mut stage = stage.clone();
        let (key, mut held) = (stage.keys.bank(USDC).bank, bank(&stage));
        claim(&mut held);
        stage.write(&key, &held);
        assert_code(stage.send_as_authority(take.clone()), EngineError::LossKnown);
    }
    let mut other = stage;
    let (key, mut registry) = (other.keys.registry, other.registry());
    registry.banks[SOL as usize].known_loss_atoms = 1;
    registry.banks[SOL as usize].drawdown.until_at = other.now() + 1;
    registry.drawn_until_at = other.now() + 1;
    other.write(&key, &*registry);
    assert_sent(other.send_as_authority(take));
}

/// INSURE-7: a proposal that is due cannot be timed between a loss and its payment.
#[test]
fn a_change_that_is_due_does_not_outrun_a_bankruptcy() {
    let (mut stage, destination) = funded(launched());
    stage.lift_spot_band(SOL);
    let id = due(&mut stage, destination);
    stage.hold_prices(120, 5);
    let (liquidator, debtor) = (stage.liquidator, stage.funded_trader("debtor", SOL, 400 * ONE_SOL));
    let sent = stage.borrow(&debtor, USDC, 55_000 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 100, &debtor, 60);
    let sent = stage.liquidate(&liquidator, &debtor, pair(SOL, USDC), ANY);
    stage.done(sent);
    let sent = stage.resolve(&debtor, Freeze);
    stage.done(sent);
    assert_code(execute(&mut stage, id), EngineError::LossKnown);
    let sent = stage.resolve(&debtor, PayBorrow { bank: USDC });
    stage.done(sent);
    let after = bank(&stage);
    assert!(stage.margin_account(&debtor).is_empty() && after.insurance_out_atoms > 12_500 * USD);
    // More than a quarter of the fund was drawn, so that a breaker stands; an hour later what is left is below the target.
    assert_code(execute(&mut stage, id), EngineError::DrawdownBreakerTripped);
    wait(&mut stage, 3_600);
    assert_code(execute(&mut stage, id), EngineError::InsuranceWithinTarget);
    assert_code(stage.resolve(&debtor, Finish), EngineError::WrongStage);
    assert_eq!(stage.token_balance(&destination), 0);
}

/// INSURE-7: of a bank that is lent out no atom leaves that is a lender's.
#[test]
fn insurance_leaves_only_where_lenders_could_leave_too() {
    let (mut stage, destination) = funded(Stage::new());
    let (key, mut held) = (stage.keys.bank(USDC).bank, bank(&stage));
    // All of it and a fee that nobody has paid yet.
    held.borrow_shares = held.deposit_shares + 10;
    held.fees_atoms += 10;
    stage.write(&key, &held);
    let take = withdraw(&stage, stage.authority, destination, FUND);
    assert_code(stage.send_as_authority(take), EngineError::LiquidityInsufficient);
}
