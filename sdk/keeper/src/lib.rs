//! The keeper of a Plimsoll engine, as a library: whoever builds his own takes the parts he wants.
//!
//! | module | what for |
//! |---|---|
//! | [`config`], [`check`] | the configuration file, and whether a keeper would start with it |
//! | [`state`] | every account of the engine, decoded, in memory |
//! | [`index`] | which accounts a price can put under water |
//! | [`stream`] | news by WebSocket, snapshots and polling |
//! | [`jobs`] | what is done again and again, each a file |
//! | [`offer`], [`capital`] | the best liquidation, and what it may cost |
//! | [`outbox`], [`fees`], [`jito`] | transactions that arrive |
//! | [`source`] | prices from elsewhere, and posting them |
//! | [`metrics`], [`purse`], [`http`] | what is counted, and where it is read |
//! | [`top`] | the least healthy accounts in a terminal |
//! | [`keeper`] | all of it together |
#![deny(missing_docs)]

pub mod authority;
pub mod backoff;
pub mod capital;
pub mod check;
pub mod config;
pub mod fees;
pub mod http;
pub mod index;
pub mod jito;
pub mod jobs;
pub mod keeper;
pub mod metrics;
pub mod offer;
pub mod outbox;
pub mod purse;
pub mod source;
pub mod state;
pub mod stream;
pub mod top;

pub use config::Config;
pub use keeper::Keeper;
