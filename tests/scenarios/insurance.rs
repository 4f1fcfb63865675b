//! What insurance pays with and without liquidity, what it is paid into first, and what collateral passes between cranks.

use plimsoll::event::{BorrowResolved, CollateralLiquidated, InsuranceFunded};
use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, SeizeToken};
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_state::Bank;
use plimsoll_tests::*;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

/// 100 SOL against 13,900 USDC, everything else of the bank lent to a whale: a cure leaves some dollars waiting, and
/// nothing is free to make insurance of them. SOL falls on, and depositors bore a whole loss of 1,965.64 while 7.77
/// waited (INSURE-2).
#[test]
fn insurance_that_waits_pays_first_when_every_atom_is_lent() {
    let mut stage = Stage::new();
    stage.lift_draw_caps();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    let whale = stage.funded_trader("whale", BTC, 1_000 * ONE_BTC);
    let free = bank(&stage, USDC).totals().free_liquidity_down().get();
    let sent = stage.borrow(&whale, USDC, free);
    stage.done(sent);
    assert_eq!(bank(&stage, USDC).totals().free_liquidity_down().get(), 0);
    stage.falls_to(SOL, 163, &alice, 72);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    let fee = outcome(&stage.done(sent)).fee_atoms;
    assert_code(stage.sweep(USDC), EngineError::NothingToSweep);
    stage.falls_to(SOL, 114, &alice, 60);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    assert_eq!(outcome(&stage.done(sent)).regime, 1);
    let before = bank(&stage, USDC);
    let waiting = deposit_atoms_down(before.waiting_shares, before.deposit_index).get();
    assert!((USD..20 * USD).contains(&waiting) && fee - waiting <= 1, "{waiting} of {fee}");
    let sent = stage.resolve(&alice, Freeze);
    stage.done(sent);
    let sent = stage.resolve(&alice, PayBorrow { bank: USDC });
    let paid: BorrowResolved = event(&stage.done(sent));
    assert!((1_500 * USD..2_500 * USD).contains(&paid.owed_atoms), "{}", paid.owed_atoms);
    assert_eq!((paid.from_reserved_atoms, paid.from_unreserved_atoms), (waiting, 0));
    assert_eq!(paid.socialized_atoms, paid.owed_atoms - waiting);
    let after = bank(&stage, USDC);
    assert_eq!((after.waiting_shares, after.insurance_atoms, after.reserved_atoms), (0, 0, 0));
    assert!(stage.margin_account(&alice).is_empty());
}

/// What came in was insurance for the next loss while an older one stayed uncovered, and depositors' way out with it.
/// INSURE-4.
#[test]
fn what_is_paid_into_insurance_covers_what_an_earlier_loss_left_uncovered() {
    let mut stage = Stage::new();
    let key = stage.keys.bank(USDC).bank;
    let mut before = bank(&stage, USDC);
    before.uncovered_atoms = 100 * USD;
    stage.write(&key, &before);
    let sent = stage.fund_insurance(USDC, 60 * USD);
    let funded: InsuranceFunded = event(&assert_sent(sent));
    assert_eq!((funded.after.uncovered_atoms, funded.after.insurance_atoms), (40 * USD, 0));
    assert_sent(stage.fund_insurance(USDC, 60 * USD));
    let after = bank(&stage, USDC);
    assert_eq!((after.uncovered_atoms, after.insurance_atoms), (0, 20 * USD));
    // The protocol's share of interest goes the same way.
    let alice = stage.funded_trader("alice", SOL, 10_000 * ONE_SOL);
    assert_sent(stage.borrow(&alice, USDC, 1_300_000 * USD));
    assert_sent(stage.accrue(USDC));
    let mut owing = bank(&stage, USDC);
    owing.uncovered_atoms = USD;
    stage.write(&key, &owing);
    for _ in 0..2 {
        stage.advance(86_400);
        assert_sent(stage.accrue(USDC));
    }
    let after = bank(&stage, USDC);
    assert!(after.uncovered_atoms == 0 && after.fees_atoms > 0);
    Books::read(&stage).check().unwrap();
}

/// Three days without a crank of a bank that lends SOL: a liquidator's shares were counted at the registry's older index
/// and gained what depositors had earned since (LIQ-5).
#[test]
fn a_liquidator_gets_no_interest_that_no_crank_has_shown() {
    let mut stage = Stage::new();
    let bob = stage.funded_trader("bob", USDC, 3_000_000 * USD);
    let sent = stage.borrow(&bob, SOL, 8_000 * ONE_SOL);
    stage.done(sent);
    stage.advance(600);
    let sent = stage.accrue(SOL);
    stage.done(sent);
    stage.repeat_prices();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.advance(3 * 86_400);
    stage.repeat_prices();
    stage.falls_to(SOL, 150, &alice, 60);
    let (liquidator, start) = (stage.liquidator, stage.clone());
    // By the bank's own index, with its bank and without.
    let run = |with_bank: bool, crank: bool| {
        let mut stage = start.clone();
        if crank {
            let sent = stage.accrue(SOL);
            stage.done(sent);
        }
        let ix = liquidate_ix(&stage, &liquidator, &alice, pair(SOL, USDC), ANY, with_bank);
        let sent = stage.send(&liquidator.owner, &[ix]);
        let seized: CollateralLiquidated = event(&stage.done(sent));
        let got = stage.margin_account(&liquidator);
        assert_eq!(got.tokens[got.token_index(SOL).unwrap()].shares as u64, seized.seized_shares);
        let sent = stage.accrue(SOL);
        stage.done(sent);
        (seized.seized_atoms, deposit_atoms_down(seized.seized_shares, bank(&stage, SOL).deposit_index).get())
    };
    let (due, with_bank) = run(true, false);
    assert!(with_bank <= due && due - with_bank <= 2, "{with_bank} of {due}");
    let (due, bounded) = run(false, false);
    // Three days at some four percent a year are a third of a thousandth; all that is not the depositors' stays.
    assert!(bounded <= due && due - bounded <= due / 2_000, "{bounded} of {due}");
    let (due, cranked) = run(false, true);
    assert!(cranked <= due && due - cranked <= 2, "{cranked} of {due}");
}

/// All of a deposit passes but what the copy did not show of it, which goes to insurance once the account is bankrupt.
#[test]
fn what_a_seizure_of_everything_leaves_is_interest_and_blocks_nothing() {
    let mut stage = Stage::new();
    let bob = stage.funded_trader("bob", USDC, 3_000_000 * USD);
    let sent = stage.borrow(&bob, SOL, 8_000 * ONE_SOL);
    stage.done(sent);
    stage.advance(600);
    let sent = stage.accrue(SOL);
    stage.done(sent);
    stage.repeat_prices();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.advance(3 * 86_400);
    stage.repeat_prices();
    stage.falls_to(SOL, 120, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let account = stage.margin_account(&alice);
    let left = account.tokens[account.token_index(SOL).unwrap()].shares as u64;
    assert!(left > 0 && left < 100 * ONE_SOL / 1_000);
    for step in [Freeze, SeizeToken { bank: SOL }, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&alice).is_empty());
    assert_eq!(bank(&stage, SOL).waiting_shares, left);
}
