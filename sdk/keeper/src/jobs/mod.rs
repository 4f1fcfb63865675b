//! What the keeper does, each job a file of its own.
//!
//! A job says how often it looks and does its turn; it never sees another. To add one: a file with a [`Job`], a
//! section of the configuration, a line in [`enabled`].

mod accrue;
mod bankruptcy;
mod crank_funding;
mod liquidate;
mod observe;
mod refresh_price;
mod settle_pnl;
mod sweep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_rpc::{Connection, Error, Result};
use solana_instruction::Instruction;
use tokio::sync::{watch, Notify};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::outbox::{Outbox, Submitted};
use crate::source::Prices;
use crate::state::Tracker;

pub use accrue::Accrue;
pub use bankruptcy::Bankruptcy;
pub use crank_funding::CrankFunding;
pub use liquidate::Liquidate;
pub use observe::Observe;
pub use refresh_price::RefreshPrice;
pub use settle_pnl::SettlePnl;
pub use sweep::Sweep;

/// Name of the job that liquidates.
pub const LIQUIDATE: &str = "liquidate";

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

    /// As [`Context::submit`] where the caller goes on whatever happens, unless the node limits the rate or cannot be
    /// reached: then the turn is over.
    ///
    /// # Errors
    /// `RateLimited`, `Unreachable`.
    pub async fn try_submit(&self, job: &'static str, instruction: Instruction) -> Result<bool> {
        match self.submit(job, instruction).await {
            Ok(_) => Ok(true),
            Err(error @ (Error::RateLimited | Error::Unreachable(_))) => Err(error),
            Err(_) => Ok(false),
        }
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
    if of.liquidate.enabled && config.liquidator().is_some() {
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
    jobs
}

/// Runs a job until `stop` turns true. A turn under way is finished first.
pub async fn run(mut job: Box<dyn Job>, context: Arc<Context>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = job.turn(&context).await {
            let reason = error.reason();
            context.metrics.failed_turns.with_label_values(&[job.name(), &reason]).inc();
            tracing::warn!(job = job.name(), reason, %error, "a turn failed");
        }
        let (every, wakes) = (job.every(), job.wakes_on_change());
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
