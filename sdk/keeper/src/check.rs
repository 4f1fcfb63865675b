//! Whether a keeper would start: everything that [`crate::Keeper::new`] and the beginning of its run fail on, without running.

use std::path::Path;

use plimsoll_rpc::wallet::read_key;
use plimsoll_rpc::{Error, Result};
use solana_keypair::Keypair;

use crate::config::Config;
use crate::keeper::Keeper;

/// The key that signs: that of a file, or the configured one.
///
/// # Errors
/// `Configuration`, naming `keys.keypair` where it is the configured one.
pub fn key(config: &Config, given: Option<&Path>) -> Result<Keypair> {
    match given {
        Some(path) => read_key(path),
        None => {
            read_key(&config.keypair_path()).map_err(|error| Error::Configuration(format!("keys.keypair: {error}")))
        }
    }
}

/// What can be said without a cluster: engine, cluster, key, environment, the address of the metrics.
///
/// # Errors
/// `Configuration`, naming the key.
pub fn offline(config: &Config, given: Option<&Path>) -> Result<Keypair> {
    config.engine()?;
    config.cluster()?;
    if let Some(name) = config.prices.hermes_key_env.as_ref().filter(|name| std::env::var_os(name).is_none()) {
        return Err(Error::Configuration(format!("prices.hermes_key_env: the variable {name} is not set")));
    }
    if config.http.enabled {
        let listen = &config.http.listen;
        std::net::TcpListener::bind(listen)
            .map_err(|error| Error::Configuration(format!("http.listen {listen}: {error}")))?;
    }
    key(config, given)
}

/// All of it: the cluster too, program and engine on it, and whether the key may liquidate. Nothing is sent.
///
/// # Errors
/// Whatever a run would end with at its start.
pub async fn online(config: Config, given: Option<&Path>) -> Result<()> {
    let key = offline(&config, given)?;
    Keeper::new(config, key).await.map(drop)
}
