//! Which steps have to wait in public, and how far each of them is (docs/adr/0042).

#[cfg(test)]
pub(super) mod tests;

use std::fmt;

use plimsoll_risk::ratchet::{Effect, Progress};
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

/// How much of a step is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// All of it.
    Whole,
    /// What need not wait, before the whole is proposed: this instead of the step.
    #[serde(serialize_with = "named")]
    AtOnce(Box<Asked>),
    /// The whole is proposed, of which what need not wait is sent before.
    Rest,
}

impl Part {
    /// Whether it is all of it.
    pub const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// The changes say what it asks for.
fn named<S: serde::Serializer>(_: &Asked, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_unit()
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
    // A part of a step leaves what ramps where it goes.
    let mut at_goals = Box::new(*registry);
    at_goals.swap_goals();
    let goals = InForce { registry: &at_goals, ..in_force };
    let (mut ours, mut steps) = (Vec::new(), Vec::new());
    for mut planned in std::mem::take(&mut plan.steps) {
        // A mint that is still to be made is nothing that could be listed.
        let can_be_built = match planned.step {
            Step::ListBank { bank } => chain.mints.get(bank as usize).is_some_and(Option::is_some),
            _ => true,
        };
        if can_be_built {
            planned.waits = waits(resolved, chain, &in_force, &planned, &mut ours)?;
        }
        steps.extend(at_once(resolved, chain, (&in_force, &goals), &mut planned)?);
        steps.push(planned);
    }
    plan.steps = steps;
    let waiting = chain.changes.iter().filter(|change| stage(change, chain.now).is_some());
    plan.others = waiting.map(|change| change.id).filter(|id| !ours.contains(id)).collect();
    Ok(())
}

/// What need not wait of a step that has to and is not due; what is left of it is marked so.
fn at_once(
    resolved: &Resolved,
    chain: &Chain,
    (in_force, goals): (&InForce<'_>, &InForce<'_>),
    planned: &mut Planned,
) -> Result<Option<Planned>> {
    if planned.waits.as_ref().is_none_or(|waits| matches!(waits.stage, Stage::Due { .. })) {
        return Ok(None);
    }
    let instruction = proposal(resolved, chain, resolved.creator, &planned.step)?;
    let asked = instruction.and_then(|instruction| Asked::of(&chain.keys, &instruction));
    let split = asked.and_then(|asked| Some((in_force.at_once(goals, &asked, chain.now)?, asked)));
    let Some((part, whole)) = split else { return Ok(None) };
    let lines = |asked: &Asked, waits: bool| {
        let changes = in_force.changes(asked).unwrap_or_default();
        let told = changes.into_iter().filter(|change| (change.effect == Effect::Waits) == waits);
        told.map(|change| change.to_string()).collect()
    };
    planned.changes = lines(&whole, true);
    planned.part = Part::Rest;
    let changes = lines(&part, false);
    let (step, signer) = (planned.step.clone(), planned.signer);
    Ok(Some(Planned { step, signer, changes, part: Part::AtOnce(Box::new(part)), waits: None }))
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
