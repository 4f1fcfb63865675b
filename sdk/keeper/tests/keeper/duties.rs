//! Every job does what it is there for.

use plimsoll_keeper::jobs::{
    Accrue, Bankruptcy, Context, CrankFunding, ExecuteChanges, Job, Liquidate, Observe, SettlePnl, Sweep,
};
use plimsoll_risk::oracle::PriceSource;
use plimsoll_sdk::ix;
use plimsoll_sim::world::{Tick, E8, SOL, SOL_PERP, USDC};
use plimsoll_state::{AccountStatus, Bank, Market};

use crate::stage::{funded_trader, liquidate, refresh, until, Stage, USD};

#[tokio::test]
async fn an_account_under_water_is_liquidated_by_the_delegate_and_is_healthy_afterwards() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    assert!(context.tracker().hot.is_empty(), "nobody is under water yet");
    stage.sol_falls_to(160);
    stage.read_all(&context).await;
    assert_eq!(context.tracker().assess_hot().len(), 1);
    let owed = stage.debt();
    liquidate(&context).await;
    assert!(stage.debt() < owed, "some of the debt was repaid");
    assert_eq!(context.metrics.confirmed.with_label_values(&["liquidate"]).get(), 1);
    // What was read after the fill says that nothing is left to do.
    let found = context.tracker().assess_hot();
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_dry_run_plans_and_simulates_and_sends_nothing() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.dry_run = true;
    let context = stage.context(config).await;
    let owed = stage.debt();
    liquidate(&context).await;
    assert_eq!((stage.debt(), stage.node.calls("sendTransaction")), (owed, 0));
    assert_eq!(stage.node.calls("simulateTransaction"), 1);
}

#[tokio::test]
async fn a_posted_price_is_taken_into_the_board_once() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    stage.node.world(|world| {
        world.advance(3);
        let tick = Tick { price_e8: 190 * E8, conf_e8: 1_000_000, published_at: world.now() };
        world.post_primary(SOL, tick);
    });
    stage.read_all(&context).await;
    refresh(&context).await;
    let held = stage.node.world(|world| world.board().slots[SOL as usize]);
    assert_eq!(held.published_at, stage.node.world(|world| world.now()));
    stage.read_all(&context).await;
    refresh(&context).await;
    assert_eq!(
        context.metrics.confirmed.with_label_values(&["refresh_price"]).get(),
        1,
        "nothing newer the second time"
    );
}

/// PRICE-10
#[tokio::test]
async fn the_keeper_takes_the_standby_while_a_price_is_switched_to_it_and_the_primary_again_afterwards() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    for (to_standby, source) in [(true, PriceSource::Standby), (false, PriceSource::Primary)] {
        stage.node.world(|world| {
            world.advance(3);
            let authority = world.authority;
            world.switch_source(&authority, SOL, to_standby, 190 * E8).expect("it is switched");
            world.advance(3);
            let published_at = world.now();
            world.post_primary(SOL, Tick { price_e8: 180 * E8, conf_e8: 1_000_000, published_at });
            world.post_secondary(SOL, Tick { price_e8: 180 * E8, conf_e8: 1_000_000, published_at });
            world.post_standby(SOL, Tick { price_e8: 170 * E8, conf_e8: 1_000_000, published_at });
        });
        stage.read_all(&context).await;
        refresh(&context).await;
        let (held, now) = stage.node.world(|world| (world.board().slots[SOL as usize], world.now()));
        assert_eq!((held.source, held.published_at), (source as u8, now));
        // However long the standby is silent, the secondary is not shown beside it.
        stage.node.world(|world| {
            world.advance(40);
            let tick = Tick { price_e8: 180 * E8, conf_e8: 1_000_000, published_at: world.now() };
            world.post_secondary(SOL, tick);
        });
        stage.read_all(&context).await;
        refresh(&context).await;
        let after = stage.node.world(|world| world.board().slots[SOL as usize]);
        assert_eq!(after.source, if to_standby { source } else { PriceSource::Secondary } as u8);
    }
}

#[tokio::test]
async fn interest_is_booked_when_it_is_old() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let mut accrue = Accrue::new(context.config.jobs.accrue.clone());
    stage.node.world(|world| world.hold_prices(700, 10));
    stage.read_all(&context).await;
    accrue.turn(&context).await.unwrap();
    let (accrued_at, now) = stage.node.world(|world| (world.registry().banks[USDC as usize].accrued_at, world.now()));
    assert_eq!(accrued_at, now);
    stage.read_all(&context).await;
    let sent = stage.node.calls("sendTransaction");
    accrue.turn(&context).await.unwrap();
    assert_eq!(stage.node.calls("sendTransaction"), sent, "it is young now");
}

#[tokio::test]
async fn an_account_under_water_is_observed_so_that_its_clock_runs() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let mut observe = Observe::new(context.config.jobs.observe.clone());
    observe.turn(&context).await.unwrap();
    stage.node.world(|world| world.hold_prices(12, 2));
    stage.read_all(&context).await;
    observe.turn(&context).await.unwrap();
    assert_eq!(stage.account(&stage.alice).under_water_secs, 12);
}

/// The keeper armed the bypass and never looked again: the next wrong print, days later, counted at once.
#[tokio::test]
async fn an_account_that_recovered_is_looked_at_once_more_so_that_it_forgets() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let mut observe = Observe::new(context.config.jobs.observe.clone());
    for dollars in [150, 150, 200, 200] {
        stage.node.world(|world| {
            world.advance(2);
            world.set_price(USDC, E8).expect("a price");
            world.set_price(SOL, dollars * E8).expect("a price");
        });
        stage.read_all(&context).await;
        observe.turn(&context).await.unwrap();
        let alice = stage.account(&stage.alice);
        let stamped = alice.bypass_published_at != 0;
        assert_eq!(stamped, dollars == 150, "at {dollars}");
    }
    assert_eq!(context.metrics.confirmed.with_label_values(&["observe"]).get(), 3, "nothing is left to forget");
}

/// CALL-1: nobody under water would be told in time.
#[tokio::test]
async fn an_owner_is_called_before_the_account_is_under_water_and_once() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let mut observe = Observe::new(context.config.jobs.observe.clone());
    let confirmed = || context.metrics.confirmed.with_label_values(&["observe"]).get();
    let mut called_at = None;
    for dollars in (150..200).rev() {
        stage.node.world(|world| {
            world.advance(2);
            world.set_price(USDC, E8).expect("a price");
            world.set_price(SOL, dollars * E8).expect("a price");
        });
        stage.read_all(&context).await;
        observe.turn(&context).await.unwrap();
        let alice = stage.account(&stage.alice);
        if alice.called == 1 {
            assert_eq!((alice.observed, confirmed()), (0, 1), "healthy when she is called, at {dollars}");
            called_at = Some(dollars);
            break;
        }
        assert_eq!(confirmed(), 0, "nothing is observed in vain, at {dollars}");
    }
    let called_at = called_at.expect("she is called on the way down");
    stage.node.world(|world| {
        world.advance(2);
        world.set_price(USDC, E8).expect("a price");
        world.set_price(SOL, called_at * E8 - 10).expect("a price");
    });
    stage.read_all(&context).await;
    observe.turn(&context).await.unwrap();
    assert_eq!(confirmed(), 1, "once");
}

/// Proposes another dust; due at once, as the engine has no delay.
fn propose_dust(stage: &Stage, id: u64, dust_usd_micro: u64) {
    stage.node.world(|world| {
        let (keys, by) = (world.keys, world.authority);
        let params = world.registry().params().with(|new| new.legs.dust_usd_micro = dust_usd_micro);
        let update = ix::update_params(&keys, keys.executor(), &params);
        world.send_as_authority(ix::propose_change(&keys, (by, by), id, &update)).expect("a proposal");
    });
}

#[tokio::test]
async fn a_change_that_is_due_is_executed_and_one_that_has_expired_is_cleared_away() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let mut job = ExecuteChanges::new(context.config.jobs.execute_changes.clone());
    let dust = || stage.node.world(|world| world.registry().params().legs.dust_usd_micro);
    let is_gone = |id| stage.node.world(|world| world.lamports(&world.keys.change(id)) == 0);
    let (before, wanted) = (dust(), dust() + 1);
    propose_dust(&stage, 0, wanted);
    stage.read_all(&context).await;
    job.turn(&context).await.unwrap();
    assert_eq!((dust(), is_gone(0)), (wanted, true));
    propose_dust(&stage, 1, before);
    stage.node.world(|world| world.advance(7 * 86_400));
    stage.read_all(&context).await;
    assert!(!is_gone(1));
    job.turn(&context).await.unwrap();
    assert_eq!((dust(), is_gone(1)), (wanted, true), "it has come too late");
    assert_eq!(context.metrics.confirmed.with_label_values(&["execute_changes"]).get(), 2);
}

/// Alice buys 50 SOL of the perp from the maker.
fn with_a_position(stage: &Stage) {
    stage.node.world(|world| world.fill(SOL_PERP, &stage.alice, &stage.maker, 50_000_000, None).expect("a fill"));
}

#[tokio::test]
async fn funding_is_cranked_when_it_is_old_and_somebody_pays_it() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let mut crank = CrankFunding::new(context.config.jobs.crank_funding.clone());
    stage.node.world(|world| world.hold_prices(700, 10));
    stage.read_all(&context).await;
    crank.turn(&context).await.unwrap();
    assert_eq!(stage.node.calls("sendTransaction"), 0, "nobody holds a position");
    with_a_position(&stage);
    stage.read_all(&context).await;
    crank.turn(&context).await.unwrap();
    let market: Market = stage.node.world(|world| world.read(&world.keys.market(SOL_PERP)));
    assert_eq!(market.premium_from, stage.node.world(|world| world.now()));
}

#[tokio::test]
async fn losses_are_settled_before_gains_and_gains_out_of_what_losses_paid() {
    let stage = Stage::new();
    with_a_position(&stage);
    stage.node.world(|world| {
        world.advance(2);
        world.repeat_prices();
        world.set_price(SOL, 205 * E8).expect("a price");
        world.hold_prices(400, 2);
    });
    let context = stage.context(stage.config()).await;
    let mut settle = SettlePnl::new(context.config.jobs.settle_pnl.clone());
    settle.turn(&context).await.unwrap();
    let market: Market = stage.node.world(|world| world.read(&world.keys.market(SOL_PERP)));
    assert!(market.pool_atoms > 100 * USD, "the maker's loss is in the pool");
    stage.read_all(&context).await;
    settle.turn(&context).await.unwrap();
    let market: Market = stage.node.world(|world| world.read(&world.keys.market(SOL_PERP)));
    assert!(market.pool_atoms < 10 * USD, "Alice's gain is paid out: {}", market.pool_atoms);
}

#[tokio::test]
async fn in_a_deficit_the_win_of_an_account_under_water_is_taken_and_that_of_a_healthy_one_left_to_its_owner() {
    let stage = Stage::new();
    // Alice and bob are short of 50 SOL each; at 150 dollars both gain 2,500, which alone keeps her above maintenance.
    let bob = stage.node.world(|world| {
        let bob = funded_trader(world, "bob", USDC, 100_000 * USD);
        for seller in [&stage.alice, &bob] {
            world.fill(SOL_PERP, &stage.maker, seller, 50_000_000, None).expect("a fill");
        }
        bob
    });
    stage.sol_falls_to(150);
    let context = stage.context(stage.config()).await;
    assert!(context.tracker().assess_hot().is_empty(), "at par she is healthy");
    stage.node.world(|world| {
        let (keys, mut registry) = (world.keys, world.registry());
        let mut market: Market = world.read(&keys.market(SOL_PERP));
        (market.deficit_atoms, market.own_claim_atoms) = (30_000 * USD, 0);
        world.write(&keys.market(SOL_PERP), &market);
        registry.markets[SOL_PERP as usize].deficit_share_ppm = 1_000_000;
        world.write(&keys.registry, &*registry);
    });
    stage.read_all(&context).await;
    assert_eq!(context.tracker().assess_hot().len(), 1, "at what it gets it is not enough");
    let cash = |trader: &_| stage.account(trader).derivatives[0].cash_atoms;
    let (owed, alices, bobs) = (stage.debt(), cash(&stage.alice), cash(&bob));
    let mut settle = SettlePnl::new(context.config.jobs.settle_pnl.clone());
    settle.turn(&context).await.unwrap();
    stage.read_all(&context).await;
    // The maker's loss has filled the pool by now.
    settle.turn(&context).await.unwrap();
    assert!(cash(&stage.alice) < alices && stage.debt() < owed, "hers is taken and pays her debt");
    assert_eq!(cash(&bob), bobs);
}

#[tokio::test]
async fn an_account_that_cannot_pay_is_resolved_to_the_end_and_waiting_fees_become_insurance() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    liquidate(&context).await;
    stage.read_all(&context).await;
    let waiting: Bank = stage.node.world(|world| world.read(&world.keys.bank(USDC).bank));
    assert!(waiting.waiting_shares > 0, "the penalty's insurance share waits");
    Sweep::new(context.config.jobs.sweep.clone()).turn(&context).await.unwrap();
    let swept: Bank = stage.node.world(|world| world.read(&world.keys.bank(USDC).bank));
    assert!(swept.waiting_shares == 0 && swept.insurance_atoms > 0);

    stage.sol_falls_to(20);
    stage.node.world(|world| world.hold_prices(60, 2));
    stage.read_all(&context).await;
    // Wind-down takes all of the collateral; what is left is a debt that nothing stands for.
    for _ in 0..4 {
        liquidate(&context).await;
        stage.read_all(&context).await;
    }
    assert!(stage.debt() > 0);
    let mut bankruptcy = Bankruptcy::new(context.config.jobs.bankruptcy.clone());
    bankruptcy.turn(&context).await.unwrap();
    let account = stage.account(&stage.alice);
    assert_eq!((stage.debt(), account.status), (0, AccountStatus::Active as u8));
    let bank: Bank = stage.node.world(|world| world.read(&world.keys.bank(USDC).bank));
    assert!(bank.insurance_out_atoms > 0 && bank.socialized_atoms > 0, "insurance paid, the rest was socialized");
}

#[tokio::test]
async fn two_liquidations_under_way_do_not_spend_the_same_margin() {
    let stage = Stage::new();
    let others = stage.with_others(3);
    // Enough for a part of one of them.
    stage.node.world(|world| {
        world.withdraw(&stage.liquidator, USDC, Some((1_000_000 - 300) * USD)).expect("a withdrawal");
    });
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let owed = |stage: &Stage| others.iter().chain([&stage.alice]).map(|trader| stage.owed_by(trader)).sum::<u64>();
    let before = owed(&stage);
    liquidate(&context).await;
    let confirmed = context.metrics.confirmed.with_label_values(&["liquidate"]).get();
    let sent = context.metrics.sent.with_label_values(&["liquidate"]).get();
    assert!(sent > 0 && confirmed == sent, "the chain refused nothing: {confirmed} of {sent}");
    assert!(owed(&stage) < before);
    assert!(
        context.metrics.refusals("liquidate", "plan", "funds_short_InitialMarginInsufficient") > 0,
        "the others must wait"
    );
    assert_eq!(context.metrics.refusals("liquidate", "simulation", "LiquidatorMarginInsufficient"), 0);
}

#[tokio::test]
async fn a_burst_of_accounts_is_worked_off_several_at_once() {
    let stage = Stage::new();
    let others = stage.with_others(20);
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.jobs.liquidate.max_in_flight = 16;
    let context = stage.context(config).await;
    assert_eq!(context.tracker().assess_hot().len(), 21);
    let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
    let sent = |context: &Context| context.metrics.sent.with_label_values(&["liquidate"]).get();
    // While nothing is confirmed, as many are under way as may be.
    stage.node.chain(|chain| chain.fork());
    job.turn(&context).await.unwrap();
    until("as many are sent as may be", || sent(&context) >= 16).await;
    job.turn(&context).await.unwrap();
    let looks = stage.node.calls("getSignatureStatuses");
    until("each is looked at", || stage.node.calls("getSignatureStatuses") >= looks + 32).await;
    assert_eq!(sent(&context), 16);
    stage.node.chain(|chain| chain.confirm_fork());
    for _ in 0..21 {
        job.turn(&context).await.unwrap();
        job.finish().await;
    }
    job.finish().await;
    assert_eq!(context.metrics.confirmed.with_label_values(&["liquidate"]).get(), 21);
    assert!(others.iter().all(|other| stage.owed_by(other) > 0), "cures, not wind-downs");
}

#[tokio::test]
async fn an_observation_that_is_refused_does_not_take_others_with_it() {
    let stage = Stage::new();
    let others = stage.with_others(4);
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    // What the keeper does not know yet: one of them is frozen.
    stage.node.world(|world| {
        let mut account = world.margin_account(&others[0]);
        account.status = AccountStatus::Seizing as u8;
        world.write(&others[0].account, &account);
    });
    Observe::new(context.config.jobs.observe.clone()).turn(&context).await.unwrap();
    let now = stage.node.world(|world| world.now());
    assert!(others[1..].iter().all(|other| stage.account(other).observed_at == now));
    assert_eq!(context.metrics.refusals("observe", "simulation", "AccountBankrupt"), 2, "together, then alone");
}
