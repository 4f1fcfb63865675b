//! An engine's whole configuration, as a file and as it stands on chain: one type for both, so that they can be compared.

mod diff;
mod key;
mod listing;
mod observed;
mod params;
mod price;
mod resolve;
mod role;
mod settings;
mod validate;

use std::path::Path;

use plimsoll_risk::params::GlobalParams;
use plimsoll_state::pause;
use serde::{Deserialize, Serialize};

pub use diff::{differences, Difference};
pub use key::{Bytes32, Key};
pub use listing::{BankConfig, MarketConfig, MintConfig, VenueConfig};
pub use observed::observe;
pub use price::{MockConfig, PriceConfig, SourceConfig, SourceKind};
pub use resolve::{CreatedMint, MockFeed, Resolved};
pub use role::Role;

use crate::error::{Error, Result};

/// An engine's configuration. Keys that are unknown are refused; what is optional says what its absence means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Identity and authorities.
    pub engine: EngineConfig,
    /// Parameters; what is absent has the program's default.
    #[serde(default = "default_params", with = "params")]
    pub params: GlobalParams,
    /// Prices by slot of the board.
    #[serde(default, rename = "price")]
    pub prices: Vec<PriceConfig>,
    /// Banks by slot; the first is the settlement token.
    #[serde(default, rename = "bank")]
    pub banks: Vec<BankConfig>,
    /// Markets by slot.
    #[serde(default, rename = "market")]
    pub markets: Vec<MarketConfig>,
    /// Venues, in any order.
    #[serde(default, rename = "venue")]
    pub venues: Vec<VenueConfig>,
}

const fn default_params() -> GlobalParams {
    GlobalParams::DEFAULT
}

const fn launched() -> bool {
    true
}

/// Which engine, and who decides over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineConfig {
    /// Lets one creator have several engines.
    pub id: u16,
    /// Lets averages be shorter than 15 and 3,600 s. Written once, visible permanently.
    pub test_cluster: bool,
    /// Who created the engine, or will; a seed of its address. Absent: the key that signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<Key>,
    /// Whom the engine is handed to in the end. Absent: left to whoever has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Key>,
    /// Proposes changes and makes those that tighten. Absent: the creator at first, later left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_authority: Option<Key>,
    /// Pauses for some hours and cancels changes. Absent: the creator at first, later left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian: Option<Key>,
    /// Takes the protocol's fees. Absent: the creator at first, later left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_collector: Option<Key>,
    /// Whether the engine is launched once everything is listed: from then on accounts can be opened, and changes wait.
    #[serde(default = "launched")]
    pub launch: bool,
    /// What is paused. Absent: left alone, so that applying a file never undoes what was stopped in an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Vec<PauseBit>>,
}

/// What can be paused. Repay and deposit cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PauseBit {
    /// Withdrawals.
    Withdraw,
    /// Borrowing.
    Borrow,
    /// Fills.
    Fill,
    /// Liquidations.
    Liquidate,
    /// Settlement of PnL.
    Settle,
    /// Bankruptcy resolution.
    Resolve,
    /// Price updates.
    Price,
    /// New margin accounts.
    OpenAccount,
}

impl PauseBit {
    /// Every one of them, in the order of the bits.
    pub const ALL: [Self; 8] = [
        Self::Withdraw,
        Self::Borrow,
        Self::Fill,
        Self::Liquidate,
        Self::Settle,
        Self::Resolve,
        Self::Price,
        Self::OpenAccount,
    ];

    /// The program's bit.
    pub const fn bit(self) -> u32 {
        match self {
            Self::Withdraw => pause::WITHDRAW,
            Self::Borrow => pause::BORROW,
            Self::Fill => pause::FILL,
            Self::Liquidate => pause::LIQUIDATE,
            Self::Settle => pause::SETTLE,
            Self::Resolve => pause::RESOLVE,
            Self::Price => pause::PRICE,
            Self::OpenAccount => pause::OPEN_ACCOUNT,
        }
    }

    /// Its name, as files and the command line have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw",
            Self::Borrow => "borrow",
            Self::Fill => "fill",
            Self::Liquidate => "liquidate",
            Self::Settle => "settle",
            Self::Resolve => "resolve",
            Self::Price => "price",
            Self::OpenAccount => "open-account",
        }
    }

    /// The sum of some.
    pub fn bits(these: &[Self]) -> u32 {
        these.iter().fold(0, |bits, one| bits | one.bit())
    }

    /// Those of a sum.
    pub fn of_bits(bits: u32) -> Vec<Self> {
        Self::ALL.into_iter().filter(|one| bits & one.bit() != 0).collect()
    }
}

impl Config {
    /// Reads and validates a file.
    ///
    /// # Errors
    /// `File` where it cannot be read, `Config` with the path of the value that is wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::File { path: path.to_path_buf(), reason: error.to_string() })?;
        Self::parse(&text).map_err(|error| error.in_file(path))
    }

    /// Parses and validates a file's text.
    ///
    /// # Errors
    /// `Config`, with the path of the value that is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let deserializer =
            toml::Deserializer::parse(text).map_err(|error| Error::config("the file", error.to_string()))?;
        let config: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            let inner = error.into_inner();
            let line = inner.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
            let place = line.map_or_else(String::new, |line| format!(" (line {line})"));
            let path = if path == "." { "the file".to_owned() } else { path };
            Error::config(path, format!("{}{place}", inner.message()))
        })?;
        config.validate()?;
        Ok(config)
    }

    /// The file's text of this configuration, without comments.
    ///
    /// # Errors
    /// `Config` where a number is too large for TOML.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(|error| Error::config("the configuration", error.to_string()))
    }
}

#[cfg(test)]
mod tests;
