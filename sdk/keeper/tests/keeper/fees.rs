//! Fees: they follow what others pay, rise with every signature, and stay below what is at stake.

use plimsoll_keeper::config::Config;
use plimsoll_sim::world::SOL;
use serde_json::{json, Value};

use crate::stage::{liquidate, refresh, Stage, ONE_SOL};

fn slots(fees: &[u64]) -> Vec<Value> {
    fees.iter().map(|fee| json!({ "slot": 1, "prioritizationFee": fee })).collect()
}

fn with_sol(stage: &Stage) -> Config {
    let mut config = stage.config();
    config.send.sol_bank = Some(SOL);
    config
}

/// Three signatures bid the same, an hour's worth of others bid more, and nothing landed.
#[tokio::test]
async fn every_signature_bids_more_than_the_one_before_and_follows_what_others_pay_meanwhile() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(with_sol(&stage)).await;
    stage.node.faults(|faults| {
        (faults.dropped, faults.height_step) = (2, 200);
        // More than half of the slots are empty.
        faults.recent_fees = slots(&[0, 0, 0, 0, 0, 5_000, 5_000, 5_000]);
    });
    liquidate(&context).await;
    let prices: Vec<u64> = stage.node.bids().iter().map(|bid| bid.price_micro_lamports).collect();
    assert_eq!(prices, [5_000, 7_500, 11_250]);
    assert_eq!(stage.node.calls("getRecentPrioritizationFees"), 3, "asked for anew with every signature");
    assert_eq!(context.metrics.confirmed.with_label_values(&["liquidate"]).get(), 1);
}

#[tokio::test]
async fn a_liquidation_bids_up_to_its_share_of_the_gain_and_no_more() {
    for (recent, share_ppm) in [(u64::MAX / 4, 250_000), (u64::MAX / 4, 10_000), (2_000, 250_000)] {
        let stage = Stage::new();
        stage.sol_falls_to(160);
        let mut config = with_sol(&stage);
        config.send.fee_gain_share_ppm = share_ppm;
        let context = stage.context(config).await;
        stage.node.faults(|faults| faults.recent_fees = slots(&[recent]));
        let gain = gain_usd(&stage, &context).await;
        let stake = (gain * f64::from(share_ppm) / 1e6 / 160.0 * ONE_SOL as f64) as u64;
        let [bid] = stage.node.bids()[..] else { panic!("one transaction: {:?}", stage.node.bids()) };
        assert!(stake > 100_000 && bid.lamports() <= stake, "{bid:?} of {stake}");
        if recent > 2_000 {
            assert!(bid.price_micro_lamports > 100_000, "above what a crank may pay: {bid:?}");
            assert!(bid.lamports() > stake / 100 * 99, "all that it is worth: {bid:?} of {stake}");
        } else {
            assert_eq!(bid.price_micro_lamports, 2_000, "and not more than it has to");
        }
    }
}

/// Liquidates Alice; the gain that was planned, dollars at spot.
async fn gain_usd(stage: &Stage, context: &std::sync::Arc<plimsoll_keeper::jobs::Context>) -> f64 {
    let planned = {
        let mut job = plimsoll_keeper::jobs::Liquidate::new(context.config.jobs.liquidate.clone());
        job.plan(&mut context.tracker(), context.outbox.payer(), &context.metrics)
    };
    let gain = planned[0].offer.gain().get() as f64 / 1e6;
    liquidate(context).await;
    assert!(stage.debt() > 0);
    gain
}

#[tokio::test]
async fn a_crank_bids_at_least_the_floor_and_at_most_its_own_bound_and_a_node_that_knows_no_fees_stops_nothing() {
    for (recent, bid) in [
        (slots(&[0, 0]), 1_000),
        (slots(&[]), 1_000),
        (slots(&[900_000]), 100_000),
        (vec![json!({ "slot": "?" }), json!(null)], 1_000),
    ] {
        let stage = Stage::new();
        let context = stage.context(stage.config()).await;
        stage.node.world(|world| {
            world.advance(3);
            let published_at = world.now();
            let tick = plimsoll_sim::world::Tick { price_e8: 19_000_000_000, conf_e8: 1_000_000, published_at };
            world.post_primary(SOL, tick);
        });
        stage.read_all(&context).await;
        let recent = if recent.is_empty() { vec![json!(7)] } else { recent };
        stage.node.faults(|faults| faults.recent_fees = recent.clone());
        refresh(&context).await;
        let bids: Vec<u64> = stage.node.bids().iter().map(|bid| bid.price_micro_lamports).collect();
        assert_eq!(bids, [bid], "{recent:?}");
    }
}
