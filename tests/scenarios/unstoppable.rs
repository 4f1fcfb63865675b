//! Nothing that bounds deposits, borrows and fills stops a liquidation: not caps, not a slot that only reduces, not a bank
//! whose every atom is lent.

use plimsoll_risk::liquidate::Leg;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::{Bank, SlotStatus};
use plimsoll_tests::*;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

/// Owes 13,900 dollars against 100 SOL; and is long 45 SOL with 20 SOL behind it; and long 100 SOL with 1,300 dollars.
fn three_accounts(stage: &mut Stage) -> [(Trader, Leg); 3] {
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    let carol = stage.funded_trader("carol", SOL, 20 * ONE_SOL);
    let dave = stage.funded_trader("dave", USDC, 1_300 * USD);
    for (trader, sols) in [(&carol, 45), (&dave, 100)] {
        let sent = stage.fill(SOL_PERP, trader, &maker, sols * SOL_UNITS, None);
        stage.done(sent);
    }
    [(alice, pair(SOL, USDC)), (carol, pnl_pair(SOL, SOL_PERP)), (dave, perp(SOL_PERP))]
}

/// SOL falls to where all three are under water, and each is liquidated.
fn all_are_liquidated(stage: &mut Stage, by: &Trader, accounts: &[(Trader, Leg)]) {
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, 147);
    for _ in 0..12 {
        stage.hold_prices(5, 5);
        for (of, _) in accounts {
            assert_sent(stage.observe(of));
        }
    }
    for (of, leg) in accounts {
        let planned = stage.plan(of, &any_of(*leg)).unwrap_or_else(|refusal| panic!("{leg:?}: {refusal:?}"));
        let sent = stage.liquidate(by, of, *leg, ANY);
        assert_eq!(outcome(&stage.done(sent)).size, planned.size.get(), "{leg:?}");
    }
}

/// LIQ-1
#[test]
fn accounts_are_liquidated_while_every_atom_of_the_banks_is_lent() {
    let mut stage = Stage::new();
    let accounts = three_accounts(&mut stage);
    let (maker, by) = (stage.maker, stage.liquidator);
    // Somebody borrows SOL, the maker withdraws nearly all of both, and the rest is borrowed.
    let sent = stage.borrow(&by, SOL, 100 * ONE_SOL);
    stage.done(sent);
    for (debt, name, kept) in [(USDC, "rich", 50_000 * USD), (SOL, "richer", 50 * ONE_SOL)] {
        let rich = stage.funded_trader(name, BTC, 20 * ONE_BTC);
        let held = stage.margin_account(&maker);
        let held = held.tokens[held.token_index(debt).expect("a deposit")].shares as u64;
        let free = bank(&stage, debt).totals().free_liquidity_down().get();
        let sent = stage.withdraw(&maker, debt, Some(free.min(held) - kept));
        stage.done(sent);
        let free = bank(&stage, debt).totals().free_liquidity_down().get();
        let sent = stage.borrow(&rich, debt, free);
        stage.done(sent);
        assert_eq!(bank(&stage, debt).totals().free_liquidity_down().get(), 0);
    }
    all_are_liquidated(&mut stage, &by, &accounts);
    // The penalty's share waits: there is nothing to make insurance of.
    assert!(bank(&stage, USDC).waiting_shares > 0);
    assert_code(stage.sweep(USDC), EngineError::NothingToSweep);
}

/// Caps at the totals, and every slot takes only what reduces.
fn close(stage: &mut Stage, reduce_only: bool) {
    let (keys, authority) = (stage.keys, stage.authority);
    for index in [USDC, SOL, BTC] {
        let totals = bank(stage, index).totals();
        let mut config = BankConfig::of(&BANKS[index as usize], index).args();
        (config.deposit_cap_atoms, config.borrow_cap_atoms) = (totals.deposits_down().get(), totals.borrows_up().get());
        let update = ix::update_bank(&keys, authority, index, args::UpdateBankArgs { reduce_only, config });
        assert_sent(stage.send_as_authority(update));
    }
    let mut terms = MarketConfig::SOL.args(SOL_PERP).terms;
    terms.open_interest_cap_units = 1;
    let status = if reduce_only { SlotStatus::ReduceOnly } else { SlotStatus::Active } as u8;
    let update = ix::update_market(&keys, authority, SOL_PERP, args::UpdateMarketArgs { status, terms });
    assert_sent(stage.send_as_authority(update));
}

/// LIQ-1, LIQ-4
#[test]
fn accounts_are_liquidated_at_full_caps_by_somebody_who_must_borrow_what_he_pays() {
    let mut stage = Stage::new();
    let accounts = three_accounts(&mut stage);
    let by = stage.funded_trader("borrower", BTC, 10 * ONE_BTC);
    close(&mut stage, false);
    assert_code(stage.borrow(&by, USDC, USD), EngineError::BorrowCapReached);
    assert_code(stage.deposit(&by, SOL, ONE_SOL), EngineError::DepositCapReached);
    // A loss is paid with money: what he would owe for it could leave by the winner (ADR 13).
    let [borrower, loser, long] = accounts;
    all_are_liquidated(&mut stage, &by, &[borrower, long]);
    assert_sent(stage.observe(&loser.0));
    assert_code(stage.liquidate(&by, &loser.0, loser.1, ANY), EngineError::BorrowCapReached);
    let rich = stage.liquidator;
    let sent = stage.liquidate(&rich, &loser.0, loser.1, ANY);
    stage.done(sent);
    let account = stage.margin_account(&by);
    assert!(account.quote_shares() < 0, "he owes what he paid");
    assert!(account.tokens[account.token_index(SOL).expect("the collateral")].shares > 0);
}

/// LIQ-1
#[test]
fn accounts_are_liquidated_in_banks_and_markets_that_only_reduce() {
    let mut stage = Stage::new();
    let accounts = three_accounts(&mut stage);
    let (maker, by) = (stage.maker, stage.liquidator);
    close(&mut stage, true);
    assert_code(stage.borrow(&by, SOL, ONE_SOL), EngineError::ReduceOnly);
    assert_code(stage.fill(SOL_PERP, &by, &maker, SOL_UNITS, None), EngineError::ReduceOnly);
    all_are_liquidated(&mut stage, &by, &accounts);
}
