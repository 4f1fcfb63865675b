//! surfpool from npm, offline.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{anyhow, Context, Result};
use plimsoll_rpc::Cluster;
use serde::Deserialize;
use serde_json::json;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::child::Spoken;
use crate::programs::{target, Program};

/// Slots are as long as on mainnet in 2026.
const SLOT_MILLIS: u32 = 200;
const ADDON: &str = "node_modules/@solana/surfpool-linux-x64-gnu/surfpool-sdk.linux-x64-gnu.node";

/// A surfnet; it ends with this value.
#[derive(Debug)]
pub struct Surfnet {
    child: Spoken,
    at: Said,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    rpc_url: String,
    ws_url: String,
    payer: Vec<u8>,
}

/// The directory with surfpool's addon, installed by `npm ci` from the committed lock file where it is not there yet;
/// or a sentence on why there is none, with what to install.
pub async fn find_addon() -> std::result::Result<PathBuf, String> {
    // Tests of one process run at once; the directory is installed once.
    static FOUND: OnceCell<std::result::Result<PathBuf, String>> = OnceCell::const_new();
    FOUND.get_or_init(look_for_addon).await.clone()
}

async fn look_for_addon() -> std::result::Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err("surfpool's addon is for x86-64 Linux with glibc".into());
    }
    if !answers("node").await {
        return Err(missing("node"));
    }
    let directory = target().join("surfpool");
    if directory.join(ADDON).is_file() {
        return Ok(directory);
    }
    if !answers("npm").await {
        return Err(missing("npm"));
    }
    install(&directory).await.map_err(|error| format!("{error:#}"))?;
    Ok(directory)
}

async fn answers(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output().await;
    asked.is_ok_and(|output| output.status.success())
}

fn missing(program: &str) -> String {
    format!(
        "surfpool runs in Node.js, and `{program} --version` does not run: install Node.js with npm (Debian: apt-get \
         install nodejs npm; elsewhere https://nodejs.org)"
    )
}

async fn install(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    for file in ["package.json", "package-lock.json"] {
        let from = own_file(file);
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

fn own_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join(name)
}

impl Surfnet {
    /// Starts a surfnet with an addon that [`find_addon`] found, and deploys programs by its cheat code.
    ///
    /// # Errors
    /// Where it does not start, or refuses a program.
    pub async fn start(addon: &Path, programs: &[Program]) -> Result<Self> {
        let mut command = Command::new("node");
        command.arg(own_file("surfpool.mjs")).arg(std::path::absolute(addon)?).arg(SLOT_MILLIS.to_string());
        // Ctrl-C in a terminal reaches its whole group of processes; this one is ended when everything else has.
        #[cfg(unix)]
        command.process_group(0);
        let (child, at): (Spoken, Said) = Spoken::start(&mut command).await?;
        let mut surfnet = Self { child, at };
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

    /// Its endpoints.
    pub fn cluster(&self) -> Cluster {
        let (rpc_url, ws_url) = (self.at.rpc_url.clone(), self.at.ws_url.clone());
        Cluster { name: rpc_url.clone(), rpc_url, ws_url }
    }

    /// Where it listens, for requests and for subscriptions.
    ///
    /// # Errors
    /// Where it has said something else than addresses.
    pub fn addresses(&self) -> Result<(SocketAddr, SocketAddr)> {
        Ok((address(&self.at.rpc_url)?, address(&self.at.ws_url)?))
    }

    /// Who has lamports from the start.
    pub fn payer(&self) -> Keypair {
        let secret = self.at.payer.first_chunk::<32>().copied().unwrap_or_default();
        Keypair::new_from_array(secret)
    }

    /// Comes back when it has ended by itself.
    ///
    /// # Errors
    /// Where the system does not say.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.ended().await
    }

    /// Ends it, and comes back when the process is gone.
    ///
    /// # Errors
    /// Where the system does not kill it.
    pub async fn end(self) -> Result<()> {
        self.child.end().await
    }
}

fn address(url: &str) -> Result<SocketAddr> {
    let (_, rest) = url.split_once("://").ok_or_else(|| anyhow!("{url} is not an address"))?;
    rest.trim_end_matches('/').parse().with_context(|| format!("{url} is not an address with a port"))
}
