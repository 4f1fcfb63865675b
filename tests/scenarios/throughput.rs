//! Where much is liquidated within an hour nobody adds to it for a while, and liquidation goes on (LIMIT-3).

use plimsoll_risk::breaker::THROUGHPUT_BREAKER;
use plimsoll_risk::params::BreakerParams;
use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

const QUARTER: i64 = THROUGHPUT_BREAKER.lasts.stored() as i64;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

fn market(stage: &Stage) -> Market {
    stage.read(&stage.keys.market(SOL_PERP))
}

/// Six million dollars are deposited; of what these borrowers owe more than a twentieth of it is taken over at 140 dollars.
fn borrowers(stage: &mut Stage) -> Vec<Trader> {
    let names = ["first", "second", "third", "fourth"];
    let borrowers: Vec<_> = names.iter().map(|name| stage.funded_trader(name, SOL, 1_500 * ONE_SOL)).collect();
    for borrower in &borrowers {
        let sent = stage.borrow(borrower, USDC, 205_000 * USD);
        stage.done(sent);
    }
    borrowers
}

/// LIMIT-3
#[test]
fn where_a_twentieth_of_a_banks_deposits_was_liquidated_nobody_who_owes_takes_more_out_and_everybody_else_goes_on() {
    let mut stage = Stage::new();
    stage.lift_spot_band(SOL);
    let by = stage.liquidator;
    let (lender, cautious) =
        (stage.funded_trader("lender", USDC, 1_000 * USD), stage.funded_trader("cautious", BTC, ONE_BTC));
    for bank in [USDC, SOL] {
        let sent = stage.borrow(&cautious, bank, 100_000);
        stage.done(sent);
    }
    let sent = stage.deposit(&cautious, USDC, 1_000 * USD);
    stage.done(sent);
    let borrowers = borrowers(&mut stage);
    stage.falls_to(SOL, 148, &borrowers[0], 60);
    let (mut liquidated, mut deposits) = (0, 0);
    for borrower in &borrowers {
        stage.watch(borrower, 10);
        let before = bank(&stage, USDC).throughput;
        let stood = before.breaker.until_at;
        // Each goes through, whether or not the breaker stands.
        let sent = stage.liquidate(&by, borrower, pair(SOL, USDC), ANY);
        stage.done(sent);
        let after = bank(&stage, USDC).throughput;
        liquidated = after.liquidated.iter().sum();
        deposits = bank(&stage, USDC).totals().deposits_down().get();
        assert!(liquidated > before.liquidated.iter().sum::<u64>(), "it counts");
        let trips = stood == 0 && liquidated > deposits / 20;
        assert_eq!(after.breaker.until_at, if trips { stage.now() + QUARTER } else { stood });
    }
    assert!(liquidated > deposits / 20, "{liquidated} of {deposits}");
    let until = bank(&stage, USDC).throughput.breaker.until_at;
    assert!(until > stage.now());
    stage.repeat_prices();
    let failure = stage.borrow(&cautious, USDC, 2_000 * USD).expect_err("it adds to it");
    assert_eq!(failure.code, Some(EngineError::ThroughputBreakerTripped as u32), "{failure}");
    let told = format!("bank 0: much was liquidated, nobody adds risk until {until}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&told)), "{failure}");
    assert_code(stage.withdraw(&cautious, USDC, Some(USD)), EngineError::ThroughputBreakerTripped);
    // Whoever owes nothing leaves, debts are repaid, deposits taken, and other banks lend.
    for sent in [
        stage.withdraw(&lender, USDC, None),
        stage.borrow(&cautious, SOL, 100_000),
        stage.withdraw(&cautious, BTC, Some(1_000)),
        stage.deposit(&cautious, USDC, USD),
        stage.repay(&cautious, SOL, None),
    ] {
        stage.done(sent);
    }
    // It ends by itself.
    let left = until - stage.now();
    stage.hold_prices(left - 1, 5);
    assert_code(stage.borrow(&cautious, USDC, 2_000 * USD), EngineError::ThroughputBreakerTripped);
    stage.hold_prices(1, 1);
    let sent = stage.borrow(&cautious, USDC, 2_000 * USD);
    stage.done(sent);
}

/// LIMIT-3
#[test]
fn where_a_tenth_of_what_is_open_was_liquidated_nothing_is_added_to_it_and_positions_change_hands() {
    let mut stage = Stage::new();
    let (by, maker) = (stage.liquidator, stage.maker);
    let (calm, nimble) =
        (stage.funded_trader("calm", USDC, 900_000 * USD), stage.funded_trader("nimble", USDC, 90_000 * USD));
    let long = stage.funded_trader("long", USDC, 13_500 * USD);
    for (trader, units) in [(calm, 2_000), (long, 1_000)] {
        let sent = stage.fill(SOL_PERP, &trader, &maker, units * SOL_UNITS, None);
        stage.done(sent);
    }
    stage.falls_to(SOL, 191, &long, 60);
    let sent = stage.liquidate(&by, &long, perp(SOL_PERP), ANY);
    stage.done(sent);
    let (taken, until) = (market(&stage).throughput.liquidated.iter().sum::<u64>(), stage.now() + QUARTER);
    assert!(taken > 300 * SOL_UNITS, "{taken}");
    assert_eq!(market(&stage).throughput.breaker.until_at, until);
    let failure = stage.fill(SOL_PERP, &nimble, &maker, SOL_UNITS, None).expect_err("it grows");
    assert_eq!(failure.code, Some(EngineError::ThroughputBreakerTripped as u32), "{failure}");
    let told = format!("market 0: much was liquidated, nobody adds risk until {until}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&told)), "{failure}");
    // The liquidator hands on what he took, both sides shrink, the other market trades, who is under water is liquidated.
    let sent = stage.fill(SOL_PERP, &nimble, &by, SOL_UNITS, None);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &maker, &calm, SOL_UNITS, None);
    stage.done(sent);
    let sent = stage.fill(BTC_PERP, &nimble, &maker, BTC_UNITS / 100, None);
    stage.done(sent);
    stage.falls_to(SOL, 186, &long, 60);
    let sent = stage.liquidate(&by, &long, perp(SOL_PERP), ANY);
    stage.done(sent);
    assert_eq!(market(&stage).throughput.breaker.until_at, until, "what is seen while it stands extends nothing");
    let left = until - stage.now();
    stage.hold_prices(left, 5);
    let sent = stage.fill(SOL_PERP, &nimble, &maker, SOL_UNITS, None);
    stage.done(sent);
}

/// LIMIT-3
#[test]
fn an_engine_may_set_no_limit_and_then_nothing_trips() {
    let mut stage = Stage::new();
    stage.lift_breakers();
    let (by, maker) = (stage.liquidator, stage.maker);
    let long = stage.funded_trader("long", USDC, 13_500 * USD);
    let sent = stage.fill(SOL_PERP, &long, &maker, 1_000 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 191, &long, 60);
    let sent = stage.liquidate(&by, &long, perp(SOL_PERP), ANY);
    stage.done(sent);
    assert!(market(&stage).throughput.liquidated.iter().sum::<u64>() > 100 * SOL_UNITS);
    assert_eq!(market(&stage).throughput.breaker.until_at, 0);
    assert_eq!(stage.registry().params().breakers, BreakerParams::UNLIMITED);
    let sent = stage.fill(SOL_PERP, &maker, &by, SOL_UNITS, None);
    stage.done(sent);
}
