//! What only a replay on a cluster has to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Spread;

/// Where a replay on a cluster ran, and how that went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterRun {
    /// The cluster's name, or the host of its node: an address may carry a key.
    pub name: String,
    /// Address of the engine.
    pub engine: String,
    /// Number of the engine among the payer's.
    pub engine_id: u16,
    /// Who paid.
    pub payer: String,
    /// Recorded seconds in a second.
    pub speed: u32,
    /// Recorded seconds that were played.
    pub recorded_secs: u64,
    /// Why it ended before the recording did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_early: Option<String>,
    /// Seconds of the cluster from the first price of the recording to the last.
    pub played_secs: f64,
    /// Slots of the first and of the last look at the engine.
    pub slots: [u64; 2],
    /// Looks at the whole engine.
    pub looks: u64,
    /// Recorded seconds between two looks: nothing shorter is seen of an account under water.
    pub look_secs: Spread,
    /// Rounds of prices posted.
    pub rounds_posted: u64,
    /// Rounds of prices that failed.
    pub rounds_failed: u64,
    /// Calls of the node that failed and were made again, by reason.
    pub retries: BTreeMap<String, u64>,
    /// Times that the node did not answer while the recording played, until it did again.
    pub connections_lost: u64,
    /// Transactions signed, set-up and those that were tried again counted.
    pub transactions_signed: u64,
    /// Confirmed transactions whose compute units the node did not tell.
    pub unmeasured: u64,
    /// Lamports that the payer spent, rent included; none where the liquidators could not give back what they had left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_lamports: Option<u64>,
    /// Deficits of markets and uncovered debt of the settlement token's bank at the end, quote atoms.
    pub deficit_atoms: u64,
}
