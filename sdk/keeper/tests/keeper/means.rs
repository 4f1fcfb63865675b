//! What the keeper has to work with: its clock, which is the chain's, and its capital, which may be short.

use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_keeper::jobs::{Context, Liquidate};
use plimsoll_keeper::outbox::Submitted;
use plimsoll_sim::world::{SOL, USDC};
use plimsoll_state::snapshot::balance_atoms;

use crate::stage::{liquidate, Stage, USD};
use plimsoll_risk::units::UnixSecs;

fn confirmed(context: &Context) -> u64 {
    context.metrics.confirmed.with_label_values(&["liquidate"]).get()
}

/// Alice under water on a chain whose clock is so far ahead of this machine's.
fn ahead_by(secs: i64) -> Stage {
    let stage = Stage::new();
    let machine = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    stage.node.world(|world| {
        world.set_clock(machine + secs);
        world.hold_prices(4, 2);
    });
    stage.sol_falls_to(160);
    stage
}

#[tokio::test]
async fn prices_are_fresh_by_the_chains_clock_whatever_this_machines_says() {
    for secs in [-600, 600] {
        let stage = ahead_by(secs);
        let context = stage.context(stage.config()).await;
        let skew = context.tracker().shared.clock.skew_secs();
        assert!((skew + secs).abs() < 120, "{skew} is shown for {secs}");
        liquidate(&context).await;
        assert_eq!(confirmed(&context), 1, "{secs} s ahead");
    }
}

#[tokio::test]
async fn prices_are_stale_by_the_chains_clock_whatever_this_machines_says() {
    for secs in [-600, 600] {
        let stage = ahead_by(secs);
        // Nobody posts a price any more.
        stage.node.world(|world| world.advance(180));
        let context = stage.context(stage.config()).await;
        liquidate(&context).await;
        assert_eq!((confirmed(&context), stage.node.calls("sendTransaction")), (0, 0), "{secs} s ahead");
        // Posted again, they are fresh.
        stage.node.world(|world| world.hold_prices(60, 2));
        stage.read_all(&context).await;
        liquidate(&context).await;
        assert_eq!(confirmed(&context), 1, "{secs} s ahead");
    }
}

#[tokio::test]
async fn a_plan_cut_to_what_there_is_comes_true_to_the_atom() {
    let stage = Stage::new();
    stage.node.world(|world| {
        world.withdraw(&stage.liquidator, USDC, Some((1_000_000 - 300) * USD)).expect("a withdrawal");
    });
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
    let planned = job.plan(&mut context.tracker(), context.outbox.payer(), &context.metrics);
    let plan = planned[0].offer.plan;
    assert!(planned.len() == 1 && planned[0].offer.is_cut());
    let balance = |bank: u8| {
        let account = stage.account(&stage.liquidator);
        let registry = stage.node.world(|world| world.registry());
        let now = stage.node.world(|world| world.now());
        account.token_index(bank).map_or(0, |place| {
            balance_atoms(&registry.banks[bank as usize], account.tokens[place].shares, UnixSecs::new(now))
                .expect("a balance")
                .get()
        })
    };
    let (sol, usdc) = (balance(SOL), balance(USDC));
    let sent = context.submit("liquidate", planned[0].instruction.clone()).await.expect("the chain takes it");
    assert!(matches!(sent, Submitted::Confirmed(..)));
    assert_eq!(balance(SOL) - sol, plan.received_atoms.get() as i64);
    assert!(
        (usdc - balance(USDC) - plan.paid_atoms.get() as i64).abs() <= 1,
        "{} {}",
        usdc - balance(USDC),
        plan.paid_atoms
    );
}

#[tokio::test]
async fn capital_that_runs_out_ends_in_counted_plans_and_never_in_a_refusal_of_the_chain() {
    let stage = Stage::new();
    stage.with_others(6);
    stage.node.world(|world| {
        world.withdraw(&stage.liquidator, USDC, Some((1_000_000 - 900) * USD)).expect("a withdrawal");
    });
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let short = || context.metrics.refusals("liquidate", "plan", "funds_short_InitialMarginInsufficient");
    for _ in 0..6 {
        liquidate(&context).await;
        stage.read_all(&context).await;
    }
    let sent = context.metrics.sent.with_label_values(&["liquidate"]).get();
    assert!(sent >= 1 && sent == confirmed(&context), "{sent} sent, {} confirmed", confirmed(&context));
    assert!(short() > 0, "and then the plans say that funds are short");
}
