//! surfpool, behind a proxy that can drop and refuse connections.

use std::path::{Path, PathBuf};

use anyhow::Result;
use plimsoll_localnet::proxy::Proxy;
use plimsoll_localnet::surfnet::{self, find_addon};
use plimsoll_rpc::Cluster;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

use crate::validator::{Program, Validator};

/// A surfnet.
#[derive(Debug)]
pub struct Surfnet {
    // Ends with this value.
    own: surfnet::Surfnet,
    rpc: Proxy,
    ws: Proxy,
}

/// The directory with surfpool's addon; where there is none, the test that asks prints why, which counts as skipped.
pub async fn addon_or_reason() -> Option<PathBuf> {
    find_addon().await.map_err(|reason| println!("skipped: {reason}")).ok()
}

impl Surfnet {
    /// Starts a surfnet with an addon that was found, and deploys programs by its cheat code.
    ///
    /// # Errors
    /// Where it does not start, or refuses a program.
    pub async fn start(addon: &Path, programs: &[Program]) -> Result<Self> {
        let own = surfnet::Surfnet::start(addon, programs).await?;
        let (rpc, ws) = own.addresses()?;
        let (rpc, ws) = (Proxy::start(rpc)?, Proxy::start(ws)?);
        Ok(Self { own, rpc, ws })
    }

    /// Puts a program at its address, in the place of whatever is there.
    ///
    /// # Errors
    /// Where the surfnet refuses it.
    pub async fn deploy(&mut self, program: &Program) -> Result<()> {
        self.own.deploy(program).await
    }

    /// Gives lamports to an address.
    ///
    /// # Errors
    /// Where the surfnet does not.
    pub async fn fund(&mut self, address: &Pubkey, lamports: u64) -> Result<()> {
        self.own.fund(address, lamports).await
    }
}

impl Validator for Surfnet {
    fn name(&self) -> &'static str {
        "surfpool"
    }

    fn cluster(&self) -> Cluster {
        self.own.cluster()
    }

    fn keeper_cluster(&self) -> Cluster {
        let rpc_url = format!("http://{}", self.rpc.address());
        Cluster { name: rpc_url.clone(), rpc_url, ws_url: format!("ws://{}", self.ws.address()) }
    }

    fn keeper_connections(&self) -> Option<u64> {
        Some(self.ws.accepted())
    }

    fn payer(&self) -> Keypair {
        self.own.payer()
    }

    fn fault(&self) -> &'static str {
        "the keeper's connections are dropped and refused"
    }

    async fn break_off(&mut self) -> Result<()> {
        self.rpc.refuse().await;
        self.ws.refuse().await;
        Ok(())
    }

    async fn restore(&mut self) -> Result<()> {
        self.rpc.accept()?;
        self.ws.accept()
    }
}
