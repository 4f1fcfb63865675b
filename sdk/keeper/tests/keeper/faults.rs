//! What goes wrong between a keeper and a cluster: each has its defined end, and nothing is lost by it.

use std::sync::Arc;

use plimsoll_keeper::authority::Role;
use plimsoll_keeper::stream::read;
use plimsoll_rpc::Error;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_sim::world::{SOL, USDC};
use plimsoll_state::{right, MarginAccount, PriceBoard, DISCRIMINATOR_LEN};
use solana_account::Account;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction_error::TransactionError;

use crate::stage::{funded_trader, liquidate, Stage, ONE_SOL, USD};

fn confirmed(context: &plimsoll_keeper::jobs::Context) -> u64 {
    context.metrics.confirmed.with_label_values(&["liquidate"]).get()
}

#[tokio::test]
async fn a_node_that_limits_the_rate_is_named_and_asked_again_later() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| faults.rate_limited = 1);
    liquidate(&context).await;
    assert_eq!((context.metrics.refusals("liquidate", "simulation", "rate_limited"), confirmed(&context)), (1, 0));
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
}

#[tokio::test]
async fn a_node_that_does_not_answer_in_time_costs_a_turn_and_nothing_else() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| faults.timeouts = 1);
    liquidate(&context).await;
    assert_eq!((context.metrics.refusals("liquidate", "simulation", "unreachable"), confirmed(&context)), (1, 0));
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
}

#[tokio::test]
async fn a_dropped_transaction_expires_and_is_signed_again_with_a_new_blockhash() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| (faults.dropped, faults.height_step) = (1, 200));
    liquidate(&context).await;
    let hashes = stage.node.blockhashes();
    assert_eq!(hashes.len(), 2);
    assert_ne!(hashes[0], hashes[1]);
    assert_eq!((confirmed(&context), context.metrics.refusals("liquidate", "expired", "resigned")), (1, 1));
}

#[tokio::test]
async fn a_transaction_that_never_lands_ends_as_expired_and_frees_what_it_reserved() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.send.resigns = 1;
    let context = stage.context(config).await;
    stage.node.faults(|faults| (faults.dropped, faults.height_step) = (u32::MAX, 200));
    liquidate(&context).await;
    assert_eq!((confirmed(&context), context.metrics.refusals("liquidate", "chain", "expired")), (0, 1));
    stage.node.faults(|faults| faults.dropped = 0);
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1, "nothing is held back for the one that is lost");
}

#[tokio::test]
async fn a_stale_blockhash_is_not_used_again_after_it_expired() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    // The same one for all that is sent within twenty seconds, unless it is known to have expired.
    config.send.blockhash_millis = 20_000;
    let context = stage.context(config).await;
    stage.node.faults(|faults| (faults.dropped, faults.height_step) = (1, 200));
    liquidate(&context).await;
    assert_eq!((confirmed(&context), stage.node.calls("getLatestBlockhash")), (1, 2));
}

#[tokio::test]
async fn the_clusters_clock_decides_and_not_this_machines() {
    // The chain's clock stands in October 2025, this machine's does not.
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    {
        let tracker = context.tracker();
        let chain = stage.node.world(|world| world.now());
        assert!((tracker.now() - chain).abs() <= 25, "{} {chain}", tracker.now());
        assert!(tracker.shared.clock.skew_secs() > 86_400);
    }
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
}

#[tokio::test]
async fn another_cluster_than_the_expected_one_is_refused_before_anything_is_read() {
    let stage = Stage::new();
    let mut config = stage.config();
    config.cluster.expect = Some("devnet".into());
    let refused = stage.keeper(config).await.err();
    assert!(matches!(refused, Some(Error::WrongCluster { .. })), "{refused:?}");
    // A local node that is mainnet in truth.
    stage.node.faults(|faults| faults.genesis = Some("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d".into()));
    let mut config = stage.config();
    config.cluster.expect = Some("localnet".into());
    let refused = stage.keeper(config).await.err();
    assert!(refused.as_ref().is_some_and(|error| error.to_string().contains("mainnet-beta")), "{refused:?}");
}

fn another_version(key: &Pubkey, account: &mut Account) {
    // Of the registry only; other accounts of the program keep theirs.
    if account.owner == pda::PROGRAM_ID
        && account.data.len() == plimsoll_state::Registry::ACCOUNT_LEN
        && !is_board(account)
    {
        account.data[DISCRIMINATOR_LEN] = 9;
    }
    let _ = key;
}

fn is_board(account: &Account) -> bool {
    use plimsoll_state::EngineAccount;
    account.data.starts_with(&PriceBoard::ACCOUNT_DISCRIMINATOR)
}

#[tokio::test]
async fn a_program_of_another_version_is_refused_at_the_start_with_both_versions() {
    let stage = Stage::new();
    stage.node.faults(|faults| faults.lie = Some(another_version));
    let refused = stage.keeper(stage.config()).await.err().expect("refused").to_string();
    assert!(refused.contains("version is 9") && refused.contains("knows 1"), "{refused}");
}

#[tokio::test]
async fn an_upgrade_under_a_running_keeper_keeps_what_was_read_before_and_is_counted() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| faults.lie = Some(another_version));
    let keys = context.tracker().shared.keys;
    let updates = read::shared(&context.connection, &keys, (0, 0)).await.unwrap();
    let mut tracker = context.tracker();
    updates.into_iter().for_each(|update| tracker.apply(update));
    assert_eq!(tracker.tally.unreadable.get("shared_account"), Some(&1));
    assert_eq!(tracker.shared.registry.version, 1);
}

#[tokio::test]
async fn too_little_capital_makes_a_smaller_plan() {
    let stage = Stage::new();
    // All but 300 dollars are taken out of the liquidator's account; it can borrow against what it takes, a little.
    stage.node.world(|world| {
        let left = 300 * USD;
        let held = 1_000_000 * USD;
        world.withdraw(&stage.liquidator, USDC, Some(held - left)).expect("a withdrawal");
    });
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    let owed = stage.debt();
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
    let repaid = owed - stage.debt();
    let rich = Stage::new();
    rich.sol_falls_to(160);
    let whole = rich.context(rich.config()).await;
    liquidate(&whole).await;
    assert!(repaid > 0 && repaid < owed - rich.debt(), "{repaid} of {}", owed - rich.debt());
}

#[tokio::test]
async fn no_capital_at_all_is_counted_and_nothing_is_sent() {
    let stage = Stage::new();
    stage.node.world(|world| world.withdraw(&stage.liquidator, USDC, None).expect("a withdrawal"));
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    liquidate(&context).await;
    assert_eq!(stage.node.calls("sendTransaction"), 0);
    assert!(context.metrics.refusals("liquidate", "plan", "funds_short_InitialMarginInsufficient") > 0);
}

#[tokio::test]
async fn what_simulation_refuses_is_counted_by_the_runtimes_reason() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    stage.node.faults(|faults| faults.simulation = Some(TransactionError::InsufficientFundsForFee));
    liquidate(&context).await;
    assert_eq!(context.metrics.refusals("liquidate", "simulation", "InsufficientFundsForFee"), 1);
    assert_eq!(stage.node.calls("sendTransaction"), 0);
}

/// Makes one account, the poisoned one, owe and hold more than numbers can bear.
fn poison(stage: &Stage, name: &str) {
    stage.node.world(|world| {
        let trader = world.trader(name);
        let mut account: MarginAccount = world.margin_account(&trader);
        account.derivatives[0].kind = 1;
        account.derivatives[0].market = 0;
        account.derivatives[0].shares = i64::MAX;
        // An epoch that no ring holds.
        account.derivatives[0].epoch = u32::MAX;
        account.tokens[0].used = 1;
        account.tokens[0].bank = USDC;
        account.tokens[0].shares = -1;
        world.write(&trader.account, &account);
    });
}

#[tokio::test]
async fn a_poison_account_stops_neither_the_scan_nor_the_liquidation_of_others() {
    let stage = Stage::new();
    poison(&stage, "mallory");
    stage.sol_falls_to(160);
    let context = stage.context(stage.config()).await;
    {
        let mut tracker = context.tracker();
        assert!(!tracker.tally.poison.is_empty(), "it is counted: {:?}", tracker.tally);
        assert_eq!(tracker.assess_hot().len(), 1, "the other one is found");
    }
    liquidate(&context).await;
    assert_eq!(confirmed(&context), 1);
}

#[tokio::test]
async fn a_target_that_fails_waits_longer_each_time_while_another_is_served() {
    let stage = Stage::new();
    let bob = stage.node.world(|world| {
        let bob = funded_trader(world, "bob", SOL, 100 * ONE_SOL);
        world.borrow(&bob, USDC, 13_950 * USD).expect("a borrow");
        bob
    });
    stage.sol_falls_to(160);
    let mut config = stage.config();
    config.jobs.liquidate.max_in_flight = 1;
    config.jobs.liquidate.backoff_millis = 60_000;
    config.jobs.liquidate.backoff_max_millis = 60_000;
    let context = stage.context(config).await;
    use plimsoll_keeper::jobs::{Job, Liquidate};
    let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
    stage.node.faults(|faults| faults.rate_limited = 1);
    job.turn(&context).await.unwrap();
    job.finish().await;
    job.turn(&context).await.unwrap();
    job.finish().await;
    job.turn(&context).await.unwrap();
    job.finish().await;
    assert_eq!(confirmed(&context), 1, "the worse one failed and waits, the other one was liquidated");
    let owes = |trader| stage.account(trader).tokens.iter().any(|t| t.shares < -13_900 * USD as i64 / 2);
    assert!(owes(&bob), "the deeper one is the one that waits");
}

#[tokio::test]
async fn a_key_that_is_not_the_delegate_is_refused_at_the_start() {
    let stage = Stage::new();
    let mut config = stage.config();
    config.keys.liquidator = Some(stage.maker.account.to_string());
    let refused = stage.keeper(config).await.err().expect("refused").to_string();
    assert!(refused.contains(&Role::Stranger.statement()), "{refused}");
}

/// What the keeper logs at its start, with these rights on the liquidator's account.
async fn said_at_the_start(rights: u8, limit: u64) -> Result<String, String> {
    let stage = Stage::new();
    let key = crate::stage::delegate().pubkey();
    let liquidator = stage.liquidator;
    let named = args::DelegateArgs { key, rights, trade_limit_atoms_per_day: limit };
    let set = ix::set_delegate(liquidator.owner, liquidator.account, Some(named));
    stage.node.world(|world| world.send(&liquidator.owner, &[set]).map(drop)).expect("a delegate");
    // What another test logs for the first time while nobody listens is taken for silent, in this test too: somebody always
    // listens.
    static LISTENED: std::sync::Once = std::sync::Once::new();
    LISTENED.call_once(|| {
        let sink = tracing_subscriber::fmt().with_writer(std::io::sink).finish();
        tracing::subscriber::set_global_default(sink).expect("no other test sets one");
    });
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();
    let started = stage.keeper(stage.config()).await.map(drop).map_err(|error| error.to_string());
    drop(guard);
    let said = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    started.map(|()| said)
}

#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_keeper_says_at_its_start_what_its_key_may_do_and_warns_where_it_may_trade() {
    let said = said_at_the_start(right::LIQUIDATE, 0).await.expect("it starts");
    assert!(said.contains("it can liquidate; it cannot") && !said.contains("WARN"), "{said}");
    let said = said_at_the_start(right::ALL, 7_000_000).await.expect("it starts");
    assert!(said.contains("WARN") && said.contains("this key may TRADE"), "{said}");
    let refused = said_at_the_start(right::DEPOSIT | right::TRADE, 1).await.expect_err("it may not liquidate");
    assert!(refused.contains("it cannot liquidate"), "{refused}");
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_named() {
    let stage = Stage::new();
    let mut config = stage.config();
    let nowhere = Pubkey::new_unique();
    config.engine = Some(nowhere.to_string());
    let refused = stage.keeper(config).await.err().expect("refused").to_string();
    assert!(refused.contains("engine") && refused.contains(&nowhere.to_string()), "{refused}");
    let _ = EngineKeys::of(nowhere);
}
