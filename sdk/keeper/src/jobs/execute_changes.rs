//! Executes changes of the engine that have waited in public, so that what was announced comes when it was announced, and
//! clears away those that nobody executed in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::{Error, Result};
use plimsoll_sdk::ix;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::PendingChange;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::{Context, Job};
use crate::backoff::Targets;
use crate::config::ChangesConfig;

/// Ends them in the order of their numbers. One that is refused is tried again later, and keeps no other waiting.
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

/// What ends a change now: it is executed while it is due, and cancelled once it has expired. None while it waits.
fn end(change: &PendingChange, keys: &EngineKeys, payer: Pubkey, now: UnixSecs) -> Option<Instruction> {
    match change.schedule().at(now) {
        Progress::Waiting(_) => None,
        Progress::Due => Some(ix::execute_change(keys, payer, change)),
        // Its rent goes to whoever paid it.
        Progress::Expired => Some(ix::cancel_change(keys, payer, change)),
    }
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
        let changes = context.connection.changes(&keys.engine).await?;
        self.backoff.sweep(Instant::now());
        for change in &changes {
            let Some(end) = end(change, &keys, context.outbox.payer(), now) else { continue };
            if !self.backoff.may(&change.id, Instant::now()) {
                continue;
            }
            match context.submit(self.name(), end).await {
                Ok(_) => self.backoff.succeeded(&change.id),
                Err(error @ (Error::RateLimited | Error::Unreachable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(change = change.id, %error, "the end of a change was refused");
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
    fn what_is_due_is_executed_and_what_has_expired_cleared_away() {
        let (keys, payer) =
            (EngineKeys::created_by(&Pubkey::new_from_array([7; 32]), 0), Pubkey::new_from_array([9; 32]));
        let ended = |due_at: i64| {
            let mut change = PendingChange::zeroed();
            (change.id, change.due_at, change.expires_at) = (4, due_at, due_at + 100);
            let ended = end(&change, &keys, payer, UnixSecs::new(1_000));
            let (execute, cancel) =
                (ix::execute_change(&keys, payer, &change), ix::cancel_change(&keys, payer, &change));
            ended.map(|ended| (ended == execute, ended == cancel))
        };
        let (execute, cancel) = (Some((true, false)), Some((false, true)));
        assert_eq!([900, 901, 1_000, 1_001].map(ended), [cancel, execute, execute, None]);
    }
}
