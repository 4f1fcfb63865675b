//! Who took part, and what it cost: transactions, liquidators, feeds.

use serde::{Deserialize, Serialize};

use super::Spread;

/// What a transaction weighs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Transactions that succeeded.
    pub count: u64,
    /// Transactions that were refused.
    pub refused: u64,
    /// Whole size, signatures included; none where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Spread>,
    /// Distinct accounts, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Spread>,
}

/// What one liquidator made of the crash; dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiquidatorResult {
    /// Capital at the start.
    pub capital_usd: f64,
    /// Liquidations won.
    pub won: u64,
    /// Races lost: the call found nothing left to do and changed nothing.
    pub lost: u64,
    /// Penalties received.
    pub penalties_usd: f64,
    /// Spread, impact and fees paid to sell what was taken.
    pub costs_usd: f64,
    /// NAV at the end less capital.
    pub profit_usd: f64,
}

/// How a feed behaved. On a cluster there is one source, which is on time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedResult {
    /// Underlying.
    pub underlying: String,
    /// Where its prices were recorded.
    pub source: String,
    /// Updates of the primary that reached the chain.
    pub primary_posted: usize,
    /// Of them late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<usize>,
    /// Overtaken by a newer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overtaken: Option<usize>,
    /// Not published because the feed was down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<usize>,
    /// Updates of the secondary that were posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_posted: Option<usize>,
    /// Refreshes after which the held price was the secondary's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_used: Option<usize>,
    /// Refreshes the program refused (`PriceStale` and the like).
    pub refused: usize,
    /// Refreshes that found nothing newer and changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<usize>,
    /// Longest age of the held price, seconds of the chain.
    pub oldest_secs: i64,
}
