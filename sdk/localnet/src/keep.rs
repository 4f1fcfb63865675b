//! The keeper, in this process: no process of its own is left behind, however this one ends.

use std::fs::File;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result};
use plimsoll_keeper::{Config, Keeper};
use solana_pubkey::Pubkey;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing_subscriber::EnvFilter;

use crate::people::KEEPER as NAME;
use crate::place::{Place, KEEPER, KEEPER_LOG, KEYS};

/// What is under way when it is stopped is waited for this long.
const STOP_SECS: u64 = 3;

/// A running keeper.
#[derive(Debug)]
pub struct Kept {
    stop: watch::Sender<bool>,
    task: JoinHandle<plimsoll_rpc::Result<()>>,
}

/// What the keeper is told: prices are taken within a second, everything else is as by default.
pub fn configuration(place: &Place, url: &str, engine: &Pubkey, liquidator: &Pubkey, http_port: u16) -> Config {
    let mut config = Config { engine: Some(engine.to_string()), stop_secs: STOP_SECS, ..Config::default() };
    config.cluster.url = url.to_owned();
    config.keys.keypair = place.path(KEYS).join(format!("{NAME}.json")).display().to_string();
    config.keys.liquidator = Some(liquidator.to_string());
    config.http.listen = format!("127.0.0.1:{http_port}");
    config.stream.poll_millis = 500;
    config.send.compute_headroom_percent = 50;
    config.jobs.refresh_price.every_millis = 500;
    config.jobs.refresh_price.max_age_secs = 1;
    config.jobs.settle_pnl.every_millis = 10_000;
    config.jobs.sweep.every_millis = 10_000;
    config
}

impl Kept {
    /// Starts a keeper; its configuration and its log are files of the directory.
    ///
    /// # Errors
    /// What the keeper finds wrong before it begins.
    pub async fn start(place: &Place, config: Config) -> Result<Self> {
        place.write(KEEPER, &toml::to_string(&config)?)?;
        let log = File::create(place.path(KEEPER_LOG))?;
        let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_ansi(false);
        // Whoever started this process may follow what it does himself already.
        let _ = lines.with_writer(Mutex::new(log)).try_init();
        let keeper = Keeper::new(config, place.key(NAME)?).await.context("the keeper")?;
        let stop = keeper.stopper();
        Ok(Self { stop, task: tokio::spawn(keeper.run()) })
    }

    /// Comes back when it has ended by itself, with the reason.
    pub async fn ended(&mut self) -> String {
        match (&mut self.task).await {
            Ok(Ok(())) => "the keeper has ended".to_owned(),
            Ok(Err(error)) => format!("the keeper has ended: {error}"),
            Err(error) => format!("the keeper has ended: {error}"),
        }
    }

    /// Stops it, and waits a little for what is under way.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(Duration::from_secs(2 * STOP_SECS), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
