//! Gains, losses, funding, interest, fees: what moves without anybody being liquidated.

use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

fn market(stage: &Stage) -> Market {
    stage.read(&stage.keys.market(SOL_PERP))
}

fn quote_atoms(stage: &Stage, of: &Trader) -> i64 {
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    let shares = stage.margin_account(of).quote_shares();
    ((shares as i128 * bank.deposit_index as i128) >> 48) as i64
}

/// Alice bought 100 SOL from bob; both hold 20,000 dollars.
fn pair_of_traders(stage: &mut Stage) -> (Trader, Trader) {
    let alice = stage.funded_trader("alice", USDC, 20_000 * USD);
    let bob = stage.funded_trader("bob", USDC, 20_000 * USD);
    let sent = stage.fill(SOL_PERP, &alice, &bob, 100 * SOL_UNITS, None);
    stage.done(sent);
    (alice, bob)
}

/// PNL-1
#[test]
fn winners_are_paid_what_losers_have_paid_in_and_no_more() {
    let mut stage = Stage::new();
    let (alice, bob) = pair_of_traders(&mut stage);
    stage.falls_to(SOL, 210, &alice, 400);
    assert_code(stage.settle(SOL_PERP, Some(&alice)), EngineError::NothingToSettle);
    let sent = stage.settle(SOL_PERP, Some(&bob));
    stage.done(sent);
    let pool = market(&stage).pool_atoms;
    // The nearest to zero among spot, averages, initial price and edge; a thousand dollars less the widths.
    assert!(pool > 900 * USD && pool <= 1_003 * USD, "{pool}");
    let before = quote_atoms(&stage, &alice);
    let sent = stage.settle(SOL_PERP, Some(&alice));
    stage.done(sent);
    let paid = quote_atoms(&stage, &alice) - before;
    assert!(paid > 0 && paid as u64 <= pool);
    // A second settlement finds only what the first left in the pool.
    assert_code(stage.settle(SOL_PERP, Some(&alice)), EngineError::NothingToSettle);
    let sent = stage.settle(SOL_PERP, None);
    stage.done(sent);
}

/// PNL-8, FILL-5
#[test]
fn everybody_who_leaves_takes_his_due_and_the_fees_become_insurance() {
    let mut stage = Stage::new();
    let (alice, bob) = pair_of_traders(&mut stage);
    stage.falls_to(SOL, 190, &alice, 400);
    let sent = stage.fill(SOL_PERP, &bob, &alice, 100 * SOL_UNITS, None);
    stage.done(sent);
    for trader in [&alice, &bob] {
        let sent = stage.settle(SOL_PERP, Some(trader));
        stage.done(sent);
        assert!(stage.margin_account(trader).perp_index(SOL_PERP).is_none());
    }
    let sent = stage.settle(SOL_PERP, None);
    stage.done(sent);
    // A basis point of 20,000 and of 19,000 dollars from each.
    assert_eq!((market(&stage).pool_atoms, market(&stage).own_claim_atoms), (0, 0));
    let sent = stage.sweep(USDC);
    stage.done(sent);
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert_eq!(bank.insurance_atoms, 2 * 2 * USD + 2 * 1_900_000);
    let left = quote_atoms(&stage, &alice) + quote_atoms(&stage, &bob);
    assert_eq!(left as u64, 40_000 * USD - bank.insurance_atoms);
}

/// FUNDING-1
#[test]
fn funding_passes_from_longs_to_shorts_for_the_time_the_premium_stood() {
    let mut stage = Stage::new();
    let (alice, bob) = pair_of_traders(&mut stage);
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::RegisterVenueArgs { signer: address("venue"), settle_markets: 0, premium_markets: 1 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    let venue = stage.party("venue");
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    let sent = stage.send(&venue, &[ix::report_premium(&keys, SOL_PERP, venue, 360)]);
    stage.done(sent);
    stage.hold_prices(1_000, 10);
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    stage.hold_prices(1_000, 10);
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    for trader in [&alice, &bob] {
        let sent = stage.touch(trader, SOL_PERP);
        stage.done(sent);
    }
    // 360 millionths an hour of 20,000 dollars for a thousand seconds: 2 dollars.
    let cash = |trader: &Trader| stage.margin_account(trader).derivatives[0].cash_atoms;
    assert!((cash(&alice) + 20_002 * USD as i64 + 2 * USD as i64).abs() <= 2, "{}", cash(&alice));
    assert!((cash(&bob) - 19_998 * USD as i64 - 2 * USD as i64).abs() <= 2, "{}", cash(&bob));
}

/// No time has passed since the crank before, so there is no mean premium either, which is not a mean of zero.
#[test]
fn a_second_crank_of_the_same_second_keeps_the_rate() {
    let mut stage = Stage::new();
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::RegisterVenueArgs { signer: address("venue"), settle_markets: 0, premium_markets: 1 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    let venue = stage.party("venue");
    let sent = stage.send(&venue, &[ix::report_premium(&keys, SOL_PERP, venue, 360)]);
    stage.done(sent);
    stage.hold_prices(1_000, 10);
    let rate = |stage: &Stage| stage.registry().markets[SOL_PERP as usize].funding_per_unit_sec;
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    let set = rate(&stage);
    assert!(set > 0);
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    assert_eq!(rate(&stage), set);
}

/// INTEREST-2
#[test]
fn interest_is_charged_credited_and_shared_with_the_protocol() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 10_000 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 1_300_000 * USD);
    stage.done(sent);
    let sent = stage.accrue(USDC);
    stage.done(sent);
    for _ in 0..50 {
        stage.advance(86_400);
        let sent = stage.accrue(USDC);
        stage.done(sent);
    }
    stage.repeat_prices();
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert!(bank.fees_atoms > 0 && bank.booked_borrow_index > 1 << 48 && bank.deposit_index > 1 << 48);
    assert!(bank.deposit_index < bank.booked_borrow_index);
    let (authority, keys) = (stage.authority, stage.keys);
    let destination = stage.funded(&authority, USDC, 0);
    let args = args::CollectFeesArgs { amount_atoms: 0, all: true };
    let collect = ix::collect_fees(&keys, &stage.token(USDC), authority, destination, args);
    let sent = stage.send_as_authority(collect);
    stage.done(sent);
    assert_eq!(stage.token_balance(&destination), bank.fees_atoms);
    // Whoever leaves takes what he is owed, to the last share.
    let sent = stage.repay(&alice, USDC, None);
    stage.done(sent);
    for trader in [stage.maker, stage.liquidator] {
        let sent = stage.withdraw(&trader, USDC, None);
        stage.done(sent);
    }
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert_eq!((bank.deposit_shares, bank.borrow_shares), (0, 0));
    assert!(stage.token_balance(&stage.keys.bank(USDC).vault) < 200);
}

/// RISK-4, CLOCK-3
#[test]
fn a_debt_is_repaid_in_full_and_the_rest_withdrawn_with_every_feed_dead() {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 10_000 * USD);
    stage.done(sent);
    stage.advance(1_000_000);
    assert_code(stage.withdraw(&alice, SOL, Some(1)), EngineError::PriceStale);
    let sent = stage.repay(&alice, USDC, None);
    stage.done(sent);
    let sent = stage.withdraw(&alice, SOL, None);
    stage.done(sent);
    assert!(stage.margin_account(&alice).is_empty());
    assert_sent(stage.send(&alice.owner, &[ix::close_account(alice.owner, alice.account, alice.owner)]));
}

/// The pool belongs to winners: a loser who asks for a win would be paid with what other losers paid in (PNL-5).
#[test]
fn a_loser_takes_no_win_out_of_the_pool() {
    let mut stage = Stage::new();
    let (alice, bob) = pair_of_traders(&mut stage);
    let carol = stage.funded_trader("carol", USDC, 20_000 * USD);
    let sent = stage.fill(SOL_PERP, &alice, &carol, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 210, &alice, 400);
    let sent = stage.settle(SOL_PERP, Some(&bob));
    stage.done(sent);
    assert!(market(&stage).pool_atoms > 900 * USD);
    for claim_atoms in [None, Some(100 * USD)] {
        assert_code(stage.take_win(SOL_PERP, &carol, claim_atoms), EngineError::NothingToSettle);
    }
    let sent = stage.take_win(SOL_PERP, &alice, None);
    stage.done(sent);
}

/// A stale price counts at the edge that favours its holder: nothing is paid by it, neither way (ELIG-3, PNL-2).
#[test]
fn nothing_is_settled_by_a_price_older_than_the_read_age() {
    let mut stage = Stage::new();
    let (alice, bob) = pair_of_traders(&mut stage);
    stage.falls_to(SOL, 210, &alice, 400);
    let read_age_secs = stage.registry().params().prices.read_age_secs as i64;
    stage.advance(read_age_secs + 1);
    for trader in [&alice, &bob] {
        assert_code(stage.settle(SOL_PERP, Some(trader)), EngineError::PriceStale);
    }
    stage.repeat_prices();
    stage.advance(read_age_secs);
    let sent = stage.settle(SOL_PERP, Some(&bob));
    stage.done(sent);
}
