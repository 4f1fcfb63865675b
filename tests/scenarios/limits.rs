//! What bounds a bank and a market besides margin: liquidity, caps, the hour's insurance, a terminal bank.

use plimsoll::event::{BorrowResolved, InsuranceReserved};
use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow};
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_sim::listing::BANKS;
use plimsoll_state::{Bank, SlotStatus};
use plimsoll_tests::*;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

/// Replaces a bank's configuration by the listed one with changes.
fn configure(stage: &mut Stage, index: u8, reduce_only: bool, change: impl Fn(&mut args::BankConfigArgs)) {
    let mut config = BankConfig::of(&BANKS[index as usize], index).args();
    change(&mut config);
    let (keys, authority) = (stage.keys, stage.authority);
    let update = ix::update_bank(&keys, authority, index, args::UpdateBankArgs { reduce_only, config });
    let sent = stage.send_as_authority(update);
    stage.done(sent);
}

/// Alice owes all SOL that is there but five, and the vault holds insurance besides.
fn nearly_all_lent(stage: &mut Stage) -> Trader {
    let alice = stage.funded_trader("alice", USDC, 4_000_000 * USD);
    let sent = stage.fund_insurance(SOL, 500 * ONE_SOL);
    stage.done(sent);
    let sent = stage.borrow(&alice, SOL, 9_995 * ONE_SOL);
    stage.done(sent);
    alice
}

/// MONEY-2
#[test]
fn nothing_but_free_liquidity_is_withdrawn_or_lent_whatever_else_the_vault_holds() {
    let mut stage = Stage::new();
    let alice = nearly_all_lent(&mut stage);
    let maker = stage.maker;
    assert!(stage.token_balance(&stage.keys.bank(SOL).vault) == 505 * ONE_SOL);
    for atoms in [Some(5 * ONE_SOL + 1), Some(6 * ONE_SOL), None] {
        assert_code(stage.withdraw(&maker, SOL, atoms), EngineError::LiquidityInsufficient);
    }
    assert_code(stage.borrow(&alice, SOL, 5 * ONE_SOL + 1), EngineError::LiquidityInsufficient);
    let sent = stage.withdraw(&maker, SOL, Some(5 * ONE_SOL));
    stage.done(sent);
    assert_code(stage.withdraw(&maker, SOL, Some(1)), EngineError::LiquidityInsufficient);
    assert_code(stage.borrow(&alice, SOL, 1), EngineError::LiquidityInsufficient);
}

/// A share is worth more than an atom here, so that a withdrawal of what is free burns a part of an atom more than it
/// takes: nobody may owe the vault that part.
#[test]
fn a_withdrawal_whose_shares_are_worth_more_than_what_is_free_is_refused() {
    let mut stage = Stage::new();
    let alice = nearly_all_lent(&mut stage);
    let (maker, keys) = (stage.maker, stage.keys);
    let mut totals = bank(&stage, SOL);
    // 1.75 atoms a share; deposits of 17.5 atoms stand beside borrows of 16: one atom and a half is free.
    (totals.deposit_index, totals.booked_borrow_index) = (7 << 46, 1 << 48);
    (totals.deposit_shares, totals.borrow_shares, totals.insurance_atoms) = (10, 16, 1_000);
    stage.write(&keys.bank(SOL).bank, &totals);
    let mut registry = stage.registry();
    registry.banks[SOL as usize].deposit_index = 7 << 46;
    stage.write(&keys.registry, &*registry);
    for (trader, shares) in [(maker, 10), (alice, -16)] {
        let mut account = stage.margin_account(&trader);
        let place = account.token_index(SOL).expect("a balance in SOL");
        account.tokens[place].shares = shares;
        stage.write(&trader.account, &account);
    }
    assert_eq!(bank(&stage, SOL).totals().free_liquidity_down().get(), 1);
    assert_code(stage.withdraw(&maker, SOL, Some(1)), EngineError::LiquidityInsufficient);
    let sent = stage.repay(&alice, SOL, Some(1));
    assert_sent(sent);
    assert_sent(stage.withdraw(&maker, SOL, Some(1)));
}

#[test]
fn fees_are_collected_from_free_liquidity_alone() {
    let mut stage = Stage::new();
    let alice = nearly_all_lent(&mut stage);
    let maker = stage.maker;
    let sent = stage.withdraw(&maker, SOL, Some(5 * ONE_SOL));
    stage.done(sent);
    for _ in 0..10 {
        stage.advance(86_400);
        let sent = stage.accrue(SOL);
        stage.done(sent);
    }
    stage.repeat_prices();
    let fees = bank(&stage, SOL).fees_atoms;
    assert!(fees > ONE_SOL && stage.token_balance(&stage.keys.bank(SOL).vault) > fees, "{fees}");
    let (keys, authority) = (stage.keys, stage.authority);
    let collect = |stage: &mut Stage| {
        let destination = stage.funded(&authority, SOL, 0);
        let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
        let collect = ix::collect_fees(&keys, &stage.token(SOL), authority, destination, args);
        stage.send_as_authority(collect)
    };
    assert_code(collect(&mut stage), EngineError::LiquidityInsufficient);
    let sent = stage.repay(&alice, SOL, Some(2 * fees));
    stage.done(sent);
    let sent = collect(&mut stage);
    stage.done(sent);
    assert_eq!(bank(&stage, SOL).fees_atoms, 0);
}

/// MONEY-5
#[test]
fn deposits_grow_to_the_cap_and_no_further_and_a_debt_is_repaid_at_it() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", USDC, 100_000 * USD);
    let bob = stage.trader("bob");
    configure(&mut stage, SOL, false, |config| config.deposit_cap_atoms = 10_010 * ONE_SOL);
    assert_code(stage.deposit(&bob, SOL, 10 * ONE_SOL + 1), EngineError::DepositCapReached);
    let sent = stage.deposit(&bob, SOL, 10 * ONE_SOL);
    stage.done(sent);
    assert_code(stage.deposit(&bob, SOL, 1), EngineError::DepositCapReached);
    let sent = stage.borrow(&alice, SOL, 3 * ONE_SOL);
    stage.done(sent);
    let sent = stage.deposit(&alice, SOL, 2 * ONE_SOL);
    stage.done(sent);
    assert_code(stage.deposit(&alice, SOL, 2 * ONE_SOL), EngineError::DepositCapReached);
}

/// MONEY-5
#[test]
fn borrows_grow_to_the_cap_and_no_further_and_a_deposit_leaves_by_borrow_at_it() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", USDC, 100_000 * USD);
    configure(&mut stage, SOL, false, |config| config.borrow_cap_atoms = 10 * ONE_SOL);
    assert_code(stage.borrow(&alice, SOL, 10 * ONE_SOL + 1), EngineError::BorrowCapReached);
    let sent = stage.borrow(&alice, SOL, 10 * ONE_SOL);
    stage.done(sent);
    assert_code(stage.borrow(&alice, SOL, 1), EngineError::BorrowCapReached);
    let maker = stage.maker;
    let sent = stage.borrow(&maker, SOL, ONE_SOL);
    stage.done(sent);
}

/// FILL-3
#[test]
fn open_interest_grows_to_the_cap_and_no_further_and_positions_pass_and_close_at_it() {
    let mut stage = Stage::new();
    let (maker, authority, keys) = (stage.maker, stage.authority, stage.keys);
    let mut terms = MarketConfig::SOL.args(SOL_PERP).terms;
    terms.open_interest_cap_units = 10 * SOL_UNITS;
    let args = args::UpdateMarketArgs { status: SlotStatus::Active as u8, terms };
    assert_sent(stage.send_as_authority(ix::update_market(&keys, authority, SOL_PERP, args)));
    let [alice, bob] = ["alice", "bob"].map(|name| stage.funded_trader(name, USDC, 10_000 * USD));
    let over = stage.fill(SOL_PERP, &alice, &maker, 10 * SOL_UNITS + 1, None);
    assert_code(over, EngineError::OpenInterestCapReached);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 10 * SOL_UNITS, None);
    stage.done(sent);
    let over = stage.fill(SOL_PERP, &bob, &maker, 1_000, None);
    assert_code(over, EngineError::OpenInterestCapReached);
    // From one holder to another, and back: nobody opens anything.
    let sent = stage.fill(SOL_PERP, &bob, &alice, 4 * SOL_UNITS, None);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &maker, &bob, 4 * SOL_UNITS, None);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &bob, &maker, 4 * SOL_UNITS, None);
    stage.done(sent);
}

/// FILL-3
#[test]
fn no_position_exceeds_the_largest_size_that_the_numbers_hold() {
    let mut stage = Stage::new();
    let (maker, keys) = (stage.maker, stage.keys);
    let alice = stage.funded_trader("alice", USDC, 10_000 * USD);
    let sent = stage.fill(SOL_PERP, &alice, &maker, SOL_UNITS, None);
    stage.done(sent);
    let largest = MAX_BASE_UNITS as i64;
    for (trader, shares) in [(alice, largest), (maker, -largest)] {
        let mut account = stage.margin_account(&trader);
        account.derivatives[0].shares = shares;
        stage.write(&trader.account, &account);
    }
    let mut market: plimsoll_state::Market = stage.read(&keys.market(SOL_PERP));
    market.sides.iter_mut().for_each(|side| side.shares = MAX_BASE_UNITS);
    stage.write(&keys.market(SOL_PERP), &market);
    let beyond = stage.fill(SOL_PERP, &alice, &maker, 1_000, None);
    assert_code(beyond, EngineError::PositionTooLarge);
}

/// LOSS-1, MONEY-5
#[test]
fn a_terminal_bank_accepts_repayments_and_withdrawals_and_nothing_that_grows() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", USDC, 100_000 * USD);
    let bob = stage.funded_trader("bob", USDC, 100_000 * USD);
    let sent = stage.borrow(&alice, SOL, 10 * ONE_SOL);
    stage.done(sent);
    let (maker, keys) = (stage.maker, stage.keys);
    let mut registry = stage.registry();
    registry.banks[SOL as usize].status = SlotStatus::Terminal as u8;
    stage.write(&keys.registry, &*registry);
    for trader in [bob, maker] {
        assert_code(stage.deposit(&trader, SOL, 1_000), EngineError::BankTerminal);
    }
    for trader in [bob, alice] {
        assert_code(stage.borrow(&trader, SOL, 1_000), EngineError::BankTerminal);
    }
    let sent = stage.repay(&alice, SOL, Some(4 * ONE_SOL));
    stage.done(sent);
    // A deposit that only repays grows nothing; one that goes further would.
    let sent = stage.deposit(&alice, SOL, 4 * ONE_SOL);
    stage.done(sent);
    assert_code(stage.deposit(&alice, SOL, 3 * ONE_SOL), EngineError::BankTerminal);
    let sent = stage.withdraw(&maker, SOL, Some(ONE_SOL));
    stage.done(sent);
    // The authority cannot reopen it.
    configure(&mut stage, SOL, false, |_| ());
    assert_eq!(stage.registry().banks[SOL as usize].status, SlotStatus::Terminal as u8);
    configure(&mut stage, SOL, true, |_| ());
    assert_code(stage.deposit(&bob, SOL, 1_000), EngineError::BankTerminal);
}

#[test]
fn a_bank_that_only_reduces_takes_no_deposit_and_lends_nothing() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", USDC, 100_000 * USD);
    let sent = stage.borrow(&alice, SOL, 10 * ONE_SOL);
    stage.done(sent);
    configure(&mut stage, SOL, true, |_| ());
    let maker = stage.maker;
    assert_code(stage.deposit(&maker, SOL, 1_000), EngineError::ReduceOnly);
    assert_code(stage.borrow(&alice, SOL, 1_000), EngineError::ReduceOnly);
    let sent = stage.deposit(&alice, SOL, ONE_SOL);
    stage.done(sent);
    let sent = stage.borrow(&maker, SOL, ONE_SOL);
    stage.done(sent);
}

/// Owes 13,900 dollars against 100 SOL that a liquidator has taken all of at 120 dollars.
fn insolvent(stage: &mut Stage, name: &str) -> Trader {
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, 200);
    stage.hold_prices(300, 5);
    let trader = stage.funded_trader(name, SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&trader, USDC, 13_900 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 120, &trader, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &trader, pair(SOL, USDC), ANY);
    stage.done(sent);
    trader
}

/// What insurance paid of a bankrupt's quote borrow.
fn drawn(stage: &mut Stage, of: &Trader) -> u64 {
    let sent = stage.resolve(of, Freeze);
    stage.done(sent);
    let sent = stage.resolve(of, PayBorrow { bank: USDC });
    let meta = stage.done(sent);
    let (reserved, paid): (InsuranceReserved, BorrowResolved) = (event(&meta), event(&meta));
    assert_eq!((paid.from_reserved_atoms, paid.from_unreserved_atoms), (reserved.reserved_atoms, 0));
    reserved.reserved_atoms
}

/// INSURE-3
#[test]
fn insurance_pays_no_more_than_the_caps_of_an_hour_and_of_an_event() {
    const HOUR_CAP: u64 = 600 * USD;
    let mut stage = Stage::new();
    stage.lift_spot_band(SOL);
    let sent = stage.fund_insurance(USDC, 10_000 * USD);
    stage.done(sent);
    configure(&mut stage, USDC, false, |config| config.draw_cap_hour_atoms = Some(HOUR_CAP));
    let (first, second) = (insolvent(&mut stage, "first"), insolvent(&mut stage, "second"));
    assert_eq!(drawn(&mut stage, &first), HOUR_CAP);
    // In the same second the hour has nothing left, however much the fund has.
    assert_eq!(drawn(&mut stage, &second), 0);
    assert!(bank(&stage, USDC).insurance_atoms > 9_000 * USD);
    let third = insolvent(&mut stage, "third");
    stage.hold_prices(7_200, 15);
    assert_eq!(drawn(&mut stage, &third), HOUR_CAP);
    configure(&mut stage, USDC, false, |config| config.draw_cap_event_atoms = Some(100 * USD));
    let fourth = insolvent(&mut stage, "fourth");
    assert_eq!(drawn(&mut stage, &fourth), 100 * USD);
}
