//! What an account remembers between observations, and when it forgets: the bypass and the auction's clocks.

use plimsoll::EngineError;
use plimsoll_risk::units::Ppm;
use plimsoll_tests::*;

const DAY: i64 = 86_400;

/// 100 SOL at $200 against 13,900 USDC: healthy from $163.53 on, below 70 % of maintenance at $150.
fn borrower(stage: &mut Stage) -> Trader {
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.advance(2);
    alice
}

/// One update of SOL now, beside one of USDC.
fn print(stage: &mut Stage, dollars: i64) {
    stage.price(USDC, 1).price(SOL, dollars);
}

/// SOL at $200 for a minute, unobserved, so that the fast average stands there.
fn calm(stage: &mut Stage) {
    stage.advance(2);
    print(stage, 200);
    stage.hold_prices(60, 2);
}

fn cannot_be_liquidated(stage: &mut Stage, alice: &Trader) {
    let liquidator = stage.liquidator;
    let refused = stage.liquidate(&liquidator, alice, pair(SOL, USDC), ANY).unwrap_err();
    let healthy = [EngineError::AccountHealthy, EngineError::AccountAlreadyCured].map(u32::from);
    assert!(refused.code.is_some_and(|code| healthy.contains(&code)), "{refused}");
}

/// One update at $150 was observed, three healthy days at $200 went by unobserved, and one more single update at $150
/// took 63.5 SOL for $9,395 in the transaction that refreshed it.
#[test]
fn a_print_observed_in_one_wick_does_not_wait_for_the_next() {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage);
    print(&mut stage, 150);
    assert_sent(stage.observe(&alice));
    calm(&mut stage);
    stage.advance(3 * DAY);
    calm(&mut stage);
    print(&mut stage, 150);
    cannot_be_liquidated(&mut stage, &alice);
    assert_sent(stage.observe(&alice));
    assert_eq!(stage.margin_account(&alice).bypass, 0);
}

/// One wrong print of SOL, then a refresh of USDC alone: spot alone counted while the fast average stood at $200.
/// BYPASS-1.
#[test]
fn a_refresh_of_another_leg_does_not_make_one_wrong_print_into_two() {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage);
    calm(&mut stage);
    stage.advance(2);
    print(&mut stage, 150);
    assert_sent(stage.observe(&alice));
    for _ in 0..4 {
        stage.advance(2);
        stage.price(USDC, 1);
        assert_sent(stage.observe(&alice));
        cannot_be_liquidated(&mut stage, &alice);
    }
    assert_eq!(stage.margin_account(&alice).bypass, 0);
}

/// The bypass survived the fill that cured the account: three days later one update of -1.6 % hit an account at target.
/// BYPASS-2.
#[test]
fn the_fill_that_cures_ends_the_bypass() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = borrower(&mut stage);
    print(&mut stage, 150);
    assert_sent(stage.observe(&alice));
    stage.advance(2);
    print(&mut stage, 150);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let cured = stage.margin_account(&alice);
    assert_eq!((cured.bypass, cured.bypass_published_at, cured.observed), (0, 0, 0));
    // Within the observation gap already: a small fall that the fast average has not followed yet.
    stage.hold_prices(20, 2);
    stage.advance(2);
    print(&mut stage, 140);
    stage.hold_prices(2, 2);
    cannot_be_liquidated(&mut stage, &alice);
}

/// A deposit and a repayment are looks as well: what leaves the account healthy ends the bypass (CLOCK-3, BYPASS-2).
#[test]
fn a_deposit_or_a_repayment_that_leaves_the_account_healthy_ends_the_bypass_and_anything_less_does_not() {
    for repays in [false, true] {
        let mut stage = Stage::new();
        let alice = borrower(&mut stage);
        print(&mut stage, 150);
        assert_sent(stage.observe(&alice));
        stage.advance(2);
        print(&mut stage, 150);
        assert_sent(stage.observe(&alice));
        assert_eq!(stage.margin_account(&alice).bypass, 1);
        let pay = |stage: &mut Stage, usd: u64| {
            let sent = match repays {
                true => stage.repay(&alice, USDC, Some(usd * USD)),
                false => stage.deposit(&alice, SOL, usd * ONE_SOL / 150),
            };
            stage.done(sent);
        };
        pay(&mut stage, 30);
        assert_eq!(stage.margin_account(&alice).bypass, 1, "still under water");
        pay(&mut stage, 6_000);
        let account = stage.margin_account(&alice);
        assert_eq!((account.bypass, account.bypass_published_at, account.observed), (0, 0, 0));
    }
}

/// A withdrawal that leaves no debt behind clears what the account remembers, as one that passes initial margin does.
#[test]
fn an_account_that_owes_nothing_any_more_remembers_nothing() {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage);
    stage.falls_to(SOL, 150, &alice, 20);
    assert!(stage.margin_account(&alice).under_water_secs > 0);
    let sent = stage.repay(&alice, USDC, None);
    stage.done(sent);
    let account = stage.margin_account(&alice);
    assert_eq!((account.under_water_secs, account.observed, account.bypass), (0, 0, 0));
}

/// Filled at 50 s, three healthy days, one `observe_margin`, a small fall: the penalty was 50,000 ppm instead of 5,211.
/// CLOCK-2.
#[test]
fn a_healthy_look_after_a_gap_does_not_keep_the_auction_at_its_ceiling() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = borrower(&mut stage);
    stage.falls_to(SOL, 160, &alice, 100);
    let plan = stage.plan(&alice, &any_of(pair(SOL, USDC))).unwrap();
    assert!(plan.penalty_ppm >= Ppm::new(45_000), "{}", plan.penalty_ppm);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    stage.advance(3 * DAY);
    print(&mut stage, 160);
    stage.hold_prices(60, 2);
    assert_sent(stage.observe(&alice));
    stage.falls_to(SOL, 155, &alice, 4);
    stage.hold_prices(16, 2);
    let plan = stage.plan(&alice, &any_of(pair(SOL, USDC))).unwrap();
    // A new auction, begun when the fast average had followed.
    assert!(plan.penalty_ppm < Ppm::new(6_000), "{}", plan.penalty_ppm);
}
