//! `plimsoll price list`: what the board holds, and what its sources say now.

use plimsoll_risk::oracle::{Observation, READY_TIME_CONSTANTS, READY_UPDATES};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{OracleKind, OracleSource, PriceSlot};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;

use super::pauses::Standing;
use super::price::SOURCES;
use crate::amount::percent;
use crate::answer::Answer;
use crate::context::{Context, Loaded};
use crate::fault::Result;
use crate::names::name_of;
use crate::quantity::PriceUsd;
use crate::row;
use crate::text::{Cell, Text, Tone};
use crate::transaction::Transaction;

/// Every price.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PriceList {
    /// What the board holds, by slot.
    pub board: Vec<Held>,
    /// What the sources say now.
    pub sources: Vec<Source>,
    /// What was sent before, where something was.
    pub transactions: Vec<Transaction>,
}

/// A price that the board holds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// Its slot.
    pub slot: u8,
    /// What people call it.
    pub price: String,
    /// The last price; null before the first.
    pub spot: PriceUsd,
    /// How wide it is, one standard deviation.
    pub sigma_ppm: u32,
    /// Its fast average.
    pub fast: PriceUsd,
    /// Its slow average.
    pub slow: PriceUsd,
    /// How old the last price is; null before the first.
    pub age_secs: Option<i64>,
    /// Which source it is from: `primary`, `secondary` or `standby`; null before the first.
    pub from: Option<&'static str>,
    /// Whether risk may be added at it, halts aside.
    pub ready: bool,
    /// How many updates it has had, of as many as are needed.
    pub updates: u32,
    /// So many updates are needed.
    pub updates_needed: u32,
    /// How long it has been updated.
    pub seen_secs: i64,
    /// So long is needed.
    pub needed_secs: i64,
    /// The halt that stands; null where none does.
    pub halt: Option<Standing>,
}

/// What a source says now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Source {
    /// The price.
    pub price: String,
    /// Which of its sources: `primary`, `secondary` or `standby`.
    pub source: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// Its account; null where the caller of a refresh chooses it.
    pub account: Option<String>,
    /// What it says; null where it cannot be read.
    pub says: PriceUsd,
    /// How wide that is.
    pub sigma_ppm: Option<u32>,
    /// How old it is.
    pub age_secs: Option<i64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Pyth feed at a pinned address.
    PythPinned,
    /// Any update of a pinned Pyth feed.
    PythPosted,
    /// A Switchboard feed.
    Switchboard,
    /// Of another version than this client.
    Unknown,
}

impl Kind {
    fn of(kind: u8) -> Self {
        match OracleKind::try_from(kind) {
            Ok(OracleKind::PythPinned) => Self::PythPinned,
            Ok(OracleKind::PythPosted) => Self::PythPosted,
            Ok(OracleKind::SwitchboardPull) => Self::Switchboard,
            _ => Self::Unknown,
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PythPinned => "pyth, pinned",
            Self::PythPosted => "pyth, posted",
            Self::Switchboard => "switchboard",
            Self::Unknown => "unknown",
        }
    }
}

impl Answer for PriceList {
    fn text(&self) -> Text {
        let board = self.board.iter().map(Held::row);
        let sources = self.sources.iter().map(Source::row);
        let text = self.transactions.iter().fold(Text::default(), |text, sent| text.and(sent.text()));
        text.note("held by the board:")
            .rows(&["price", "spot $", "sigma", "fast $", "slow $", "age s", "from", "ready"], board.collect())
            .note("what the sources say now:")
            .rows(&["price", "source", "kind", "account", "price $", "sigma", "age s", "problem"], sources.collect())
    }
}

impl Held {
    fn row(&self) -> Vec<Cell> {
        let ready = match &self.halt {
            Some(halt) => Cell::toned(format!("halted: {}", halt.left()), Tone::Bad),
            None if self.ready => Cell::toned("yes", Tone::Good),
            None => Cell::toned(self.missing(), Tone::Warning),
        };
        let Some(age) = self.age_secs else {
            return vec![
                Cell::from(&self.price),
                "".into(),
                "".into(),
                "".into(),
                "".into(),
                "".into(),
                "".into(),
                ready,
            ];
        };
        let [spot, fast, slow] = [self.spot, self.fast, self.slow].map(|price| price.text());
        let mut row = row![self.price, spot, percent(self.sigma_ppm), fast, slow, age, self.from.unwrap_or("unknown")];
        row.push(ready);
        row
    }

    fn missing(&self) -> String {
        if self.age_secs.is_none() {
            return "no: no update yet".to_owned();
        }
        let Self { updates, updates_needed, seen_secs, needed_secs, .. } = self;
        format!("no: {updates} of {updates_needed} updates, {seen_secs} of {needed_secs} s")
    }
}

impl Source {
    fn row(&self) -> Vec<Cell> {
        let (account, problem) = (self.account_text(), self.problem.as_deref().unwrap_or_default());
        let (says, sigma, age) = self.texts();
        row![self.price, self.source, self.kind.words(), account, says, sigma, age, problem]
    }

    /// Its account, in words where there is none.
    pub fn account_text(&self) -> &str {
        self.account.as_deref().unwrap_or("chosen by the caller")
    }

    /// What it says, how wide and how old that is.
    pub fn texts(&self) -> (String, String, String) {
        let sigma = self.sigma_ppm.map(percent).unwrap_or_default();
        (self.says.text(), sigma, self.age_secs.map(|age| age.to_string()).unwrap_or_default())
    }
}

/// Lists every price.
///
/// # Errors
/// The cluster's.
pub async fn list(context: &Context, loaded: &Loaded) -> Result<()> {
    listed(context, loaded, Vec::new()).await?.print(context.json);
    Ok(())
}

/// What stands after a halt was set or ended; under a dry run what was.
///
/// # Errors
/// The cluster's.
pub async fn mended(context: &Context, loaded: &Loaded, transactions: Vec<Transaction>) -> Result<()> {
    let again = if context.session.dry_run { None } else { context.load().await.ok() };
    listed(context, again.as_ref().unwrap_or(loaded), transactions).await?.print(context.json);
    Ok(())
}

async fn listed(context: &Context, loaded: &Loaded, transactions: Vec<Transaction>) -> Result<PriceList> {
    let (board, now) = (&loaded.accounts.board, loaded.accounts.now);
    let slots = &board.slots[..board.count as usize];
    let board = slots.iter().enumerate().map(|(slot, price)| held(loaded, slot as u8, price, now)).collect();
    let mut sources = Vec::new();
    for (slot, feed) in loaded.accounts.feeds.feeds.iter().take(slots.len()).enumerate() {
        for (source, name) in feed.sources.iter().zip(SOURCES) {
            if source.kind != OracleKind::None as u8 {
                sources.push(said(context, loaded, slot as u8, source, name).await?);
            }
        }
    }
    Ok(PriceList { board, sources, transactions })
}

fn held(loaded: &Loaded, slot: u8, price: &PriceSlot, now: i64) -> Held {
    let is_there = price.update_count != 0;
    let (of, at) = (|price| if is_there { PriceUsd::of(price) } else { PriceUsd::maybe(None) }, UnixSecs::new(now));
    let is_halted = price.halted_until() > at && !price.awaits_averages();
    Held {
        slot,
        price: name_of(&loaded.names.prices, slot),
        spot: of(price.spot.get()),
        sigma_ppm: price.sigma_ppm,
        fast: of(price.fast.get()),
        slow: of(price.slow.get()),
        age_secs: is_there.then(|| now.saturating_sub(price.published_at)),
        from: SOURCES.get(price.source as usize).copied().filter(|_| is_there),
        ready: is_there && price.is_ready(),
        updates: price.update_count.min(READY_UPDATES),
        updates_needed: READY_UPDATES,
        seen_secs: price.published_at.saturating_sub(price.first_published_at),
        needed_secs: i64::from(READY_TIME_CONSTANTS) * i64::from(price.terms.slow_secs.max(price.terms.fast_secs)),
        halt: is_halted.then(|| Standing::of("price", &price.halt.get(), at)),
    }
}

/// What a source says now.
///
/// # Errors
/// The cluster's.
pub async fn said(
    context: &Context,
    loaded: &Loaded,
    slot: u8,
    source: &OracleSource,
    name: &'static str,
) -> Result<Source> {
    let (kind, price) = (Kind::of(source.kind), name_of(&loaded.names.prices, slot));
    let nothing = PriceUsd::maybe(None);
    let mut of = Source {
        price,
        source: name,
        kind,
        account: None,
        says: nothing,
        sigma_ppm: None,
        age_secs: None,
        problem: None,
    };
    if kind == Kind::PythPosted {
        return Ok(of);
    }
    let address = Pubkey::new_from_array(source.address);
    of.account = Some(address.to_string());
    let (chain_slot, found) = context.session.connection.accounts(&[address]).await?;
    let params = loaded.accounts.registry.params();
    let read = match found.into_iter().next().flatten() {
        None => Err("there is no such account".to_owned()),
        Some(account) if account.owner.to_bytes() != source.program => Err(format!("its owner is {}", account.owner)),
        Some(account) => decode(source, &account.data, params, chain_slot),
    };
    match read {
        Ok(seen) => {
            of.says = PriceUsd::of(seen.price);
            of.sigma_ppm = Some(seen.sigma_ppm.get());
            of.age_secs = Some(loaded.accounts.now.saturating_sub(seen.published_at.get()));
            of.problem = seen.overdue.then(|| "signed longer ago than it says".to_owned());
        }
        Err(problem) => of.problem = Some(problem),
    }
    Ok(of)
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
