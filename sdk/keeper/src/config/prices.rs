//! Where prices come from besides the chain, and where they are posted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where prices come from besides the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PricesConfig {
    /// Address of a Hermes, such as `https://pyth.dourolabs.app/hermes`; none asks none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hermes_url: Option<String>,
    /// Environment variable that holds Hermes' API key, sent as a bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hermes_key_env: Option<String>,
    /// Address of a Crossbar, such as `https://crossbar.switchboard.xyz`; none asks none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crossbar_url: Option<String>,
    /// Posts Hermes' updates through Pyth's receiver before refreshing.
    pub post_to_pyth: bool,
    /// Shards of the push feeds that are posted to.
    pub pyth_shards: Vec<u16>,
    /// Which of the receiver's 256 treasuries update fees go to.
    pub pyth_treasury: u8,
    /// Posts what Switchboard's oracles sign, which Crossbar gets, to pull feeds before refreshing.
    pub post_to_switchboard: bool,
    /// Posts what Hermes or Crossbar say to the mock oracle's feeds (test clusters only) before refreshing.
    pub post_to_mock: bool,
    /// A held price so much older than the source's is posted anew.
    pub post_max_age_secs: u32,
    /// A price that moved by so much is posted at once.
    pub post_min_move_ppm: u32,
    /// For feeds that an engine does not pin: the account to which somebody posts them, by feed id in hexadecimal.
    pub posted_accounts: BTreeMap<String, String>,
}

impl Default for PricesConfig {
    fn default() -> Self {
        Self {
            hermes_url: None,
            hermes_key_env: None,
            crossbar_url: None,
            post_to_pyth: false,
            pyth_shards: vec![0],
            pyth_treasury: 0,
            post_to_switchboard: false,
            post_to_mock: false,
            post_max_age_secs: 10,
            post_min_move_ppm: 1_000,
            posted_accounts: BTreeMap::new(),
        }
    }
}
