//! A full table of balances: the last place is quote's, so that nothing that is won or lost lacks somewhere to go.

use plimsoll::instructions::ResolveStep::SeizePnl;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::{AccountStatus, Market};
use plimsoll_tests::*;

/// Balances beside quote.
const OTHERS: u8 = 15;

/// A stage with sixteen tokens beside quote.
fn stage() -> Stage {
    let mut stage = Stage::new();
    for bank in 3..=OTHERS + 1 {
        let mint = stage.create_mint(&format!("T{bank}"), BANKS[SOL as usize].decimals);
        let listed = stage.list_bank(mint, &BankConfig::of(&BANKS[SOL as usize], SOL));
        assert_eq!(listed.unwrap_or_else(|failure| panic!("{bank}: {failure}")), bank);
    }
    stage.repeat_prices();
    stage
}

/// Fifteen balances and no quote.
fn crowded(stage: &mut Stage, name: &str) -> Trader {
    let trader = stage.funded_trader(name, SOL, 100 * ONE_SOL);
    for bank in 2..=OTHERS {
        let atoms = if bank == BTC { ONE_BTC / 100 } else { ONE_SOL };
        assert_sent(stage.deposit(&trader, bank, atoms));
    }
    let account = stage.margin_account(&trader);
    assert_eq!(account.tokens.iter().filter(|token| token.used == 1).count(), OTHERS as usize);
    trader
}

fn quote_shares(stage: &Stage, of: &Trader) -> i64 {
    stage.margin_account(of).quote_shares()
}

/// On the code before, sixteen other balances left no place for quote: `settle_pnl` failed with `TokenTableFull`, the
/// winner got nothing, and no interest ran on the loss (PNL-7).
#[test]
fn a_full_table_hides_no_loss_from_settlement() {
    let mut stage = stage();
    let maker = stage.maker;
    let alice = crowded(&mut stage, "alice");
    assert_sent(stage.deposit(&maker, OTHERS + 1, 10 * ONE_SOL));
    assert_code(stage.deposit(&alice, OTHERS + 1, ONE_SOL), EngineError::TokenTableFull);
    assert_code(stage.borrow(&alice, OTHERS + 1, ONE_SOL), EngineError::TokenTableFull);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 190, &alice, 400);
    let sent = stage.settle(SOL_PERP, Some(&alice));
    stage.done(sent);
    let debt = quote_shares(&stage, &alice);
    assert!(debt < -900 * USD as i64, "{debt}");
    let held = quote_shares(&stage, &maker);
    let sent = stage.settle(SOL_PERP, Some(&maker));
    stage.done(sent);
    assert!(quote_shares(&stage, &maker) > held + 900 * USD as i64);
    // With the last place taken by quote there is none for another token, and with quote gone there is none either.
    assert_code(stage.deposit(&alice, OTHERS + 1, ONE_SOL), EngineError::TokenTableFull);
}

/// Runs a path on its own copy of a stage; it moves the account's quote.
#[track_caller]
fn moves_quote(fresh: &Stage, who: &Trader, path: &str, run: impl Fn(&mut Stage)) {
    let mut stage = fresh.clone();
    run(&mut stage);
    assert!(stage.margin_account(who).token_index(USDC).is_some(), "{path}: quote has moved");
}

#[test]
fn every_path_that_moves_quote_works_beside_fifteen_other_balances() {
    let mut fresh = stage();
    let alice = crowded(&mut fresh, "alice");
    let with = |path: &str, run: &dyn Fn(&mut Stage)| moves_quote(&fresh, &alice, path, run);
    with("deposit, withdraw, deposit", &|stage| {
        for _ in 0..2 {
            let sent = stage.deposit(&alice, USDC, 10 * USD);
            stage.done(sent);
            assert_code(stage.deposit(&alice, OTHERS + 1, ONE_SOL), EngineError::TokenTableFull);
            let sent = stage.withdraw(&alice, USDC, None);
            stage.done(sent);
        }
        let sent = stage.deposit(&alice, USDC, 10 * USD);
        stage.done(sent);
    });
    with("borrow, repay, borrow", &|stage| {
        for _ in 0..2 {
            let sent = stage.borrow(&alice, USDC, 10 * USD);
            stage.done(sent);
            let sent = stage.repay(&alice, USDC, None);
            stage.done(sent);
        }
        let sent = stage.borrow(&alice, USDC, 10 * USD);
        stage.done(sent);
    });
    with("settle_pnl: a loss", &|stage| {
        trade(stage, &alice, true, 190);
        let sent = stage.settle(SOL_PERP, Some(&alice));
        stage.done(sent);
    });
    with("settle_pnl: a win", &|stage| {
        win(stage, &alice);
        let sent = stage.settle(SOL_PERP, Some(&alice));
        stage.done(sent);
    });
    with("take_win", &|stage| {
        win(stage, &alice);
        let sent = stage.take_win(SOL_PERP, &alice, None);
        stage.done(sent);
    });
    with("resolve_bankruptcy: seize a gain", &|stage| {
        win(stage, &alice);
        let mut account = stage.margin_account(&alice);
        account.status = AccountStatus::Seizing as u8;
        stage.write(&alice.account, &account);
        let (key, mut registry) = (stage.keys.registry, stage.registry());
        registry.frozen_accounts = 1;
        stage.write(&key, &*registry);
        let sent = stage.resolve(&alice, SeizePnl { market: SOL_PERP });
        stage.done(sent);
    });
}

#[test]
fn every_liquidation_that_moves_quote_works_beside_fifteen_other_balances() {
    let mut fresh = stage();
    let alice = crowded(&mut fresh, "alice");
    let with = |path: &str, run: &dyn Fn(&mut Stage)| moves_quote(&fresh, &alice, path, run);
    with("liquidate_collateral: pays a quote borrow", &|stage| {
        let bob = stage.funded_trader("bob", SOL, 10 * ONE_SOL);
        let sent = stage.borrow(&bob, USDC, 1_390 * USD);
        stage.done(sent);
        stage.falls_to(SOL, 150, &bob, 60);
        let sent = stage.liquidate(&alice, &bob, pair(SOL, USDC), ANY);
        stage.done(sent);
        assert!(quote_shares(stage, &alice) < 0);
    });
    with("liquidate_collateral: pays negative PnL", &|stage| {
        let bob = stage.funded_trader("bob", SOL, 10 * ONE_SOL);
        trade(stage, &bob, true, 144);
        let sent = stage.liquidate(&alice, &bob, pnl_pair(SOL, SOL_PERP), ANY);
        stage.done(sent);
        assert!(quote_shares(stage, &alice) < 0);
    });
    with("liquidate_collateral: receives quote", &|stage| {
        let bob = stage.funded_trader("bob", USDC, 2_500 * USD);
        let sent = stage.borrow(&bob, SOL, 10 * ONE_SOL);
        stage.done(sent);
        stage.falls_to(SOL, 240, &bob, 60);
        let sent = stage.liquidate(&alice, &bob, pair(USDC, SOL), ANY);
        stage.done(sent);
        assert!(quote_shares(stage, &alice) > 0);
    });
}

/// The trader buys (sells) 22 SOL of the maker, and the price moves.
fn trade(stage: &mut Stage, trader: &Trader, buys: bool, dollars: i64) {
    let maker = stage.maker;
    let (buyer, seller) = if buys { (*trader, maker) } else { (maker, *trader) };
    let sent = stage.fill(SOL_PERP, &buyer, &seller, 22 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, dollars, trader, 60);
}

/// The trader's short gains, and the maker has paid for it.
fn win(stage: &mut Stage, trader: &Trader) {
    let maker = stage.maker;
    trade(stage, trader, false, 190);
    let sent = stage.settle(SOL_PERP, Some(&maker));
    stage.done(sent);
    let market: Market = stage.read(&stage.keys.market(SOL_PERP));
    assert!(market.pool_atoms > 0);
}
