//! Claims on a market with a deficit: what they count at, who may take them, and that they keep no account from its end.

use plimsoll::event::{BankruptcyResolved, PnlSettled};
use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, PayPnl, SeizePnl, SeizeToken};
use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

fn market(stage: &Stage) -> Market {
    stage.read(&stage.keys.market(SOL_PERP))
}

fn share(stage: &Stage, market: u8) -> u32 {
    stage.registry().markets[market as usize].deficit_share_ppm
}

/// NAV at spot, whole dollars toward zero.
fn nav_usd(stage: &Stage, of: &Trader) -> i128 {
    stage.view(of).spot.nav_usd_pico.get() / 1_000_000_000_000
}

/// The claim of an account without a base, quote atoms.
fn claim(stage: &Stage, of: &Trader) -> i64 {
    let account = stage.margin_account(of);
    account.perp_index(SOL_PERP).map_or(0, |leg| account.derivatives[leg].cash_atoms)
}

/// Cleo owes 46,000 USDC against a BTC and is short of 1,500 SOL that dave bought with 20,000 dollars. SOL falls from 200
/// to 160 dollars: dave cannot pay 60,000 and is resolved, the market has a deficit. Then cleo's base is closed, so that
/// nothing but a claim stands against her debt beside the BTC.
fn claimant(stage: &mut Stage) -> Trader {
    let liquidator = stage.liquidator;
    let cleo = stage.funded_trader("cleo", BTC, ONE_BTC);
    let sent = stage.borrow(&cleo, USDC, 46_000 * USD);
    stage.done(sent);
    let dave = stage.funded_trader("dave", USDC, 20_000 * USD);
    let sent = stage.fill(SOL_PERP, &dave, &cleo, 1_500 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 160, &dave, 60);
    let sent = stage.liquidate(&liquidator, &dave, perp(SOL_PERP), ANY);
    stage.done(sent);
    for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        let sent = stage.resolve(&dave, step);
        stage.done(sent);
    }
    let sent = stage.fill(SOL_PERP, &cleo, &liquidator, 1_500 * SOL_UNITS, None);
    stage.done(sent);
    // Its fees were set off against the deficit.
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    cleo
}

/// On the code before, an account whose real NAV was -26,400 dollars (here it is a little less) was at once
/// `AccountHealthy`, `MarketInDeficit`, `MaintenanceMarginInsufficient` and `NotBankrupt`: its claim counted at par and
/// could be neither settled, nor taken, nor seized.
#[test]
fn an_account_with_nothing_but_a_claim_on_a_market_in_deficit_is_taken_to_its_end() {
    let mut stage = Stage::new();
    let cleo = claimant(&mut stage);
    stage.falls_to(BTC, 1, &cleo, 400);
    let totals = market(&stage);
    assert!(totals.deficit_atoms > totals.pool_atoms);
    let at_par = claim(&stage, &cleo) / USD as i64 - 46_000;
    let real = claim(&stage, &cleo) as i128 * totals.pool_atoms as i128
        / (totals.pool_atoms + totals.deficit_atoms) as i128
        / USD as i128
        - 46_000;
    assert!(at_par > 5_000 && (-28_000..-25_000).contains(&real), "{at_par} at par, {real} in truth");
    // A dollar of BTC is left, and the copy is rounded by a millionth of the claim.
    assert!((nav_usd(&stage, &cleo) - real).abs() <= 2, "{} and {real}", nav_usd(&stage, &cleo));
    // Nobody settles it at par, but anybody takes it for what the pool pays.
    assert_code(stage.settle(SOL_PERP, Some(&cleo)), EngineError::MarketInDeficit);
    let stranger = stage.liquidator;
    let args = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
    let take = ix::take_win(&stage.keys, SOL_PERP, stranger.owner, cleo.account, args);
    let before = nav_usd(&stage, &cleo);
    let sent = stage.send(&stranger.owner, &[take]);
    let taken: PnlSettled = event(&stage.done(sent));
    assert!(taken.quote_atoms > 0 && taken.forgone_atoms > 0 && claim(&stage, &cleo) == 0);
    assert!((nav_usd(&stage, &cleo) - before).abs() <= 1, "what is taken is what was counted");
    for step in [Freeze, SeizeToken { bank: BTC }] {
        let sent = stage.resolve(&cleo, step);
        stage.done(sent);
    }
    let sent = stage.resolve(&cleo, PayBorrow { bank: USDC });
    let end: BankruptcyResolved = event(&stage.done(sent));
    assert!(end.thawed && stage.margin_account(&cleo).is_empty());
}

#[test]
fn a_claimant_who_is_bankrupt_is_frozen_without_anybody_taking_the_claim_first() {
    let mut stage = Stage::new();
    let cleo = claimant(&mut stage);
    stage.falls_to(BTC, 1, &cleo, 400);
    for step in [Freeze, SeizePnl { market: SOL_PERP }, SeizeToken { bank: BTC }, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&cleo, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&cleo).is_empty());
}

/// PNL-5
#[test]
fn the_owner_of_an_account_under_water_takes_all_of_a_win_and_no_part_of_it() {
    let mut stage = Stage::new();
    let cleo = claimant(&mut stage);
    stage.falls_to(BTC, 1, &cleo, 400);
    let part = Some(1_000 * USD);
    assert_code(stage.take_win(SOL_PERP, &cleo, part), EngineError::MaintenanceMarginInsufficient);
    let sent = stage.take_win(SOL_PERP, &cleo, None);
    stage.done(sent);
    assert_eq!(claim(&stage, &cleo), 0);
}

/// PNL-5
#[test]
fn of_a_healthy_account_nobody_but_the_owner_takes_a_win_and_nobody_but_he_says_how_much() {
    let mut stage = Stage::new();
    let cleo = claimant(&mut stage);
    let stranger = stage.liquidator;
    let take = |stage: &mut Stage, all: bool| {
        let args = args::TakeWinArgs { claim_atoms: USD, all, min_paid_atoms: 0 };
        let take = ix::take_win(&stage.keys, SOL_PERP, stranger.owner, cleo.account, args);
        stage.send(&stranger.owner, &[take])
    };
    assert_code(take(&mut stage, true), EngineError::NotOwner);
    stage.falls_to(BTC, 1, &cleo, 400);
    assert_code(take(&mut stage, false), EngineError::NotOwner);
    // A pool that pays nothing takes nothing from him either.
    let (mut totals, keys) = (market(&stage), stage.keys);
    (totals.pool_shares, totals.pool_atoms) = (0, 0);
    stage.write(&keys.market(SOL_PERP), &totals);
    assert_code(take(&mut stage, true), EngineError::BelowLimit);
}

#[test]
fn a_deficit_that_shrinks_gives_claims_their_worth_back_at_the_next_crank_and_never_before_they_have_it() {
    let mut stage = Stage::new();
    stage.lift_breakers();
    let cleo = claimant(&mut stage);
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let totals = market(&stage);
    let whole = totals.pool_atoms + totals.deficit_atoms;
    let expected = (totals.deficit_atoms as u128 * 1_000_000).div_ceil(whole as u128) as u32;
    assert_eq!(share(&stage, SOL_PERP), expected);
    assert_eq!(share(&stage, BTC_PERP), 0);
    // Fees are set off against the deficit.
    for (buyer, seller) in [(maker, liquidator), (liquidator, maker)] {
        let sent = stage.fill(SOL_PERP, &buyer, &seller, 1_000 * SOL_UNITS, None);
        stage.done(sent);
    }
    assert_eq!(share(&stage, SOL_PERP), expected, "the copy is older");
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    let less = share(&stage, SOL_PERP);
    assert!(less < expected && less > 0);
    // She takes what she has, and the last claim leaves no deficit behind.
    let sent = stage.take_win(SOL_PERP, &cleo, None);
    stage.done(sent);
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    let left = market(&stage);
    assert_eq!(left.deficit_atoms == 0, share(&stage, SOL_PERP) == 0);
}

/// A loss of depositors lowers the value of every pool. Margin knows at once, before anybody has touched the pool, and a
/// crank does not make it forget (PNL-6).
#[test]
fn a_socialized_loss_of_quote_cuts_claims_at_once_and_no_crank_restores_them_before_the_pool_is_valued() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    // A gain of bob's, and a pool that holds it.
    let bob = stage.funded_trader("bob", USDC, 20_000 * USD);
    let sent = stage.fill(SOL_PERP, &maker, &bob, 100 * SOL_UNITS, None);
    stage.done(sent);
    let alice = stage.funded_trader("alice", SOL, 10_000 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 1_390_000 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 120, &alice, 60);
    let sent = stage.settle(SOL_PERP, Some(&maker));
    stage.done(sent);
    let liquidator = stage.liquidator;
    for by in [maker, liquidator] {
        if stage.margin_account(&alice).token_index(SOL).is_some() {
            let sent = stage.liquidate(&by, &alice, pair(SOL, USDC), ANY);
            stage.done(sent);
        }
    }
    let before: Bank = stage.read(&stage.keys.bank(USDC).bank);
    for step in [Freeze, PayBorrow { bank: USDC }] {
        let sent = stage.resolve(&alice, step);
        stage.done(sent);
    }
    let after: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert!(after.deposit_index < before.deposit_index);
    let kept = after.deposit_index as u128 * 1_000_000 / before.deposit_index as u128;
    assert_eq!((share(&stage, SOL_PERP), share(&stage, BTC_PERP)), (1_000_000 - kept as u32, 1_000_000 - kept as u32));
    assert_eq!(market(&stage).deficit_atoms, 0, "nobody has touched the pool");
    for index in [SOL_PERP, BTC_PERP] {
        let sent = stage.crank_funding(index);
        stage.done(sent);
    }
    assert!(share(&stage, SOL_PERP) > 0, "its own claim is not worth the loss");
    assert_eq!(share(&stage, BTC_PERP), 0, "no pool, no loss");
    let sent = stage.take_win(SOL_PERP, &bob, Some(100 * USD));
    stage.done(sent);
    assert!(market(&stage).deficit_atoms > 0);
    let sent = stage.crank_funding(SOL_PERP);
    stage.done(sent);
    let totals = market(&stage);
    let whole = (totals.pool_atoms + totals.deficit_atoms) as u128;
    let exact = (totals.deficit_atoms as u128 * 1_000_000).div_ceil(whole) as u32;
    assert!(share(&stage, SOL_PERP).abs_diff(exact) <= 1, "{} and {exact}", share(&stage, SOL_PERP));
}
