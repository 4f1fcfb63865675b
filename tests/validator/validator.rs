//! What the story asks of a validator.

use std::path::{Path, PathBuf};

use anyhow::{bail, Result};
use plimsoll_rpc::Cluster;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

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

/// A program and where it goes.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its address.
    pub id: Pubkey,
    /// Its sBPF file.
    pub file: PathBuf,
}

/// The engine, the oracle that prices are posted through, and the venue.
///
/// # Errors
/// Where one of them has not been built.
pub fn programs() -> Result<Vec<Program>> {
    let named = [
        (plimsoll_sdk::pda::PROGRAM_ID, "PLIMSOLL_SO", "plimsoll"),
        (mock_oracle::ID, "PLIMSOLL_ORACLE_SO", "mock_oracle"),
        (example_venue::ID, "PLIMSOLL_VENUE_SO", "example_venue"),
    ];
    named.into_iter().map(|(id, variable, name)| Ok(Program { id, file: program_file(variable, name)? })).collect()
}

/// The file of a program that `cargo xtask build` wrote, or the one that an environment variable names.
///
/// # Errors
/// Where there is none.
fn program_file(variable: &str, name: &str) -> Result<PathBuf> {
    let file =
        std::env::var_os(variable).map_or_else(|| target().join("deploy").join(format!("{name}.so")), PathBuf::from);
    if !file.is_file() {
        bail!("there is no program at {}; `cargo xtask build` writes it", file.display());
    }
    Ok(std::path::absolute(file)?)
}

/// The workspace's target directory.
pub fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
