//! The keeper binary as a process: configured, started, killed, stopped, asked for its metrics.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{bail, Context, Result};
use plimsoll_rpc::Cluster;
use solana_keypair::{write_keypair_file, Keypair};
use solana_pubkey::Pubkey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::tool;

const STOP_SECS: u64 = 20;
const LOG_LINES: usize = 40;

/// What a keeper is told.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The node.
    pub cluster: Cluster,
    /// The engine.
    pub engine: Pubkey,
    /// The margin account that pays for what is liquidated.
    pub liquidator: Pubkey,
}

/// A keeper's process; killed when it is dropped.
#[derive(Debug)]
pub struct Keeper {
    process: Child,
    http: SocketAddr,
    log: PathBuf,
}

/// The keeper's binary: `PLIMSOLL_KEEPER` where that is set, else what cargo builds now.
///
/// # Errors
/// Where cargo does not build it.
pub async fn binary() -> Result<PathBuf> {
    tool::binary("PLIMSOLL_KEEPER", "plimsoll-keeper", "plimsoll-keeper").await
}

impl Keeper {
    /// Starts a keeper that signs with `key`; its files are in `directory` under `name`.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start(binary: &Path, directory: &Path, name: &str, key: &Keypair, setting: &Setting) -> Result<Self> {
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let key_file = directory.join("keeper-key.json");
        write_keypair_file(key, &key_file).map_err(|error| anyhow::anyhow!("the keeper's key: {error}"))?;
        let config = directory.join(format!("{name}.toml"));
        std::fs::write(&config, configuration(setting, &key_file, http)?)?;
        let log = directory.join(format!("{name}.log"));
        let output = std::fs::File::create(&log)?;
        let mut command = Command::new(binary);
        command.arg("run").arg("--config").arg(&config);
        command.env("RUST_LOG", "info").stdin(std::process::Stdio::null()).kill_on_drop(true);
        command.stdout(output.try_clone()?).stderr(output);
        let process = command.spawn().with_context(|| format!("starting {}", binary.display()))?;
        Ok(Self { process, http, log })
    }

    /// Kills it, as a power failure would.
    ///
    /// # Errors
    /// Where the system does not, or it had ended by itself.
    pub async fn kill(mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the keeper had ended by itself: {status}\n{}", self.last_words());
        }
        Ok(self.process.kill().await?)
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// Where it does not stop in time, or not with success.
    pub async fn stop(mut self) -> Result<()> {
        let Some(id) = self.process.id() else { bail!("the keeper had ended by itself\n{}", self.last_words()) };
        let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        if !asked.success() {
            bail!("the keeper cannot be asked to stop");
        }
        let ended = tokio::time::timeout(Duration::from_secs(STOP_SECS), self.process.wait()).await;
        let status = ended.with_context(|| format!("the keeper does not stop\n{}", self.last_words()))??;
        if !status.success() {
            bail!("the keeper stopped with {status}\n{}", self.last_words());
        }
        Ok(())
    }

    /// Sum of a metric over all its labels; zero where it is not there.
    ///
    /// # Errors
    /// Where the keeper does not answer.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.get("/metrics").await?;
        let of_name = |line: &&str| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
        };
        let values = text.lines().filter(of_name).filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Whether it says of itself that it is well.
    ///
    /// # Errors
    /// Where the keeper does not answer.
    pub async fn is_healthy(&self) -> Result<bool> {
        Ok(self.get("/healthz").await?.lines().next().is_some_and(|status| status.contains(" 200 ")))
    }

    async fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.http).await.context("the keeper's HTTP")?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: keeper\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

/// The keeper's TOML: everything fast, so that a test need not wait.
///
/// # Errors
/// Where it cannot be written down.
pub fn configuration(setting: &Setting, key_file: &Path, http: SocketAddr) -> Result<String> {
    let table = toml::toml! {
        [stream]
        poll_millis = 500
        silence_secs = 5
        reconnect_millis = 200
        reconnect_max_millis = 1_000
        [send]
        // Prices move between simulation and execution.
        compute_headroom_percent = 50
        [jobs.refresh_price]
        every_millis = 300
        max_age_secs = 2
        [jobs.settle_pnl]
        every_millis = 3_000
        least_atoms = 100_000
        [jobs.bankruptcy]
        every_millis = 1_000
        [jobs.sweep]
        every_millis = 3_000
        [jobs.liquidate]
        backoff_millis = 500
        backoff_max_millis = 2_000
    };
    let mut all = toml::Table::new();
    all.insert("engine".into(), setting.engine.to_string().into());
    let cluster = [("url", &setting.cluster.rpc_url), ("ws_url", &setting.cluster.ws_url)];
    all.insert("cluster".into(), strings(cluster.map(|(key, value)| (key, value.clone()))));
    let (key_file, liquidator) = (key_file.display().to_string(), setting.liquidator.to_string());
    all.insert("keys".into(), strings([("keypair", key_file), ("liquidator", liquidator)]));
    all.insert("http".into(), strings([("listen", http.to_string())]));
    all.extend(table);
    Ok(toml::to_string(&all)?)
}

fn strings<const N: usize>(pairs: [(&str, String); N]) -> toml::Value {
    toml::Value::Table(pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect())
}
