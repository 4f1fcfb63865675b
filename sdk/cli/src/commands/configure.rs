//! `plimsoll engine create`, `configure`, `propose` and `verify`: an engine and its file.

use std::path::Path;

use plimsoll_migrations::config::Config;
use plimsoll_migrations::steps::{apply, Applied, ApplyOptions, Planned};
use plimsoll_migrations::verify::verify;
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::change::{waiting, waiting_text, Waiting};
use crate::answer::Answer;
use crate::context::Context;
use crate::fault::Result;
use crate::row;
use crate::text::Text;

/// Who creates the engine of a file: the file's, else the signer.
///
/// # Errors
/// Where there is no key.
pub fn creator(context: &Context, config: &Config) -> Result<Pubkey> {
    Ok(config.engine.creator.map_or_else(|| context.session.address(), |key| Ok(key.0))?)
}

/// Proposes what has to wait of a file.
///
/// # Errors
/// Whatever stops it.
pub async fn propose(context: &Context, file: &Path) -> Result<()> {
    create(context, Config::read(file)?, ApplyOptions { only_propose: true, ..ApplyOptions::default() }).await
}

/// Brings an engine to its file, creating it where there is none.
///
/// # Errors
/// Whatever stops it.
pub async fn create(context: &Context, config: Config, options: ApplyOptions) -> Result<()> {
    // Programs are told nothing beside the answer.
    let progress = |text: &str| {
        if !context.json {
            eprintln!("{text}");
        }
    };
    let applied = apply(&context.session, &config, &options, progress).await?;
    applied_answer(applied, context.session.dry_run).print(context.json);
    Ok(())
}

/// What brought an engine to its file, or would.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Configured {
    /// The engine.
    pub engine: String,
    /// Steps that were sent, in order.
    pub sent: Vec<SentStep>,
    /// Steps that a dry run would have sent.
    pub would_send: Vec<Step>,
    /// Changes that wait; the same command executes them when they are due.
    pub waiting: Vec<Waiting>,
    /// Numbers of changes that wait and would not make the engine what the file says.
    pub others: Vec<u64>,
    #[serde(skip)]
    dry_run: bool,
}

/// A step that was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SentStep {
    /// What it does, in words.
    pub step: String,
    /// By which the chain knows it.
    pub signature: String,
}

/// A step that would be sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Step {
    /// What it does, in words.
    pub step: String,
    /// Whose signature it needs.
    pub signed_by: String,
    /// What it changes of what exists.
    pub changes: Vec<String>,
    /// Where it has to wait, how far it is, in words.
    pub waits: Option<String>,
}

impl Answer for Configured {
    fn text(&self) -> Text {
        let text = Text::default().facts(vec![("engine", self.engine.as_str().into())]);
        let waits = waiting_text(&self.waiting, &self.others);
        if self.dry_run {
            let rows = self
                .would_send
                .iter()
                .map(|of| row![of.step, of.signed_by, of.changes.join("\n"), of.waits.as_deref().unwrap_or_default()]);
            return text.rows(&["step", "signed by", "changes", "waits"], rows.collect()).and(waits);
        }
        // Each step has been said when it was sent.
        text.facts(vec![("steps sent", self.sent.len().into())]).and(waits).note(
            "`plimsoll price list` says when prices are ready for adding risk; --names FILE has banks and prices called as in \
             the file",
        )
    }
}

fn applied_answer(applied: Applied, dry_run: bool) -> Configured {
    let would_send = applied.would_send.iter().map(|planned: &Planned| Step {
        step: planned.to_string(),
        signed_by: planned.signer.to_string(),
        changes: planned.changes.clone(),
        waits: planned.waits.as_ref().map(ToString::to_string),
    });
    Configured {
        would_send: would_send.collect(),
        waiting: waiting(&applied),
        others: applied.others,
        sent: applied.sent.into_iter().map(|(step, signature)| SentStep { step, signature }).collect(),
        engine: applied.engine,
        dry_run,
    }
}

/// How an engine differs from a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Verified {
    /// The engine.
    pub engine: String,
    /// Whether it is what the file says.
    pub same: bool,
    /// Value by value.
    pub differences: Vec<Difference>,
    /// Prices at which no risk may be added yet.
    pub not_ready: Vec<String>,
}

/// A value that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Difference {
    /// Its path in the file.
    pub value: String,
    /// What the chain has; null where it has none.
    pub on_chain: Option<String>,
    /// What the file has; null where it has none.
    pub in_file: Option<String>,
}

impl Answer for Verified {
    fn text(&self) -> Text {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let differences = self.differences.iter().map(|of| row![of.value, text(&of.on_chain), text(&of.in_file)]);
        Text::default()
            .facts(vec![("engine", self.engine.as_str().into()), ("same", if self.same { "yes" } else { "no" }.into())])
            .note("differences:")
            .rows(&["value", "on chain", "in the file"], differences.collect())
            .note("prices at which no risk may be added yet:")
            .rows(&["price"], self.not_ready.iter().map(|price| row![price]).collect())
    }
}

/// Compares an engine with its file; whether they are the same.
///
/// # Errors
/// Whatever stops it.
pub async fn differences(context: &Context, config: &Config) -> Result<bool> {
    let verified = verify(&context.session, config, &creator(context, config)?).await?;
    let same = verified.is_same();
    let differences = verified.differences.into_iter().map(|found| Difference {
        value: found.path,
        on_chain: found.on_chain,
        in_file: found.in_file,
    });
    let differences = differences.collect();
    Verified { engine: verified.engine, same, differences, not_ready: verified.not_ready }.print(context.json);
    Ok(same)
}
