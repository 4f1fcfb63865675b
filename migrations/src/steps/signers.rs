//! Which key sends what: the authority what is its own, the risk authority what tightens and every proposal, anybody what is
//! due.

use solana_pubkey::Pubkey;

use super::{Plan, Planned, Stage, Step};
use crate::chain::Chain;

impl Plan {
    /// The same plan as `key` would carry it out: what it may sign is its own, all else is left with whom it was.
    ///
    /// A risk authority updates what exists and registers venues as far as nothing of it waits, and proposes whatever waits.
    /// It creates, launches and pauses nothing, and before the launch it may nothing of this.
    #[must_use]
    pub fn signed_by(mut self, chain: &Chain, key: &Pubkey) -> Self {
        let is_risk_authority = chain.engine.is_some_and(|engine| engine.risk_authority == key.to_bytes());
        let waits = chain.registry.complete().is_some_and(|registry| !registry.is_set_up_freely());
        for planned in &mut self.steps {
            if is_due(planned) || waits && is_risk_authority && is_setters(planned) {
                planned.signer = *key;
            }
        }
        self
    }
}

fn is_due(planned: &Planned) -> bool {
    planned.waits.as_ref().is_some_and(|waits| matches!(waits.stage, Stage::Due { .. }))
}

/// Whether a key that only tightens may send it, or propose it.
fn is_setters(planned: &Planned) -> bool {
    let tightens = matches!(
        planned.step,
        Step::UpdateParams
            | Step::UpdatePrice { .. }
            | Step::UpdateBank { .. }
            | Step::UpdateMarket { .. }
            | Step::RegisterVenue { .. }
            | Step::UpdateVenue { .. }
    );
    planned.waits.is_some() || tightens
}
