//! `plimsoll keeper`: the keeper's library behind the session's cluster and key.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use plimsoll_keeper::check;
use plimsoll_keeper::config::Config;
use plimsoll_keeper::top::{top, TopOptions};
use plimsoll_keeper::Keeper;
use plimsoll_migrations::{Session, SessionArgs};
use plimsoll_rpc::wallet::read_key;
use plimsoll_rpc::{Error, Local};
use schemars::JsonSchema;
use serde::Serialize;
use solana_pubkey::Pubkey;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::account_list;
use crate::answer::Answer;
use crate::context::Context;
use crate::fault::Result;
use crate::text::Text;
use crate::usage::usage;

/// Commands of the keeper.
#[derive(Subcommand, Debug)]
pub enum KeeperCommand {
    /// Run a keeper until stopped by Ctrl-C; needs the key of a delegate that may liquidate, never one
    /// to anybody's funds
    Run {
        /// The keeper's configuration; every key has a default
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
        /// What is logged: a filter of `tracing`
        #[arg(long, default_value = "info", env = "RUST_LOG", hide_env_values = true)]
        log: String,
    },
    /// Show the least healthy accounts, refreshed live
    Top {
        /// The keeper's configuration
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
        /// Lines
        #[arg(long, default_value_t = 20)]
        rows: usize,
        /// Between two refreshes
        #[arg(long, default_value_t = 1_000, value_name = "MILLISECONDS")]
        every: u64,
        /// Print once and end
        #[arg(long)]
        once: bool,
    },
    /// Say whether a keeper would start with a configuration: file, key, port, cluster, engine, and
    /// what the key may do
    CheckConfig {
        /// The file
        config: PathBuf,
        /// Ask no node: what can be said without one
        #[arg(long)]
        offline: bool,
    },
}

impl KeeperCommand {
    /// Whether a configuration of its own says where it keeps what.
    pub const fn has_config(&self) -> bool {
        matches!(self, Self::Run { config: Some(_), .. } | Self::Top { config: Some(_), .. } | Self::CheckConfig { .. })
    }
}

/// A keeper's configuration with which nothing is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckedConfig {
    /// The file.
    pub file: String,
    /// The engine that it names.
    pub engine: String,
}

impl Answer for CheckedConfig {
    fn text(&self) -> Text {
        Text::default().facts(vec![("valid", self.file.as_str().into()), ("engine", self.engine.as_str().into())])
    }
}

/// Options that stand before the command.
#[derive(Debug)]
pub struct Overrides {
    /// Cluster, key, caution.
    pub session: SessionArgs,
    /// The engine.
    pub engine: Option<Pubkey>,
    /// Where names come from.
    pub names: Option<PathBuf>,
    /// Answers in JSON.
    pub json: bool,
    /// The local engine that is spoken to.
    pub local: Option<Local>,
}

impl Overrides {
    async fn context(&self, engine: Option<Pubkey>) -> Result<Context> {
        let session = Session::open(&self.session).await?;
        let (names, local) = (self.names.clone(), self.local.clone());
        Ok(Context { session, engine, names, json: self.json, local })
    }
}

/// Runs one. What is on the command line goes before the file; where neither names a cluster, the Solana CLI does.
///
/// # Errors
/// Whatever stops it.
pub async fn run(command: KeeperCommand, overrides: &Overrides) -> Result<()> {
    match command {
        KeeperCommand::Run { config, log } => keep(config, &log, overrides).await,
        KeeperCommand::Top { config, rows, every, once } => {
            let config = load(config, overrides).await?;
            if overrides.json {
                return once_in_json(&config, rows, once, overrides).await;
            }
            if !once && !std::io::stdout().is_terminal() {
                return Err(usage("a table that is refreshed needs a terminal: add --once"));
            }
            let options = TopOptions { rows, every: Duration::from_millis(every.max(50)), once };
            let (stop, stopped) = watch::channel(false);
            tokio::spawn(stop_on_signal(stop));
            Ok(top(config, options, stopped).await?)
        }
        KeeperCommand::CheckConfig { config, offline } => {
            let checked = load(Some(config.clone()), overrides).await?;
            let (engine, key) = (checked.engine().map_err(Error::from)?, overrides.session.keypair.as_deref());
            if offline {
                check::offline(&checked, key)?;
            } else {
                check::online(checked, key).await?;
            }
            let (file, engine) = (config.display().to_string(), engine.to_string());
            CheckedConfig { file, engine }.print(overrides.json);
            Ok(())
        }
    }
}

async fn keep(config: Option<PathBuf>, log: &str, overrides: &Overrides) -> Result<()> {
    let mut config = load(config, overrides).await?;
    config.dry_run |= overrides.session.dry_run;
    refuse_mainnet(&config, &overrides.session)?;
    let filter = EnvFilter::try_new(log).map_err(|error| usage(format!("--log {log:?}: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if overrides.json {
        lines.json().init();
    } else {
        lines.init();
    }
    let path = overrides.session.keypair.clone().unwrap_or_else(|| config.keypair_path());
    let keeper = Keeper::new(config, read_key(&path)?).await?;
    tokio::spawn(stop_on_signal(keeper.stopper()));
    Ok(keeper.run().await?)
}

/// The accounts of one look.
async fn once_in_json(config: &Config, rows: usize, once: bool, overrides: &Overrides) -> Result<()> {
    if !once {
        return Err(usage("a table that is refreshed has no JSON: add --once"));
    }
    let context = overrides.context(Some(config.engine().map_err(Error::from)?)).await?;
    account_list::list(&context, &context.load().await?, None, true, Some(rows)).await
}

async fn load(path: Option<PathBuf>, overrides: &Overrides) -> Result<Config> {
    let (session, engine) = (&overrides.session, overrides.engine);
    let mut config = match &path {
        Some(path) => Config::load(path).map_err(Error::from)?,
        None => Config::default(),
    };
    if path.is_none() || session.url.is_some() {
        let cluster = session.wallet()?.cluster;
        let is_address = cluster.name == cluster.rpc_url;
        config.cluster.url = if is_address { cluster.rpc_url } else { cluster.name };
        config.cluster.ws_url = Some(cluster.ws_url);
    }
    if path.is_none() {
        config.keys.keypair = session.wallet()?.path.display().to_string();
    }
    if let Some(engine) = engine {
        config.engine = Some(engine.to_string());
    }
    if config.engine.is_none() && path.is_none() {
        config.engine = Some(overrides.context(None).await?.engine_address().await?.to_string());
    }
    if config.engine.is_none() {
        return Err(usage("the keeper needs an engine: name it with --engine or in its configuration"));
    }
    config.cluster().map_err(Error::from)?;
    Ok(config)
}

/// By the name or address that is asked for: a node elsewhere is recognised by the keeper's own preflight.
fn refuse_mainnet(config: &Config, session: &SessionArgs) -> Result<()> {
    let cluster = config.cluster().map_err(Error::from)?;
    if cluster.name.contains("mainnet") && !session.yes_mainnet && !config.dry_run {
        return Err(usage("this is mainnet-beta: the program is not audited; pass --yes-mainnet if you mean it"));
    }
    Ok(())
}

/// Stops on Ctrl-C; a second one ends the process at once.
async fn stop_on_signal(stop: watch::Sender<bool>) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    stop.send_replace(true);
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(130);
    }
}
