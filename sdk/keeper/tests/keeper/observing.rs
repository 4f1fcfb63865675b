//! What observing costs.

use std::sync::Arc;

use plimsoll_keeper::jobs::{Context, Job, Observe};
use plimsoll_sdk::ix;
use plimsoll_sim::world::{Trader, SOL, USDC};

use crate::stage::{funded_trader, Stage, ONE_SOL, USD};

/// Seconds between two turns.
const BETWEEN_SECS: i64 = 2;

/// Turns of the job for so many seconds at prices that stay; how many transactions they sent.
async fn observe_for(stage: &Stage, context: &Arc<Context>, secs: i64) -> u64 {
    let mut observe = Observe::new(context.config.jobs.observe.clone());
    let confirmed = || context.metrics.confirmed.with_label_values(&["observe"]).get();
    let before = confirmed();
    for _ in 0..secs / BETWEEN_SECS {
        stage.read_all(context).await;
        observe.turn(context).await.expect("a turn");
        stage.node.world(|world| world.hold_prices(BETWEEN_SECS, BETWEEN_SECS));
    }
    stage.read_all(context).await;
    confirmed() - before
}

/// Owes a few cents against a five-hundredth of a SOL.
fn dust(stage: &Stage) -> Trader {
    stage.node.world(|world| {
        let trader = funded_trader(world, "dust", SOL, ONE_SOL / 500);
        world.borrow(&trader, USDC, USD * 278 / 1_000).expect("a borrow");
        trader
    })
}

/// Seen in the field: one account of dust was observed every ten seconds for as long as it stood under water, 0.043 SOL a
/// day, and opening another costs less.
#[tokio::test]
async fn an_account_that_nobody_gains_by_liquidating_is_not_observed_for_ever() {
    let stage = Stage::new();
    let dust = dust(&stage);
    stage.node.world(|world| world.repay(&stage.alice, USDC, None)).expect("a repayment");
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    assert_eq!(context.tracker().assess_hot().len(), 1, "the dust alone is under water");
    let first = observe_for(&stage, &context, 60).await;
    assert!((1..=3).contains(&first), "its standing was noted: {first}");
    assert_eq!(observe_for(&stage, &context, 600).await, 0, "and then nothing more is paid for it");
    assert_ne!(stage.account(&dust).observed, 0);
}

#[tokio::test]
async fn an_account_that_is_worth_liquidating_is_observed_for_as_long_as_it_is_under_water() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let sent = observe_for(&stage, &context, 120).await;
    assert!((11..=13).contains(&sent), "once in ten seconds: {sent}");
    assert!(stage.account(&stage.alice).under_water_secs >= 110);
}

/// Each came under water at a time of its own and was paid for by itself.
#[tokio::test]
async fn accounts_that_came_under_water_one_after_the_other_share_transactions() {
    let stage = Stage::new();
    let others = stage.with_others(5);
    stage.sol_falls_to(160);
    // Somebody observes one of them every two seconds.
    for trader in others.iter().chain([&stage.alice]) {
        stage.node.world(|world| {
            let observe = ix::observe_margin(&world.keys, trader.account);
            world.send(&trader.owner, &[observe]).expect("an observation");
            world.hold_prices(BETWEEN_SECS, BETWEEN_SECS);
        });
    }
    let context = stage.context(stage.config()).await;
    let sent = observe_for(&stage, &context, 120).await;
    assert!(sent <= 26, "{sent} transactions for six accounts in two minutes: apart they would be 72");
    for trader in others.iter().chain([&stage.alice]) {
        assert!(stage.account(trader).under_water_secs >= 118, "every clock has run all the time");
    }
}
