//! Pauses and halts that stand: until when, and by whom.

use plimsoll_migrations::config::PauseBit;
use plimsoll_risk::breaker::{Pause, GUARDIAN_TERMS};
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::SetPauseArgs;
use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::Registry;
use schemars::JsonSchema;
use serde::Serialize;

use super::change::span;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::row;
use crate::text::Text;
use crate::transaction::Transaction;
use crate::usage::usage;

/// A pause or a halt that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// What does not work meanwhile.
    pub what: String,
    /// When it ends by itself.
    pub until_unix_secs: i64,
    /// In how many seconds that is.
    pub left_secs: u64,
    /// Who set it.
    pub by: By,
    /// Of the guardian: the how-manieth in a row it is.
    pub in_a_row: Option<u32>,
}

/// Who stops something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The guardian.
    Guardian,
    /// The authority.
    Authority,
}

impl Standing {
    /// Of one that stands.
    pub fn of(what: &str, held: &Pause, now: UnixSecs) -> Self {
        let is_guardians = held.guardian.stands(now) && held.authority_until <= now;
        Self {
            what: what.to_owned(),
            until_unix_secs: held.until().get(),
            left_secs: held.until().elapsed_since(now).get(),
            by: if is_guardians { By::Guardian } else { By::Authority },
            in_a_row: is_guardians.then_some(held.guardian.in_a_row),
        }
    }

    /// How long it still stands, and by whom.
    pub fn left(&self) -> String {
        format!("{} more ({})", span(self.left_secs), self.by_text())
    }

    fn by_text(&self) -> String {
        match self.in_a_row {
            Some(count) => format!("guardian, {count} of {} in a row", GUARDIAN_TERMS.most),
            None => "authority".to_owned(),
        }
    }
}

/// Everything of an engine that is paused.
pub fn standing(registry: &Registry, now: i64) -> Vec<Standing> {
    let now = UnixSecs::new(now);
    let bits = PauseBit::of_bits(registry.paused_at(now)).into_iter();
    let of = |bit: PauseBit| registry.pauses[bit.bit().trailing_zeros() as usize].get();
    bits.map(|bit| Standing::of(bit.name(), &of(bit), now)).collect()
}

/// What is paused after a pause was set or ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pauses {
    /// What stands: read again, or under a dry run as before.
    pub paused: Vec<Standing>,
    /// What was sent, or would have been.
    pub transactions: Vec<Transaction>,
}

impl Answer for Pauses {
    fn text(&self) -> Text {
        let text = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        if self.paused.is_empty() {
            return text.note("nothing is paused");
        }
        let rows = self.paused.iter().map(|of| row![of.what, span(of.left_secs), of.until_unix_secs, of.by_text()]);
        text.rows(&["paused", "for", "until (Unix seconds)", "by"], rows.collect())
    }
}

async fn told(context: &Context, loaded: &Loaded, done: Transaction) -> Result<()> {
    let again = if context.session.dry_run { None } else { context.load().await.ok() };
    let of = again.as_ref().unwrap_or(loaded);
    let paused = standing(&of.accounts.registry, of.accounts.now);
    Pauses { paused, transactions: vec![done] }.print(context.json);
    Ok(())
}

fn names(bits: u32) -> String {
    PauseBit::of_bits(bits).into_iter().map(PauseBit::name).collect::<Vec<_>>().join(", ")
}

/// Pauses something.
///
/// # Errors
/// Whatever stops it.
pub async fn pause(context: &Context, what: &[PauseBit], for_secs: Option<u32>) -> Result<()> {
    let loaded = context.load().await?;
    let keys = EngineKeys::of(loaded.accounts.keys.engine);
    let bits = PauseBit::bits(what);
    let args = SetPauseArgs { add_bits: bits, remove_bits: 0, lasts_secs: for_secs };
    let set = ix::set_pause(&keys, context.session.address()?, args);
    // Stopping is quick; starting again is asked about.
    let done = context.perform(&format!("pause {}", names(bits)), None, &[], &[set]).await?;
    told(context, &loaded, done).await
}

/// Ends pauses.
///
/// # Errors
/// Whatever stops it.
pub async fn unpause(context: &Context, what: &[PauseBit], all: bool) -> Result<()> {
    let loaded = context.load().await?;
    let held = loaded.accounts.registry.paused_at(UnixSecs::new(loaded.accounts.now));
    let bits = if all { held } else { PauseBit::bits(what) & held };
    if bits == 0 {
        return Err(usage("none of it is paused"));
    }
    let set = ix::unpause(&loaded.accounts.keys, context.session.address()?, bits);
    let what = format!("end the pause of {}", names(bits));
    let done = context.perform(&what, Some(&format!("{what}?")), &[], &[set]).await?;
    told(context, &loaded, done).await
}

#[cfg(test)]
mod tests {
    use bytemuck::zeroed_box;
    use plimsoll_state::pause;

    use super::*;

    #[test]
    fn what_is_paused_is_told_with_its_end_and_who_set_it() {
        let mut registry: Box<Registry> = zeroed_box();
        registry.pause_bits = pause::BORROW | pause::FILL;
        let now = 1_760_000_000;
        registry.pauses[pause::BORROW.trailing_zeros() as usize].guardian_until_at = now + 7_200;
        registry.pauses[pause::BORROW.trailing_zeros() as usize].guardian_in_a_row = 2;
        registry.pauses[pause::FILL.trailing_zeros() as usize].authority_until_at = now + 60;
        let paused = standing(&registry, now);
        let json = serde_json::to_value(&paused).unwrap();
        assert_eq!(
            (&json[0]["what"], &json[0]["by"], &json[0]["in_a_row"]),
            (&"borrow".into(), &"guardian".into(), &2.into())
        );
        assert_eq!((&json[1]["until_unix_secs"], &json[1]["left_secs"]), (&(now + 60).into(), &60.into()));
        let text = Pauses { paused, transactions: Vec::new() }.text().shown(80, false);
        assert!(text.contains("2.0 h") && text.contains("guardian, 2 of 4 in a row"), "{text}");
        assert_eq!(
            Pauses { paused: Vec::new(), transactions: Vec::new() }.text().shown(80, false),
            "nothing is paused"
        );
    }
}
