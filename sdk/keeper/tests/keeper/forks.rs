//! Forks: a slot that was processed disappears, and with it its accounts, transactions and blockhashes.

use std::sync::Arc;

use plimsoll_keeper::jobs::{Context, Job, Liquidate};
use plimsoll_keeper::state::Update;
use plimsoll_rpc::Error;
use plimsoll_sdk::pda;
use plimsoll_sim::world::{E8, SOL};
use solana_commitment_config::CommitmentConfig;
use solana_instruction::Instruction;

use crate::stage::{delegate, liquidate, until, Stage};

/// What the confirmed chain has confirmed of liquidations.
fn counted(context: &Context) -> u64 {
    context.metrics.confirmed.with_label_values(&["liquidate"]).get()
}

/// Waits until a job's transaction is on the head, confirmed or not.
async fn until_landed(stage: &Stage, transactions: usize) {
    until("it lands", || stage.node.chain(|chain| chain.succeeded()) >= transactions).await;
}

/// A liquidation that has landed on a fork, and on that alone.
struct OnFork {
    stage: Stage,
    context: Arc<Context>,
    job: Liquidate,
    /// What Alice owed before it.
    owed: u64,
}

impl OnFork {
    async fn new() -> Self {
        let stage = Stage::new();
        stage.sol_falls_to(160);
        let context = stage.context(stage.config()).await;
        let owed = stage.debt();
        stage.node.chain(|chain| chain.fork());
        let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
        job.turn(&context).await.unwrap();
        until_landed(&stage, 1).await;
        Self { stage, context, job, owed }
    }
}

#[tokio::test]
async fn a_transaction_that_landed_on_a_fork_that_is_dropped_is_sent_again_and_executed_once() {
    let OnFork { stage, context, mut job, owed } = OnFork::new().await;
    assert!(stage.debt() < owed, "the head has the liquidation");
    // A status of a block that is not confirmed ends nothing, however often it is looked at.
    let looks = stage.node.calls("getSignatureStatuses");
    until("it is looked at", || stage.node.calls("getSignatureStatuses") >= looks + 20).await;
    assert_eq!(counted(&context), 0);
    stage.node.chain(|chain| chain.abandon_fork(1, 1));
    assert_eq!(stage.debt(), owed, "and the chain has lost it");
    job.finish().await;
    let hashes = stage.node.blockhashes();
    assert!(hashes.len() > 1 && hashes.windows(2).all(|pair| pair[0] == pair[1]), "the same transaction each time");
    assert_eq!((counted(&context), stage.node.chain(|chain| chain.succeeded())), (1, 1));
    assert!(stage.debt() < owed);
}

#[tokio::test]
async fn when_the_fork_that_is_dropped_outlives_the_blockhash_it_is_signed_again_and_executed_once() {
    let OnFork { stage, context, mut job, owed } = OnFork::new().await;
    // The chain that survives is longer than the blockhash lives.
    stage.node.chain(|chain| chain.abandon_fork(3, 200));
    job.finish().await;
    let mut hashes = stage.node.blockhashes();
    hashes.dedup();
    assert_eq!(hashes.len(), 2, "one new signature");
    assert_eq!((counted(&context), stage.node.chain(|chain| chain.succeeded())), (1, 1));
    assert_eq!(context.metrics.refusals("liquidate", "expired", "resigned"), 1);
    assert!(stage.debt() < owed);
}

#[tokio::test]
async fn a_failure_on_a_fork_that_is_dropped_is_no_failure() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let owed = stage.debt();
    // On the fork Alice has recovered, so that the liquidation fails there.
    stage.node.chain(|chain| chain.fork());
    stage.sol_falls_to(200);
    let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
    job.turn(&context).await.unwrap();
    until("it is looked at", || stage.node.calls("getSignatureStatuses") >= 3).await;
    stage.node.chain(|chain| chain.abandon_fork(1, 1));
    job.finish().await;
    assert_eq!((counted(&context), context.metrics.refusals("liquidate", "chain", "AccountHealthy")), (1, 0));
    assert!(stage.debt() < owed);
}

#[tokio::test]
async fn a_transaction_in_the_last_block_that_takes_it_is_not_taken_for_expired() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    // Not there when its status is looked up; landed, and the blockhash expired, when the height is.
    stage.node.faults(|faults| (faults.lands_last, faults.height_step) = (true, 200));
    liquidate(&context).await;
    assert_eq!((counted(&context), context.metrics.refusals("liquidate", "expired", "resigned")), (1, 0));
    assert_eq!(stage.node.chain(|chain| chain.succeeded()), 1, "executed once");
}

#[tokio::test]
async fn a_blockhash_of_a_fork_that_is_dropped_is_waited_for_to_its_end_and_never_lands() {
    let stage = Stage::new();
    stage.node.chain(|chain| chain.fork());
    let (hash, last) = stage.node.chain(|chain| chain.blockhash("processed"));
    stage.node.chain(|chain| chain.abandon_fork(1, 1));
    let nothing = Instruction::new_with_bytes(pda::PROGRAM_ID, &[], Vec::new());
    let transaction = plimsoll_rpc::send::sign(&delegate(), &[], &[nothing], hash).unwrap();
    let connection = stage.node.connection();
    stage.node.faults(|faults| faults.height_step = 40);
    let delivered = connection.deliver(&transaction, last).await;
    assert!(matches!(delivered, Err(Error::Expired)), "{delivered:?}");
    assert!(stage.node.calls("getEpochInfo") >= 4 && stage.node.calls("sendTransaction") > 0);
    assert_eq!(stage.node.chain(|chain| chain.succeeded()), 0);
}

#[tokio::test]
async fn what_a_fork_holds_is_not_read_before_it_is_confirmed() {
    let stage = Stage::new();
    let connection = stage.node.connection();
    assert_eq!(connection.rpc.commitment(), CommitmentConfig::confirmed());
    let context = stage.context(stage.config()).await;
    stage.node.chain(|chain| chain.fork());
    stage.node.world(|world| {
        world.advance(2);
        world.repeat_prices();
        world.set_price(SOL, 100 * E8).expect("a price");
    });
    stage.read_all(&context).await;
    assert!(context.tracker().hot.is_empty(), "the fall of the price is on a fork only");
    stage.node.chain(|chain| chain.abandon_fork(1, 1));
    stage.sol_falls_to(160);
    stage.read_all(&context).await;
    assert_eq!(context.tracker().hot.len(), 1);
}

#[tokio::test]
async fn what_was_told_of_slots_that_the_chain_lost_is_replaced_once_it_has_passed_them() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let keys = context.tracker().shared.keys;
    // By WebSocket, as confirmed, fifty slots ahead: the price has fallen, Bob has an account, Alice has none.
    stage.node.chain(|chain| chain.fork());
    let bob = stage.node.world(|world| world.trader("bob"));
    stage.sol_falls_to(160);
    let told = stage.node.chain(|chain| {
        chain.head.slot += 50;
        let (slot, world) = (chain.head.slot, &chain.head.world);
        let account = |key| Update::Account { key, slot, data: world.data(&key) };
        [
            account(keys.board),
            account(bob.account),
            Update::Account { key: stage.alice.account, slot, data: Vec::new() },
        ]
    });
    told.into_iter().for_each(|update| context.tracker().apply(update));
    assert!(context.tracker().accounts.id(&bob.account).is_some());
    stage.node.chain(|chain| chain.abandon_fork(2, 2));
    // The surviving chain is behind what was seen: its accounts do not count yet, and it is noted.
    stage.read_all(&context).await;
    let resync = context.tracker().take_resync();
    assert_eq!((context.tracker().tally.fall_backs, resync), (1, false));
    assert!(context.tracker().accounts.id(&stage.alice.account).is_none());
    // It passes what was seen: everything is asked for anew, and replaces what was told.
    stage.node.chain(|chain| chain.grow(300));
    let shared = plimsoll_keeper::stream::read::shared(&context.connection, &keys, (3, 2)).await.unwrap();
    shared.into_iter().for_each(|update| context.tracker().apply(update));
    assert!(context.tracker().take_resync(), "a snapshot is asked for");
    let snapshot = stage.snapshot(keys.engine).await;
    snapshot.into_iter().for_each(|update| context.tracker().apply(update));
    let tracker = context.tracker();
    assert!(tracker.accounts.id(&bob.account).is_none() && tracker.accounts.id(&stage.alice.account).is_some());
    assert!(tracker.hot.is_empty(), "Alice is healthy at the price that the chain has");
}
