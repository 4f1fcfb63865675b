//! An engine on a cluster: which cluster and whose keys, what its accounts hold, and transactions that arrive.
//!
//! | module | what for |
//! |---|---|
//! | [`cluster`] | which cluster, and whether it is the one that was meant |
//! | [`wallet`] | the Solana CLI's configuration and key files |
//! | [`local`] | the file that tells of an engine on a cluster of one's own |
//! | [`engine`] | an engine's accounts, read together and decoded |
//! | [`scan`] | many accounts at once, within what a node takes |
//! | [`sent`] | accounts in the form that a node sends them in |
//! | [`send`] | simulate, limit, price, sign, send |
//! | [`deliver`] | send again until it is certain what became of it |
//! | [`mock`] | the oracle of test clusters |
//! | [`history`] | the program's events, read back: each once, in order, from a cursor on |
//! | [`error`] | what goes wrong, with what to do about it |
#![deny(missing_docs)]

pub mod cluster;
pub mod deliver;
pub mod engine;
pub mod error;
mod foreign;
pub mod history;
mod limits;
pub mod local;
pub mod mock;
mod pace;
pub mod scan;
pub mod send;
pub mod sent;
pub mod wallet;

pub use cluster::Cluster;
pub use engine::{Connection, EngineAccounts, Listed};
pub use error::{Error, Result};
pub use limits::MOST_AT_ONCE;
pub use local::Local;
pub use pace::Pace;
pub use scan::{Reading, Scanned};
pub use send::{Fee, Prepared, SendOptions, Sent, Simulated};
pub use wallet::Wallet;

pub use solana_rpc_client::nonblocking::rpc_client::RpcClient;
