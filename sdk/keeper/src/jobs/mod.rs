//! What the keeper does, each job a file of its own.
//!
//! A job says how often it looks and does its turn; it never sees another. To add one: a file with a [`Job`], a
//! section of the configuration, a line in [`enabled`].

mod accrue;
mod advance_ramps;
mod bankruptcy;
mod crank_funding;
mod execute_changes;
mod liquidate;
mod observe;
mod refresh_price;
mod settle_pnl;
mod sweep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use plimsoll_rpc::{Connection, Error, Result};
use solana_instruction::Instruction;
use tokio::sync::{watch, Notify};

use crate::backoff::Backoff;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Submitted};
use crate::source::Prices;
use crate::state::Tracker;

pub use accrue::Accrue;
pub use advance_ramps::AdvanceRamps;
pub use bankruptcy::Bankruptcy;
pub use crank_funding::CrankFunding;
pub use execute_changes::ExecuteChanges;
pub use liquidate::{Liquidate, Planned};
pub use observe::Observe;
pub use refresh_price::RefreshPrice;
pub use settle_pnl::SettlePnl;
pub use sweep::Sweep;

/// Longest wait of a job after turns that failed, unless it looks less often anyway.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What every job works with.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// The node.
    pub connection: Connection,
    /// What is known.
    pub tracker: Arc<Mutex<Tracker>>,
    /// Sends.
    pub outbox: Outbox,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Prices from elsewhere.
    pub prices: Prices,
    /// Rings when prices, registry or accounts have changed.
    pub changed: Notify,
}

impl Context {
    /// What is known; held for short, never across a wait.
    pub fn tracker(&self) -> MutexGuard<'_, Tracker> {
        self.tracker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one instruction; a refusal is counted and ends nothing but this.
    pub async fn submit(&self, job: &'static str, instruction: Instruction) -> Result<Submitted> {
        self.outbox.submit(job, &[instruction]).await
    }
}

/// Transactions of one job under way at once, but for liquidations, which have a limit of their own.
const AT_ONCE: usize = 8;

impl Context {
    /// Sends several transactions, some at once; those that were refused, by number. Once the node limits the rate or
    /// cannot be reached, the rest is left for the next turn.
    ///
    /// # Errors
    /// `RateLimited`, `Unreachable`.
    pub async fn submit_all(&self, job: &'static str, transactions: &[Vec<Instruction>]) -> Result<Vec<usize>> {
        let submissions = transactions.to_vec().into_iter().enumerate();
        let mut sent = futures::stream::iter(submissions)
            .map(|(index, instructions)| async move { (index, self.outbox.submit(job, &instructions).await) })
            .buffer_unordered(AT_ONCE);
        let mut refused = Vec::new();
        while let Some((index, result)) = sent.next().await {
            match result {
                Ok(_) => {}
                Err(error @ (Error::RateLimited | Error::Unreachable(_))) => return Err(error),
                Err(_) => refused.push(index),
            }
        }
        refused.sort_unstable();
        Ok(refused)
    }

    /// Sends instructions, `together` in one transaction. Where one that is refused takes others with it, they are sent
    /// again alone.
    ///
    /// # Errors
    /// `RateLimited`, `Unreachable`.
    pub async fn submit_batched(
        &self,
        job: &'static str,
        instructions: Vec<Instruction>,
        together: usize,
    ) -> Result<()> {
        let batches: Vec<Vec<Instruction>> = instructions.chunks(together.max(1)).map(<[_]>::to_vec).collect();
        let refused = self.submit_all(job, &batches).await?;
        let alone: Vec<Vec<Instruction>> = refused
            .into_iter()
            .filter_map(|index| batches.get(index).filter(|batch| batch.len() > 1))
            .flat_map(|batch| batch.iter().map(|instruction| vec![instruction.clone()]))
            .collect();
        self.submit_all(job, &alone).await.map(|_| ())
    }
}

/// Something the keeper does again and again.
#[async_trait]
pub trait Job: Send {
    /// Its name, in logs and metrics.
    fn name(&self) -> &'static str;

    /// How often it looks.
    fn every(&self) -> Duration;

    /// Whether a change of what is known wakes it before its time.
    fn wakes_on_change(&self) -> bool {
        false
    }

    /// Looks, and does what is due.
    ///
    /// # Errors
    /// What ended the turn; the next one starts anew.
    async fn turn(&mut self, context: &Arc<Context>) -> Result<()>;

    /// Waits for what it has under way when the keeper stops.
    async fn stopped(&mut self) {}
}

/// The jobs that the configuration enables; liquidating needs a liquidator's account besides.
pub fn enabled(config: &Config) -> Vec<Box<dyn Job>> {
    let mut jobs: Vec<Box<dyn Job>> = Vec::new();
    let of = &config.jobs;
    if of.refresh_price.enabled {
        jobs.push(Box::new(RefreshPrice::new(of.refresh_price.clone())));
    }
    if config.liquidates() {
        jobs.push(Box::new(Liquidate::new(of.liquidate.clone())));
    }
    if of.observe.enabled {
        jobs.push(Box::new(Observe::new(of.observe.clone())));
    }
    if of.accrue.enabled {
        jobs.push(Box::new(Accrue::new(of.accrue.clone())));
    }
    if of.crank_funding.enabled {
        jobs.push(Box::new(CrankFunding::new(of.crank_funding.clone())));
    }
    if of.settle_pnl.enabled {
        jobs.push(Box::new(SettlePnl::new(of.settle_pnl.clone())));
    }
    if of.bankruptcy.enabled {
        jobs.push(Box::new(Bankruptcy::new(of.bankruptcy.clone())));
    }
    if of.sweep.enabled {
        jobs.push(Box::new(Sweep::new(of.sweep.clone())));
    }
    if of.advance_ramps.enabled {
        jobs.push(Box::new(AdvanceRamps::new(of.advance_ramps.clone())));
    }
    if of.execute_changes.enabled {
        jobs.push(Box::new(ExecuteChanges::new(of.execute_changes.clone())));
    }
    jobs
}

/// Runs a job until `stop` turns true. A turn under way is finished first.
pub async fn run(mut job: Box<dyn Job>, context: Arc<Context>, mut stop: watch::Receiver<bool>) {
    let mut backoff = Backoff::new(job.every(), LONGEST_WAIT.max(job.every()));
    while !*stop.borrow() {
        let (every, wakes) = match job.turn(&context).await {
            Ok(()) => {
                backoff.succeeded();
                (job.every(), job.wakes_on_change())
            }
            Err(error) => {
                let reason = error.reason();
                context.metrics.failed_turns.with_label_values(&[job.name(), &reason]).inc();
                let wait = backoff.failed();
                let wait_millis = wait.as_millis() as u64;
                tracing::warn!(job = job.name(), reason, %error, wait_millis, "a turn failed");
                (wait, false)
            }
        };
        let changed = async {
            if wakes {
                context.changed.notified().await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = tokio::time::sleep(every) => {}
            () = changed => {}
        }
    }
    job.stopped().await;
}
