//! How transactions are sent.

use std::time::Duration;

use plimsoll_rpc::{Fee, Pace, SendOptions};
use serde::{Deserialize, Serialize};

/// How transactions are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SendConfig {
    /// Percentile of recent fees on the written accounts, of the slots in which anything was paid.
    pub fee_percentile: u8,
    /// Least priority fee, micro-lamports a compute unit.
    pub fee_least_micro_lamports: u64,
    /// Most priority fee, micro-lamports a compute unit, where no gain is at stake.
    pub fee_most_micro_lamports: u64,
    /// How much more each further signature of a transaction bids at least, per cent.
    pub fee_raise_percent: u32,
    /// Share of its gain that a liquidation may cost in all, in place of the bound above, ppm.
    pub fee_gain_share_ppm: u32,
    /// The bank whose token is SOL, for a gain in lamports; by default the one of wrapped SOL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sol_bank: Option<u8>,
    /// Compute-unit limit above what the simulation used, per cent.
    pub compute_headroom_percent: u32,
    /// Least units above it.
    pub compute_headroom_units: u32,
    /// Sets the limit of loaded account data from the simulation.
    pub limit_loaded_data: bool,
    /// How often a transaction whose blockhash expired is signed again.
    pub resigns: u32,
    /// A blockhash is used for this long.
    pub blockhash_millis: u64,
    /// A transaction's status is asked for this often.
    pub status_millis: u64,
    /// A transaction without a status is sent again this often.
    pub resend_millis: u64,
}

impl Default for SendConfig {
    fn default() -> Self {
        Self {
            fee_percentile: 50,
            fee_least_micro_lamports: 1_000,
            fee_most_micro_lamports: 100_000,
            fee_raise_percent: 50,
            fee_gain_share_ppm: 250_000,
            sol_bank: None,
            compute_headroom_percent: 10,
            compute_headroom_units: 6_000,
            limit_loaded_data: true,
            resigns: 2,
            blockhash_millis: 2_000,
            status_millis: 250,
            resend_millis: 1_000,
        }
    }
}

impl SendConfig {
    /// How often the node is bothered with one transaction.
    pub fn pace(&self) -> Pace {
        let (look_every, resend_every) =
            (Duration::from_millis(self.status_millis), Duration::from_millis(self.resend_millis));
        Pace { look_every, resend_every }
    }

    /// As `plimsoll-rpc` takes it; what is bid is reckoned apart ([`crate::fees`]).
    pub fn options(&self) -> SendOptions {
        SendOptions {
            fee: Fee::Fixed(0),
            headroom_percent: self.compute_headroom_percent,
            headroom_units: self.compute_headroom_units,
            limit_loaded_data: self.limit_loaded_data,
        }
    }
}

/// Least tip of a bundle, lamports.
pub const LEAST_TIP_LAMPORTS: u64 = 1_000;

/// Jito's block engine; liquidations go there first, and to the node where they do not land by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JitoConfig {
    /// Its JSON-RPC address, such as `https://mainnet.block-engine.jito.wtf/api/v1/bundles`; none sends no bundles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who is tipped; by default the accounts that the block engine names, by turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip_account: Option<String>,
    /// Tip of a bundle, a part of its transaction and so paid as well where that lands another way.
    pub tip_lamports: u64,
    /// A bundle that has not landed after this goes to the node.
    pub wait_millis: u64,
}

impl Default for JitoConfig {
    fn default() -> Self {
        Self { url: None, tip_account: None, tip_lamports: LEAST_TIP_LAMPORTS, wait_millis: 2_000 }
    }
}
