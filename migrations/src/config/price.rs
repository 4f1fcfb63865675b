//! A slot of the price board.

use plimsoll_rpc::mock::{pyth_feed, MOCK_ORACLE};
use plimsoll_sdk::ix::args::{OracleSourceArgs, PriceConfigArgs};
use plimsoll_state::{Feed, OracleKind, OracleSource, PriceSlot};
use serde::{Deserialize, Serialize};
use solana_pubkey::Pubkey;

use super::key::{Bytes32, Key};
use super::settings::table;

/// Pyth's older receiver, and the push oracle whose accounts it owns.
pub const PYTH_RECEIVER: Pubkey = Pubkey::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
const PYTH_PUSH_ORACLE: Pubkey = Pubkey::from_str_const("pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT");
/// Pyth's newer receiver, and its push oracle.
pub const PYTH_CORE_RECEIVER: Pubkey = Pubkey::from_str_const("rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp");
const PYTH_CORE_PUSH_ORACLE: Pubkey = Pubkey::from_str_const("pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou");

plimsoll_state::price_settings!(table
    PriceConfig
    /// What people call it; not on chain.
    name: String,
    /// Variance until the first sample, units of 1e-12 per second. Absent: the program's default. Only a listing reads
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variance_prior_pico_per_sec: Option<u32>,
    /// Wins whenever it is valid.
    primary: SourceConfig,
    /// Counts only while the primary is silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secondary: Option<SourceConfig>,
    /// Counts alone while the risk authority or the authority has switched the price to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standby: Option<SourceConfig>,
    /// Creates the primary's account by the mock oracle and posts a first price; test clusters only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mock: Option<MockConfig>,
);

/// A price that the migration itself posts to a feed of the mock oracle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockConfig {
    /// Dollars per whole unit, in units of 1e-8.
    pub price_e8: u64,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A Pyth push feed at a pinned address.
    PythPinned,
    /// Any update of the pinned receiver and feed id; the caller of a refresh chooses the account.
    PythPosted,
    /// A Switchboard on-demand pull feed.
    SwitchboardPull,
}

impl SourceKind {
    const fn stored(self) -> OracleKind {
        match self {
            Self::PythPinned => OracleKind::PythPinned,
            Self::PythPosted => OracleKind::PythPosted,
            Self::SwitchboardPull => OracleKind::SwitchboardPull,
        }
    }

    fn of_stored(kind: u8) -> Option<Self> {
        match OracleKind::try_from(kind).ok()? {
            OracleKind::None => None,
            OracleKind::PythPinned => Some(Self::PythPinned),
            OracleKind::PythPosted => Some(Self::PythPosted),
            OracleKind::SwitchboardPull => Some(Self::SwitchboardPull),
        }
    }
}

/// A source, and what pins it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// What it is.
    pub kind: SourceKind,
    /// The account. Absent for `pyth-posted`; for `pyth-pinned` absent means the push feed (shard 0) of the receiver, or
    /// the creator's feed of the mock oracle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Key>,
    /// Who owns the account.
    pub program: Key,
    /// Pyth feed id, or Switchboard feed hash.
    pub feed_id: Bytes32,
    /// Switchboard queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Key>,
    /// Fewest samples of a Switchboard result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_samples: Option<u8>,
}

impl SourceConfig {
    /// The address that is pinned where the file names none, and it can be derived.
    pub fn derived_address(&self, creator: &Pubkey) -> Option<Pubkey> {
        if self.kind != SourceKind::PythPinned {
            return None;
        }
        let push_oracle = match self.program.0 {
            PYTH_RECEIVER => PYTH_PUSH_ORACLE,
            PYTH_CORE_RECEIVER => PYTH_CORE_PUSH_ORACLE,
            MOCK_ORACLE => return Some(pyth_feed(creator, &self.feed_id.0)),
            _ => return None,
        };
        let shard = 0u16.to_le_bytes();
        Some(Pubkey::find_program_address(&[&shard, &self.feed_id.0], &push_oracle).0)
    }

    /// The program's argument; an address that is absent is nobody's.
    pub fn args(&self) -> OracleSourceArgs {
        OracleSourceArgs {
            kind: self.kind.stored() as u8,
            address: self.address.map_or_else(Pubkey::default, |key| key.0),
            program: self.program.0,
            feed_id: self.feed_id.0,
            queue: self.queue.map_or_else(Pubkey::default, |key| key.0),
            min_samples: self.min_samples.unwrap_or_default(),
        }
    }

    /// What a slot and its feed store; none where it has no such source.
    pub fn observed(source: &OracleSource) -> Option<Self> {
        let key = |bytes: [u8; 32]| (bytes != [0; 32]).then(|| Key::from(bytes));
        Some(Self {
            kind: SourceKind::of_stored(source.kind)?,
            address: key(source.address),
            program: source.program.into(),
            feed_id: Bytes32(source.feed_id),
            queue: key(source.queue),
            min_samples: (source.min_samples != 0).then_some(source.min_samples),
        })
    }
}

impl PriceConfig {
    /// The program's argument.
    pub fn args(&self) -> PriceConfigArgs {
        let [secondary, standby] =
            [&self.secondary, &self.standby].map(|source| source.as_ref().map(SourceConfig::args));
        PriceConfigArgs { primary: self.primary.args(), secondary, standby, ..self.settings() }
    }

    /// What a slot and its feed store; none where nothing valid is listed. A listing's prior and a mock are not stored.
    pub fn observed(name: String, slot: &PriceSlot, feed: &Feed) -> Option<Self> {
        let args = PriceConfigArgs::default().stored(feed, slot);
        let [primary, secondary, standby] = feed.sources.each_ref().map(SourceConfig::observed);
        Some(Self::of(&args, name, None, primary?, secondary, standby, None))
    }
}
