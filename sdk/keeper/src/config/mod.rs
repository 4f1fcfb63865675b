//! The keeper's configuration: a TOML file in which every key has a default; `keeper.example.toml` writes them all out.

mod check;
mod jobs;
mod prices;
mod print;
mod send;

use std::path::{Path, PathBuf};

use plimsoll_rpc::Cluster;
use serde::{Deserialize, Serialize};
use solana_pubkey::Pubkey;

pub use jobs::{
    AccrueConfig, BankruptcyConfig, ChangesConfig, FundingConfig, Jobs, LiquidateConfig, ObserveConfig, RampsConfig,
    RefreshConfig, SettleConfig, SweepConfig, LIQUIDATE,
};
pub use prices::PricesConfig;
pub use send::{JitoConfig, SendConfig, LEAST_TIP_LAMPORTS};

/// Why a configuration cannot be used; every text names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// It is not TOML, has an unknown key or a value of another type.
    #[error("the configuration is not valid: {0}")]
    Malformed(#[from] toml::de::Error),
    /// Values out of bounds, one a line.
    #[error("the configuration has bad values:\n{}", .0.join("\n"))]
    BadValues(Vec<String>),
    /// One of the above, in a file.
    #[error("{path}: {reason}")]
    In {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: Box<ConfigError>,
    },
}

/// The keeper's whole configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address of the engine that is kept; required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Simulates and logs, sends nothing.
    pub dry_run: bool,
    /// What is under way when the keeper is stopped is waited for this long.
    pub stop_secs: u64,
    /// The node.
    pub cluster: ClusterConfig,
    /// Who signs, and for which account.
    pub keys: KeysConfig,
    /// How accounts are followed.
    pub stream: StreamConfig,
    /// When accounts are looked at again.
    pub index: IndexConfig,
    /// How transactions are sent.
    pub send: SendConfig,
    /// Jito's block engine.
    pub jito: JitoConfig,
    /// Where prices come from besides the chain.
    pub prices: PricesConfig,
    /// Metrics and health over HTTP.
    pub http: HttpConfig,
    /// The jobs.
    pub jobs: Jobs,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: None,
            dry_run: false,
            stop_secs: 10,
            cluster: ClusterConfig::default(),
            keys: KeysConfig::default(),
            stream: StreamConfig::default(),
            index: IndexConfig::default(),
            send: SendConfig::default(),
            jito: JitoConfig::default(),
            prices: PricesConfig::default(),
            http: HttpConfig::default(),
            jobs: Jobs::default(),
        }
    }
}

/// The node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClusterConfig {
    /// `localnet`, `devnet`, `testnet`, `mainnet-beta`, or the address of a node.
    pub url: String,
    /// Address of its subscriptions; by default the one that belongs to `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ws_url: Option<String>,
    /// The cluster that the node must belong to, by its genesis hash; by default the one that `url` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// How long an answer is waited for.
    pub timeout_secs: u64,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self { url: "localnet".into(), ws_url: None, expect: None, timeout_secs: 30 }
    }
}

/// Who signs, and for which account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// Key that pays fees and signs as the liquidator account's delegate, with the right to liquidate.
    pub keypair: String,
    /// The margin account that pays for what is liquidated; without one nothing is liquidated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liquidator: Option<String>,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { keypair: "~/.config/solana/id.json".into(), liquidator: None }
    }
}

/// How accounts are followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamConfig {
    /// Follows changes over WebSocket; without it by polling alone.
    pub websocket: bool,
    /// Registry, prices, banks, markets and the clock are read this often, whatever the WebSocket says.
    pub poll_millis: u64,
    /// All margin accounts are read this often while there is no WebSocket.
    pub poll_accounts_millis: u64,
    /// All margin accounts are read this often although there is one.
    pub resync_secs: u64,
    /// Between two snapshots of all margin accounts that something asks for there is at least this.
    pub snapshot_least_millis: u64,
    /// Accounts near their trigger prices are read by address this often, whatever the WebSocket says.
    pub watch_millis: u64,
    /// Most of them.
    pub watch_accounts: usize,
    /// An account is near where a price may move by this much until it is looked at again.
    pub watch_move_ppm: u32,
    /// A WebSocket without any news for this long counts as dead.
    pub silence_secs: u64,
    /// Wait before the first reconnection; doubles with each failure.
    pub reconnect_millis: u64,
    /// Longest wait before a reconnection.
    pub reconnect_max_millis: u64,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            websocket: true,
            poll_millis: 1_000,
            poll_accounts_millis: 5_000,
            resync_secs: 300,
            snapshot_least_millis: 10_000,
            watch_millis: 3_000,
            watch_accounts: 500,
            watch_move_ppm: 50_000,
            silence_secs: 20,
            reconnect_millis: 500,
            reconnect_max_millis: 30_000,
        }
    }
}

/// When accounts are looked at again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexConfig {
    /// Share of an account's excess that interest and funding may use up before it is looked at again; prices have the
    /// rest.
    pub drift_share_ppm: u32,
    /// Longest time without a look at an account with debts or positions.
    pub recheck_secs: u32,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self { drift_share_ppm: 50_000, recheck_secs: 3_600 }
    }
}

/// Metrics and health over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Serves `/metrics` and `/healthz`.
    pub enabled: bool,
    /// Where.
    pub listen: String,
    /// Unhealthy once nothing was heard from the cluster for this long.
    pub unhealthy_secs: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { enabled: true, listen: "127.0.0.1:9464".into(), unhealthy_secs: 30 }
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// `Unreadable`; `In` with `Malformed` or `BadValues`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| ConfigError::Unreadable { path: path.to_path_buf(), reason })?;
        Self::parse(&text).map_err(|reason| ConfigError::In { path: path.to_path_buf(), reason: Box::new(reason) })
    }

    /// Reads and checks a text.
    ///
    /// # Errors
    /// `Malformed`, `BadValues`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// `BadValues`.
    pub fn check(&self) -> Result<(), ConfigError> {
        let bad = check::bad_values(self);
        if bad.is_empty() {
            return Ok(());
        }
        Err(ConfigError::BadValues(bad))
    }

    /// The engine's address.
    ///
    /// # Errors
    /// `BadValues` where there is none.
    pub fn engine(&self) -> Result<Pubkey, ConfigError> {
        let missing = || {
            ConfigError::BadValues(vec![
                "engine: the address of the engine is required, in the file or by --engine".into()
            ])
        };
        self.engine.as_deref().and_then(|text| text.parse().ok()).ok_or_else(missing)
    }

    /// The liquidator's margin account, if any.
    pub fn liquidator(&self) -> Option<Pubkey> {
        self.keys.liquidator.as_deref().and_then(|text| text.parse().ok())
    }

    /// Whether it liquidates.
    pub fn liquidates(&self) -> bool {
        self.jobs.liquidate.enabled && self.liquidator().is_some()
    }

    /// The cluster's endpoints.
    ///
    /// # Errors
    /// `BadValues` where `cluster.url` is none.
    pub fn cluster(&self) -> Result<Cluster, ConfigError> {
        let bad = |error: plimsoll_rpc::Error| ConfigError::BadValues(vec![format!("cluster.url: {error}")]);
        let mut cluster: Cluster = self.cluster.url.parse().map_err(bad)?;
        if let Some(ws_url) = &self.cluster.ws_url {
            cluster.ws_url.clone_from(ws_url);
        }
        Ok(cluster)
    }

    /// The key file, `~` resolved.
    pub fn keypair_path(&self) -> PathBuf {
        let path = &self.keys.keypair;
        match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => PathBuf::from(path),
        }
    }
}

#[cfg(test)]
mod tests;
