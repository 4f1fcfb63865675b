//! The programs that an engine on a cluster of one's own needs, and their files.

use std::path::{Path, PathBuf};

use anyhow::{bail, Result};
use plimsoll_rpc::mock::MOCK_ORACLE;
use solana_pubkey::Pubkey;

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
        (MOCK_ORACLE, "PLIMSOLL_ORACLE_SO", "mock_oracle"),
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

/// The root of the checkout.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// The workspace's target directory.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}
