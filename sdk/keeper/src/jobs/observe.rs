//! Keeps the auction clocks of accounts under water running, which count time between observations only, and has owners
//! called whose accounts come near maintenance.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::units::{UnixSecs, UsdMicro};
use plimsoll_rpc::Result;
use plimsoll_sdk::ix;
use plimsoll_state::snapshot::Views;
use solana_pubkey::Pubkey;

use super::{Context, Job};
use crate::config::ObserveConfig;
use crate::offer::largest_gain;
use crate::state::Tracker;

/// Observations in one transaction: each adds an address and some bytes to it.
const TOGETHER: usize = 12;

/// Observes accounts under water that were not observed for some time; those below the bypass ratio at once, as the second
/// of two such observations lets spot alone count; those that recovered, as what they remember of it would else wait
/// for the next wrong print; and those that have entered or left the band in which their owner is called, once.
///
/// An account that nobody would gain enough by liquidating, whatever its auction comes to, is observed where its standing
/// changes and not again and again: each observation costs a fee, an account of dust stays for ever, and anybody can make
/// one.
pub struct Observe {
    config: ObserveConfig,
}

impl Observe {
    /// The job.
    pub const fn new(config: ObserveConfig) -> Self {
        Self { config }
    }

    /// Accounts to be observed now, in the order in which they are sent.
    fn due(&self, tracker: &mut Tracker) -> Vec<Pubkey> {
        let (now, age_secs) = (tracker.now(), self.config.max_age_secs as i64);
        let hot = tracker.assess_hot_with_all();
        let armed = tracker.assess_armed();
        let mut due: Vec<(UnixSecs, Pubkey)> = Vec::new();
        let mut soon = Vec::new();
        for found in hot.into_iter().chain(armed) {
            let entry = (found.clocks.observed_at, found.key);
            let (before, after) = (&found.clocks, &found.assessment.clocks);
            if has_turned(before, after) {
                due.push(entry);
            } else if runs(before, after, now - age_secs / 2) && self.is_worth_watching(tracker, found.id) {
                if runs(before, after, now - age_secs) {
                    due.push(entry);
                } else {
                    soon.push(entry);
                }
            }
        }
        if self.config.call_owners {
            due.extend(tracker.assess_turned().into_iter().map(|found| (found.clocks.observed_at, found.key)));
        }
        // The longest unobserved first, so that a limit per turn starves nobody.
        due.sort_unstable();
        due.dedup();
        due.truncate(self.config.accounts_per_turn);
        // Room in the last transaction costs nothing but an address: who would be due a little later comes along, and from
        // then on with those that he came with.
        soon.sort_unstable();
        soon.dedup();
        soon.truncate(due.len().next_multiple_of(TOGETHER) - due.len());
        due.into_iter().chain(soon).map(|(_, key)| key).collect()
    }

    /// Whether somebody may gain enough by liquidating it for its clock to be kept running.
    fn is_worth_watching(&self, tracker: &mut Tracker, id: u32) -> bool {
        let least = UsdMicro::new(self.config.min_gain_usd_micro).less(UsdMicro::ZERO);
        let gain = tracker.with_loaded(id, Views::LIQUIDATION, |loaded| largest_gain(&loaded));
        gain.and_then(|gain| gain.ok().flatten()).is_none_or(|gain| gain >= least)
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
            (tracker.shared.keys, self.due(&mut tracker))
        };
        let instructions = due.into_iter().map(|account| ix::observe_margin(&keys, account)).collect();
        context.submit_batched(self.name(), instructions, TOGETHER).await
    }
}

/// Whether an observation now would write down that the account stands otherwise than before, or forget what is over:
/// `before` are its clocks, `after` what they would become.
fn has_turned(before: &Clocks, after: &Clocks) -> bool {
    let turned = before.health_state as u8 != after.health_state as u8 || before.bypass != after.bypass;
    let under_water = !matches!(after.health_state, HealthState::Healthy);
    let disarmed = before.bypass_published_at != UnixSecs::NEVER && after.bypass_published_at == UnixSecs::NEVER;
    let forgotten = before.remembers() && !after.remembers();
    (under_water && turned) || disarmed || forgotten
}

/// Whether an observation now would keep a clock running that was last moved at `oldest` or before, or show another print
/// below the bypass.
fn runs(before: &Clocks, after: &Clocks, oldest: i64) -> bool {
    let under_water = !matches!(after.health_state, HealthState::Healthy);
    let stamped =
        after.bypass_published_at != UnixSecs::NEVER && before.bypass_published_at != after.bypass_published_at;
    (under_water && before.observed_at <= UnixSecs::new(oldest)) || stamped
}
