//! Where much insurance was drawn within an hour nobody who owes there adds risk for a while (LIMIT-4).

use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, PayPnl, SeizePnl};
use plimsoll_risk::breaker::DRAWDOWN_BREAKER;
use plimsoll_state::MarginView;
use plimsoll_tests::*;

const HOUR: i64 = DRAWDOWN_BREAKER.lasts.stored() as i64;

/// A long of 1,000 SOL with 13,500 dollars, resolved at 180 dollars: insurance pays 6,520 dollars of `fund`.
fn resolved(fund: u64) -> Stage {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let sent = stage.fund_insurance(USDC, fund);
    stage.done(sent);
    let long = stage.funded_trader("long", USDC, 13_500 * USD);
    let sent = stage.fill(SOL_PERP, &long, &maker, 1_000 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 180, &long, 310);
    for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        let sent = stage.resolve(&long, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&long).is_empty());
    stage
}

/// LIMIT-4
#[test]
fn where_a_quarter_of_quotes_insurance_was_drawn_nobody_who_owes_quote_or_holds_a_position_adds_risk() {
    let mut stage = resolved(20_000 * USD);
    let until = stage.registry().drawn_until_at;
    assert_eq!((until, stage.registry().banks[0].drawdown.until_at), (stage.now() + HOUR, until));
    let (maker, by) = (stage.maker, stage.liquidator);
    let alice = stage.funded_trader("alice", BTC, ONE_BTC);
    let failure = stage.borrow(&alice, USDC, USD).expect_err("it adds a debt that insurance stands in for");
    assert_eq!(failure.code, Some(EngineError::DrawdownBreakerTripped as u32), "{failure}");
    let told = format!("bank 0: much insurance was drawn, nobody who owes there adds risk until {until}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&told)), "{failure}");
    assert_code(stage.fill(SOL_PERP, &alice, &by, SOL_UNITS, None), EngineError::DrawdownBreakerTripped);
    // The maker has a position; margin says so before he asks.
    assert_code(stage.withdraw(&maker, BTC, Some(1_000)), EngineError::DrawdownBreakerTripped);
    assert_eq!((stage.view(&maker).flags, stage.view(&alice).flags), (MarginView::OLD, 0));
    // A debt in another token, whose insurance is whole; whoever owes nothing; what reduces.
    for sent in [
        stage.borrow(&alice, SOL, ONE_SOL),
        stage.withdraw(&alice, BTC, Some(1_000)),
        stage.withdraw(&by, USDC, Some(USD)),
        stage.repay(&alice, SOL, None),
        stage.deposit(&maker, USDC, USD),
    ] {
        stage.done(sent);
    }
    assert_eq!(stage.view(&alice).flags, 0);
    let left = until - stage.now();
    stage.hold_prices(left - 1, 5);
    assert_code(stage.borrow(&alice, USDC, USD), EngineError::DrawdownBreakerTripped);
    stage.hold_prices(1, 1);
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
}

/// LIMIT-4: nobody is kept from liquidating, and nobody from taking over.
#[test]
fn liquidation_goes_on_where_insurance_was_drawn() {
    let mut stage = Stage::new();
    let (by, maker) = (stage.liquidator, stage.maker);
    let sent = stage.fund_insurance(USDC, 20_000 * USD);
    stage.done(sent);
    let [long, next] = ["long", "next"].map(|name| stage.funded_trader(name, USDC, 13_500 * USD));
    for (trader, units) in [(long, 1_000), (next, 600)] {
        let sent = stage.fill(SOL_PERP, &trader, &maker, units * SOL_UNITS, None);
        stage.done(sent);
    }
    stage.falls_to(SOL, 180, &long, 310);
    for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        let sent = stage.resolve(&long, step);
        stage.done(sent);
    }
    assert!(stage.registry().drawn_until_at > stage.now());
    stage.watch(&next, 60);
    let held = stage.margin_account(&by);
    let sent = stage.liquidate(&by, &next, perp(SOL_PERP), ANY);
    stage.done(sent);
    assert!(!held.has_legs() && stage.margin_account(&by).has_legs());
}

/// LIMIT-4
#[test]
fn a_draw_within_the_share_trips_nothing() {
    let stage = resolved(50_000 * USD);
    assert_eq!((stage.registry().drawn_until_at, stage.registry().banks[0].drawdown.until_at), (0, 0));
    assert_eq!(stage.registry().frozen_accounts, 0);
}

/// LIMIT-4: of a debt in another token its own bank's insurance.
#[test]
fn insurance_of_another_bank_keeps_those_who_owe_there() {
    let mut stage = Stage::new();
    stage.lift_spot_band(SOL);
    let by = stage.liquidator;
    let sent = stage.fund_insurance(SOL, 10 * ONE_SOL);
    stage.done(sent);
    let debtor = stage.funded_trader("debtor", USDC, 20_000 * USD);
    let sent = stage.borrow(&debtor, SOL, 70 * ONE_SOL);
    stage.done(sent);
    stage.falls_to(SOL, 340, &debtor, 60);
    let sent = stage.liquidate(&by, &debtor, pair(USDC, SOL), ANY);
    stage.done(sent);
    for step in [Freeze, PayBorrow { bank: SOL }] {
        let sent = stage.resolve(&debtor, step);
        stage.done(sent);
    }
    assert!(stage.registry().drawn_until(SOL, plimsoll_risk::units::UnixSecs::new(stage.now())).is_some());
    let alice = stage.funded_trader("alice", BTC, ONE_BTC);
    assert_code(stage.borrow(&alice, SOL, ONE_SOL), EngineError::DrawdownBreakerTripped);
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
}
