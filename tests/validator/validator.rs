//! What the story asks of a validator.

use anyhow::Result;
use plimsoll_rpc::Cluster;
use solana_keypair::Keypair;

pub use plimsoll_localnet::programs::{programs, target, Program};

/// A local validator.
#[allow(async_fn_in_trait, reason = "used by these tests alone, on one thread")]
pub trait Validator {
    /// Its name in the story.
    fn name(&self) -> &'static str;

    /// Its own endpoints.
    fn cluster(&self) -> Cluster;

    /// The endpoints that the keeper is given.
    fn keeper_cluster(&self) -> Cluster;

    /// Connections that the keeper has made so far, where they can be counted.
    fn keeper_connections(&self) -> Option<u64>;

    /// Who has lamports from the start.
    fn payer(&self) -> Keypair;

    /// What this validator's fault is called.
    fn fault(&self) -> &'static str;

    /// Brings the fault about.
    ///
    /// # Errors
    /// Where it cannot.
    async fn break_off(&mut self) -> Result<()>;

    /// Ends the fault.
    ///
    /// # Errors
    /// Where the validator does not come back.
    async fn restore(&mut self) -> Result<()>;
}
