//! Prices from elsewhere, and how they get on chain.
//!
//! Most engines pin feeds that others push, and then the keeper only refreshes ([`crate::jobs::RefreshPrice`]). Where
//! it shall post itself, a [`PriceSource`] says what prices are and a [`PricePoster`] makes instructions of them.

pub mod crossbar;
pub mod hermes;
pub mod mock;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_rpc::Result;
use plimsoll_state::{Address, OracleKind, OracleSource, PriceBoard};
use solana_instruction::Instruction;
use solana_pubkey::Pubkey;

use crate::config::PricesConfig;
use crate::jobs::Context;
use crossbar::Crossbar;
use hermes::Hermes;
use mock::MockPoster;

/// Name under which posts are counted.
const POST: &str = "post_price";
/// Posts that go into one transaction.
const POSTS_PER_TRANSACTION: usize = 8;

/// What a source says of one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Pyth feed id or Switchboard feed hash.
    pub feed: Address,
    /// The price, units of `10^exponent` dollars.
    pub price: i128,
    /// One sigma in the same unit.
    pub sigma: u128,
    /// Decimal exponent.
    pub exponent: i32,
    /// When it was published, Unix seconds; none where the source does not say.
    pub published_at: Option<i64>,
    /// How many readings it was made of.
    pub samples: u8,
}

/// Why a source gave no prices.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It could not be reached, or answered with an error.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    /// Its answer is not what it should be; the fact.
    #[error("an answer that cannot be read: {0}")]
    Malformed(String),
}

impl SourceError {
    /// A short name for counters.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Http(error) if error.status().is_some_and(|status| status.as_u16() == 429) => "rate_limited",
            Self::Http(error) if error.is_status() => "http_status",
            Self::Http(_) => "unreachable",
            Self::Malformed(_) => "malformed",
        }
    }
}

/// Someone who says what prices are.
#[async_trait]
pub trait PriceSource: Send + Sync {
    /// Its name, in logs and metrics.
    fn name(&self) -> &'static str;

    /// Whether it knows feeds of this kind.
    fn serves(&self, kind: OracleKind) -> bool;

    /// The latest prices of feeds; those it does not know are left out.
    ///
    /// # Errors
    /// `Http`, `Malformed`.
    async fn latest(&self, feeds: &[Address]) -> std::result::Result<Vec<Quote>, SourceError>;
}

/// Someone who can put a price on chain.
pub trait PricePoster: Send + Sync {
    /// Whether it can write this source's account.
    fn can_post(&self, source: &OracleSource) -> bool;

    /// The instruction that posts a quote to a source's account; none where the quote does not fit it.
    fn post(&self, poster: &Pubkey, source: &OracleSource, quote: &Quote) -> Option<Instruction>;
}

/// The configured sources and poster.
#[derive(Default)]
pub struct Prices {
    sources: Vec<Box<dyn PriceSource>>,
    poster: Option<Box<dyn PricePoster>>,
    posted: BTreeMap<Address, Pubkey>,
}

impl Prices {
    /// What the configuration names.
    pub fn new(config: &PricesConfig, http: &reqwest::Client) -> Self {
        let mut sources: Vec<Box<dyn PriceSource>> = Vec::new();
        if let Some(url) = &config.hermes_url {
            let key = config.hermes_key_env.as_ref().and_then(|name| std::env::var(name).ok());
            sources.push(Box::new(Hermes::new(url, key, http.clone())));
        }
        if let Some(url) = &config.crossbar_url {
            sources.push(Box::new(Crossbar::new(url, http.clone())));
        }
        let poster = config.post_to_mock.then(|| Box::new(MockPoster) as Box<dyn PricePoster>);
        let posted = config.posted_accounts.iter().filter_map(|(feed, key)| Some((feed_id(feed)?, key.parse().ok()?)));
        Self { sources, poster, posted: posted.collect() }
    }

    /// With these sources and this poster.
    pub fn of(sources: Vec<Box<dyn PriceSource>>, poster: Option<Box<dyn PricePoster>>) -> Self {
        Self { sources, poster, posted: BTreeMap::new() }
    }

    /// The account to which somebody posts updates of a feed that an engine does not pin.
    pub fn posted_account(&self, feed_id: &Address) -> Option<Pubkey> {
        self.posted.get(feed_id).copied()
    }

    /// Asks the sources and posts what they say. A source that fails is counted and holds up no other.
    ///
    /// # Errors
    /// `RateLimited` or `Unreachable` of the node.
    pub async fn post(&self, context: &Arc<Context>) -> Result<()> {
        let Some(poster) = &self.poster else { return Ok(()) };
        let board = context.tracker().shared.board.clone();
        let payer = context.outbox.payer();
        let mut instructions = Vec::new();
        for source in &self.sources {
            let wanted = wanted(&board, source.as_ref(), poster.as_ref());
            if wanted.is_empty() {
                continue;
            }
            let feeds: Vec<Address> = wanted.iter().map(|wanted| wanted.feed_id).collect();
            match source.latest(&feeds).await {
                Ok(quotes) => instructions.extend(quotes.iter().flat_map(|quote| {
                    let fitting = wanted.iter().filter(|wanted| wanted.feed_id == quote.feed);
                    fitting.filter_map(|wanted| poster.post(&payer, wanted, quote)).collect::<Vec<_>>()
                })),
                Err(error) => {
                    context.metrics.refuse(POST, source.name(), error.reason());
                    tracing::warn!(source = source.name(), %error, "no prices");
                }
            }
        }
        for some in instructions.chunks(POSTS_PER_TRANSACTION) {
            match context.outbox.submit(POST, some).await {
                Err(error @ (plimsoll_rpc::Error::RateLimited | plimsoll_rpc::Error::Unreachable(_))) => {
                    return Err(error)
                }
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// The board's sources that this one knows and that can be posted to.
fn wanted(board: &PriceBoard, source: &dyn PriceSource, poster: &dyn PricePoster) -> Vec<OracleSource> {
    let listed = board.slots.iter().filter(|slot| slot.active == 1).flat_map(|slot| &slot.sources);
    let known = listed.filter(|listed| OracleKind::try_from(listed.kind).is_ok_and(|kind| source.serves(kind)));
    known.filter(|listed| poster.can_post(listed)).copied().collect()
}

/// A feed id or hash in hexadecimal, with or without `0x`.
pub fn feed_id(text: &str) -> Option<Address> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?.try_into().ok()
}
