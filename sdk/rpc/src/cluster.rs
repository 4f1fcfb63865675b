//! Which cluster is spoken to.

use std::str::FromStr;

use solana_hash::Hash;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;

use crate::error::{Error, Result};

/// Genesis hash of mainnet-beta.
const MAINNET_GENESIS: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
/// Genesis hash of devnet.
const DEVNET_GENESIS: &str = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
/// Genesis hash of testnet.
const TESTNET_GENESIS: &str = "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY";

/// A cluster's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// `localnet`, `devnet`, `testnet`, `mainnet-beta`, or the address itself.
    pub name: String,
    /// JSON-RPC over HTTP.
    pub rpc_url: String,
    /// Subscriptions over WebSocket.
    pub ws_url: String,
}

impl FromStr for Cluster {
    type Err = Error;

    /// A moniker as the Solana CLI knows it (`l`, `localhost`, `d`, `devnet`, …) or an HTTP address.
    fn from_str(text: &str) -> Result<Self> {
        let named = |name: &str, url: &str| Self::at(name, url);
        Ok(match text {
            "l" | "localhost" | "localnet" => named("localnet", "http://127.0.0.1:8899"),
            "d" | "devnet" => named("devnet", "https://api.devnet.solana.com"),
            "t" | "testnet" => named("testnet", "https://api.testnet.solana.com"),
            "m" | "mainnet" | "mainnet-beta" => named("mainnet-beta", "https://api.mainnet-beta.solana.com"),
            url if url.starts_with("http://") || url.starts_with("https://") => named(url, url),
            other => {
                return Err(Error::Configuration(format!(
                    "{other:?} is not a cluster: use localnet, devnet, testnet, mainnet-beta or an http(s) address"
                )))
            }
        })
    }
}

impl Cluster {
    fn at(name: &str, rpc_url: &str) -> Self {
        Self { name: name.to_owned(), rpc_url: rpc_url.to_owned(), ws_url: websocket_of(rpc_url) }
    }

    /// What the genesis hash says the cluster is; none for a local or private one.
    pub fn known(genesis: &Hash) -> Option<&'static str> {
        match genesis.to_string().as_str() {
            MAINNET_GENESIS => Some("mainnet-beta"),
            DEVNET_GENESIS => Some("devnet"),
            TESTNET_GENESIS => Some("testnet"),
            _ => None,
        }
    }

    /// Asks the node which cluster it belongs to.
    ///
    /// # Errors
    /// `WrongCluster` where `expected` names another one; an RPC error.
    pub async fn verify(rpc: &RpcClient, expected: Option<&str>) -> Result<Option<&'static str>> {
        let genesis = rpc.get_genesis_hash().await?;
        let found = Self::known(&genesis);
        let Some(expected) = expected else { return Ok(found) };
        let is_public = ["mainnet-beta", "devnet", "testnet"].contains(&expected);
        let same = if is_public { found == Some(expected) } else { found.is_none() || expected.starts_with("http") };
        if same {
            Ok(found)
        } else {
            let found = found.map_or_else(|| format!("a cluster with genesis {genesis}"), str::to_owned);
            Err(Error::WrongCluster { expected: expected.to_owned(), found })
        }
    }
}

/// The address of subscriptions that belongs to an RPC address: a port follows the RPC port, as validators have it.
pub fn websocket_of(rpc_url: &str) -> String {
    let (scheme, rest) = match rpc_url.split_once("://") {
        Some(("https", rest)) => ("wss", rest),
        Some((_, rest)) => ("ws", rest),
        None => ("ws", rpc_url),
    };
    let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    let next = host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?.checked_add(1)?)));
    match next {
        Some((name, port)) => format!("{scheme}://{name}:{port}{path}"),
        None => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monikers_are_those_of_the_solana_cli() {
        for (text, name) in [("l", "localnet"), ("devnet", "devnet"), ("m", "mainnet-beta"), ("t", "testnet")] {
            assert_eq!(text.parse::<Cluster>().unwrap().name, name);
        }
        assert!("moon".parse::<Cluster>().unwrap_err().to_string().contains("moon"));
    }

    #[test]
    fn subscriptions_are_a_port_further_where_a_port_is_named() {
        assert_eq!(websocket_of("http://127.0.0.1:8899"), "ws://127.0.0.1:8900");
        assert_eq!(websocket_of("https://api.devnet.solana.com"), "wss://api.devnet.solana.com");
        assert_eq!(websocket_of("https://node.example/key"), "wss://node.example/key");
    }
}
