//! Makes fees and penalties that wait in banks insurance.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_risk::bank::deposit_atoms_down;
use plimsoll_risk::units::Atoms;
use plimsoll_rpc::Result;
use plimsoll_sdk::ix;

use super::{Context, Job};
use crate::config::SweepConfig;

/// Sweeps banks with enough waiting. Without liquidity the simulation says so, and nothing is sent.
pub struct Sweep {
    config: SweepConfig,
}

impl Sweep {
    /// The job.
    pub const fn new(config: SweepConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Job for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let tracker = context.tracker();
            let waits = |bank: &plimsoll_state::Bank| {
                let atoms = deposit_atoms_down(bank.waiting_shares, bank.deposit_index);
                atoms > Atoms::ZERO && atoms >= Atoms::new(self.config.least_atoms)
            };
            let due: Vec<u8> = tracker.shared.banks.iter().filter(|bank| waits(bank)).map(|b| b.index).collect();
            (tracker.shared.keys, due)
        };
        let cranks: Vec<_> = due.into_iter().map(|bank| vec![ix::sweep_insurance(&keys, bank)]).collect();
        context.submit_all(self.name(), &cranks).await.map(|_| ())
    }
}
