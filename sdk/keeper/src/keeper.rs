//! The keeper as a whole: checks where it is, starts the stream and the jobs, stops them in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_rpc::{Cluster, Connection, Error, Result, RpcClient};
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_signer::Signer;
use tokio::sync::{watch, Notify};
use tokio::task::{JoinError, JoinSet};

use crate::authority::Role;
use crate::config::{Config, ConfigError};
use crate::http::Pages;
use crate::jito::BlockEngine;
use crate::jobs::{self, Context};
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::purse;
use crate::source::Prices;
use crate::state::{Tracker, Update};
use crate::stream::{self, Followed, Link, Updates};

/// Updates taken at once before jobs are woken.
const BATCH: usize = 1_024;
/// How often accounts that are due by time are looked at.
const TICK: Duration = Duration::from_millis(500);
/// HTTP answers of price sources and block engines are waited for this long.
const HTTP_TIMEOUT: Duration = Duration::from_secs(5);

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error.to_string())
    }
}

/// A keeper that is set up and has not begun.
pub struct Keeper {
    context: Arc<Context>,
    followed: Followed,
    link: Arc<Link>,
    stop: watch::Sender<bool>,
}

/// A node as configured.
///
/// # Errors
/// `Configuration`.
pub fn connect(config: &Config) -> Result<(Cluster, Connection)> {
    let cluster = config.cluster()?;
    let timeout = Duration::from_secs(config.cluster.timeout_secs);
    let commitment = CommitmentConfig::confirmed();
    let rpc = RpcClient::new_with_timeout_and_commitment(cluster.rpc_url.clone(), timeout, commitment);
    Ok((cluster, Connection::over(rpc)))
}

/// The node's cluster is the expected one, the program and the engine are there, and of this version.
///
/// # Errors
/// `WrongCluster`, `Missing`, `Undecodable`, an RPC error.
pub async fn preflight(config: &Config, cluster: &Cluster, connection: &Connection) -> Result<Tracker> {
    let expected = config.cluster.expect.as_deref().unwrap_or(&cluster.name);
    let found = Cluster::verify(&connection.rpc, Some(expected)).await?;
    connection.require_program().await?;
    let read = connection.engine(config.engine()?).await?;
    tracing::info!(
        cluster = found.unwrap_or(&cluster.name),
        engine = %read.keys.engine,
        banks = read.banks.len(),
        markets = read.markets.len(),
        slot = read.slot,
        commitment = %connection.rpc.commitment().commitment,
        "the engine is there"
    );
    Ok(Tracker::new(read, config.liquidator(), &config.index))
}

impl Keeper {
    /// Sets up: cluster, program, engine, and what the key may do.
    ///
    /// # Errors
    /// As [`preflight`]; `Configuration` where the key may not liquidate with the configured account.
    pub async fn new(config: Config, keypair: Keypair) -> Result<Self> {
        let (cluster, connection) = connect(&config)?;
        Self::over(config, cluster, connection, keypair).await
    }

    /// As [`Keeper::new`], over any connection.
    ///
    /// # Errors
    /// As there.
    pub async fn over(config: Config, cluster: Cluster, connection: Connection, keypair: Keypair) -> Result<Self> {
        let connection = connection.paced(config.send.pace());
        let tracker = preflight(&config, &cluster, &connection).await?;
        say_what_the_key_can_do(&config, &connection, &keypair).await?;
        let failed = |error: String| Error::Configuration(error);
        let metrics = Arc::new(Metrics::new().map_err(|error| failed(error.to_string()))?);
        metrics.liquidates(config.liquidates());
        let http = reqwest::Client::builder().timeout(HTTP_TIMEOUT).build().map_err(|e| failed(e.to_string()))?;
        let block_engine = BlockEngine::new(&config.jito, http.clone()).map_err(|e| failed(e.to_string()))?;
        let prices = Prices::new(&config.prices, &http, &keypair);
        let (sending, dry_run) = (config.send.clone(), config.dry_run);
        let outbox = Outbox::new(connection.clone(), keypair, sending, dry_run, block_engine, metrics.clone());
        let engine = config.engine()?;
        let followed = Followed { connection: connection.clone(), ws_url: cluster.ws_url, engine };
        let tracker = Arc::new(Mutex::new(tracker));
        let context = Context { config, connection, tracker, outbox, metrics, prices, changed: Notify::new() };
        Ok(Self {
            context: Arc::new(context),
            followed,
            link: Arc::new(Link::default()),
            stop: watch::channel(false).0,
        })
    }

    /// What the jobs work with.
    pub fn context(&self) -> Arc<Context> {
        self.context.clone()
    }

    /// Makes [`Keeper::run`] come to its end.
    pub fn stopper(&self) -> watch::Sender<bool> {
        self.stop.clone()
    }

    /// Runs until stopped; what is under way is finished first.
    ///
    /// # Errors
    /// `Configuration` where the HTTP address cannot be bound.
    pub async fn run(self) -> Result<()> {
        let Self { context, followed, link, stop } = self;
        let config = &context.config;
        let mut tasks = JoinSet::new();
        if config.http.enabled {
            let pages = Pages {
                metrics: context.metrics.clone(),
                tracker: context.tracker.clone(),
                link: link.clone(),
                unhealthy: Duration::from_secs(config.http.unhealthy_secs),
            };
            let listen = &config.http.listen;
            let served = crate::http::serve(listen, pages, stop.subscribe()).await;
            let (address, task) = served.map_err(|e| Error::Configuration(format!("http.listen {listen}: {e}")))?;
            tracing::info!(%address, "serving /metrics and /healthz");
            tasks.spawn(task);
        }
        let tracker = context.tracker.clone();
        let (updates, streaming) = stream::start(followed, &config.stream, link.clone(), tracker, stop.subscribe());
        for task in streaming {
            tasks.spawn(task);
        }
        tasks.spawn(tokio::spawn(take_updates(context.clone(), updates, link, stop.subscribe())));
        wait_for_accounts(&context, stop.subscribe()).await;
        tasks.spawn(tokio::spawn(purse::watch(context.clone(), stop.subscribe())));
        let jobs = jobs::enabled(config);
        let names: Vec<&str> = jobs.iter().map(|job| job.name()).collect();
        tracing::info!(jobs = names.join(", "), dry_run = config.dry_run, "the keeper is running");
        for job in jobs {
            tasks.spawn(tokio::spawn(jobs::run(job, context.clone(), stop.subscribe())));
        }
        join_all(tasks, &stop, &context).await
    }
}

/// Waits for every task. One that panicked stops the others: whoever runs the keeper starts it anew. Once stopped, what
/// does not end in time is left; a transaction that was sent lands or expires by itself.
async fn join_all(
    mut tasks: JoinSet<std::result::Result<(), JoinError>>,
    stop: &watch::Sender<bool>,
    context: &Context,
) -> Result<()> {
    let (outbox, within) = (&context.outbox, Duration::from_secs(context.config.stop_secs));
    let (mut stopped, mut failed) = (stop.subscribe(), None);
    let late = async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        outbox.close();
        tracing::info!(in_flight = outbox.in_flight().len(), "waiting for transactions that were sent");
        tokio::time::sleep(within).await;
    };
    tokio::pin!(late);
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error)) | Err(error)) => {
                    tracing::error!(%error, "a task failed, the keeper stops");
                    failed = Some(Error::Configuration(format!("a task of the keeper failed: {error}")));
                    stop.send_replace(true);
                }
            },
            () = &mut late => {
                tracing::warn!(left = tasks.len(), "stopped without waiting for all transactions that were sent");
                tasks.shutdown().await;
                break;
            }
        }
    }
    for (signature, job) in outbox.in_flight() {
        tracing::warn!(job, %signature, "its outcome is not known: it will land or expire");
    }
    tracing::info!(unknown = outbox.in_flight().len(), "the keeper has stopped");
    failed.map_or(Ok(()), Err)
}

async fn say_what_the_key_can_do(config: &Config, connection: &Connection, keypair: &Keypair) -> Result<()> {
    let key = keypair.pubkey();
    let Some(liquidator) = config.liquidator() else {
        tracing::warn!(%key, "nothing is liquidated: keys.liquidator names no account that pays for it; this key pays fees only");
        return Ok(());
    };
    if !config.jobs.liquidate.enabled {
        tracing::warn!(%key, account = %liquidator, "nothing is liquidated: jobs.liquidate.enabled is false");
    }
    let account: plimsoll_state::MarginAccount = connection.read("margin account", &liquidator).await?;
    let engine = config.engine()?;
    if account.engine != engine.to_bytes() {
        return Err(Error::Configuration(format!("keys.liquidator: {liquidator} belongs to another engine")));
    }
    let role = Role::of(&key, &account);
    if !role.may_liquidate() {
        return Err(Error::Configuration(format!("keys.keypair {key}: {}", role.statement())));
    }
    tracing::info!(%key, account = %liquidator, "{}", role.statement());
    if let Some(warning) = role.warning() {
        tracing::warn!(%key, account = %liquidator, "{warning}");
    }
    Ok(())
}

/// Applies what the stream brings, in batches, and wakes who waits for it.
async fn take_updates(context: Arc<Context>, mut updates: Updates, link: Arc<Link>, mut stop: watch::Receiver<bool>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let received = tokio::select! {
            received = updates.recv_many(&mut batch, BATCH) => received,
            () = tokio::time::sleep(TICK) => usize::MAX,
            _ = stop.wait_for(|stopped| *stopped) => 0,
        };
        if received == 0 {
            return;
        }
        for update in batch.drain(..) {
            let is_large = matches!(update, Update::SnapshotPart { .. } | Update::Snapshot { .. });
            context.tracker().apply(update);
            if is_large {
                // Jobs get their turn between.
                tokio::task::yield_now().await;
            }
        }
        let resync = {
            let mut tracker = context.tracker();
            tracker.tick();
            tracker.take_resync()
        };
        if resync {
            link.resync.notify_one();
        }
        context.changed.notify_waiters();
    }
}

/// Returns once the margin accounts have been read, or when the keeper is stopped.
async fn wait_for_accounts(context: &Context, mut stop: watch::Receiver<bool>) {
    let read = async {
        while !context.tracker().has_snapshot {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = read => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}
