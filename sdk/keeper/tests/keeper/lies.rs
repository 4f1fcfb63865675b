//! A node that lies: its lies are counted, the chain decides, and the liquidator's account loses nothing.

use std::sync::Arc;

use plimsoll_keeper::jobs::Context;
use plimsoll_sim::world::{SOL, USDC};
use plimsoll_state::{EngineAccount, MarginAccount, PriceBoard};
use solana_account::Account;
use solana_pubkey::Pubkey;

use crate::stage::{liquidate, Stage, ONE_SOL, USD};
use plimsoll_risk::units::Ppm;

fn confirmed(context: &Context) -> u64 {
    context.metrics.confirmed.with_label_values(&["liquidate"]).get()
}

/// The engine would refuse Alice's liquidation: she is healthy, and long enough so for the grace after a borrow to be over.
fn healthy() -> Stage {
    let stage = Stage::new();
    stage.node.world(|world| world.hold_prices(4, 2));
    stage
}

/// Liquidates, and the liquidator's account and Alice's are on the chain what they were.
async fn nothing_happens(stage: &Stage, context: &Arc<Context>) {
    let accounts = || [stage.account(&stage.liquidator), stage.account(&stage.alice)];
    let before = accounts();
    liquidate(context).await;
    for (before, after) in before.iter().zip(&accounts()) {
        assert_eq!(bytemuck::bytes_of(before), bytemuck::bytes_of(after));
    }
}

fn scaled_sol(account: &mut Account, ppm: u32) {
    if !account.data.starts_with(&PriceBoard::ACCOUNT_DISCRIMINATOR) {
        return;
    }
    let mut board: PriceBoard = plimsoll_sdk::decode::account(&account.data).expect("a board");
    let slot = &mut board.slots[SOL as usize];
    for price in [&mut slot.spot, &mut slot.fast, &mut slot.slow, &mut slot.low, &mut slot.high] {
        *price = price.get().scaled_ppm_down(Ppm::new(ppm)).expect("a price").into();
    }
    account.data = plimsoll_sdk::decode::encode(&board);
}

/// SOL at three fifths of its price.
pub fn cheap_sol(_: &Pubkey, account: &mut Account) {
    scaled_sol(account, 600_000);
}

fn a_little_cheaper_sol(_: &Pubkey, account: &mut Account) {
    scaled_sol(account, 970_000);
}

/// Every margin account that owes USDC owes a third more.
fn deeper_debts(_: &Pubkey, account: &mut Account) {
    let Some(mut margin) = plimsoll_sdk::decode::account::<MarginAccount>(&account.data) else { return };
    for token in margin.tokens.iter_mut().filter(|token| token.used == 1 && token.shares < 0) {
        token.shares += token.shares / 3;
    }
    account.data = plimsoll_sdk::decode::encode(&margin);
}

/// Every margin account without debts holds a million dollars.
fn rich_liquidator(_: &Pubkey, account: &mut Account) {
    let Some(mut margin) = plimsoll_sdk::decode::account::<MarginAccount>(&account.data) else { return };
    if margin.tokens.iter().all(|token| token.shares >= 0) {
        for token in margin.tokens.iter_mut().filter(|token| token.used == 1 && token.bank == USDC) {
            token.shares = (1_000_000 * USD) as i64;
        }
        account.data = plimsoll_sdk::decode::encode(&margin);
    }
}

#[tokio::test]
async fn a_false_price_or_a_false_debt_is_found_out_by_the_simulation() {
    for lie in [cheap_sol, deeper_debts] {
        let stage = healthy();
        stage.node.faults(|faults| faults.lie = Some(lie));
        let context = stage.context(stage.config()).await;
        assert_eq!(context.tracker().assess_hot().len(), 1, "the lie is believed");
        nothing_happens(&stage, &context).await;
        assert_eq!(context.metrics.refusals("liquidate", "simulation", "AccountHealthy"), 1);
        assert_eq!((confirmed(&context), stage.node.calls("sendTransaction")), (0, 0));
    }
}

#[tokio::test]
async fn a_false_simulation_besides_costs_a_fee_and_nothing_else() {
    for lie in [cheap_sol, deeper_debts] {
        let stage = healthy();
        stage.node.faults(|faults| (faults.lie, faults.simulation_always_succeeds) = (Some(lie), true));
        let context = stage.context(stage.config()).await;
        let lamports = || stage.node.world(|world| world.lamports(&context.outbox.payer()));
        let before = lamports();
        nothing_happens(&stage, &context).await;
        assert_eq!((context.metrics.refusals("liquidate", "chain", "AccountHealthy"), confirmed(&context)), (1, 0));
        let paid = before - lamports();
        assert!(paid > 0 && paid < 100_000, "{paid} lamports");
    }
}

#[tokio::test]
async fn funds_that_are_not_there_are_refused_by_the_chain() {
    let stage = Stage::new();
    stage.node.world(|world| {
        world.withdraw(&stage.liquidator, USDC, Some((1_000_000 - 300) * USD)).expect("a withdrawal");
    });
    stage.sol_falls_to(160);
    stage.node.faults(|faults| {
        faults.lie = Some(rich_liquidator);
        faults.simulation_always_succeeds = true;
    });
    let context = stage.context(stage.config()).await;
    nothing_happens(&stage, &context).await;
    let refused = context.metrics.refusals("liquidate", "chain", "LiquidatorMarginInsufficient");
    assert_eq!((refused, confirmed(&context)), (1, 0));
}

#[tokio::test]
async fn a_price_that_would_overpay_is_stopped_by_the_limit_price() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    stage.node.faults(|faults| {
        faults.lie = Some(a_little_cheaper_sol);
        faults.simulation_always_succeeds = true;
    });
    let context = stage.context(stage.config()).await;
    // Alice is under water in truth too; only the price of her collateral is not what the plan says.
    nothing_happens(&stage, &context).await;
    assert_eq!((context.metrics.refusals("liquidate", "chain", LIMIT), confirmed(&context)), (1, 0));
    // Told the truth, the keeper liquidates her.
    stage.node.faults(|faults| (faults.lie, faults.simulation_always_succeeds) = (None, false));
    stage.node.world(|_| ());
    stage.read_all(&context).await;
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
}

const LIMIT: &str = "BelowLimit";

#[tokio::test]
async fn a_confirmation_that_is_none_holds_nobody_up() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| faults.claims_confirmed = true);
    nothing_happens(&stage, &context).await;
    assert_eq!(confirmed(&context), 1, "it cannot be told from a real one");
    // What is read after it shows that nothing was done, and so she is liquidated again.
    stage.node.faults(|faults| faults.claims_confirmed = false);
    let owed = stage.debt();
    liquidate(&context).await;
    assert!(stage.debt() < owed && confirmed(&context) == 2);
    assert!(stage.account(&stage.alice).tokens.iter().any(|token| token.shares > ONE_SOL as i64));
}
