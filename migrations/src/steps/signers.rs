//! Which key sends what: the authority what is its own, the risk authority what tightens and every proposal, anybody what is
//! due.

use solana_pubkey::Pubkey;

use super::{Plan, Planned, Stage, Step};
use crate::chain::Chain;

impl Plan {
    /// The same plan as `key` would carry it out: what it may sign is its own, all else is left with whom it was.
    ///
    /// A risk authority updates what exists and registers venues as far as nothing of it waits, and proposes whatever waits.
    /// It creates, launches and pauses nothing. Where nothing waits, before the launch or without a delay, all is left with the
    /// authority.
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

#[cfg(test)]
mod tests {
    use super::super::tests::{applied, creator, file, resolved};
    use super::super::{plan, Part, Role};
    use super::*;
    use crate::chain::Grown;
    use crate::config::{Config, Key, PauseBit};

    const DELAY: u32 = 172_800;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    /// A launched engine with a risk authority of its own, and a file that asks for a step of every kind.
    fn asked() -> (Config, Chain) {
        let mut config = file();
        config.params.changes.change_delay_secs = DELAY;
        let mut chain = applied(&resolved(&config));
        chain.engine.as_mut().unwrap().risk_authority = key(5).to_bytes();
        config.banks[1].borrow_cap_atoms -= 1;
        (config.banks[2].deposit_cap_atoms, config.banks[2].borrow_cap_atoms) =
            (config.banks[2].deposit_cap_atoms + 1, config.banks[2].borrow_cap_atoms - 1);
        config.engine.pause = Some(vec![PauseBit::Borrow]);
        config.engine.guardian = Some(Key(key(6)));
        (config, chain)
    }

    fn signers(config: &Config, chain: &Chain, by: &Pubkey) -> Vec<(Step, Pubkey)> {
        let plan = plan(&resolved(config), chain).unwrap().signed_by(chain, by);
        plan.steps.into_iter().map(|planned| (planned.step, planned.signer)).collect()
    }

    #[test]
    fn a_risk_authority_tightens_at_once_and_proposes_what_waits_and_pauses_nothing() {
        let (config, chain) = asked();
        let by = |who: Pubkey| {
            vec![
                (Step::UpdateBank { bank: 1 }, who),
                (Step::UpdateBank { bank: 2 }, who),
                (Step::UpdateBank { bank: 2 }, who),
                (Step::SetPause { add: PauseBit::bits(&[PauseBit::Borrow]), remove: 0 }, creator()),
                (Step::ProposeRole { role: Role::Guardian }, who),
            ]
        };
        assert_eq!(signers(&config, &chain, &key(5)), by(key(5)));
        // The authority, and whoever holds no role, find everything with the authority.
        assert_eq!(signers(&config, &chain, &creator()), by(creator()));
        assert_eq!(signers(&config, &chain, &key(6)), by(creator()));
    }

    #[test]
    fn before_the_launch_everything_is_the_authoritys() {
        let (config, mut chain) = asked();
        let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
        registry.launched = 0;
        let steps = signers(&config, &chain, &key(5));
        assert!(steps.len() > 3);
        assert!(steps.iter().all(|(step, signer)| {
            let accepts = matches!(step, Step::AcceptRole { .. });
            *signer == if accepts { key(6) } else { creator() }
        }));
    }

    #[test]
    fn what_is_due_is_executed_by_anybody() {
        let (config, chain) = asked();
        let mut plan = plan(&resolved(&config), &chain).unwrap();
        let waits = plan.steps.iter_mut().find_map(|planned| planned.waits.as_mut()).unwrap();
        waits.stage = Stage::Due { id: 3 };
        let signed = plan.clone().signed_by(&chain, &key(9));
        let theirs = signed.steps.iter().filter(|planned| planned.signer == key(9));
        assert_eq!(theirs.map(|planned| planned.part.clone()).collect::<Vec<_>>(), [Part::Rest]);
        assert!(plan.steps.iter().all(|planned| planned.signer == creator()));
    }
}
