//! `plimsoll price`.

use std::time::Duration;

use clap::Subcommand;
use plimsoll_migrations::Result;
use plimsoll_risk::oracle::{Observation, PriceSource, READY_TIME_CONSTANTS, READY_UPDATES};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_rpc::mock::{post_pyth, PythPost, MOCK_ORACLE};
use plimsoll_sdk::ix;
use plimsoll_sdk::ix::args::HaltPriceArgs;
use plimsoll_state::{OracleKind, OracleSource, PriceBoard, PriceSlot};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::crash::{self, CrashArgs};
use super::engine::left;
use super::standby;
use crate::amount::{atoms, percent, show_price};
use crate::context::{Context, Loaded};
use crate::names::name_of;
use crate::output::Report;
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
    context.act(&what, question.as_deref(), &[], &[set]).await
}

async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    let (board, now) = (&loaded.accounts.board, loaded.accounts.now);
    let slots = &board.slots[..board.count as usize];
    let rows = slots.iter().enumerate().map(|(slot, price)| held(loaded, slot as u8, price, now)).collect();
    let columns = ["slot", "price", "spot $", "sigma", "fast $", "slow $", "age s", "from", "ready"];
    let mut sources = Vec::new();
    for (slot, feed) in loaded.accounts.feeds.feeds.iter().take(slots.len()).enumerate() {
        for (source, name) in feed.sources.iter().zip(SOURCES) {
            if source.kind != OracleKind::None as u8 {
                sources.push(said(context, loaded, slot as u8, source, name).await?);
            }
        }
    }
    Report::default()
        .with_note("held by the board:")
        .with_rows("board", &columns, rows)
        .with_note("what the sources say now:")
        .with_rows("sources", &["price", "source", "kind", "account", "price $", "sigma", "age s", "problem"], sources)
        .print(context.json);
    Ok(())
}

fn held(loaded: &Loaded, slot: u8, price: &PriceSlot, now: i64) -> Vec<String> {
    let name = name_of(&loaded.names.prices, slot);
    if price.update_count == 0 {
        let mut row = vec![slot.to_string(), name];
        row.extend(vec![String::new(); 6]);
        row.push("no: no update yet".into());
        return row;
    }
    let from = SOURCES.get(price.source as usize).copied().unwrap_or("unknown");
    vec![
        slot.to_string(),
        name,
        show_price(price.spot.get()),
        percent(price.sigma_ppm),
        show_price(price.fast.get()),
        show_price(price.slow.get()),
        now.saturating_sub(price.published_at).to_string(),
        from.to_owned(),
        if price.halted_until().get() > now && !price.awaits_averages() {
            format!("halted: {}", left(&price.halt.get(), UnixSecs::new(now)))
        } else {
            readiness(price)
        },
    ]
}

/// Whether averages are ready for adding risk, and what is missing.
pub fn readiness(price: &PriceSlot) -> String {
    if price.is_ready() {
        return "yes".into();
    }
    let seen_secs = price.published_at.saturating_sub(price.first_published_at);
    let needed_secs = READY_TIME_CONSTANTS * price.terms.slow_secs.max(price.terms.fast_secs);
    let updates = price.update_count.min(READY_UPDATES);
    format!("no: {updates} of {READY_UPDATES} updates, {seen_secs} of {needed_secs} s")
}

/// Price, source, kind, account, what it says now in dollars, how wide and how old that is, and what is wrong with it.
///
/// # Errors
/// The cluster's.
pub async fn said(
    context: &Context,
    loaded: &Loaded,
    slot: u8,
    source: &OracleSource,
    name: &str,
) -> Result<Vec<String>> {
    let kind = match OracleKind::try_from(source.kind) {
        Ok(OracleKind::PythPinned) => "pyth, pinned",
        Ok(OracleKind::PythPosted) => "pyth, posted",
        Ok(OracleKind::SwitchboardPull) => "switchboard",
        _ => "unknown",
    };
    let price = name_of(&loaded.names.prices, slot);
    let address = Pubkey::new_from_array(source.address);
    let mut row = vec![price, name.to_owned(), kind.to_owned()];
    if source.kind == OracleKind::PythPosted as u8 {
        row.extend(["chosen by the caller", "", "", "", ""].map(str::to_owned));
        return Ok(row);
    }
    row.push(address.to_string());
    let (chain_slot, found) = context.session.connection.accounts(&[address]).await?;
    let params = loaded.accounts.registry.params();
    let read = match found.into_iter().next().flatten() {
        None => Err("there is no such account".to_owned()),
        Some(account) if account.owner.to_bytes() != source.program => Err(format!("its owner is {}", account.owner)),
        Some(account) => decode(source, &account.data, params, chain_slot),
    };
    match read {
        Ok(seen) => row.extend([
            show_price(seen.price),
            percent(seen.sigma_ppm.get()),
            loaded.accounts.now.saturating_sub(seen.published_at.get()).to_string(),
            if seen.overdue { "signed longer ago than it says".to_owned() } else { String::new() },
        ]),
        Err(problem) => row.extend([String::new(), String::new(), String::new(), problem]),
    }
    Ok(row)
}

/// What a source's account says, by the program's own readers.
fn decode(
    source: &OracleSource,
    data: &[u8],
    params: &GlobalParams,
    slot: u64,
) -> std::result::Result<Observation, String> {
    plimsoll_oracle::decode(data, source, params, slot).map_err(|error| error.text().1.into())
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
    for some in refreshes.chunks(FEEDS_AT_ONCE) {
        let names: Vec<String> = some.iter().map(|feed| name_of(&loaded.names.prices, feed.slot)).collect();
        let instruction = ix::refresh_price(&loaded.accounts.keys, some);
        send_and_look(context, loaded, &format!("refresh {}", names.join(", ")), some, &[], &[instruction]).await?;
    }
    Ok(())
}

/// Sends what refreshes prices, and says which of them the board has taken: one that is not newer it leaves silently.
async fn send_and_look(
    context: &Context,
    loaded: &Loaded,
    what: &str,
    feeds: &[ix::Refresh],
    signers: &[&(dyn Signer + Sync)],
    instructions: &[Instruction],
) -> Result<()> {
    let done = context.perform(what, None, signers, instructions).await?;
    if context.session.dry_run {
        done.print(context.json);
        return Ok(());
    }
    let board: PriceBoard = context.session.connection.read("price board", &loaded.accounts.keys.board).await?;
    let rows = feeds.iter().map(|feed| {
        let (before, after) = (&loaded.accounts.board.slots[feed.slot as usize], &board.slots[feed.slot as usize]);
        let newer = after.published_at > before.published_at || after.update_count != before.update_count;
        let taken = if newer { "yes" } else { "no: it is not newer than the board's" };
        vec![name_of(&loaded.names.prices, feed.slot), show_price(after.spot.get()), taken.to_owned()]
    });
    done.with_rows("board", &["price", "spot $", "taken"], rows.collect()).print(context.json);
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
    send_and_look(context, loaded, &format!("post {}", what.join(", ")), &feeds, &[&poster], &posts).await
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
