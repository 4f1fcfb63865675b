//! Moves weights, rates and parameters that ramp, so that they come as announced and in small steps.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_rpc::Result;
use plimsoll_sdk::change::ramps;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::RampArg;
use plimsoll_state::Registry;

use super::{Context, Job};
use crate::config::RampsConfig;

/// Moves each ramp by itself: one that has to wait for another keeps none from moving.
pub struct AdvanceRamps {
    config: RampsConfig,
}

impl AdvanceRamps {
    /// The job.
    pub const fn new(config: RampsConfig) -> Self {
        Self { config }
    }

    /// Ramps that were last moved long enough ago.
    fn due(&self, registry: &Registry, now: i64) -> Vec<RampArg> {
        let oldest = now - self.config.max_age_secs as i64;
        let moved_at = |of: &RampArg| match *of {
            RampArg::Params => registry.params_ramped_at,
            RampArg::Bank(bank) => registry.banks[bank as usize].ramped_at,
            RampArg::Market(market) => registry.markets[market as usize].ramped_at,
        };
        ramps(registry).into_iter().filter(|of| moved_at(of) <= oldest).collect()
    }
}

#[async_trait]
impl Job for AdvanceRamps {
    fn name(&self) -> &'static str {
        "advance_ramps"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let tracker = context.tracker();
            (tracker.shared.keys, self.due(&tracker.shared.registry, tracker.now()))
        };
        let steps: Vec<_> = due.into_iter().map(|of| vec![ix::advance_ramp(&keys, of)]).collect();
        context.submit_all(self.name(), &steps).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::zeroed_box;

    use super::*;

    #[test]
    fn what_was_moved_long_ago_is_moved_again() {
        let mut registry: Box<Registry> = zeroed_box();
        (registry.params_ramped_at, registry.banks[2].ramped_at, registry.markets[1].ramped_at) = (1_000, 1_599, 1_601);
        let job = AdvanceRamps::new(RampsConfig { max_age_secs: 600, ..RampsConfig::default() });
        assert_eq!(job.due(&registry, 1_599), []);
        assert_eq!(job.due(&registry, 1_600), [RampArg::Params]);
        assert_eq!(job.due(&registry, 2_200), [RampArg::Params, RampArg::Bank(2)]);
        assert_eq!(job.due(&registry, 2_201), [RampArg::Params, RampArg::Bank(2), RampArg::Market(1)]);
    }
}
