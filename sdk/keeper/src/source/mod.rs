//! Prices from elsewhere, and how they get on chain.
//!
//! Most engines pin feeds that others push, and then the keeper only refreshes ([`crate::jobs::RefreshPrice`]). Where
//! it shall post itself, a [`PriceSource`] says what prices are, a [`PricePoster`] makes transactions of them, and
//! [`Prices`] sends those when the board needs a newer price.

pub mod crossbar;
pub mod hermes;
pub mod mock;
mod pace;
mod post;
pub mod posting;
pub mod pyth;
mod records;
pub mod switchboard;

use async_trait::async_trait;
use plimsoll_rpc::Connection;
use plimsoll_state::{Address, OracleKind, OracleSource};
use solana_pubkey::Pubkey;

pub use pace::Pace;
pub use post::{Prices, CLOSE, POST};
use posting::{Opened, Posting};
use pyth::update::UpdateError;
use switchboard::submission::SubmissionError;

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

/// What a source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Prices.
    pub quotes: Vec<Quote>,
    /// Updates that prove them on chain, where the source hands them out.
    pub updates: Vec<Vec<u8>>,
    /// What is wrong with records that could not be read, one a record; they cost no other.
    pub unreadable: Vec<String>,
}

/// Why a source gave no prices.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It could not be reached, or answered with an error.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    /// Its answer is not what it should be; the fact.
    #[error("the answer cannot be read: {0}")]
    Malformed(String),
}

impl SourceError {
    /// Whether it answered that it will not answer this question: another one may do better.
    pub fn is_refusal(&self) -> bool {
        let Self::Http(error) = self else { return false };
        error.status().is_some_and(|status| status.is_client_error() && status.as_u16() != 429)
    }

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
    async fn latest(&self, feeds: &[Address]) -> Result<Report, SourceError>;
}

/// A source of the board whose price is to be posted, and what it is said to be.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// The source.
    pub source: OracleSource,
    /// The price.
    pub quote: Quote,
}

/// Why prices were not made transactions.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The update is none.
    #[error("{0}")]
    Update(#[from] UpdateError),
    /// The source names the price and hands out no update that holds it.
    #[error("no update that the source hands out holds the price")]
    NoUpdate,
    /// What Crossbar wants signed is not what it should be.
    #[error("{0}")]
    Submission(#[from] SubmissionError),
    /// The source that was asked for more failed.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// The node failed.
    #[error("{0}")]
    Node(#[from] plimsoll_rpc::Error),
    /// The account that says what rent is cannot be read.
    #[error("the rent account cannot be read: {0}")]
    Rent(String),
    /// An instruction that fits no transaction.
    #[error("an instruction to {program} alone makes a transaction of {bytes} bytes, above 1,232")]
    TooLarge {
        /// Whom it is for.
        program: Pubkey,
        /// Bytes of a transaction with it.
        bytes: usize,
    },
}

impl PostError {
    /// A short name for counters.
    pub fn reason(&self) -> String {
        match self {
            Self::Update(UpdateError::Proof(_)) => "proof".into(),
            Self::Update(_) => "malformed_update".into(),
            Self::NoUpdate => "no_update".into(),
            Self::Submission(SubmissionError::NoValue(_)) => "no_value".into(),
            Self::Submission(SubmissionError::TooFew { .. }) => "too_few_signatures".into(),
            Self::Submission(_) => "bad_submission".into(),
            Self::Source(error) => error.reason().into(),
            Self::Node(error) => error.reason(),
            Self::Rent(_) => "rent".into(),
            Self::TooLarge { .. } => "too_large".into(),
        }
    }
}

/// What a poster made of what is due.
#[derive(Debug, Default)]
pub struct Made {
    /// Transactions to be sent.
    pub postings: Vec<Posting>,
    /// Feeds, by id or hash, that nothing could be made for, each with those that share the reason.
    pub failed: Vec<(Vec<Address>, PostError)>,
}

impl From<Vec<Posting>> for Made {
    fn from(postings: Vec<Posting>) -> Self {
        Self { postings, failed: Vec::new() }
    }
}

/// Someone who can put a price on chain.
#[async_trait]
pub trait PricePoster: Send + Sync {
    /// Its name, in logs and metrics.
    fn name(&self) -> &'static str;

    /// Whether it can write this source's account, or one that the engine takes for it.
    fn can_post(&self, source: &OracleSource) -> bool;

    /// The account of the keeper's own to which it posts for a source that the engine does not pin.
    fn own_account(&self, _: &OracleSource) -> Option<Pubkey> {
        None
    }

    /// The transactions that post what is due; a quote that does not fit its source is left out.
    ///
    /// # Errors
    /// Every [`PostError`], where nothing can be made of anything.
    async fn postings(&self, connection: &Connection, due: &[Due], report: &Report) -> Result<Made, PostError>;

    /// Accounts that an earlier posting has left open for these sources.
    ///
    /// # Errors
    /// `Node`.
    async fn left_open(&self, _: &Connection, _: &[OracleSource]) -> Result<Vec<Opened>, PostError> {
        Ok(Vec::new())
    }
}

/// A feed id or hash in hexadecimal, with or without `0x`.
pub fn feed_id(text: &str) -> Option<Address> {
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?.try_into().ok()
}
