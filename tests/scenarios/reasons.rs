//! Why nothing is liquidated, in machine-readable words; and what decides when several rules meet.

use plimsoll::liquidation::LiquidationBounds;
use plimsoll_state::{MaintenanceView, MarginView};
use plimsoll_tests::*;

/// 100 SOL against 13,900 dollars, under water at 160.
fn under_water(stage: &mut Stage) -> Trader {
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 160, &alice, 60);
    alice
}

#[test]
fn a_healthy_account_is_refused_and_a_racing_liquidator_may_ask_for_no_failure() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    assert_code(stage.liquidate(&liquidator, &maker, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
    let before = stage.snapshot();
    let no_op = LiquidationBounds { no_op_if_refused: true, ..ANY };
    let meta = assert_sent(stage.liquidate(&liquidator, &maker, pair(SOL, USDC), no_op));
    assert_eq!(outcome(&meta).reason, u32::from(EngineError::AccountHealthy));
    assert_eq!(event_data(&meta).len(), 0);
    assert_same(&before, &stage.snapshot());
}

/// MARGIN-1
#[test]
fn equality_with_maintenance_is_healthy() {
    let (mut stage, alice, missing_atoms) = below_maintenance_by_whole_atoms();
    let liquidator = stage.liquidator;

    let mut short = stage.clone();
    let sent = short.deposit(&alice, USDC, missing_atoms - 1);
    short.done(sent);
    assert_eq!(maint_excess_usd_pico(&mut short, &alice), -(PICO_PER_ATOM as i128));
    let sent = short.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY);
    short.done(sent);

    let sent = stage.deposit(&alice, USDC, missing_atoms);
    stage.done(sent);
    assert_eq!(maint_excess_usd_pico(&mut stage, &alice), 0);
    assert_code(stage.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY), EngineError::AccountHealthy);

    // The price's next tick down takes an atom of 100 SOL, and rounding another.
    stage.advance(1);
    certain_price(&mut stage, USDC, E8);
    certain_price(&mut stage, SOL, 150 * E8 - 1);
    let excess = maint_excess_usd_pico(&mut stage, &alice);
    assert!((-2 * PICO_PER_ATOM as i128..0).contains(&excess), "{excess}");
    let sent = stage.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY);
    stage.done(sent);
}

/// Pico-dollars of an atom of USDC at one dollar.
const PICO_PER_ATOM: u64 = 1_000_000;

/// Long 100 SOL at 150 dollars, below maintenance by so many atoms of USDC and no fraction of one: every price is
/// certain, so that eligibility adds nothing to it, and the fast average is lower, so that spot alone decides. Nobody has
/// seen it there.
fn below_maintenance_by_whole_atoms() -> (Stage, Trader, u64) {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", USDC, 5_400 * USD);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    for dollars in [140; 30].into_iter().chain([150]) {
        stage.advance(2);
        certain_price(&mut stage, USDC, E8);
        certain_price(&mut stage, SOL, dollars * E8);
    }
    let missing = -maint_excess_usd_pico(&mut stage, &alice);
    let (atoms, rest) = (missing / PICO_PER_ATOM as i128, missing % PICO_PER_ATOM as i128);
    assert!(atoms > 1 && rest == 0, "{missing}");
    (stage, alice, atoms as u64)
}

/// A price that its feed is certain of.
fn certain_price(stage: &mut Stage, slot: u8, price_e8: i64) {
    let published_at = stage.now();
    stage.post_primary(slot, Tick { price_e8, conf_e8: 0, published_at });
    assert_sent(stage.refresh(&[slot]));
}

/// `NAV - MMR` at spot in the answer of `check_margin`, whose fast average is lower still.
fn maint_excess_usd_pico(stage: &mut Stage, of: &Trader) -> i128 {
    let check = ix::check_margin(&stage.keys, of.account, 3);
    let mut returned = assert_sent(stage.simulate(&of.owner, &[check])).return_data.data;
    let mut view = MarginView::default();
    // The runtime strips trailing zeros of return data.
    returned.resize(size_of::<MarginView>(), 0);
    bytemuck::bytes_of_mut(&mut view).copy_from_slice(&returned);
    let excess = |view: &MaintenanceView| view.nav_usd_pico.get() - view.mmr_usd_pico.get();
    assert!(excess(view.at_fast().unwrap()) < excess(view.at_spot().unwrap()));
    excess(&view.spot)
}

/// LIQ-6
#[test]
fn limit_price_and_smallest_size_are_the_liquidators() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = under_water(&mut stage);
    let plan = stage.plan(&alice, &any_of(pair(SOL, USDC))).unwrap();
    let small = LiquidationBounds { min_size: plan.size.get() + 1, ..ANY };
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), small), EngineError::FillTooSmall);
    let limit = |more: u64| LiquidationBounds {
        limit_numerator: plan.received_atoms.get() + more,
        limit_denominator: plan.paid_atoms.get(),
        ..ANY
    };
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), limit(1)), EngineError::BelowLimit);
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), at_most(0)), EngineError::AmountZero);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), limit(0));
    stage.done(sent);
}

/// CURE-2
#[test]
fn a_maximum_that_leaves_dust_is_refused() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = stage.funded_trader("alice", SOL, 2 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 280 * USD);
    stage.done(sent);
    stage.falls_to(SOL, 142, &alice, 60);
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), at_most(271 * USD)), EngineError::LeavesDust);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), at_most(200 * USD));
    stage.done(sent);
}

/// RISK-5
#[test]
fn who_passed_an_initial_check_cannot_be_liquidated_for_two_seconds() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    // A crash within a second, seen twice on the way to the bypass.
    stage.advance(1);
    stage.price(USDC, 1).price(SOL, 110);
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
    let mut account = stage.margin_account(&alice);
    account.bypass = 1;
    account.bypass_published_at = stage.now() - 2;
    stage.write(&alice.account, &account);
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::CoolOff);
    stage.advance(1);
    stage.repeat_prices();
    assert_sent(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY));
}

/// BYPASS-1
#[test]
fn one_wick_liquidates_nobody_but_two_publish_times_below_the_bypass_do() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.advance(2);
    stage.price(USDC, 1).price(SOL, 150);
    assert_sent(stage.observe(&alice));
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
    stage.advance(1);
    stage.repeat_prices();
    assert_sent(stage.observe(&alice));
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
    stage.advance(1);
    stage.repeat_prices();
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
}

/// LEG-1
#[test]
fn the_worst_leg_may_not_be_left_behind_until_the_auction_has_stood_at_its_ceiling() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    // A pair of 15 % and a perp of 3 %: the pair must go first.
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 10_000 * USD);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 30 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, 137, &alice, 60);
    let refused = stage.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY).unwrap_err();
    assert_eq!(refused.code, Some(EngineError::NotBestLeg.into()));
    assert!(refused.logs.iter().any(|log| log.contains("best leg: asset bank 1, liability bank 0")));
    stage.watch(&alice, 100);
    let sent = stage.liquidate(&liquidator, &alice, perp(SOL_PERP), ANY);
    stage.done(sent);
}

/// ELIG-3
#[test]
fn an_account_cannot_hide_behind_one_stale_feed() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.deposit(&alice, BTC, ONE_BTC / 1_000);
    stage.done(sent);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    // BTC's feed stops; SOL falls and is posted on.
    stage.advance(30);
    for _ in 0..12 {
        stage.advance(5);
        stage.price(USDC, 1).price(SOL, 155);
        assert_sent(stage.observe(&alice));
    }
    assert_code(stage.liquidate(&liquidator, &alice, pair(BTC, USDC), ANY), EngineError::LegPriceInvalid);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    assert_code(stage.withdraw(&alice, SOL, Some(ONE_SOL)), EngineError::PriceStale);
}

/// ELIG-1
#[test]
fn nobody_is_liquidated_on_an_optimistic_guess_against_him() {
    let mut stage = Stage::new();
    let liquidator = stage.liquidator;
    // Half of the collateral goes stale: at its favourable edge the account is still above water.
    let alice = stage.funded_trader("alice", SOL, 50 * ONE_SOL);
    let sent = stage.deposit(&alice, BTC, ONE_BTC / 10);
    stage.done(sent);
    let sent = stage.borrow(&alice, USDC, 15_000 * USD);
    stage.done(sent);
    stage.advance(30);
    for _ in 0..60 {
        stage.advance(5);
        stage.price(USDC, 1).price(SOL, 140);
        assert_sent(stage.observe(&alice));
    }
    // 50 SOL at 140 and the BTC at its last price: 14,950 of 15,000; a little more than last seen is enough.
    assert_code(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY), EngineError::AccountHealthy);
}

/// LIQ-3
#[test]
fn the_liquidator_must_keep_his_own_initial_margin() {
    let mut stage = Stage::new();
    let alice = under_water(&mut stage);
    let poor = stage.funded_trader("poor", USDC, USD);
    let plan = stage.plan(&alice, &any_of(pair(SOL, USDC))).unwrap();
    assert!(plan.paid_atoms.get() > 1_000 * USD);
    assert_code(stage.liquidate(&poor, &alice, pair(SOL, USDC), ANY), EngineError::LiquidatorMarginInsufficient);
}

#[test]
fn a_delegate_liquidates_trades_deposits_and_repays_and_nothing_else() {
    let mut stage = Stage::new();
    let (maker, liquidator) = (stage.maker, stage.liquidator);
    let alice = under_water(&mut stage);
    let bot = stage.party("bot");
    assert_sent(
        stage.send(&liquidator.owner, &[ix::set_delegate(liquidator.owner, liquidator.account, Some(all_rights(bot)))]),
    );
    let acting = Trader { owner: bot, account: liquidator.account };
    let sent = stage.liquidate(&acting, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let sent = stage.deposit(&acting, USDC, USD);
    stage.done(sent);
    stage.repeat_prices();
    let sent = stage.fill(SOL_PERP, &acting, &maker, SOL_UNITS, None);
    stage.done(sent);
    assert_code(stage.borrow(&acting, SOL, 1), EngineError::NotOwner);
    assert_code(stage.withdraw(&acting, USDC, Some(1)), EngineError::NotOwner);
    assert_code(stage.take_win(SOL_PERP, &acting, None), EngineError::NotOwner);
}
