//! `plimsoll engine`, as far as changes wait: proposing, executing and cancelling them, and what moves by ramps.

use std::path::PathBuf;

use clap::Subcommand;
use plimsoll_migrations::steps::Applied;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_sdk::change::{outline, ramps, Asked};
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::RampArg;
use plimsoll_state::{OracleKind, PendingChange};
use schemars::JsonSchema;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use super::engine::role_name;
use crate::answer::Answer as _;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::Amount;
use crate::row;
use crate::text::Text;
use crate::transaction::{Transaction, Transactions};
use crate::usage::usage;

/// Commands on changes that wait.
#[derive(Subcommand, Debug)]
pub enum ChangeCommand {
    /// List changes that wait: what they change, since when, until when
    Pending,
    /// Propose every difference between a file and the engine that has to wait; brings nothing into force
    Propose {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
    },
    /// Show who would come under water by a file's parameters, weights and rates, by how much, and on which day of the ramp; sends nothing
    SimulateChange {
        /// The configuration
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Execute a change that is due, or all that are; anyone may
    Execute {
        /// Its number, as `plimsoll engine pending` shows it
        #[arg(required_unless_present = "all_due", value_name = "NUMBER")]
        number: Option<u64>,
        /// All that are due
        #[arg(long, conflicts_with = "number")]
        all_due: bool,
    },
    /// End a change before it is executed: its proposer, the authority or the guardian; anyone once it has expired
    Cancel {
        /// Its number, as `plimsoll engine pending` shows it
        #[arg(required_unless_present = "all_expired", value_name = "NUMBER")]
        number: Option<u64>,
        /// All that nobody can execute any more; their rent goes back to whoever paid it
        #[arg(long, conflicts_with = "number")]
        all_expired: bool,
    },
    /// Move everything that ramps to now; anyone may
    AdvanceRamps,
    /// Show who can do what to users, at once and after how long
    Powers,
    /// Show how much can leave, be drawn and be raised now, and which breakers stand, bank by bank and market by market
    Limits,
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: ChangeCommand) -> Result<()> {
    match command {
        ChangeCommand::Propose { config } => return super::configure::propose(context, &config).await,
        ChangeCommand::SimulateChange { file } => super::simulate_change::run(context, &file).await?,
        ChangeCommand::Pending => super::pending::pending(context, &context.load().await?).await?,
        ChangeCommand::Execute { number, .. } => execute(context, &context.load().await?, number).await?,
        ChangeCommand::Cancel { number, .. } => cancel(context, &context.load().await?, number).await?,
        ChangeCommand::AdvanceRamps => advance(context, &context.load().await?).await?,
        ChangeCommand::Powers => super::limits::powers(&context.load().await?).print(context.json),
        ChangeCommand::Limits => super::limits::limits(&context.load().await?).print(context.json),
    }
    Ok(())
}

fn numbered(changes: &[PendingChange], number: u64) -> Result<&PendingChange> {
    let found = changes.iter().find(|change| change.id == number);
    found.ok_or_else(|| usage(format!("no change {number} waits: `plimsoll engine pending` lists those that do")))
}

/// So many seconds, in the unit that a person would use.
pub fn span(secs: u64) -> String {
    match secs {
        0..=119 => format!("{secs} s"),
        120..=7_199 => format!("{:.1} min", secs as f64 / 60.0),
        7_200..=172_799 => format!("{:.1} h", secs as f64 / 3_600.0),
        _ => format!("{:.1} days", secs as f64 / 86_400.0),
    }
}

/// What a change is, by name.
pub fn words(loaded: &Loaded, change: &PendingChange) -> String {
    let name = outline(change.data()).map_or("an instruction that this client does not know", |outline| outline.name);
    let names = &loaded.names;
    let of = match Asked::proposed(&loaded.accounts.keys, change) {
        Some(Asked::Bank { bank, .. }) => name_of(&names.banks, bank),
        Some(Asked::Market { market, .. }) => name_of(&names.markets, market),
        Some(Asked::Price(args)) => name_of(&names.prices, args.slot),
        Some(Asked::Venue { venue, .. }) => venue.to_string(),
        Some(Asked::RegisterVenue(args)) => args.signer.to_string(),
        Some(Asked::ListBank(args)) => format!("{} at price {}", args.index, name_of(&names.prices, args.price_slot)),
        Some(Asked::ListMarket(args)) => String::from_utf8_lossy(&args.name).trim_end_matches('\0').to_owned(),
        Some(Asked::ListPrice(args)) => args.slot.to_string(),
        Some(Asked::ProposeRole(args)) => {
            let next = args.key.map_or_else(|| "nobody".to_owned(), |key| key.to_string());
            format!("{}: {next}", role_name(args.role))
        }
        Some(Asked::WithdrawInsurance { bank, destination, args }) => {
            let most = Amount::of(args.most_atoms, loaded.decimals(bank)).text();
            format!("of {}: at most {most} to {destination}", name_of(&names.banks, bank))
        }
        Some(Asked::Params(_)) | None => return name.to_owned(),
    };
    format!("{name} {of}")
}

/// What refreshes the price that a listing needs, in the same transaction.
fn before(loaded: &Loaded, change: &PendingChange) -> Option<Instruction> {
    let slot = match Asked::proposed(&loaded.accounts.keys, change)? {
        Asked::ListBank(args) => args.price_slot,
        Asked::ListMarket(args) => args.price_slot,
        _ => return None,
    };
    let feed = loaded.accounts.feeds.feeds.get(slot as usize)?;
    let source = feed.source(feed.in_use());
    let pinned = ![OracleKind::None as u8, OracleKind::PythPosted as u8].contains(&source.kind);
    let feed = ix::Refresh { slot, primary: Pubkey::new_from_array(source.address), secondary: None };
    pinned.then(|| ix::refresh_price(&loaded.accounts.keys, &[feed]))
}

/// The change of a number, or all that stand so.
fn chosen<'a>(
    loaded: &Loaded,
    found: &'a [PendingChange],
    number: Option<u64>,
    all: Progress,
) -> Result<Vec<&'a PendingChange>> {
    let now = UnixSecs::new(loaded.accounts.now);
    Ok(match number {
        Some(number) => vec![numbered(found, number)?],
        None => found.iter().filter(|change| change.schedule().at(now) == all).collect(),
    })
}

async fn cancel(context: &Context, loaded: &Loaded, number: Option<u64>) -> Result<()> {
    let keys = &loaded.accounts.keys;
    let found = context.session.connection.changes(&keys.engine).await?;
    let ended = chosen(loaded, &found, number, Progress::Expired)?;
    let mut transactions: Vec<Transaction> = Vec::new();
    for change in ended {
        let cancel = ix::cancel_change(keys, context.session.address()?, change);
        let what = format!("cancel change {}, {}", change.id, words(loaded, change));
        transactions.push(context.perform(&what, Some(&format!("{what}?")), &[], &[cancel]).await?);
    }
    Transactions { transactions, nothing: "nothing has expired" }.print(context.json);
    Ok(())
}

async fn execute(context: &Context, loaded: &Loaded, number: Option<u64>) -> Result<()> {
    let keys = &loaded.accounts.keys;
    let found = context.session.connection.changes(&keys.engine).await?;
    let due = chosen(loaded, &found, number, Progress::Due)?;
    let mut transactions: Vec<Transaction> = Vec::new();
    for change in due {
        let execute = ix::execute_change(keys, context.session.address()?, change);
        let instructions: Vec<Instruction> = before(loaded, change).into_iter().chain([execute]).collect();
        let what = format!("execute change {}, {}", change.id, words(loaded, change));
        transactions.push(context.perform(&what, Some(&format!("{what}?")), &[], &instructions).await?);
    }
    Transactions { transactions, nothing: "nothing is due" }.print(context.json);
    Ok(())
}

async fn advance(context: &Context, loaded: &Loaded) -> Result<()> {
    let (moving, mut transactions) = (ramps(&loaded.accounts.registry), Vec::new());
    for of in moving {
        let name = match of {
            RampArg::Params => "the parameters".to_owned(),
            RampArg::Bank(bank) => format!("the weights of {}", name_of(&loaded.names.banks, bank)),
            RampArg::Market(market) => format!("the rate of {}", name_of(&loaded.names.markets, market)),
        };
        let step = ix::advance_ramp(&loaded.accounts.keys, of);
        transactions.push(context.perform(&format!("move {name}"), None, &[], &[step]).await?);
    }
    Transactions { transactions, nothing: "nothing ramps" }.print(context.json);
    Ok(())
}

/// A step that was proposed and is not due.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Waiting {
    /// The number of its change.
    pub number: u64,
    /// The step, in words.
    pub step: String,
    /// From when on anybody may execute it.
    pub due_at_unix_secs: i64,
    /// In how many seconds that is.
    pub due_in_secs: i64,
}

/// What was proposed and is not due.
pub fn waiting(applied: &Applied) -> Vec<Waiting> {
    let of = applied.waiting.iter().map(|waiting| Waiting {
        number: waiting.id,
        step: waiting.step.clone(),
        due_at_unix_secs: waiting.due_at,
        due_in_secs: waiting.due_in_secs,
    });
    of.collect()
}

/// The same and what others proposed, for people; nothing where there is neither.
pub fn waiting_text(waiting: &[Waiting], others: &[u64]) -> Text {
    if waiting.is_empty() && others.is_empty() {
        return Text::default();
    }
    let rows = waiting.iter().map(|of| {
        let due = format!("in {}", span(of.due_in_secs.unsigned_abs()));
        row![of.number, of.step, of.due_at_unix_secs, due]
    });
    Text::default()
        .note("changes that wait; the same command executes them when they are due:")
        .rows(&["number", "step", "due at", "due"], rows.collect())
        .note("changes that wait and would not make the engine what the file says:")
        .rows(&["number"], others.iter().map(|id| row![id]).collect())
}

/// Sends an instruction, or proposes it where the engine makes it wait: `of` builds it for the key that signs for it.
///
/// # Errors
/// As [`Context::act`].
pub async fn act_or_propose(context: &Context, what: &str, of: impl FnOnce(Pubkey) -> Instruction) -> Result<()> {
    let loaded = context.load().await?;
    let (keys, engine, registry) = (&loaded.accounts.keys, &loaded.accounts.engine, &loaded.accounts.registry);
    let signer = context.session.address()?;
    if registry.is_set_up_freely() {
        return context.act(what, Some(&format!("{what}?")), &[], &[of(signer)]).await;
    }
    let (id, delay) = (engine.changes_proposed, registry.change_delay().get());
    let propose = ix::propose_change(keys, (signer, signer), id, &of(keys.executor()));
    let what = format!("propose as change {id}, due after {}: {what}", span(delay));
    context.act(&what, Some(&format!("{what}?")), &[], &[propose]).await
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;

    use super::*;

    #[test]
    fn a_number_that_nothing_has_is_named() {
        let error = numbered(&[PendingChange::zeroed()], 3).expect_err("there is one, of number 0");
        assert!(error.error().to_string().contains("no change 3 waits"), "{error:?}");
    }
}
