//! Keeps the auction clocks of accounts under water running, which count time between observations only, and has owners
//! called whose accounts come near maintenance.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::Result;
use plimsoll_sdk::ix;

use super::{Context, Job};
use crate::config::ObserveConfig;

/// Observations in one transaction: each adds an address and some bytes to it.
const TOGETHER: usize = 12;

/// Observes accounts under water that were not observed for some time; those below the bypass ratio at once, as the second
/// of two such observations lets spot alone count; those that recovered, as what they remember of it would else wait
/// for the next wrong print; and those that have entered or left the band in which their owner is called, once.
pub struct Observe {
    config: ObserveConfig,
}

impl Observe {
    /// The job.
    pub const fn new(config: ObserveConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Job for Observe {
    fn name(&self) -> &'static str {
        "observe"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let mut tracker = context.tracker();
            let now = tracker.now();
            let oldest = now - self.config.max_age_secs as i64;
            let hot = tracker.assess_hot_with_all();
            let armed = tracker.assess_armed();
            let turned = if self.config.call_owners { tracker.assess_turned() } else { Vec::new() };
            let mut due: Vec<_> = hot
                .into_iter()
                .chain(armed)
                .filter(|found| is_due(&found.clocks, &found.assessment.clocks, oldest))
                .chain(turned)
                .map(|found| (found.clocks.observed_at, found.key))
                .collect();
            // The longest unobserved first, so that a limit per turn starves nobody.
            due.sort_unstable();
            due.dedup();
            due.truncate(self.config.accounts_per_turn);
            (tracker.shared.keys, due)
        };
        let instructions = due.into_iter().map(|(_, account)| ix::observe_margin(&keys, account)).collect();
        context.submit_batched(self.name(), instructions, TOGETHER).await
    }
}

/// Whether an observation now would be worth its fee: `before` are the account's clocks, `after` what they would become.
fn is_due(before: &Clocks, after: &Clocks, oldest: i64) -> bool {
    let under_water = !matches!(after.health_state, HealthState::Healthy);
    let turned = before.health_state as u8 != after.health_state as u8 || before.bypass != after.bypass;
    let stamped =
        after.bypass_published_at != UnixSecs::NEVER && before.bypass_published_at != after.bypass_published_at;
    let disarmed = before.bypass_published_at != UnixSecs::NEVER && after.bypass_published_at == UnixSecs::NEVER;
    let forgotten = before.remembers() && !after.remembers();
    (under_water && (before.observed_at <= UnixSecs::new(oldest) || turned)) || stamped || disarmed || forgotten
}
