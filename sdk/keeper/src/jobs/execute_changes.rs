//! Executes changes of the engine that have waited in public, so that what was announced comes when it was announced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::{Error, Result};
use plimsoll_sdk::ix;
use plimsoll_state::PendingChange;

use super::{Context, Job};
use crate::backoff::Targets;
use crate::config::ChangesConfig;

/// Executes them in the order of their numbers. One that is refused is tried again later, and keeps no other waiting.
pub struct ExecuteChanges {
    config: ChangesConfig,
    backoff: Targets<u64>,
}

impl ExecuteChanges {
    /// The job.
    pub fn new(config: ChangesConfig) -> Self {
        let first = Duration::from_millis(config.backoff_millis);
        Self { backoff: Targets::new(first, Duration::from_millis(config.backoff_max_millis)), config }
    }
}

/// Those that can be executed now.
fn due(changes: Vec<PendingChange>, now: UnixSecs) -> Vec<PendingChange> {
    changes.into_iter().filter(|change| change.schedule().at(now) == Progress::Due).collect()
}

#[async_trait]
impl Job for ExecuteChanges {
    fn name(&self) -> &'static str {
        "execute_changes"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, now, waits) = {
            let tracker = context.tracker();
            let shared = &tracker.shared;
            (shared.keys, UnixSecs::new(tracker.now()), shared.registry.launched == 1)
        };
        if !waits {
            return Ok(());
        }
        let changes = due(context.connection.changes(&keys.engine).await?, now);
        self.backoff.sweep(Instant::now());
        for change in changes.iter().filter(|change| self.backoff.may(&change.id, Instant::now())).collect::<Vec<_>>() {
            match context.submit(self.name(), ix::execute_change(&keys, context.outbox.payer(), change)).await {
                Ok(_) => self.backoff.succeeded(&change.id),
                Err(error @ (Error::RateLimited | Error::Unreachable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(change = change.id, %error, "a change that is due was refused");
                    self.backoff.failed(change.id, Instant::now());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    #[test]
    fn what_waits_and_what_has_expired_is_left_alone() {
        let change = |id: u64, due_at: i64| {
            let mut change = PendingChange::zeroed();
            (change.id, change.due_at, change.expires_at) = (id, due_at, due_at + 100);
            change
        };
        let changes = vec![change(0, 900), change(1, 901), change(2, 1_000), change(3, 1_001)];
        let found: Vec<u64> = due(changes, UnixSecs::new(1_000)).iter().map(|change| change.id).collect();
        assert_eq!(found, [1, 2]);
    }
}
