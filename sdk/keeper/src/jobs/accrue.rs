//! Books interest of banks that were not accrued for some time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_rpc::Result;
use plimsoll_sdk::ix;

use super::{Context, Job};
use crate::config::AccrueConfig;

/// Accrues banks with debts, and those whose copy of the deposit index has fallen behind.
pub struct Accrue {
    config: AccrueConfig,
}

impl Accrue {
    /// The job.
    pub const fn new(config: AccrueConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Job for Accrue {
    fn name(&self) -> &'static str {
        "accrue"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let tracker = context.tracker();
            let shared = &tracker.shared;
            let oldest = tracker.now() - self.config.max_age_secs as i64;
            let banks = shared.registry.banks.iter().zip(&shared.banks).enumerate();
            let is_due = banks.filter(|(_, (slot, bank))| {
                slot.accrued_at <= oldest && (bank.borrow_shares > 0 || slot.borrow_rate_per_sec > 0)
            });
            (shared.keys, is_due.map(|(index, _)| index as u8).collect::<Vec<u8>>())
        };
        let cranks: Vec<_> = due.into_iter().map(|bank| vec![ix::accrue(&keys, bank)]).collect();
        context.submit_all(self.name(), &cranks).await.map(|_| ())
    }
}
