//! What a keeper earns, pays and holds, as its metrics show it.

use std::collections::HashMap;

use plimsoll_keeper::jobs::Context;
use plimsoll_keeper::purse;
use plimsoll_keeper::stream::Link;
use plimsoll_sim::world::SOL;
use solana_signer::Signer;

use crate::lies::cheap_sol;
use crate::stage::{delegate, liquidate, Stage};

/// Every line of `/metrics` that has a value.
fn shown(context: &Context) -> HashMap<String, f64> {
    context.metrics.observe(&context.tracker(), &Link::default());
    let text = context.metrics.text().expect("metrics");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_liquidation_shows_its_gain_its_fee_and_what_it_leaves_in_the_liquidators_account() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.send.sol_bank = Some(SOL);
    let context = stage.context(config).await;
    let of = |shown: &HashMap<String, f64>, name: &str| {
        shown.get(&format!("plimsoll_keeper_{name}")).copied().unwrap_or_else(|| panic!("no {name}"))
    };
    let before = shown(&context);
    assert_eq!(of(&before, "liquidating"), 1.0);
    assert_eq!(of(&before, "liquidator_nav_usd_micro"), 1e12, "a million dollars of USDC");
    assert_eq!(of(&before, "liquidator_inventory_usd_micro{instrument=\"bank_0\"}"), 1e12);
    assert!(!before.contains_key("plimsoll_keeper_liquidator_inventory_usd_micro{instrument=\"bank_1\"}"));
    let lamports = || stage.node.world(|world| world.lamports(&delegate().pubkey()));
    let had = lamports();
    liquidate(&context).await;
    assert_eq!(purse::look(&context).await, Some(lamports()));
    let after = shown(&context);
    assert_eq!(of(&after, "fees_lamports_total{job=\"liquidate\"}"), (had - lamports()) as f64, "what it really cost");
    assert_eq!(of(&after, "tips_lamports_total{job=\"liquidate\"}"), 0.0);
    assert_eq!(of(&after, "key_lamports"), lamports() as f64);
    let net = of(&after, "liquidations_gain_usd_micro_total{regime=\"cure\"}");
    let grown = of(&after, "liquidator_nav_usd_micro") - of(&before, "liquidator_nav_usd_micro");
    let fee = (had - lamports()) as f64 * 160.0 / 1e3;
    assert!(
        net > 0.0 && (grown - (net + fee)).abs() < 100.0,
        "planned {net} and a fee of {fee}, the account grew by {grown}"
    );
    assert_eq!(of(&after, "liquidation_net_gain_usd_count"), 1.0);
    assert!((of(&after, "liquidation_net_gain_usd_sum") - net / 1e6).abs() < 1e-9);
    // It paid dollars and holds SOL, for which it needs margin.
    assert!(of(&after, "liquidator_inventory_usd_micro{instrument=\"bank_1\"}") > 0.0);
    assert!(of(&after, "liquidator_inventory_usd_micro{instrument=\"bank_0\"}") < 1e12);
    assert!(of(&after, "liquidator_free_margin_usd_micro") < of(&before, "liquidator_free_margin_usd_micro"));
}

#[tokio::test]
async fn a_liquidation_that_fails_on_the_chain_still_shows_its_fee() {
    let stage = Stage::new();
    stage.node.world(|world| world.hold_prices(4, 2));
    // Nobody is under water but by the node's word, which also says that the liquidation would succeed.
    stage.node.faults(|faults| {
        faults.lie = Some(cheap_sol);
        faults.simulation_always_succeeds = true;
    });
    let context = stage.context(stage.config()).await;
    let had = stage.node.world(|world| world.lamports(&delegate().pubkey()));
    liquidate(&context).await;
    let left = stage.node.world(|world| world.lamports(&delegate().pubkey()));
    let shown = shown(&context);
    assert_eq!(shown["plimsoll_keeper_fees_lamports_total{job=\"liquidate\"}"], (had - left) as f64);
    assert!(had > left && !shown.contains_key("plimsoll_keeper_liquidations_gain_usd_micro_total{regime=\"cure\"}"));
}
