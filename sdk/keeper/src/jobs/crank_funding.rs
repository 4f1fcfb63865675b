//! Books funding of markets that were not cranked for some time, and gives claims back what a deficit no longer takes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_rpc::Result;
use plimsoll_sdk::ix;
use plimsoll_state::{Market, Registry};

use super::{Context, Job};
use crate::config::FundingConfig;

/// Cranks markets with open positions.
pub struct CrankFunding {
    config: FundingConfig,
}

impl CrankFunding {
    /// The job.
    pub const fn new(config: FundingConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Job for CrankFunding {
    fn name(&self) -> &'static str {
        "crank_funding"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let tracker = context.tracker();
            let shared = &tracker.shared;
            let oldest = tracker.now() - self.config.max_age_secs as i64;
            let quote_index = shared.registry.banks[Registry::QUOTE_BANK].deposit_index;
            let has_less_deficit = |market: &Market| {
                let counted = shared.registry.markets[market.index as usize].deficit_share();
                !counted.is_zero() && market.deficit_share_ppm_up(quote_index) < counted
            };
            let is_due =
                |market: &Market| market.leg_count > 0 && (market.premium_from <= oldest || has_less_deficit(market));
            let due: Vec<u8> = shared.markets.iter().filter(|market| is_due(market)).map(|m| m.index).collect();
            (shared.keys, due)
        };
        let cranks: Vec<_> = due.into_iter().map(|market| vec![ix::crank_funding(&keys, market)]).collect();
        context.submit_all(self.name(), &cranks).await.map(|_| ())
    }
}
