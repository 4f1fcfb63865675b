//! Resolves accounts that cannot pay, call by call, as the program allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use plimsoll_risk::liquidate::assess;
use plimsoll_risk::units::UnixSecs;
use plimsoll_risk::waterfall::check_bankrupt;
use plimsoll_rpc::{Error, Result};
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::ResolveStep;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{pause, AccountStatus, MarginAccount, PositionKind, Registry};
use solana_pubkey::Pubkey;

use super::{Context, Job};
use crate::backoff::Targets;
use crate::config::BankruptcyConfig;
use crate::outbox::Submitted;
use crate::state::Tracker;

/// An account whose resolution cannot go on now is tried again after this, doubling up to the second.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// Freezes what is bankrupt and goes on with what is frozen.
pub struct Bankruptcy {
    config: BankruptcyConfig,
    backoff: Targets<Pubkey>,
}

impl Bankruptcy {
    /// The job.
    pub fn new(config: BankruptcyConfig) -> Self {
        Self { config, backoff: Targets::new(RETRY.0, RETRY.1) }
    }

    /// Accounts to be frozen or resolved further.
    fn due(&self, tracker: &mut Tracker) -> Vec<Pubkey> {
        if tracker.shared.registry.is_paused(pause::RESOLVE | pause::LIQUIDATE, UnixSecs::new(tracker.now())) {
            return Vec::new();
        }
        let hot: Vec<u32> = tracker.hot.iter().copied().collect();
        let is_bankrupt = |tracker: &mut Tracker, id: u32| {
            let checked = tracker.with_portfolio(id, Views::LIQUIDATION, |portfolio, clocks, now| {
                check_bankrupt(portfolio, &assess(portfolio, clocks, UnixSecs::new(now)))
            });
            matches!(checked, Some(Ok(Ok(()))))
        };
        let frozen: Vec<u32> = tracker.bankrupt.iter().copied().collect();
        let found = hot.into_iter().filter(|id| is_bankrupt(tracker, *id)).collect::<Vec<u32>>();
        let ids = frozen.into_iter().chain(found);
        let keys = ids.filter_map(|id| tracker.accounts.get(id).map(|account| account.key));
        let now = Instant::now();
        keys.filter(|key| self.backoff.may(key, now)).collect()
    }

    /// Sends the calls that are due for one account; true where at least one was possible.
    async fn resolve(&self, context: &Arc<Context>, keys: &EngineKeys, account: &Pubkey) -> Result<bool> {
        let mut began = false;
        for _ in 0..self.config.calls_per_turn {
            // From the chain: what a frozen account promises to whom is not among what is tracked.
            let state: MarginAccount = context.connection.read("margin account", account).await?;
            if began && state.status == AccountStatus::Active as u8 {
                return Ok(true);
            }
            if !self.next_call(context, keys, account, &state).await? {
                return Ok(began);
            }
            if context.outbox.is_dry() {
                return Ok(true);
            }
            began = true;
        }
        Ok(began)
    }

    /// Sends the first call that the program takes now; false where none is possible.
    async fn next_call(
        &self,
        context: &Arc<Context>,
        keys: &EngineKeys,
        account: &Pubkey,
        state: &MarginAccount,
    ) -> Result<bool> {
        for step in steps(state) {
            let resolve = ix::resolve_bankruptcy(keys, *account, step);
            match context.submit(self.name(), resolve).await {
                Ok(Submitted::Dry(_) | Submitted::Confirmed(..)) => {
                    let (stage, of) = named(&step);
                    tracing::info!(%account, stage, of, "bankruptcy step");
                    return Ok(true);
                }
                Err(error @ (Error::RateLimited | Error::Unreachable(_))) => return Err(error),
                // It belongs to another stage; the next in line may be the one.
                Err(_) => {}
            }
        }
        Ok(false)
    }
}

/// A step in words, and the slot of the bank or market that it is about.
const fn named(step: &ResolveStep) -> (&'static str, Option<u8>) {
    match step {
        ResolveStep::Freeze => ("freeze", None),
        ResolveStep::SeizeToken { bank } => ("seize_token", Some(*bank)),
        ResolveStep::SeizePnl { market } => ("seize_pnl", Some(*market)),
        ResolveStep::PayBorrow { bank } => ("pay_borrow", Some(*bank)),
        ResolveStep::PayPnl { market } => ("pay_pnl", Some(*market)),
        ResolveStep::Finish => ("finish", None),
    }
}

/// The calls that an account in this state may need, in the order of their stages.
pub fn steps(account: &MarginAccount) -> Vec<ResolveStep> {
    const QUOTE: u8 = Registry::QUOTE_BANK as u8;
    if account.status == AccountStatus::Active as u8 {
        return vec![ResolveStep::Freeze];
    }
    let perps = account.derivatives.iter().filter(|leg| leg.kind == PositionKind::Perp as u8);
    let markets: Vec<u8> = perps.map(|leg| leg.market).collect();
    let tokens = |sign: i64| {
        let of_sign = account.tokens.iter().filter(move |t| t.used == 1 && t.shares.signum() == sign);
        of_sign.map(|token| token.bank).collect::<Vec<u8>>()
    };
    let (mut assets, mut debts) = (tokens(1), tokens(-1));
    // What is left of quote goes last, after it has paid losses; a quote borrow is paid before the markets.
    assets.sort_by_key(|bank| *bank == QUOTE);
    debts.sort_by_key(|bank| *bank != QUOTE);
    let seizing = markets.iter().map(|&market| ResolveStep::SeizePnl { market });
    let seized = assets.into_iter().map(|bank| ResolveStep::SeizeToken { bank });
    let repaid = debts.into_iter().map(|bank| ResolveStep::PayBorrow { bank });
    let paid = markets.iter().map(|&market| ResolveStep::PayPnl { market });
    if account.status == AccountStatus::Paying as u8 {
        return repaid.chain(paid).chain([ResolveStep::Finish]).collect();
    }
    seizing.chain(seized).chain(repaid).chain(paid).chain([ResolveStep::Finish]).collect()
}

#[async_trait]
impl Job for Bankruptcy {
    fn name(&self) -> &'static str {
        "bankruptcy"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(self.config.every_millis)
    }

    async fn turn(&mut self, context: &Arc<Context>) -> Result<()> {
        let (keys, due) = {
            let mut tracker = context.tracker();
            (tracker.shared.keys, self.due(&mut tracker))
        };
        self.backoff.sweep(Instant::now());
        for account in due {
            match self.resolve(context, &keys, &account).await {
                Ok(true) => self.backoff.succeeded(&account),
                Ok(false) => {
                    self.backoff.failed(account, Instant::now());
                }
                Err(error @ (Error::RateLimited | Error::Unreachable(_))) => return Err(error),
                Err(error) => {
                    context.metrics.refuse(self.name(), "account", &error.reason());
                    self.backoff.failed(account, Instant::now());
                }
            }
        }
        Ok(())
    }
}
