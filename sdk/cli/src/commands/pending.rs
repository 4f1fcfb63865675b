//! `plimsoll engine pending`: what waits in public.

use plimsoll_migrations::chain::venues;
use plimsoll_risk::ratchet::{Change, Progress};
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::change::{outline, Asked, InForce};
use plimsoll_state::{PendingChange, Venue};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::change::{span, words};
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::row;
use crate::text::Text;

/// Lists changes that wait.
///
/// # Errors
/// The cluster's.
pub async fn pending(context: &Context, loaded: &Loaded) -> Result<()> {
    let (connection, engine) = (&context.session.connection, &loaded.accounts.keys.engine);
    let (found, venues) = (connection.changes(engine).await?, venues(connection, engine).await?);
    report(loaded, &found, &venues).print(context.json);
    Ok(())
}

/// Changes that wait.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pending {
    /// By number; those that have expired among them.
    pub changes: Vec<PendingOne>,
}

/// A change that waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PendingOne {
    /// Its number.
    pub number: u64,
    /// Its address.
    pub address: String,
    /// What it is, by name.
    pub what: String,
    /// Its instruction; null where this client does not know it.
    pub instruction: Option<&'static str>,
    /// What it would make of what is in force.
    pub changes: Vec<Changed>,
    /// What it sets that is new, whole, in words; null where it only changes.
    pub arguments: Option<String>,
    /// Who proposed it.
    pub proposer: String,
    /// How far it is.
    pub state: State,
    /// When it was proposed.
    pub proposed_at_unix_secs: i64,
    /// From when on anybody may execute it.
    pub due_at_unix_secs: i64,
    /// From when on nobody can.
    pub expires_at_unix_secs: i64,
    #[serde(skip)]
    stands: String,
}

/// A value that would change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Changed {
    /// Its name.
    pub name: String,
    /// What it is, where it is a number: text, since it may exceed 2^53.
    pub from: Option<String>,
    /// What it would be.
    pub to: Option<String>,
    /// What that does to users, in words.
    pub effect: &'static str,
    #[serde(skip)]
    line: String,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody can execute it yet.
    Waiting,
    /// Anybody can.
    Due,
    /// Nobody can any more.
    Expired,
}

impl Answer for Pending {
    fn text(&self) -> Text {
        let rows = self.changes.iter().map(|of| {
            let lines: Vec<&str> =
                of.changes.iter().map(|change| change.line.as_str()).chain(of.arguments.as_deref()).collect();
            let times = format!("{} to {}", of.due_at_unix_secs, of.expires_at_unix_secs);
            row![of.number, of.what, lines.join("\n"), of.proposer, of.stands, times]
        });
        let columns = ["number", "what", "changes", "proposer", "state", "can be executed (Unix seconds)"];
        Text::table(&columns, rows.collect())
    }
}

fn report(loaded: &Loaded, found: &[PendingChange], venues: &[(Pubkey, Venue)]) -> Pending {
    Pending { changes: found.iter().map(|change| pending_one(loaded, change, venues)).collect() }
}

fn pending_one(loaded: &Loaded, change: &PendingChange, venues: &[(Pubkey, Venue)]) -> PendingOne {
    let now = UnixSecs::new(loaded.accounts.now);
    let (asked, changes) = changes_of(loaded, venues, change);
    let changes = changes.iter().map(|change| {
        let (from, to) = change.numbers.unzip();
        Changed {
            name: change.name.to_string(),
            from: from.map(|number| number.to_string()),
            to: to.map(|number| number.to_string()),
            effect: change.effect.words(),
            line: change.to_string(),
        }
    });
    PendingOne {
        number: change.id,
        address: loaded.accounts.keys.change(change.id).to_string(),
        what: words(loaded, change),
        instruction: outline(change.data()).map(|outline| outline.name),
        changes: changes.collect(),
        arguments: asked.as_ref().and_then(listed),
        proposer: Pubkey::new_from_array(change.proposer).to_string(),
        state: match change.schedule().at(now) {
            Progress::Waiting(_) => State::Waiting,
            Progress::Due => State::Due,
            Progress::Expired => State::Expired,
        },
        proposed_at_unix_secs: change.proposed_at,
        due_at_unix_secs: change.due_at,
        expires_at_unix_secs: change.expires_at,
        stands: state(change, now),
    }
}

/// Where a change stands, in words.
fn state(change: &PendingChange, now: UnixSecs) -> String {
    match change.schedule().at(now) {
        Progress::Waiting(left) => format!("due in {}", span(left.get())),
        Progress::Due => format!("due, for {} more", span(change.schedule().expires_at.elapsed_since(now).get())),
        Progress::Expired => "expired; anyone may clear it away".to_owned(),
    }
}

/// What a change sets that is new, whole.
fn listed(asked: &Asked) -> Option<String> {
    Some(match asked {
        Asked::ListPrice(args) => format!("{args:?}"),
        Asked::ListBank(args) => format!("{args:?}"),
        Asked::ListMarket(args) => format!("{args:?}"),
        Asked::RegisterVenue(args) => format!("{args:?}"),
        Asked::Price(args) => format!("{:?}", [Some(args.config.primary), args.config.secondary, args.config.standby]),
        _ => return None,
    })
}

/// What a change would make of what is in force now.
fn changes_of(loaded: &Loaded, venues: &[(Pubkey, Venue)], change: &PendingChange) -> (Option<Asked>, Vec<Change>) {
    let accounts = &loaded.accounts;
    let in_force = InForce {
        registry: &accounts.registry,
        board: &accounts.board,
        feeds: &accounts.feeds,
        banks: &accounts.banks,
        markets: &accounts.markets,
        venues,
    };
    let asked = Asked::proposed(&accounts.keys, change);
    let changes = asked.as_ref().and_then(|asked| in_force.changes(asked)).unwrap_or_default();
    (asked, changes)
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    #[test]
    fn a_change_waits_is_due_for_a_week_and_can_then_be_cleared_away() {
        let mut change = PendingChange::zeroed();
        (change.due_at, change.expires_at) = (1_000_000, 1_000_000 + 604_800);
        let words = [1_000_000 - 7_200, 1_000_000, 1_604_799, 1_604_800].map(|now| state(&change, UnixSecs::new(now)));
        let expected =
            ["due in 2.0 h", "due, for 7.0 days more", "due, for 1 s more", "expired; anyone may clear it away"];
        assert_eq!(words, expected);
    }
}
