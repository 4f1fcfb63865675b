//! Liquidates: the worst accounts first, each with the leg that gains most, several at once, each target backed off by
//! itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::{Leg, LegPart};
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::Result;
use plimsoll_sdk::ix::{self, Parties};
use plimsoll_sdk::offer::Offer;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{pause, MarginAccount};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use tokio::task::JoinSet;

use super::{Context, Job};
use crate::backoff::Targets;
use crate::capital::{Capital, Forecast};
use crate::config::{LiquidateConfig, LIQUIDATE};
use crate::fees::{net_gain_usd_micro, stake_lamports_down};
use crate::metrics::Metrics;
use crate::offer::{best_offer, reason, Affordable, Declined, Means, NoOffer};
use crate::outbox::Submitted;
use crate::state::{Candidate, Tracker, Update};

/// Accounts planned in one turn at most, so that a burst does not keep the tracker from its updates.
const PLANNED_PER_TURN: usize = 1_000;
/// A liquidated account is left alone until it is known as of the fill, or for so long.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// What became of one liquidation.
struct Done {
    target: Pubkey,
    ticket: u64,
    result: Result<Submitted>,
}

/// Liquidates.
pub struct Liquidate {
    config: LiquidateConfig,
    backoff: Targets<Pubkey>,
    capital: Capital,
    running: JoinSet<Done>,
    /// Targets of what is running.
    targets: Vec<Pubkey>,
    /// Targets that were filled in a slot.
    filled: HashMap<Pubkey, (u64, Instant)>,
}

impl Liquidate {
    /// The job.
    pub fn new(config: LiquidateConfig) -> Self {
        let first = Duration::from_millis(config.backoff_millis);
        Self {
            backoff: Targets::new(first, Duration::from_millis(config.backoff_max_millis)),
            config,
            capital: Capital::default(),
            running: JoinSet::new(),
            targets: Vec::new(),
            filled: HashMap::new(),
        }
    }

    /// Waits until nothing is under way, for tests and for the end.
    pub async fn finish(&mut self) {
        while let Some(done) = self.running.join_next().await {
            self.done(done.ok());
        }
    }

    /// Books what has ended since the last turn.
    fn collect(&mut self) {
        while let Some(done) = self.running.try_join_next() {
            self.done(done.ok());
        }
    }

    fn done(&mut self, done: Option<Done>) {
        // A task that panicked says no more than that; its reservation is forgotten in time.
        let Some(Done { target, ticket, result }) = done else { return };
        self.targets.retain(|running| *running != target);
        let now = Instant::now();
        match result {
            Ok(Submitted::Confirmed(sent, _)) => {
                self.capital.confirm(ticket, sent.slot);
                self.backoff.succeeded(&target);
                self.filled.insert(target, (sent.slot, now));
            }
            Ok(Submitted::Dry(_)) | Err(_) => {
                self.capital.release(ticket);
                self.backoff.failed(target, now);
            }
        }
    }

    fn may(&self, candidate: &Candidate, known_slot: u64, now: Instant) -> bool {
        let settled = self
            .filled
            .get(&candidate.key)
            .is_none_or(|(slot, at)| known_slot >= *slot || now.saturating_duration_since(*at) > SETTLES_WITHIN);
        settled && !self.targets.contains(&candidate.key) && self.backoff.may(&candidate.key, now)
    }

    /// Plans and reserves as many liquidations as may start now; `signer` is the liquidator's owner or delegate.
    pub fn plan(&mut self, tracker: &mut Tracker, signer: Pubkey, metrics: &Metrics) -> Vec<Planned> {
        if tracker.shared.registry.is_paused(pause::LIQUIDATE, UnixSecs::new(tracker.now())) {
            return Vec::new();
        }
        let (Some(own), Some(liquidator)) = (tracker.own().copied(), tracker.liquidator()) else {
            metrics.refuse(LIQUIDATE, "plan", "liquidator_missing");
            return Vec::new();
        };
        let now = Instant::now();
        self.capital.known(tracker.own_slot(), now);
        let mut candidates = tracker.assess_hot();
        candidates.retain(|candidate| {
            let slot = tracker.accounts.get(candidate.id).map_or(0, |account| account.slot);
            candidate.key != liquidator && self.may(candidate, slot, now)
        });
        if candidates.is_empty() {
            return Vec::new();
        }
        candidates.sort_by_key(|candidate| candidate.assessment.health_ppm);
        let keys = tracker.shared.keys;
        let mut planned = Vec::new();
        for candidate in candidates.iter().take(PLANNED_PER_TURN) {
            if self.targets.len() >= self.config.max_in_flight {
                break;
            }
            match self.offer(tracker, candidate, &own) {
                Ok(Affordable { offer, fill }) => {
                    let parties = Parties { signer, liquidator, liquidatee: candidate.key };
                    // Refused on chain, it fails with the reason; a success then is a fill.
                    let instruction = ix::liquidate(&keys, parties, &offer.request, fill.with_asset_bank, false);
                    let ticket = self.capital.reserve(fill, now);
                    self.targets.push(candidate.key);
                    planned.push(Planned { target: candidate.key, liquidator, offer, instruction, ticket });
                }
                Err(none) => metrics.refuse(LIQUIDATE, "plan", &reason(&none)),
            }
        }
        planned
    }

    /// The best offer for an account, with what is under way counted as if it had happened.
    fn offer(
        &self,
        tracker: &mut Tracker,
        candidate: &Candidate,
        own: &MarginAccount,
    ) -> std::result::Result<Affordable, NoOffer> {
        let found = tracker.with_loaded(candidate.id, Views::LIQUIDATION, |loaded| {
            let mut forecast = Forecast::new(own, loaded.shared, loaded.now);
            let short = |error| NoOffer::Declined(Declined::FundsShort(error));
            self.capital.book_reserved(&mut forecast).map_err(short)?;
            best_offer(&loaded, &Means { own, forecast: &forecast, config: &self.config })
        });
        match found {
            Some(Ok(offer)) => offer,
            Some(Err(error)) => Err(NoOffer::Refused(error)),
            None => Err(NoOffer::Refused(plimsoll_risk::RiskError::LegEmpty)),
        }
    }
}

/// A liquidation that is about to start.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The account under water.
    pub target: Pubkey,
    /// The account that pays.
    pub liquidator: Pubkey,
    /// What it is to do.
    pub offer: Offer,
    /// What is sent.
    pub instruction: Instruction,
    /// What it reserves.
    ticket: u64,
}

/// Sends one liquidation and reads both accounts anew, so that the next plan does not wait for the stream.
async fn execute(context: Arc<Context>, planned: Planned) -> Done {
    let Planned { target, liquidator, offer, instruction, ticket } = planned;
    let plan = &offer.plan;
    tracing::info!(
        account = %target,
        leg = in_words(offer.request.leg),
        regime = regime(plan.regime),
        penalty_ppm = plan.penalty_ppm.get(),
        size = plan.size.get(),
        notional_usd_micro = plan.notional.get(),
        gain_usd_micro = offer.gain().get(),
        is_cut = offer.is_cut(),
        "liquidation planned"
    );
    let share_ppm = context.config.send.fee_gain_share_ppm;
    let sol_usd = context.tracker().sol_usd(context.config.send.sol_bank);
    let stake_lamports = sol_usd.and_then(|sol_usd| stake_lamports_down(offer.gain(), share_ppm, sol_usd));
    let result = context.outbox.submit_at_stake(LIQUIDATE, &[instruction], stake_lamports).await;
    match &result {
        Ok(Submitted::Confirmed(_, cost)) => {
            let (gain, net) = (offer.gain().get(), net_gain_usd_micro(offer.gain(), cost, sol_usd));
            context.metrics.liquidated(regime(plan.regime), plan.notional.get(), net);
            tracing::info!(
                account = %target,
                notional_usd_micro = plan.notional.get(),
                gain_usd_micro = gain,
                net_gain_usd_micro = net,
                fee_lamports = cost.fee_lamports,
                tip_lamports = cost.tip_lamports,
                "liquidated"
            );
            read_again(&context, &[target, liquidator]).await;
        }
        Ok(Submitted::Dry(_)) => {}
        Err(error) => {
            tracing::info!(account = %target, reason = error.reason(), %error, "liquidation refused");
            if !error.is_transient() {
                read_again(&context, &[target, liquidator]).await;
            }
        }
    }
    Done { target, ticket, result }
}

/// A regime as counters and logs have it.
pub const fn regime(regime: Regime) -> &'static str {
    match regime {
        Regime::Cure => "cure",
        Regime::WindDown => "wind_down",
    }
}

/// The parts of a leg, such as `collateral 1, borrow 0`.
fn in_words(leg: Leg) -> String {
    let part = |part: LegPart| match part {
        LegPart::Collateral(bank) => format!("collateral {bank}"),
        LegPart::Borrow(bank) => format!("borrow {bank}"),
        LegPart::Loss(market) => format!("loss {market}"),
        LegPart::Position(market) => format!("position {market}"),
    };
    leg.parts().map(part).collect::<Vec<_>>().join(", ")
}

async fn read_again(context: &Context, keys: &[Pubkey]) {
    let Ok((slot, found)) = context.connection.accounts(keys).await else { return };
    let mut tracker = context.tracker();
    for (key, account) in keys.iter().zip(found) {
        let data = account.filter(|a| a.owner == plimsoll_sdk::pda::PROGRAM_ID).map(|a| a.data).unwrap_or_default();
        tracker.apply(Update::Account { key: *key, slot, data });
    }
}

#[async_trait]
impl Job for Liquidate {
    fn name(&self) -> &'static str {
        LIQUIDATE
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    fn wakes_on_change(&self) -> bool {
        true
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        self.collect();
        let now = Instant::now();
        self.backoff.sweep(now);
        self.filled.retain(|_, (_, at)| now.saturating_duration_since(*at) <= SETTLES_WITHIN);
        let planned = self.plan(&mut context.tracker(), context.outbox.payer(), &context.metrics);
        for planned in planned {
            self.running.spawn(execute(context.clone(), planned));
        }
        Ok(())
    }

    async fn stopped(&mut self) {
        self.finish().await;
    }
}
