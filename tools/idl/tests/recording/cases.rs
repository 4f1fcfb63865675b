//! Accounts of every kind that the engine knows, healthy and not.

use plimsoll::instructions::ResolveStep::Freeze;
use plimsoll_sim::world::{Sent, Trader, BTC, BTC_PERP, E8, SOL, SOL_PERP, USDC};
use plimsoll_tests::{ix, pair, Act, Stage, ANY, BTC_UNITS, ONE_BTC, ONE_SOL, SOL_UNITS, USD};

use crate::recorder::Recorder;

#[track_caller]
fn done(stage: &mut Stage, sent: Sent) {
    stage.done(sent);
}

/// A hundred SOL (20,000 dollars) against a borrow of dollars.
fn borrower(stage: &mut Stage, borrowed_usd: u64) -> Trader {
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, borrowed_usd * USD);
    done(stage, sent);
    alice
}

/// Long (or short) a hundred SOL with dollars.
fn perp_trader(stage: &mut Stage, deposit_usd: u64, long: bool) -> Trader {
    let maker = stage.maker;
    let dave = stage.funded_trader("dave", USDC, deposit_usd * USD);
    let (buyer, seller) = if long { (dave, maker) } else { (maker, dave) };
    let sent = stage.fill(SOL_PERP, &buyer, &seller, 100 * SOL_UNITS, None);
    done(stage, sent);
    dave
}

/// Deposits, a borrow, a short and a long at once.
fn everything(stage: &mut Stage) -> Trader {
    let maker = stage.maker;
    let erin = stage.funded_trader("erin", USDC, 15_000 * USD);
    let sent = stage.deposit(&erin, BTC, ONE_BTC / 10);
    done(stage, sent);
    let sent = stage.borrow(&erin, SOL, 40 * ONE_SOL);
    done(stage, sent);
    let sent = stage.fill(SOL_PERP, &maker, &erin, 150 * SOL_UNITS, None);
    done(stage, sent);
    let sent = stage.fill(BTC_PERP, &erin, &maker, BTC_UNITS / 5, None);
    done(stage, sent);
    erin
}

/// Records every case.
pub fn all(recorder: &mut Recorder) {
    healthy(recorder);
    borrowers(recorder);
    perps(recorder);
    mixed(recorder);
    prices(recorder);
    stages_of_a_liquidation(recorder);
}

fn healthy(recorder: &mut Recorder) {
    let mut stage = Stage::new();
    let empty = stage.trader("zoe");
    recorder.record("an empty account", &stage, &empty);
    let maker = stage.maker;
    recorder.record("a lender of three tokens", &stage, &maker);
    let alice = borrower(&mut stage, 10_000);
    recorder.record("a healthy borrower", &stage, &alice);
    stage.advance(30 * 86_400);
    recorder.record("a borrower whose interest was not booked and whose feeds have died", &stage, &alice);
}

fn borrowers(recorder: &mut Recorder) {
    for (name, borrowed_usd, price_usd, secs) in [
        ("a borrower just under water", 13_900, 162, 0),
        ("a borrower under water for ten seconds", 13_900, 160, 10),
        ("a borrower under water until the averages have followed", 13_900, 160, 450),
        ("a borrower deep under water", 13_900, 150, 60),
        ("a borrower in wind-down", 13_900, 142, 60),
        ("a borrower who is insolvent", 13_900, 120, 60),
        ("a borrower of hardly more than dust", 280, 160, 60),
        ("a borrower at a price that did him no harm", 13_900, 190, 30),
    ] {
        let mut stage = Stage::new();
        let alice = if borrowed_usd == 280 {
            let alice = stage.funded_trader("alice", SOL, 2 * ONE_SOL);
            let sent = stage.borrow(&alice, USDC, borrowed_usd * USD);
            done(&mut stage, sent);
            alice
        } else {
            borrower(&mut stage, borrowed_usd)
        };
        stage.falls_to(SOL, price_usd, &alice, secs);
        recorder.record(name, &stage, &alice);
    }
    let mut stage = Stage::new();
    let carol = stage.funded_trader("carol", USDC, 20_000 * USD);
    let sent = stage.borrow(&carol, BTC, ONE_BTC / 8);
    done(&mut stage, sent);
    recorder.record("a borrower of BTC", &stage, &carol);
    stage.falls_to(BTC, 165_000, &carol, 60);
    recorder.record("a borrower of BTC that has risen", &stage, &carol);
}

fn perps(recorder: &mut Recorder) {
    for (name, deposit_usd, long, price_usd) in [
        ("a long that won", 2_000, true, 220),
        ("a long under water", 1_300, true, 192),
        ("a long that lost more than it had", 1_300, true, 180),
        ("a short under water", 1_300, false, 208),
        ("a short that won", 2_000, false, 170),
    ] {
        let mut stage = Stage::new();
        let dave = perp_trader(&mut stage, deposit_usd, long);
        stage.falls_to(SOL, price_usd, &dave, 60);
        recorder.record(name, &stage, &dave);
    }
    let mut stage = Stage::new();
    let maker = stage.maker;
    let carol = stage.funded_trader("carol", SOL, 10 * ONE_SOL);
    let sent = stage.fill(SOL_PERP, &carol, &maker, 45 * SOL_UNITS, None);
    done(&mut stage, sent);
    stage.falls_to(SOL, 168, &carol, 60);
    recorder.record("a long with SOL as collateral under water", &stage, &carol);
}

fn mixed(recorder: &mut Recorder) {
    let mut stage = Stage::new();
    let erin = everything(&mut stage);
    recorder.record("every kind of leg", &stage, &erin);
    stage.falls_to(SOL, 290, &erin, 60);
    recorder.record("every kind of leg under water", &stage, &erin);
    stage.hold_prices(120, 5);
    recorder.record("every kind of leg two minutes later, not observed", &stage, &erin);
}

fn prices(recorder: &mut Recorder) {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.deposit(&alice, BTC, ONE_BTC / 10);
    done(&mut stage, sent);
    let sent = stage.borrow(&alice, USDC, 21_000 * USD);
    done(&mut stage, sent);
    stage.advance(40);
    for _ in 0..20 {
        stage.advance(2);
        stage.set_price(USDC, E8).unwrap();
        stage.set_price(SOL, 125 * E8).unwrap();
        stage.observe(&alice).unwrap();
    }
    recorder.record("one stale feed, under water by the others", &stage, &alice);

    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.hold_prices(10, 2);
    stage.advance(2);
    stage.set_price(USDC, E8).unwrap();
    stage.set_price(SOL, 150 * E8).unwrap();
    recorder.record("a wick that the average has not followed", &stage, &alice);

    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 160, &alice, 450);
    let mut account = stage.margin_account(&alice);
    account.passed_at = stage.now() - 1;
    stage.write(&alice.account, &account);
    recorder.record("under water a second after an initial check", &stage, &alice);

    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 160, &alice, 60);
    let set = ix::pause(&stage.keys, stage.authority, plimsoll_state::pause::LIQUIDATE);
    let sent = stage.send_as_authority(set);
    done(&mut stage, sent);
    recorder.record("under water while liquidations are paused", &stage, &alice);
}

fn stages_of_a_liquidation(recorder: &mut Recorder) {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 160, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    recorder.record_event(&stage.done(sent));
    recorder.record("a borrower who was cured", &stage, &alice);
    recorder.record("the liquidator who cured him", &stage, &liquidator);

    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 120, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    done(&mut stage, sent);
    recorder.record("a debt without collateral", &stage, &alice);
    let sent = stage.resolve(&alice, Freeze);
    done(&mut stage, sent);
    recorder.record("a bankrupt account", &stage, &alice);
}
