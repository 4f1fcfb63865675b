//! surfpool from npm, offline, behind a proxy that can drop and refuse connections.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, Context, Result};
use plimsoll_rpc::Cluster;
use serde::Deserialize;
use serde_json::json;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::child::Spoken;
use crate::proxy::Proxy;
use crate::validator::{target, Program, Validator};

/// Slots are as long as on mainnet in 2026.
const SLOT_MILLIS: u32 = 200;
const ADDON: &str = "node_modules/@solana/surfpool-linux-x64-gnu/surfpool-sdk.linux-x64-gnu.node";

/// A surfnet.
#[derive(Debug)]
pub struct Surfnet {
    // Ends with this value.
    child: Spoken,
    at: Said,
    rpc: Proxy,
    ws: Proxy,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    rpc_url: String,
    ws_url: String,
    payer: Vec<u8>,
}

/// The directory with surfpool's addon, installed by `npm ci` from the committed lock file where it is not there yet;
/// or a sentence on why there is none.
pub async fn find_addon() -> std::result::Result<PathBuf, String> {
    // Tests of one process run at once; the directory is installed once.
    static FOUND: OnceCell<std::result::Result<PathBuf, String>> = OnceCell::const_new();
    FOUND.get_or_init(look_for_addon).await.clone()
}

/// [`find_addon`]'s directory; where there is none, the test that asks prints why, which counts as skipped.
pub async fn addon_or_reason() -> Option<PathBuf> {
    find_addon().await.map_err(|reason| println!("skipped: {reason}")).ok()
}

async fn look_for_addon() -> std::result::Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err("surfpool's addon is for x86-64 Linux with glibc".into());
    }
    let node = Command::new("node").arg("--version").output().await;
    if !node.is_ok_and(|output| output.status.success()) {
        return Err("there is no Node.js: `node --version` does not run".into());
    }
    let directory = target().join("surfpool");
    if directory.join(ADDON).is_file() {
        return Ok(directory);
    }
    install(&directory).await.map_err(|error| format!("{error:#}"))?;
    Ok(directory)
}

async fn install(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    for file in ["package.json", "package-lock.json"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join(file);
        std::fs::copy(&from, directory.join(file)).with_context(|| from.display().to_string())?;
    }
    let npm = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(directory).output().await;
    let output = npm.context("surfpool cannot be installed: `npm` does not run")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let first = reason.lines().next().unwrap_or("no reason given").to_owned();
        return Err(anyhow!("surfpool cannot be installed: `npm ci`: {first}"));
    }
    Ok(())
}

impl Surfnet {
    /// Starts a surfnet with an addon that [`find_addon`] found, and deploys programs by its cheat code.
    ///
    /// # Errors
    /// Where it does not start, or refuses a program.
    pub async fn start(addon: &Path, programs: &[Program]) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/surfpool.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(std::path::absolute(addon)?).arg(SLOT_MILLIS.to_string());
        let (child, at): (Spoken, Said) = Spoken::start(&mut command).await?;
        let (rpc, ws) = (Proxy::start(address(&at.rpc_url)?)?, Proxy::start(address(&at.ws_url)?)?);
        let mut surfnet = Self { child, at, rpc, ws };
        for program in programs {
            surfnet.deploy(program).await?;
        }
        Ok(surfnet)
    }

    /// Puts a program at its address, in the place of whatever is there.
    ///
    /// # Errors
    /// Where the surfnet refuses it.
    pub async fn deploy(&mut self, program: &Program) -> Result<()> {
        let deploy = json!({ "programId": program.id.to_string(), "soPath": program.file });
        self.child.order(json!({ "deploy": deploy })).await
    }

    /// Gives lamports to an address.
    ///
    /// # Errors
    /// Where the surfnet does not.
    pub async fn fund(&mut self, address: &Pubkey, lamports: u64) -> Result<()> {
        self.child.order(json!({ "fund": { "address": address.to_string(), "lamports": lamports } })).await
    }
}

impl Validator for Surfnet {
    fn name(&self) -> &'static str {
        "surfpool"
    }

    fn cluster(&self) -> Cluster {
        let (rpc_url, ws_url) = (self.at.rpc_url.clone(), self.at.ws_url.clone());
        Cluster { name: rpc_url.clone(), rpc_url, ws_url }
    }

    fn keeper_cluster(&self) -> Cluster {
        let rpc_url = format!("http://{}", self.rpc.address());
        Cluster { name: rpc_url.clone(), rpc_url, ws_url: format!("ws://{}", self.ws.address()) }
    }

    fn keeper_connections(&self) -> Option<u64> {
        Some(self.ws.accepted())
    }

    fn payer(&self) -> Keypair {
        let secret = self.at.payer.first_chunk::<32>().copied().unwrap_or_default();
        Keypair::new_from_array(secret)
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

fn address(url: &str) -> Result<SocketAddr> {
    let (_, rest) = url.split_once("://").ok_or_else(|| anyhow!("{url} is not an address"))?;
    rest.trim_end_matches('/').parse().with_context(|| format!("{url} is not an address with a port"))
}
