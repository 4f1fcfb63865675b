//! An engine with a market, somebody who borrows, and a keeper with a delegate's key.

use std::sync::Arc;

use plimsoll_keeper::config::Config;
use plimsoll_keeper::jobs::{Context, Job, Liquidate, RefreshPrice};
use plimsoll_keeper::state::Update;
use plimsoll_keeper::stream::read;
use plimsoll_keeper::stream::snapshot::Snapshots;
use plimsoll_keeper::Keeper;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sim::world::{keypair, Trader, World, BTC, E8, SOL, USDC};
use plimsoll_state::MarginAccount;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::node::Node;

/// Atoms of a dollar of USDC.
pub const USD: u64 = 1_000_000;
/// Atoms of a SOL.
pub const ONE_SOL: u64 = 1_000_000_000;
/// Seconds that a fallen price stands, each leaving its average behind: long enough for the average to follow.
const SETTLED_SECS: i64 = 60;

pub struct Stage {
    pub node: Node,
    pub maker: Trader,
    pub liquidator: Trader,
    pub alice: Trader,
}

pub fn delegate() -> Keypair {
    keypair("keeper")
}

/// A new owner's account with a deposit.
pub fn funded_trader(world: &mut World, name: &str, bank: u8, atoms: u64) -> Trader {
    let trader = world.trader(name);
    world.deposit(&trader, bank, atoms).expect("a deposit");
    trader
}

/// 100 SOL at 200 dollars against a borrow of 13,900.
fn with_borrower() -> (World, Trader, Trader, Trader) {
    let mut world = World::new();
    world.default_listing();
    let maker = funded_trader(&mut world, "maker", USDC, 5_000_000 * USD);
    for (bank, atoms) in [(SOL, 10_000 * ONE_SOL), (BTC, 100 * 100_000_000)] {
        world.deposit(&maker, bank, atoms).expect("a deposit");
    }
    let liquidator = funded_trader(&mut world, "liquidator", USDC, 1_000_000 * USD);
    let key = world.party("keeper");
    assert_eq!(key, delegate().pubkey());
    world
        .send(
            &liquidator.owner,
            &[ix::set_delegate(liquidator.owner, liquidator.account, Some(args::DelegateArgs::liquidator(key)))],
        )
        .expect("a delegate");
    let alice = funded_trader(&mut world, "alice", SOL, 100 * ONE_SOL);
    world.borrow(&alice, USDC, 13_900 * USD).expect("a borrow");
    (world, maker, liquidator, alice)
}

impl Stage {
    pub fn new() -> Self {
        let (world, maker, liquidator, alice) = with_borrower();
        Self { node: Node::of(world), maker, liquidator, alice }
    }

    /// So many others like Alice, each owing a little more than the one before.
    pub fn with_others(&self, count: u64) -> Vec<Trader> {
        let other = |world: &mut World, number: u64| {
            let trader = funded_trader(world, &format!("other {number}"), SOL, 100 * ONE_SOL);
            world.borrow(&trader, USDC, (13_900 + number) * USD).expect("a borrow");
            trader
        };
        self.node.world(|world| (0..count).map(|number| other(world, number)).collect())
    }

    /// Shares that somebody owes in USDC.
    pub fn owed_by(&self, trader: &Trader) -> u64 {
        let account = self.account(trader);
        account.token_index(USDC).map_or(0, |place| account.tokens[place].shares.min(0).unsigned_abs())
    }

    /// SOL falls and stays there until the average has followed; Alice is not observed meanwhile.
    pub fn sol_falls_to(&self, dollars: i64) {
        self.node.world(|world| {
            world.advance(2);
            world.repeat_prices();
            world.set_price(SOL, dollars * E8).expect("a price");
            world.hold_prices(SETTLED_SECS, 2);
        });
    }

    pub fn config(&self) -> Config {
        let engine = self.node.world(|world| world.keys.engine);
        let mut config = Config { engine: Some(engine.to_string()), ..Config::default() };
        config.keys.liquidator = Some(self.liquidator.account.to_string());
        config.cluster.url = "http://127.0.0.1:1".into();
        config.http.enabled = false;
        config.stream.websocket = false;
        config.send.blockhash_millis = 0;
        (config.send.status_millis, config.send.resend_millis) = (2, 10);
        config.jobs.liquidate.backoff_millis = 1;
        config.jobs.liquidate.backoff_max_millis = 2;
        config
    }

    pub async fn keeper(&self, config: Config) -> plimsoll_rpc::Result<Keeper> {
        let cluster = config.cluster()?;
        Keeper::over(config, cluster, self.node.connection(), delegate()).await
    }

    /// A keeper's context with everything read once.
    pub async fn context(&self, config: Config) -> Arc<Context> {
        let context = self.keeper(config).await.expect("a keeper").context();
        self.read_all(&context).await;
        context
    }

    /// Reads everything anew.
    pub async fn read_all(&self, context: &Context) {
        let keys = context.tracker().shared.keys;
        let snapshot = self.snapshot(keys.engine).await;
        let shared = read::shared(&context.connection, &keys, (3, 2)).await.expect("shared accounts");
        let mut tracker = context.tracker();
        for update in shared.into_iter().chain(snapshot) {
            tracker.apply(update);
        }
    }

    /// The updates of a snapshot.
    pub async fn snapshot(&self, engine: Pubkey) -> Vec<Update> {
        let (sender, mut updates) = tokio::sync::mpsc::channel(1_000);
        let mut snapshots = Snapshots::new(self.node.connection(), engine, sender, Arc::default());
        assert!(snapshots.take().await.is_ok(), "a snapshot");
        let mut taken = Vec::new();
        while let Ok(update) = updates.try_recv() {
            taken.push(update);
        }
        taken
    }

    pub fn account(&self, trader: &Trader) -> MarginAccount {
        self.node.world(|world| world.margin_account(trader))
    }

    /// Shares that Alice owes in USDC.
    pub fn debt(&self) -> u64 {
        self.owed_by(&self.alice)
    }
}

/// One turn of the liquidating job, and everything that it started.
pub async fn liquidate(context: &Arc<Context>) {
    let mut job = Liquidate::new(context.config.jobs.liquidate.clone());
    job.turn(context).await.expect("a turn");
    job.finish().await;
}

pub async fn refresh(context: &Arc<Context>) {
    let mut job = RefreshPrice::new(context.config.jobs.refresh_price.clone());
    job.turn(context).await.expect("a turn");
}

/// Waits until something is so, and fails where it never becomes so.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waited).await.unwrap_or_else(|_| panic!("never: {what}"));
}
