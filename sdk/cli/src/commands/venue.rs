//! `plimsoll venue`.

use clap::Subcommand;
use example_venue::client::Venue;
use example_venue::VenueError;
use plimsoll_migrations::chain::venues;
use plimsoll_migrations::Error;
use plimsoll_state::Venue as Registered;
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::{Fault, Result};
use crate::names::market_list;
use crate::row;
use crate::text::Text;
use crate::transaction::Transaction;
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
            show(context, &loaded, &venue, Vec::new()).await?.print(context.json);
            Ok(())
        }
        VenueCommand::Create => {
            let operator = context.session.address()?;
            let venue = Venue::of(operator, loaded.accounts.keys.engine);
            if exists(context, &venue).await? {
                return Err(usage(format!("{operator} has a venue already (`plimsoll venue show`)")));
            }
            let done = context.perform("create a venue", None, &[], &[venue.create()]).await?;
            show(context, &loaded, &venue, vec![done]).await?.print(context.json);
            Ok(())
        }
    }
}

/// Every venue that the engine knows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VenueList {
    /// In no order.
    pub venues: Vec<Known>,
}

/// A venue that the engine knows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Known {
    /// The venue.
    pub venue: String,
    /// The key that signs for it.
    pub signer: String,
    /// Whether it may settle anything.
    pub active: bool,
    /// Where it may settle fills.
    pub settles: Vec<String>,
    /// Of which markets it reports the premium.
    pub reports_premium_of: Vec<String>,
}

/// An operator's example venue.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnVenue {
    /// The operator.
    pub operator: String,
    /// The venue, as the engine knows it.
    pub venue: String,
    /// The key that signs for it.
    pub signer: String,
    /// The venue program's own account.
    pub own_account: String,
    /// Whether that account is there.
    pub created: bool,
    /// Whether the engine knows it.
    pub registered: bool,
    /// Whether the engine lets it settle.
    pub active: bool,
    /// Where it may settle fills.
    pub settles: Vec<String>,
    /// What to do next, in words.
    pub next: String,
    /// What was sent.
    pub transactions: Vec<Transaction>,
}

/// Names, or that there are none.
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

const fn status(active: bool) -> &'static str {
    if active {
        "active"
    } else {
        "stopped"
    }
}

impl Answer for VenueList {
    fn text(&self) -> Text {
        let rows = self.venues.iter().map(|of| {
            row![of.venue, of.signer, status(of.active), listed(&of.settles), listed(&of.reports_premium_of)]
        });
        Text::table(&["venue", "signer", "status", "settles", "reports premium of"], rows.collect())
    }
}

impl Answer for OwnVenue {
    fn text(&self) -> Text {
        let registered = if self.registered { status(self.active) } else { "no" };
        let done = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        done.facts(vec![
            ("operator", self.operator.as_str().into()),
            ("venue", self.venue.as_str().into()),
            ("signer", self.signer.as_str().into()),
            ("own account", self.own_account.as_str().into()),
            ("created", if self.created { "yes" } else { "no" }.into()),
            ("registered", registered.into()),
            ("settles", listed(&self.settles).into()),
            ("next", self.next.as_str().into()),
        ])
    }
}

async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    let found = venues(&context.session.connection, &loaded.accounts.keys.engine).await?;
    let venues = found.iter().map(|(address, venue)| Known {
        venue: address.to_string(),
        signer: Pubkey::new_from_array(venue.signer).to_string(),
        active: venue.active == 1,
        settles: market_list(&loaded.names, venue.settle_markets),
        reports_premium_of: market_list(&loaded.names, venue.premium_markets),
    });
    VenueList { venues: venues.collect() }.print(context.json);
    Ok(())
}

/// Whether the venue's own account is there.
async fn exists(context: &Context, venue: &Venue) -> Result<bool> {
    let (_, found) = context.session.connection.accounts(&[venue.config]).await?;
    Ok(found.into_iter().flatten().any(|account| account.owner == example_venue::ID))
}

async fn show(context: &Context, loaded: &Loaded, venue: &Venue, transactions: Vec<Transaction>) -> Result<OwnVenue> {
    let created = exists(context, venue).await?;
    let all = venues(&context.session.connection, &loaded.accounts.keys.engine).await?;
    let registered = all.iter().find(|(address, _)| *address == venue.registered).map(|(_, venue)| venue);
    Ok(OwnVenue {
        operator: venue.operator.to_string(),
        venue: venue.registered.to_string(),
        signer: venue.signer.to_string(),
        own_account: venue.config.to_string(),
        created,
        registered: registered.is_some(),
        active: registered.is_some_and(|venue| venue.active == 1),
        settles: registered.map(|venue| market_list(&loaded.names, venue.settle_markets)).unwrap_or_default(),
        next: next(venue, created, registered, &loaded.names.markets),
        transactions,
    })
}

/// What comes next, whole: what is to be typed can be typed as it stands.
fn next(venue: &Venue, created: bool, registered: Option<&Registered>, markets: &[String]) -> String {
    let all: Vec<String> = (0..markets.len()).map(|slot| slot.to_string()).collect();
    match (created, registered) {
        (false, _) => "its operator runs `plimsoll venue create`".to_owned(),
        (true, None) => format!(
            "the engine's authority adds these lines to the engine's file:\n[[venue]]\nsigner = \"{}\"\nsettle_markets = [{}]\n\
             premium_markets = []\nand runs `plimsoll engine configure --config FILE`; `plimsoll engine show --toml` writes the \
             file of an engine that has none",
            venue.signer,
            all.join(", ")
        ),
        (true, Some(of)) => {
            let settled = (0..markets.len()).filter(|slot| of.settle_markets >> slot & 1 == 1);
            let settled: Vec<&str> = settled.map(|slot| markets[slot].as_str()).collect();
            format!(
                "owners run `plimsoll account approve-venue {} LIMIT --markets {} --days 30`, LIMIT being the notional that it \
                 may settle",
                venue.registered,
                settled.join(",")
            )
        }
    }
}

/// The example venue's own words, where it was the venue that refused and not the engine behind it: their codes overlap.
pub fn in_its_words(fault: Fault) -> Fault {
    let Error::Rpc(plimsoll_rpc::Error::Rejected { code: Some(code), logs, .. }) = fault.error() else { return fault };
    let failed = |line: &&String| line.starts_with("Program ") && line.contains(" failed");
    let is_venue = logs.iter().find(failed).is_some_and(|line| line.contains(&example_venue::ID.to_string()));
    let refusal = REFUSALS.into_iter().find(|refusal| u32::from(*refusal) == *code);
    match refusal.filter(|_| is_venue) {
        Some(refusal) => usage(format!("the venue refused: {refusal} ({}, {code})", refusal.name())),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_instruction::error::InstructionError;
    use solana_transaction_error::TransactionError;

    fn rejected(logs: &[String]) -> Fault {
        let custom = InstructionError::Custom(VenueError::MarginTooThin.into());
        plimsoll_rpc::Error::rejected(TransactionError::InstructionError(1, custom), logs.to_vec()).into()
    }

    #[test]
    fn a_refusal_of_the_venue_is_not_taken_for_one_of_the_engine() {
        let failed = |program: &Pubkey| format!("Program {program} failed: custom program error: 0x1776");
        let of_venue = in_its_words(rejected(&[failed(&example_venue::ID)])).error().to_string();
        assert!(of_venue.starts_with("the venue refused: ") && of_venue.contains("MarginTooThin"), "{of_venue}");
        // The program that fails first is the one that refused: its caller fails with the same code.
        let both = [failed(&plimsoll_sdk::pda::PROGRAM_ID), failed(&example_venue::ID)];
        let of_engine = in_its_words(rejected(&both)).error().to_string();
        assert!(of_engine.starts_with("the engine refused: "), "{of_engine}");
    }
    #[test]
    fn the_next_step_can_be_typed_as_it_stands() {
        let venue = Venue::of(Pubkey::new_unique(), Pubkey::new_unique());
        let markets = ["SOL-PERP".to_owned(), "BTC-PERP".to_owned()];
        let register = next(&venue, true, None, &markets);
        let (_, lines) = register.split_once(":\n").unwrap();
        let (lines, _) = lines.split_once("\nand runs").unwrap();
        let table = plimsoll_migrations::config::Config::parse(&format!(
            "{}\n{lines}\n",
            include_str!("../../../../migrations/localnet.toml")
        ));
        assert_eq!(table.unwrap().venues[0].signer.to_string(), venue.signer.to_string());
        let registered = Registered { active: 1, settle_markets: 0b10, ..bytemuck::Zeroable::zeroed() };
        let approve = next(&venue, true, Some(&registered), &markets);
        assert!(approve.contains(&format!("approve-venue {} LIMIT --markets BTC-PERP --days 30", venue.registered)));
    }
}
