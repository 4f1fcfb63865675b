//! A loss that is known and not booked yet closes the ways out of what it will fall on, and their opening again is its
//! booking (KNOWN-1 to KNOWN-3).

use plimsoll::instructions::ResolveStep::{Freeze, PayBorrow, PayPnl, SeizePnl};
use plimsoll_state::Bank;
use plimsoll_tests::*;

fn bank(stage: &Stage, index: u8) -> Bank {
    stage.read(&stage.keys.bank(index).bank)
}

/// Who deposited 500,000 takes everything; returns what arrived.
fn leaves(stage: &mut Stage, lender: &Trader) -> u64 {
    let at = wallet(stage, &lender.owner, USDC);
    let before = stage.token_balance(&at);
    assert_sent(stage.withdraw(lender, USDC, None));
    stage.token_balance(&at) - before
}

/// Two lenders of 500,000 and nobody else; a borrower whose collateral is gone owes 395,760.36 of it.
fn two_lenders() -> (Stage, [Trader; 2], Trader) {
    let mut stage = Stage::new();
    stage.lift_spot_band(SOL);
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    for lender in [maker, liquidator] {
        assert_sent(stage.withdraw(&lender, USDC, None));
    }
    let lenders = ["first", "last"].map(|name| stage.funded_trader(name, USDC, 500_000 * USD));
    let borrower = stage.funded_trader("borrower", SOL, 4_000 * ONE_SOL);
    assert_sent(stage.borrow(&borrower, USDC, 554_944 * USD + 540_000));
    stage.falls_to(SOL, 40, &borrower, 60);
    // Whoever takes the collateral pays 160,000 for it, less what is his.
    assert_sent(stage.deposit(&liquidator, USDC, 200_000 * USD));
    let sent = stage.liquidate(&liquidator, &borrower, pair(SOL, USDC), ANY);
    stage.done(sent);
    assert_sent(stage.withdraw(&liquidator, USDC, None));
    (stage, lenders, borrower)
}

/// The one who left before the loss was booked took 500,000, and the other 104,239.64: now 302,119.82 each.
#[test]
fn a_lender_who_races_a_bankruptcy_gets_the_same_fraction_as_the_last() {
    let (mut stage, [first, last], borrower) = two_lenders();
    let free = bank(&stage, USDC).totals().free_liquidity_down().get();
    assert!(free >= 500_000 * USD, "{free}: the first could leave whole");
    assert_sent(stage.resolve(&borrower, Freeze));
    let refused = stage.withdraw(&first, USDC, None);
    let failure = refused.expect_err("a known loss");
    assert_eq!(failure.code, Some(EngineError::LossKnown as u32), "{failure}");
    let said = failure.logs.iter().find(|line| line.contains("bank 0: a known loss of ")).expect("it says what");
    assert!(said.ends_with(" atoms; ends once frozen accounts are resolved"), "{said}");
    // A loan is a way out too; other banks are open, and so is every way in.
    let whale = stage.funded_trader("whale", BTC, 100 * ONE_BTC);
    assert_code(stage.borrow(&whale, USDC, USD), EngineError::LossKnown);
    assert_sent(stage.borrow(&whale, SOL, ONE_SOL));
    assert_sent(stage.withdraw(&whale, BTC, Some(ONE_BTC)));
    assert_sent(stage.repay(&whale, SOL, None));
    assert_sent(stage.resolve(&borrower, PayBorrow { bank: USDC }));
    assert!(stage.margin_account(&borrower).is_empty());
    assert_eq!(stage.registry().banks[0].known_loss_atoms, 0);
    let [got, rest] = [leaves(&mut stage, &first), leaves(&mut stage, &last)];
    for taken in [got, rest] {
        assert!(taken.abs_diff(302_119_820_000) < USD / 100, "{got} and {rest}");
    }
    assert!(got.abs_diff(rest) <= 1, "{got} and {rest}");
}

/// KNOWN-2: while insurance covers what is known, nobody waits; a loss that it does not pay whole, by its shares, closes the bank.
#[test]
fn a_loss_that_insurance_will_pay_keeps_nobody() {
    for (fund, waits) in [(800_000 * USD, false), (500_000 * USD, true)] {
        let (mut stage, [first, _], borrower) = two_lenders();
        assert_sent(stage.fund_insurance(USDC, fund));
        assert_sent(stage.resolve(&borrower, Freeze));
        let left = stage.withdraw(&first, USDC, Some(USD));
        if waits {
            assert_code(left, EngineError::LossKnown);
            // More insurance opens it again, by itself.
            assert_sent(stage.fund_insurance(USDC, 300_000 * USD));
            assert_sent(stage.withdraw(&first, USDC, Some(USD)));
        } else {
            assert_sent(left);
        }
        assert_sent(stage.resolve(&borrower, PayBorrow { bank: USDC }));
        assert_sent(stage.withdraw(&first, USDC, Some(USD)));
        assert_eq!(stage.registry().banks[0].known_loss_atoms, 0);
    }
}

/// KNOWN-1: somebody repays the frozen debt: what was known is taken off with it.
#[test]
fn a_repaid_debt_is_no_known_loss_any_more() {
    let (mut stage, [first, _], borrower) = two_lenders();
    assert_sent(stage.resolve(&borrower, Freeze));
    assert_code(stage.withdraw(&first, USDC, Some(USD)), EngineError::LossKnown);
    assert_sent(stage.repay(&borrower, USDC, None));
    assert_sent(stage.resolve(&borrower, plimsoll::instructions::ResolveStep::Finish));
    assert_eq!(stage.registry().banks[0].known_loss_atoms, 0);
    assert_sent(stage.withdraw(&first, USDC, Some(USD)));
}

/// A long of 1,000 SOL is insolvent and its base taken; the shorts will be charged 5,400 dollars.
fn insolvent_long() -> (Stage, Trader, [Trader; 2]) {
    let mut stage = Stage::new();
    stage.lift_breakers();
    let liquidator = stage.liquidator;
    let short = stage.funded_trader("short", USDC, 100_000 * USD);
    let third = stage.funded_trader("third", USDC, 100_000 * USD);
    let long = stage.funded_trader("long", USDC, 13_000 * USD);
    let sent = stage.fill(SOL_PERP, &long, &short, 1_000 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 180, &long, 60);
    let sent = stage.liquidate(&liquidator, &long, perp(SOL_PERP), ANY);
    stage.done(sent);
    (stage, long, [short, third])
}

/// KNOWN-3: whoever closed one call before the charge left it to the account that he closed against: -$5,400.
#[test]
fn nobody_hands_his_part_of_a_known_loss_to_a_third_account() {
    let (mut stage, long, [short, third]) = insolvent_long();
    assert_sent(stage.resolve(&long, Freeze));
    // The short buys back from the third, who would be short when the charge comes.
    assert_code(stage.fill(SOL_PERP, &short, &third, 1_000 * SOL_UNITS, None), EngineError::LossKnown);
    // Who takes his gain would leave the deficit to the others.
    assert_code(stage.settle(SOL_PERP, Some(&short)), EngineError::LossKnown);
    assert_code(stage.take_win(SOL_PERP, &short, None), EngineError::LossKnown);
    // Longs bear nothing of it and trade among themselves; another market is open to everybody.
    let liquidator = stage.liquidator;
    assert_sent(stage.fill(SOL_PERP, &third, &liquidator, SOL_UNITS, None));
    assert_sent(stage.fill(BTC_PERP, &short, &third, BTC_UNITS / 100, None));
    for step in [SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        assert_sent(stage.resolve(&long, step));
    }
    assert_eq!(stage.registry().markets[SOL_PERP as usize].known_loss().get(), 0);
    let market: plimsoll_state::Market = stage.read(&stage.keys.market(SOL_PERP));
    assert!((5_390 * USD..=5_400 * USD).contains(&market.socialized_atoms), "{}", market.socialized_atoms);
    // The charge is where it belongs: what the third opens now costs it nothing.
    let before = stage.view(&third).spot.nav_usd_pico.get();
    assert_sent(stage.fill(SOL_PERP, &short, &third, 1_000 * SOL_UNITS, None));
    let lost = before - stage.view(&third).spot.nav_usd_pico.get();
    assert!(lost < 100 * 1_000_000_000_000, "{lost}");
}

/// A market's loss that insurance pays stops neither fills nor gains.
#[test]
fn a_market_whose_known_loss_is_covered_trades_on() {
    let (mut stage, long, [short, third]) = insolvent_long();
    assert_sent(stage.fund_insurance(USDC, 50_000 * USD));
    assert_sent(stage.resolve(&long, Freeze));
    assert_sent(stage.fill(SOL_PERP, &short, &third, 500 * SOL_UNITS, None));
    for step in [SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        assert_sent(stage.resolve(&long, step));
    }
    assert_sent(stage.settle(SOL_PERP, Some(&short)));
}
