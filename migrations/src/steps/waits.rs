//! Which steps have to wait in public, and how far each of them is (docs/adr/0042).

use std::fmt;

use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::change::{is_same, Asked, InForce};
use plimsoll_state::PendingChange;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::build::Builder;
use super::{Plan, Planned, Step};
use crate::chain::Chain;
use crate::config::Resolved;
use crate::error::Result;

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It has to be proposed.
    Missing,
    /// It was proposed.
    Proposed {
        /// Its number.
        id: u64,
        /// From when on anybody may execute it, Unix seconds.
        due_at: i64,
    },
    /// Anybody may execute it.
    Due {
        /// Its number.
        id: u64,
    },
}

/// Why a step has to wait, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// The first parameter that has to wait, or the instruction that has to as a whole.
    pub because_of: &'static str,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has to wait because of {}", self.because_of)?;
        match self.stage {
            Stage::Missing => write!(f, ": not yet proposed"),
            Stage::Proposed { id, due_at } => write!(f, ": change {id}, due at {due_at}"),
            Stage::Due { id } => write!(f, ": change {id} is due"),
        }
    }
}

/// The instruction that would be proposed for a step, where it is one that a change can execute.
pub(super) fn proposal(resolved: &Resolved, chain: &Chain, payer: Pubkey, step: &Step) -> Result<Option<Instruction>> {
    let changeable = matches!(
        step,
        Step::UpdateParams
            | Step::ListPrice { .. }
            | Step::UpdatePrice { .. }
            | Step::ListBank { .. }
            | Step::UpdateBank { .. }
            | Step::ListMarket { .. }
            | Step::UpdateMarket { .. }
            | Step::RegisterVenue { .. }
            | Step::UpdateVenue { .. }
            | Step::ProposeRole { .. }
    );
    if !changeable {
        return Ok(None);
    }
    let builder = Builder { resolved, chain, signer: chain.keys.executor(), payer, mint_rent_lamports: 0 };
    // What comes before it refreshes its price.
    Ok(builder.instructions(step)?.pop())
}

/// Marks the steps that have to wait; none before the launch, or where the engine has no delay.
pub(super) fn mark(plan: &mut Plan, resolved: &Resolved, chain: &Chain) -> Result<()> {
    let (Some(registry), Some(board), Some(feeds)) =
        (chain.registry.complete(), chain.board.complete(), chain.feed_book.complete())
    else {
        return Ok(());
    };
    if registry.is_set_up_freely() {
        return Ok(());
    }
    let (file, keys) = (&resolved.config, &chain.keys);
    let named = file.venues.iter().zip(&chain.venues);
    let venues: Vec<_> = named.filter_map(|(venue, held)| Some((keys.venue(&venue.signer.0), (*held)?))).collect();
    let (banks, markets) = (&chain.banks, &chain.markets);
    let in_force = InForce { registry, board, feeds, banks, markets, venues: &venues };
    let mut ours = Vec::new();
    for planned in &mut plan.steps {
        // A mint that is still to be made is nothing that could be listed.
        let Step::ListBank { bank } = planned.step else {
            planned.waits = waits(resolved, chain, &in_force, planned, &mut ours)?;
            continue;
        };
        if chain.mints.get(bank as usize).is_some_and(Option::is_some) {
            planned.waits = waits(resolved, chain, &in_force, planned, &mut ours)?;
        }
    }
    let waiting = chain.changes.iter().filter(|change| stage(change, chain.now).is_some());
    plan.others = waiting.map(|change| change.id).filter(|id| !ours.contains(id)).collect();
    Ok(())
}

fn waits(
    resolved: &Resolved,
    chain: &Chain,
    in_force: &InForce<'_>,
    planned: &Planned,
    ours: &mut Vec<u64>,
) -> Result<Option<Waits>> {
    let Some(instruction) = proposal(resolved, chain, resolved.creator, &planned.step)? else { return Ok(None) };
    let verdict = Asked::of(&chain.keys, &instruction).and_then(|asked| in_force.verdict(&asked));
    let Some(first) = verdict.and_then(|verdict| verdict.waits) else { return Ok(None) };
    let found = chain.changes.iter().find_map(|change| {
        let stage = stage(change, chain.now)?;
        is_same(change, &instruction).then_some((change.id, stage))
    });
    ours.extend(found.map(|(id, _)| id));
    let stage = found.map_or(Stage::Missing, |(_, stage)| stage);
    Ok(Some(Waits { because_of: first.name, stage }))
}

/// How far a change is that was proposed; none once it has expired.
fn stage(change: &PendingChange, now: i64) -> Option<Stage> {
    match change.schedule().at(UnixSecs::new(now)) {
        Progress::Waiting(_) => Some(Stage::Proposed { id: change.id, due_at: change.due_at }),
        Progress::Due => Some(Stage::Due { id: change.id }),
        Progress::Expired => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytemuck::Zeroable;
    use plimsoll_state::{change_flag, ChangeAccount, EngineRole};

    use super::super::tests::{applied, creator, file, resolved};
    use super::super::{plan, Role};
    use super::*;
    use crate::chain::Grown;
    use crate::config::{Config, Key};

    const DELAY: i64 = 172_800;

    fn launched(config: &Config) -> Chain {
        let mut config = config.clone();
        config.params.changes.change_delay_secs = DELAY as u32;
        applied(&resolved(&config))
    }

    /// The file, with a bank that is asked to take more and one that is asked to take less.
    fn asked() -> Config {
        let mut config = file();
        config.params.changes.change_delay_secs = DELAY as u32;
        config.banks[1].borrow_cap_atoms -= 1;
        config.banks[2].deposit_cap_atoms += 1;
        config
    }

    /// As the program stores it.
    pub fn proposed(chain: &Chain, instruction: &Instruction, id: u64, due_at: i64) -> PendingChange {
        let mut change = PendingChange::zeroed();
        (change.engine, change.id) = (chain.keys.engine.to_bytes(), id);
        (change.proposed_at, change.due_at, change.expires_at) = (due_at - DELAY, due_at, due_at + 604_800);
        (change.account_count, change.data_len) = (instruction.accounts.len() as u8, instruction.data.len() as u16);
        change.data[..instruction.data.len()].copy_from_slice(&instruction.data);
        for (stored, meta) in change.accounts.iter_mut().zip(&instruction.accounts) {
            let pays = meta.is_signer && meta.pubkey != chain.keys.executor();
            *stored = ChangeAccount { key: meta.pubkey.to_bytes(), flags: 0 };
            if pays {
                *stored = ChangeAccount { key: [0; 32], flags: change_flag::PAYER };
            }
        }
        change
    }

    fn stages(config: &Config, chain: &Chain) -> Vec<(Step, Option<(&'static str, Stage)>)> {
        let plan = plan(&resolved(config), chain).unwrap();
        let waits = |waits: Waits| (waits.because_of, waits.stage);
        plan.steps.into_iter().map(|planned| (planned.step, planned.waits.map(waits))).collect()
    }

    #[test]
    fn what_loosens_is_proposed_once_waits_and_is_executed_and_what_tightens_is_not_kept_waiting() {
        let (before, config) = (file(), asked());
        let mut chain = launched(&before);
        let because = |stage| Some(("deposit_cap_atoms", stage));
        let expected =
            |stage| vec![(Step::UpdateBank { bank: 1 }, None), (Step::UpdateBank { bank: 2 }, because(stage))];
        assert_eq!(stages(&config, &chain), expected(Stage::Missing));
        let due_at = chain.now + 60;
        let instruction = proposal(&resolved(&config), &chain, creator(), &Step::UpdateBank { bank: 2 });
        let change = proposed(&chain, &instruction.unwrap().unwrap(), 4, due_at);
        chain.changes.push(change);
        assert_eq!(stages(&config, &chain), expected(Stage::Proposed { id: 4, due_at }));
        chain.now += 60;
        assert_eq!(stages(&config, &chain), expected(Stage::Due { id: 4 }));
        assert_eq!(plan(&resolved(&config), &chain).unwrap().others, Vec::<u64>::new());
        // A week later it has to be proposed again.
        chain.now += 604_800;
        assert_eq!(stages(&config, &chain), expected(Stage::Missing));
        // Another number is another change, and the one that waits would undo the file.
        (chain.now, chain.changes[0].due_at) = (due_at - 60, due_at);
        let mut other = config;
        other.banks[2].deposit_cap_atoms += 1;
        assert_eq!(stages(&other, &chain), expected(Stage::Missing));
        assert_eq!(plan(&resolved(&other), &chain).unwrap().others, [4]);
    }

    #[test]
    fn before_the_launch_and_without_a_delay_nothing_waits() {
        for (launched_already, delay) in [(0, DELAY as u32), (1, 0)] {
            let mut config = asked();
            config.params.changes.change_delay_secs = delay;
            config.engine.launch = false;
            let mut chain = launched(&file());
            let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
            registry.launched = launched_already;
            registry.params.0.changes.change_delay_secs = delay;
            assert!(stages(&config, &chain).iter().all(|(_, waits)| waits.is_none()));
            assert_eq!(stages(&config, &chain).len(), 2);
        }
    }

    #[test]
    fn listings_and_successors_wait_whatever_they_say() {
        let (next, mut config) = (Key(Pubkey::new_from_array([8; 32])), file());
        config.params.changes.change_delay_secs = DELAY as u32;
        let mut chain = launched(&config);
        config.engine.guardian = Some(next);
        config.markets.push(config.markets[0].clone());
        config.markets[2].name = "SOL-2-PERP".into();
        let expected = vec![
            (Step::ListMarket { market: 2 }, Some(("list_market", Stage::Missing))),
            (Step::ProposeRole { role: Role::Guardian }, Some(("propose_role", Stage::Missing))),
        ];
        assert_eq!(stages(&config, &chain), expected);
        // Once it was executed, the successor accepts.
        chain.engine.as_mut().unwrap().propose(EngineRole::Guardian, next.0.to_bytes());
        assert_eq!(stages(&config, &chain)[1], (Step::AcceptRole { role: Role::Guardian }, None));
    }

    #[test]
    fn what_ramps_to_what_the_file_says_needs_no_step() {
        let mut config = file();
        config.params.changes.change_delay_secs = DELAY as u32;
        let mut chain = launched(&config);
        config.banks[1].asset_maint_ppm -= 20_000;
        assert_eq!(stages(&config, &chain), [(Step::UpdateBank { bank: 1 }, None)]);
        let Grown::Complete(registry) = &mut chain.registry else { unreachable!() };
        let params = registry.params.0;
        let (slot, mut landing) = (&mut registry.banks[1], config.banks[1].settings());
        let asked = landing.weights(&params);
        landing.asset_maint_ppm += 20_000;
        slot.set_weights(landing.weights(&params), asked, UnixSecs::new(chain.now));
        assert_eq!(stages(&config, &chain), []);
    }
}
