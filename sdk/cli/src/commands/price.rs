//! `plimsoll price`.

use std::time::Duration;

use clap::Subcommand;
use plimsoll_risk::oracle::PriceSource;
use plimsoll_rpc::mock::{post_pyth, PythPost, MOCK_ORACLE};
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::HaltPriceArgs;
use plimsoll_state::{OracleKind, OracleSource, PriceBoard};
use schemars::JsonSchema;
use serde::Serialize;
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::crash::{self, CrashArgs};
use super::price_list::{list, mended};
use super::standby;
use crate::amount::atoms;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::PriceUsd;
use crate::row;
use crate::text::Text;
use crate::transaction::Transaction;
use crate::usage::usage;

/// What people call a price's sources, in the order in which they are stored.
pub const SOURCES: [&str; PriceSource::COUNT] = ["primary", "secondary", "standby"];
/// A second of the chain's, and a little for its clock.
const A_SECOND: Duration = Duration::from_millis(1_200);
/// Most feeds that one refresh names.
const FEEDS_AT_ONCE: usize = 8;

/// Commands on prices.
#[derive(Subcommand, Debug)]
pub enum PriceCommand {
    /// List every price: what the board holds, and what its sources say now
    List,
    /// Take newer prices from the sources into the board; anyone may
    Refresh {
        /// The prices [default: all whose primary is pinned]
        prices: Vec<String>,
        /// Show the secondary too, which counts where the primary is silent
        #[arg(long)]
        secondary: bool,
        /// The account of a posted update, for one price whose caller chooses it
        #[arg(long, value_name = "ADDRESS")]
        update: Option<Pubkey>,
    },
    /// Post prices to feeds of the mock oracle and refresh; test clusters only, signed by the feeds' creator
    Post {
        /// Prices in dollars, such as SOL=120.5
        #[arg(required = true, value_name = "NAME=DOLLARS", value_parser = parse_pair)]
        prices: Vec<(String, String)>,
    },
    /// Set a price of the mock oracle, from which the local engine's prices walk on; test clusters only
    Set {
        /// The price
        price: String,
        /// Dollars, such as 120.5
        dollars: String,
    },
    /// Play a recorded crash through the mock oracle, from the present prices; test clusters only
    Crash(CrashArgs),
    /// Halt a price that is not to be trusted, by the guardian or the authority: its legs count as stale
    Halt {
        /// The price
        price: String,
        /// For how long [default: as long as the signer may: the guardian six hours, the authority seven days]
        #[arg(long, value_name = "SECONDS")]
        for_secs: Option<u32>,
    },
    /// End the halt of a price before it ends by itself; signed by the authority
    Resume {
        /// The price
        price: String,
    },
    /// List the standby sources: what they say now beside the board, and who may switch to them when
    Standby,
    /// Switch a price to its standby source at once, by the risk authority or the authority: its legs count as stale
    /// until the averages of that source are ready
    Switch {
        /// The price
        price: String,
        /// Switch back to the primary
        #[arg(long)]
        back: bool,
        /// The account of a posted update, where the source pins none
        #[arg(long, value_name = "ADDRESS")]
        update: Option<Pubkey>,
    },
}

/// `NAME=VALUE`.
pub fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=DOLLARS"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs one.
///
/// # Errors
/// Whatever stops it.
pub async fn run(context: &Context, command: PriceCommand) -> Result<()> {
    let loaded = context.load().await?;
    match command {
        PriceCommand::List => list(context, &loaded).await,
        PriceCommand::Refresh { prices, secondary, update } => {
            refresh(context, &loaded, &prices, secondary, update).await
        }
        PriceCommand::Post { prices } => post(context, &loaded, &prices).await,
        PriceCommand::Set { price, dollars } => post(context, &loaded, &[(price, dollars)]).await,
        PriceCommand::Crash(args) => crash::play(context, &loaded, &args).await,
        PriceCommand::Halt { price, for_secs } => halt(context, &loaded, &price, true, for_secs).await,
        PriceCommand::Resume { price } => halt(context, &loaded, &price, false, None).await,
        PriceCommand::Standby => standby::list(context, &loaded).await,
        PriceCommand::Switch { price, back, update } => standby::switch(context, &loaded, &price, !back, update).await,
    }
}

async fn halt(context: &Context, loaded: &Loaded, price: &str, halted: bool, for_secs: Option<u32>) -> Result<()> {
    let slot = loaded.names.price(price)?;
    let args = HaltPriceArgs { slot, halted, lasts_secs: for_secs };
    let set = ix::halt_price(&loaded.accounts.keys, context.session.address()?, args);
    let what = if halted { format!("halt {price}") } else { format!("end the halt of {price}") };
    // Stopping is quick; starting again is asked about.
    let question = (!halted).then(|| format!("{what}?"));
    let done = context.perform(&what, question.as_deref(), &[], &[set]).await?;
    mended(context, loaded, vec![done]).await
}

async fn refresh(
    context: &Context,
    loaded: &Loaded,
    prices: &[String],
    with_secondary: bool,
    update: Option<Pubkey>,
) -> Result<()> {
    let (board, feeds) = (&loaded.accounts.board, &loaded.accounts.feeds.feeds);
    let in_use = |slot: &u8| feeds[*slot as usize].source(feeds[*slot as usize].in_use());
    let pinned = |slot: &u8| in_use(slot).kind != OracleKind::PythPosted as u8;
    let slots: Vec<u8> = if prices.is_empty() {
        (0..board.count).filter(pinned).collect()
    } else {
        prices.iter().map(|name| loaded.names.price(name)).collect::<Result<_>>()?
    };
    if update.is_some() && slots.len() != 1 {
        return Err(usage("--update names the account of one price: name that price"));
    }
    let mut refreshes = Vec::with_capacity(slots.len());
    for slot in slots {
        let feed = &feeds[slot as usize];
        let second = feed.source(PriceSource::Secondary);
        let primary = match update {
            Some(update) => update,
            None if pinned(&slot) => Pubkey::new_from_array(in_use(&slot).address),
            None => {
                let name = name_of(&loaded.names.prices, slot);
                return Err(usage(format!("the caller chooses the account of {name}: name it with --update")));
            }
        };
        // A standby in use counts alone.
        let counts = second.kind != OracleKind::None as u8 && feed.on_standby == 0;
        let secondary = (with_secondary && counts).then(|| Pubkey::new_from_array(second.address));
        refreshes.push(ix::Refresh { slot, primary, secondary });
    }
    let mut answer = Refreshed::default();
    for some in refreshes.chunks(FEEDS_AT_ONCE) {
        let names: Vec<String> = some.iter().map(|feed| name_of(&loaded.names.prices, feed.slot)).collect();
        let instruction = ix::refresh_price(&loaded.accounts.keys, some);
        let what = format!("refresh {}", names.join(", "));
        send_and_look(context, loaded, &what, (some, &[], &[instruction]), &mut answer).await?;
    }
    answer.print(context.json);
    Ok(())
}

/// What a refresh did.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Refreshed {
    /// What the board holds afterwards; empty under a dry run.
    pub board: Vec<Taken>,
    /// What was sent, or would have been.
    pub transactions: Vec<Transaction>,
}

/// A price of the board after a refresh.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Taken {
    /// The price.
    pub price: String,
    /// What it is.
    pub spot: PriceUsd,
    /// Whether the board took something newer.
    pub taken: bool,
}

impl Answer for Refreshed {
    fn text(&self) -> Text {
        let text = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        if self.board.is_empty() {
            return text;
        }
        let taken = |taken: bool| if taken { "yes" } else { "no: it is not newer than the board's" };
        let rows = self.board.iter().map(|of| row![of.price, of.spot.text(), taken(of.taken)]);
        text.rows(&["price", "spot $", "taken"], rows.collect())
    }
}

/// Feeds, who signs for them, and what refreshes them.
type Refreshing<'a> = (&'a [ix::Refresh], &'a [&'a (dyn Signer + Sync)], &'a [Instruction]);

/// Sends what refreshes prices, and says which of them the board has taken: one that is not newer it leaves silently.
async fn send_and_look(
    context: &Context,
    loaded: &Loaded,
    what: &str,
    (feeds, signers, instructions): Refreshing<'_>,
    answer: &mut Refreshed,
) -> Result<()> {
    answer.transactions.push(context.perform(what, None, signers, instructions).await?);
    if context.session.dry_run {
        return Ok(());
    }
    let board: PriceBoard = context.session.connection.read("price board", &loaded.accounts.keys.board).await?;
    answer.board.extend(feeds.iter().map(|feed| {
        let (before, after) = (&loaded.accounts.board.slots[feed.slot as usize], &board.slots[feed.slot as usize]);
        let taken = after.published_at > before.published_at || after.update_count != before.update_count;
        Taken { price: name_of(&loaded.names.prices, feed.slot), spot: PriceUsd::of(after.spot.get()), taken }
    }));
    Ok(())
}

async fn post(context: &Context, loaded: &Loaded, prices: &[(String, String)]) -> Result<()> {
    require_test_cluster(context)?;
    let (poster, held) = (context.poster()?, context.hold_prices()?);
    if held.is_some() {
        // The local engine's prices moved less than a second ago, and the board takes one price a second.
        tokio::time::sleep(A_SECOND).await;
    }
    let (mut posts, mut feeds, mut what) = (Vec::new(), Vec::new(), Vec::new());
    for (name, dollars) in prices {
        let slot = loaded.names.price(name)?;
        let feed = &loaded.accounts.feeds.feeds[slot as usize];
        let source = feed.source(feed.in_use());
        if !is_mock(source) {
            return Err(usage(format!(
                "{name} is not of a pinned feed of the mock oracle: only those can be posted to (`plimsoll price list`)"
            )));
        }
        let feed = Pubkey::new_from_array(source.address);
        posts.push(post_pyth(poster.pubkey(), feed, &mock_update(dollars)?));
        feeds.push(ix::Refresh { slot, primary: feed, secondary: None });
        what.push(format!("{name} at ${dollars}"));
    }
    posts.push(ix::refresh_price(&loaded.accounts.keys, &feeds));
    let mut answer = Refreshed::default();
    let what = format!("post {}", what.join(", "));
    send_and_look(context, loaded, &what, (&feeds, &[&poster], &posts), &mut answer).await?;
    answer.print(context.json);
    Ok(())
}

/// Prices are not to be made up where money is.
pub(super) fn require_test_cluster(context: &Context) -> Result<()> {
    match context.session.cluster {
        Some("mainnet-beta") => Err(usage("prices are posted to the mock oracle on test clusters only")),
        _ => Ok(()),
    }
}

/// Whether it is a feed of the mock oracle that a price can be posted to.
pub(super) fn is_mock(source: &OracleSource) -> bool {
    source.program == MOCK_ORACLE.to_bytes() && source.kind == OracleKind::PythPinned as u8
}

/// A mock update of now, in units of 1e-8 dollars as Pyth has them.
fn mock_update(dollars: &str) -> Result<PythPost> {
    let price = i64::try_from(atoms(dollars, 8)?).ok().filter(|price| *price > 0);
    let price = price.ok_or_else(|| usage(format!("{dollars} is not a price")))?;
    Ok(PythPost::of_now(price))
}
