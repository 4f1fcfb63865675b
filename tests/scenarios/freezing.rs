//! What does and what does not stand before a resolution, and legs that no feed can hold.

use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, PayPnl, SeizeToken};
use plimsoll_state::{DerivativePosition, Market, PositionKind};
use plimsoll_tests::*;

/// Gives the account PnL without a base in a market, which is tedious to reach to the atom.
fn pnl_without_base(stage: &mut Stage, of: &Trader, market: u8, cash_atoms: i64) {
    let mut account = stage.margin_account(of);
    let place = account.derivatives.iter().position(|leg| leg.kind == PositionKind::Empty as u8).unwrap();
    account.derivatives[place] =
        DerivativePosition { kind: PositionKind::Perp as u8, market, cash_atoms, ..DerivativePosition::default() };
    stage.write(&of.account, &account);
    let key = stage.keys.market(market);
    let mut totals: Market = stage.read(&key);
    totals.leg_count += 1;
    stage.write(&key, &totals);
}

/// Every feed but one is published at this price of SOL.
fn all_but(stage: &mut Stage, silent: u8, sol_dollars: i64) {
    for (slot, dollars) in [(USDC, 1), (SOL, sol_dollars), (BTC, 100_000)] {
        if slot != silent {
            stage.price(slot, dollars);
        }
    }
}

/// 1,900 dollars are missing, and the owner deposits eleven of a token whose feed then falls silent: they stood before
/// the resolution for four hours (BANKRUPT-2).
#[test]
fn eleven_dollars_of_a_token_with_a_silent_feed_do_not_stand_before_a_loss_of_1900() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 120, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let sent = stage.deposit(&alice, BTC, 11 * ONE_BTC / 100_000);
    stage.done(sent);
    assert_code(stage.resolve(&alice, Freeze), EngineError::AssetsRemain);
    stage.advance(60);
    all_but(&mut stage, BTC, 120);
    for step in [Freeze, SeizeToken { bank: BTC }, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&alice).is_empty());
}

/// SOL that could be seized, a debt whose feed is dead, and two atoms of PnL without a base: nobody repays two atoms for
/// what they buy, and they stood before the resolution for ever.
#[test]
fn two_atoms_of_pnl_beside_a_dead_feed_do_not_block_a_resolution() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, BTC, 13 * ONE_BTC / 100);
    stage.done(sent);
    pnl_without_base(&mut stage, &alice, SOL_PERP, -2);
    stage.advance(14_400);
    for _ in 0..12 {
        stage.advance(10);
        all_but(&mut stage, BTC, 80);
    }
    let steps = [Freeze, SeizeToken { bank: SOL }, PayBorrow { bank: BTC }, PayPnl { market: SOL_PERP }];
    for step in steps {
        assert_sent(stage.resolve(&alice, step));
    }
    assert!(stage.margin_account(&alice).is_empty());
}

/// A loss of 13,900 dollars without a base in a market whose feed is dead, against 100 SOL that fell to 160: the account
/// could neither be liquidated (`LegPriceInvalid`, though no price values cash) nor resolved.
#[test]
fn a_loss_without_a_base_is_repaid_whatever_the_feed_of_its_market_does() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    pnl_without_base(&mut stage, &alice, BTC_PERP, -13_900 * USD as i64);
    for _ in 0..40 {
        stage.advance(20);
        all_but(&mut stage, BTC, 160);
        assert_sent(stage.observe(&alice));
    }
    let liquidator = stage.liquidator;
    let done = outcome(&assert_sent(stage.liquidate(&liquidator, &alice, pnl_pair(SOL, BTC_PERP), ANY)));
    assert!(done.size > 1_000 * USD, "{}", done.size);
    let place = stage.margin_account(&alice).perp_index(BTC_PERP).unwrap();
    assert_eq!(stage.margin_account(&alice).derivatives[place].cash_atoms, done.size as i64 - 13_900 * USD as i64);
}
