//! `plimsoll venue`.

use clap::Subcommand;
use example_venue::client::Venue;
use example_venue::VenueError;
use plimsoll_migrations::chain::venues;
use plimsoll_migrations::{Error, Result};
use plimsoll_state::Venue as Registered;
use solana_pubkey::Pubkey;

use crate::context::{Context, Loaded};
use crate::names::market_names;
use crate::output::Report;
use crate::usage::usage;

/// Commands on venues.
#[derive(Subcommand, Debug)]
pub enum VenueCommand {
    /// List every venue that the engine knows, and what it may do
    List,
    /// Show the addresses of an operator's example venue, and how far it is set up
    Show {
        /// The operator [default: the signer]
        operator: Option<Pubkey>,
    },
    /// Create an example venue, operated by the signer; the engine's authority registers it then
    Create,
}

/// Every refusal of the example venue.
const REFUSALS: [VenueError; 12] = [
    VenueError::NotOwner,
    VenueError::QuoteExpired,
    VenueError::QuoteMismatch,
    VenueError::QuoteEmpty,
    VenueError::NotOperator,
    VenueError::NoMargin,
    VenueError::MarginTooThin,
    VenueError::QuoteForAnother,
    VenueError::NoOutcome,
    VenueError::LegAccountMissing,
    VenueError::ForeignEngine,
    VenueError::MarginOfAnother,
];

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: VenueCommand) -> Result<()> {
    let loaded = context.load().await?;
    match command {
        VenueCommand::List => list(context, &loaded).await,
        VenueCommand::Show { operator } => {
            let operator = operator.map_or_else(|| context.session.address(), Ok)?;
            let venue = Venue::of(operator, loaded.accounts.keys.engine);
            show(context, &loaded, &venue).await?.print(context.json);
            Ok(())
        }
        VenueCommand::Create => {
            let operator = context.session.address()?;
            let venue = Venue::of(operator, loaded.accounts.keys.engine);
            if exists(context, &venue).await? {
                return Err(usage(format!("{operator} has a venue already (`plimsoll venue show`)")));
            }
            let done = context.perform("create a venue", None, &[], &[venue.create()]).await?;
            done.and(show(context, &loaded, &venue).await?).print(context.json);
            Ok(())
        }
    }
}

async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    let found = venues(&context.session.connection, &loaded.accounts.keys.engine).await?;
    let rows = found.iter().map(|(address, venue)| {
        vec![
            address.to_string(),
            Pubkey::new_from_array(venue.signer).to_string(),
            status(venue).to_owned(),
            market_names(&loaded.names, venue.settle_markets),
            market_names(&loaded.names, venue.premium_markets),
        ]
    });
    Report::table("venues", &["venue", "signer", "status", "settles", "reports premium of"], rows.collect())
        .print(context.json);
    Ok(())
}

const fn status(venue: &Registered) -> &'static str {
    if venue.active == 1 {
        "active"
    } else {
        "stopped"
    }
}

/// Whether the venue's own account is there.
async fn exists(context: &Context, venue: &Venue) -> Result<bool> {
    let (_, found) = context.session.connection.accounts(&[venue.config]).await?;
    Ok(found.into_iter().flatten().any(|account| account.owner == example_venue::ID))
}

async fn show(context: &Context, loaded: &Loaded, venue: &Venue) -> Result<Report> {
    let created = exists(context, venue).await?;
    let all = venues(&context.session.connection, &loaded.accounts.keys.engine).await?;
    let registered = all.iter().find(|(address, _)| *address == venue.registered).map(|(_, venue)| venue);
    let next = match (created, registered) {
        (false, _) => "its operator runs `plimsoll venue create`".to_owned(),
        (true, None) => format!(
            "the engine's authority registers it: a [[venue]] with signer = \"{}\" in its file, then `plimsoll engine \
             configure`",
            venue.signer
        ),
        (true, Some(_)) => {
            format!("owners run `plimsoll account approve-venue {} LIMIT --markets NAMES --days N`", venue.registered)
        }
    };
    let facts = vec![
        ("operator", venue.operator.to_string()),
        ("venue", venue.registered.to_string()),
        ("signer", venue.signer.to_string()),
        ("own account", venue.config.to_string()),
        ("created", if created { "yes" } else { "no" }.to_owned()),
        ("registered", registered.map_or("no", status).to_owned()),
        (
            "settles",
            registered.map_or_else(|| "nothing".to_owned(), |venue| market_names(&loaded.names, venue.settle_markets)),
        ),
        ("next", next),
    ];
    Ok(Report::default().with_facts("venue", facts))
}

/// The example venue's own words, where it was the venue that refused and not the engine behind it: their codes overlap.
pub fn in_its_words(error: Error) -> Error {
    let Error::Rpc(plimsoll_rpc::Error::Rejected { code: Some(code), logs, .. }) = &error else { return error };
    let failed = |line: &&String| line.starts_with("Program ") && line.contains(" failed");
    let is_venue = logs.iter().find(failed).is_some_and(|line| line.contains(&example_venue::ID.to_string()));
    let refusal = REFUSALS.into_iter().find(|refusal| u32::from(*refusal) == *code);
    match refusal.filter(|_| is_venue) {
        Some(refusal) => usage(format!("the venue refused: {refusal} ({}, {code})", refusal.name())),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_instruction::error::InstructionError;
    use solana_transaction_error::TransactionError;

    fn rejected(logs: &[String]) -> Error {
        let custom = InstructionError::Custom(VenueError::MarginTooThin.into());
        plimsoll_rpc::Error::rejected(TransactionError::InstructionError(1, custom), logs.to_vec()).into()
    }

    #[test]
    fn a_refusal_of_the_venue_is_not_taken_for_one_of_the_engine() {
        let failed = |program: &Pubkey| format!("Program {program} failed: custom program error: 0x1776");
        let of_venue = in_its_words(rejected(&[failed(&example_venue::ID)])).to_string();
        assert!(of_venue.starts_with("the venue refused: ") && of_venue.contains("MarginTooThin"), "{of_venue}");
        // The program that fails first is the one that refused: its caller fails with the same code.
        let both = [failed(&plimsoll_sdk::pda::PROGRAM_ID), failed(&example_venue::ID)];
        let of_engine = in_its_words(rejected(&both)).to_string();
        assert!(of_engine.starts_with("the engine refused: "), "{of_engine}");
    }
}
