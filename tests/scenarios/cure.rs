//! The cure: an account under water goes back to its target, no further, at a penalty that grows with time and depth.

use plimsoll::event::{CollateralLiquidated, PositionLiquidated};
use plimsoll_risk::liquidate::Leg;
use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

/// Until the fast average is the price to the last bit that matters, so that both say the same target.
const SETTLED_SECS: i64 = 450;

/// 100 SOL (20,000 dollars) against a borrow.
fn borrower(stage: &mut Stage, borrowed_usd: u64) -> Trader {
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, borrowed_usd * USD);
    stage.done(sent);
    alice
}

/// Liquidates and compares what the program did with what the SDK's plan said it would do.
fn liquidate_as_planned(stage: &mut Stage, by: &Trader, of: &Trader, leg: Leg) -> plimsoll_risk::liquidate::Plan {
    let plan = stage.plan(of, &any_of(leg)).unwrap();
    let sent = stage.liquidate(by, of, leg, ANY);
    let meta = stage.done(sent);
    let done = outcome(&meta);
    assert_eq!((done.reason, done.size, done.penalty_ppm), (0, plan.size.get(), plan.penalty_ppm.get()));
    assert_eq!(
        (done.paid_atoms, done.received_atoms, done.fee_atoms),
        (plan.paid_atoms.get(), plan.received_atoms.get(), plan.fee_atoms.get())
    );
    plan
}

/// CURE-1
#[test]
fn a_borrower_whose_collateral_fell_lands_on_the_target_and_keeps_the_rest() {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 160, &alice, SETTLED_SECS);
    let before = stage.view(&alice);
    assert!(before.ratio_ppm < 1_000_000 && before.fast.nav_usd_pico.get() < before.fast.mmr_usd_pico.get());
    let liquidator = stage.liquidator;
    let plan = liquidate_as_planned(&mut stage, &liquidator, &alice, pair(SOL, USDC));
    let after = stage.view(&alice);
    assert_eq!(after.spot.nav_usd_pico.get(), plan.after.nav.get());
    // Within the value of an atom of each leg above the target at the price that gave the smaller size.
    let excess = |m: &plimsoll_state::MaintenanceView| m.nav_usd_pico.get() - m.tmr_usd_pico.get();
    let above = excess(&after.spot).min(excess(&after.fast));
    let best = excess(&after.spot).max(excess(&after.fast));
    assert!(best >= 0 && above < 10_000_000, "{above} {best}");
    assert!(plan.size.get() < 13_900 * USD, "partial");
    let refused = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    assert_code(refused, EngineError::AccountAlreadyCured);
}

/// CURE-6
#[test]
fn the_penalty_is_split_between_liquidator_and_waiting_insurance() {
    let mut stage = Stage::new();
    let alice = borrower(&mut stage, 13_900);
    stage.falls_to(SOL, 160, &alice, 60);
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    let meta = stage.done(sent);
    let done: CollateralLiquidated = event(&meta);
    let fee = done.repaid_atoms as u128 * done.penalty_ppm as u128 / 4_000_000;
    assert_eq!(done.insurance_fee_atoms as u128, fee);
    // 160 dollars a SOL: the seizure is worth the debt and the whole penalty.
    let worth = done.seized_atoms as u128 * 160 / 1_000;
    let paid = done.repaid_atoms as u128 * (1_000_000 + done.penalty_ppm as u128) / 1_000_000;
    assert!(worth <= paid && paid - worth <= 2, "{worth} for {paid}");
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert!(bank.waiting_shares > 0 && bank.waiting_shares as u128 <= fee);
    let sent = stage.sweep(USDC);
    stage.done(sent);
    let bank: Bank = stage.read(&stage.keys.bank(USDC).bank);
    assert_eq!(bank.waiting_shares, 0);
    assert!(bank.insurance_atoms as u128 <= fee && fee - bank.insurance_atoms as u128 <= 1);
}

/// CURE-6
#[test]
fn a_losing_long_is_taken_over_until_the_target_and_the_share_of_insurance_is_the_markets_claim() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let dave = stage.funded_trader("dave", USDC, 2_000 * USD);
    let sent = stage.fill(SOL_PERP, &dave, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 184, &dave, SETTLED_SECS);
    let claim = stage.read::<Market>(&stage.keys.market(SOL_PERP)).own_claim_atoms;
    let plan = stage.plan(&dave, &any_of(perp(SOL_PERP))).unwrap();
    let sent = stage.liquidate(&liquidator, &dave, perp(SOL_PERP), ANY);
    let meta = stage.done(sent);
    let done: PositionLiquidated = event(&meta);
    assert_eq!((done.units, done.long, done.regime), (plan.size.get(), 1, 0));
    assert!(done.units < 100 * SOL_UNITS);
    let market: Market = stage.read(&stage.keys.market(SOL_PERP));
    assert_eq!(market.own_claim_atoms, claim + done.insurance_fee_atoms);
    let after = stage.view(&dave);
    assert!(after.spot.nav_usd_pico.get() >= after.spot.tmr_usd_pico.get());
    assert_code(stage.liquidate(&liquidator, &dave, perp(SOL_PERP), ANY), EngineError::AccountAlreadyCured);
}

#[test]
fn a_losing_short_is_taken_over_too() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let dave = stage.funded_trader("dave", USDC, 2_000 * USD);
    let sent = stage.fill(SOL_PERP, &maker, &dave, 100 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 215, &dave, SETTLED_SECS);
    let plan = liquidate_as_planned(&mut stage, &liquidator, &dave, perp(SOL_PERP));
    assert!(plan.size.get() < 100 * SOL_UNITS);
    let after = stage.view(&dave);
    assert!(after.spot.nav_usd_pico.get() >= after.spot.tmr_usd_pico.get());
}

#[test]
fn negative_pnl_is_repaid_into_the_markets_pool_with_collateral() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let carol = stage.funded_trader("carol", SOL, 20 * ONE_SOL);
    let sent = stage.fill(SOL_PERP, &carol, &maker, 45 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 147, &carol, 60);
    let plan = liquidate_as_planned(&mut stage, &liquidator, &carol, pnl_pair(SOL, SOL_PERP));
    let market: Market = stage.read(&stage.keys.market(SOL_PERP));
    assert!(market.pool_atoms >= plan.size.get() && market.pool_atoms - plan.size.get() <= 1);
    assert_eq!(stage.view(&carol).spot.nav_usd_pico.get(), plan.after.nav.get());
}

/// A sequence test found fills of a few atoms after which the account stood worse: the plan's amounts improved the
/// ratio, but the ledger moves whole shares, rounded against the liquidatee (CURE-5).
#[test]
fn fills_too_small_for_their_rounding_do_not_wear_an_account_down() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, BTC, ONE_BTC / 8);
    stage.done(sent);
    // A borrow share is no longer an atom.
    stage.advance(10_000_000);
    stage.repeat_prices();
    let sent = stage.accrue(BTC);
    stage.done(sent);
    stage.falls_to(SOL, 140, &alice, 60);
    let (mut filled, mut refused) = (0, 0);
    for size in 1..200 {
        let before = stage.view(&alice).spot;
        match stage.liquidate(&liquidator, &alice, pair(SOL, BTC), at_most(size)) {
            Err(failure) => {
                assert_eq!(failure.code, Some(EngineError::AfterCheckFailed.into()));
                refused += 1;
            }
            Ok(_) => {
                let after = stage.view(&alice).spot;
                let product = |nav: i128, mmr: i128| (nav >> 20) * (mmr >> 20);
                let is = product(after.nav_usd_pico.get(), before.mmr_usd_pico.get());
                let was = product(before.nav_usd_pico.get(), after.mmr_usd_pico.get());
                assert!(is >= was, "a fill of {size} atoms lowered the ratio");
                filled += 1;
            }
        }
        stage.audit();
    }
    assert!(filled > 20 && refused > 5, "{filled} filled, {refused} refused");
}
