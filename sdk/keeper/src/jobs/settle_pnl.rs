//! Turns PnL into quote: losses first, so that the pools have what gains are due; then the markets' own claims.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_risk::perp::settleable;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{SignedBaseUnits, UnixSecs};
use plimsoll_rpc::Result;
use plimsoll_sdk::ix::{self, args};
use plimsoll_state::pause;
use plimsoll_state::snapshot::Views;
use solana_pubkey::Pubkey;

use super::{Context, Job};
use crate::config::SettleConfig;
use crate::state::Tracker;

/// All that `settle_pnl` compares: spot, both averages, initial prices and edges.
const VIEWS: Views = Views { spot: true, fast: true, initial: true, edges: true };

/// Accounts valued under one lock.
const AT_ONCE: usize = 5_000;

/// Settles what is worth a transaction.
pub struct SettlePnl {
    config: SettleConfig,
}

/// PnL of one account in one market, quote atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    pnl_atoms: i64,
    market: u8,
    account: Pubkey,
}

impl SettlePnl {
    /// The job.
    pub const fn new(config: SettleConfig) -> Self {
        Self { config }
    }

    /// What is due, losses first.
    async fn due(&self, context: &Context) -> Vec<Due> {
        let ids: Vec<u32> = {
            let tracker = context.tracker();
            let settles = tracker.accounts.iter().filter(|(_, a)| a.markets != 0 && !a.is_bankrupt());
            settles.map(|(id, _)| id).collect()
        };
        let mut due = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            self.add_due(&mut context.tracker(), some, &mut due);
            tokio::task::yield_now().await;
        }
        due.sort_unstable();
        due
    }

    fn add_due(&self, tracker: &mut Tracker, ids: &[u32], due: &mut Vec<Due>) {
        let (registry, board) = (tracker.shared.registry.clone(), tracker.shared.board.clone());
        for id in ids {
            let legs = tracker.with_portfolio(*id, VIEWS, |portfolio, _, _| {
                let fresh =
                    portfolio.perps().iter().filter(|leg| leg.units == SignedBaseUnits::ZERO || !leg.prices.stale);
                let settled = fresh.filter_map(|leg| {
                    let slot = registry.market(leg.market as usize)?;
                    let price = board.slot(slot.price_slot as usize)?;
                    let slow = BasePrice::new_down(price.slow.get(), slot.scale.get());
                    Some((leg.market, settleable(leg, slow).get()))
                });
                settled.collect::<Vec<(u8, i64)>>()
            });
            let (Some(Ok(legs)), Some(account)) = (legs, tracker.accounts.get(*id)) else { continue };
            let worth = legs.into_iter().filter(|(_, pnl)| pnl.unsigned_abs() >= self.config.least_atoms.max(1));
            due.extend(worth.map(|(market, pnl_atoms)| Due { pnl_atoms, market, account: account.key }));
        }
    }
}

#[async_trait]
impl Job for SettlePnl {
    fn name(&self) -> &'static str {
        "settle_pnl"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let paused = {
            let tracker = context.tracker();
            tracker.shared.registry.is_paused(pause::SETTLE, UnixSecs::new(tracker.now()))
        };
        if paused {
            return Ok(());
        }
        let due = self.due(context).await;
        let (keys, claims) = {
            let tracker = context.tracker();
            let markets = &tracker.shared.markets;
            let worth =
                markets.iter().filter(|m| m.own_claim_atoms.min(m.pool_atoms) >= self.config.least_atoms.max(1));
            (tracker.shared.keys, worth.map(|market| market.index).collect::<Vec<u8>>())
        };
        // Losses before gains, which need the pool that losses fill; within each, some at once.
        let settle = |due: &Due| vec![ix::settle_pnl(&keys, due.market, Some(due.account))];
        let (losses, gains): (Vec<&Due>, Vec<&Due>) = due.iter().partition(|due| due.pnl_atoms < 0);
        let losses: Vec<_> = losses.into_iter().take(self.config.accounts_per_turn).map(settle).collect();
        context.submit_all(self.name(), &losses).await?;
        let payable: Vec<_> = {
            let mut tracker = context.tracker();
            let under_water: HashSet<Pubkey> = tracker.assess_hot().into_iter().map(|hot| hot.key).collect();
            let signer = context.outbox.payer();
            // A gain needs a pool. In a deficit its owner may take it for less, and of an account under water anybody.
            let pay = |due: &Due| {
                let totals = tracker.shared.markets.get(due.market as usize).filter(|totals| totals.pool_atoms > 0)?;
                if totals.deficit_atoms == 0 {
                    return Some(settle(due));
                }
                let all = args::TakeWinArgs { claim_atoms: 0, all: true, min_paid_atoms: 1 };
                let take = || vec![ix::take_win(&keys, due.market, signer, due.account, all)];
                under_water.contains(&due.account).then(take)
            };
            let left = self.config.accounts_per_turn.saturating_sub(losses.len());
            gains.into_iter().filter_map(pay).take(left).collect()
        };
        context.submit_all(self.name(), &payable).await?;
        let claims: Vec<_> = claims.into_iter().map(|market| vec![ix::settle_pnl(&keys, market, None)]).collect();
        context.submit_all(self.name(), &claims).await.map(|_| ())
    }
}
