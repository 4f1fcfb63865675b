//! Agave's own test validator, a process that is killed and started again on its ledger.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, Result};
use plimsoll_localnet::child::Spoken;
use plimsoll_rpc::Cluster;
use serde::Deserialize;
use solana_keypair::Keypair;
use solana_signer::Signer as _;
use tempfile::TempDir;
use tokio::process::Command;

use crate::validator::{Program, Validator};

/// Ports that are tried for a pair of free ones.
const PORTS: std::ops::Range<u16> = 18_899..19_899;

/// A test validator and its ledger, which goes with this value.
#[derive(Debug)]
pub struct TestValidator {
    binary: PathBuf,
    ledger: TempDir,
    port: u16,
    programs: Vec<Program>,
    payer: Keypair,
    at: Said,
    process: Spoken,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    rpc_url: String,
    ws_url: String,
}

impl TestValidator {
    /// Starts the validator's binary on a fresh ledger with these programs in its genesis.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start(binary: &Path, programs: Vec<Program>) -> Result<Self> {
        let (ledger, port, payer) = (TempDir::new()?, free_pair()?, Keypair::new());
        let (process, at) = spawn(binary, &ledger, port, &payer, &programs).await?;
        Ok(Self { binary: binary.to_owned(), ledger, port, programs, payer, at, process })
    }
}

async fn spawn(
    binary: &Path,
    ledger: &TempDir,
    port: u16,
    payer: &Keypair,
    programs: &[Program],
) -> Result<(Spoken, Said)> {
    let mut command = Command::new(binary);
    // The directory itself must not be the ledger: one that exists counts as begun.
    command.arg(ledger.path().join("ledger")).arg(port.to_string()).arg(payer.pubkey().to_string());
    command.args(programs.iter().map(|program| format!("{}={}", program.id, program.file.display())));
    command.current_dir(ledger.path());
    Spoken::start(&mut command).await
}

impl Validator for TestValidator {
    fn name(&self) -> &'static str {
        "Agave's test validator"
    }

    fn cluster(&self) -> Cluster {
        let (rpc_url, ws_url) = (self.at.rpc_url.clone(), self.at.ws_url.clone());
        Cluster { name: rpc_url.clone(), rpc_url, ws_url }
    }

    fn keeper_cluster(&self) -> Cluster {
        self.cluster()
    }

    fn keeper_connections(&self) -> Option<u64> {
        None
    }

    fn payer(&self) -> Keypair {
        self.payer.insecure_clone()
    }

    fn fault(&self) -> &'static str {
        "the validator is killed and started again on its ledger"
    }

    async fn break_off(&mut self) -> Result<()> {
        self.process.kill().await
    }

    async fn restore(&mut self) -> Result<()> {
        (self.process, self.at) = spawn(&self.binary, &self.ledger, self.port, &self.payer, &self.programs).await?;
        Ok(())
    }
}

/// A free port whose successor, where subscriptions go, is free too.
fn free_pair() -> Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    PORTS.step_by(2).find(|&port| free(port) && free(port + 1)).ok_or_else(|| anyhow!("no two ports in a row are free"))
}
