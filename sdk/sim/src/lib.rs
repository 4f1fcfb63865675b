//! Replays recorded crashes through the deployed program on an in-process chain, or through the engine's crates in memory.
//!
//! | module | what |
//! |---|---|
//! | [`world`] | an engine on a chain, for tests, benchmark and replay |
//! | [`data`], [`scenario`], [`path`] | recorded minute bars, the crashes by name, prices every few seconds |
//! | [`feed_plan`] | which oracle update arrives when, and how wide |
//! | [`listing`], [`population`] | banks, markets and the accounts at the start |
//! | [`depth`], [`strategy`], [`desk`], [`order`] | what selling costs, what a liquidator therefore asks for and does afterwards |
//! | [`operation`], [`host`] | what can be done to an engine, and what carries one: a chain, or memory |
//! | [`engine`], [`ops`], [`money`], [`opening`] | every operation, measured, and what comes before the crash |
//! | [`standing`], [`dues`], [`watch`], [`conserve`] | where accounts stand, what cranks have to do, what is written down |
//! | [`config`] | the settings of a replay |
//! | [`rebuild`] | every balance, from events alone |
//! | [`run`], [`race`], [`resolve`] | the loop in process, its liquidators and bankruptcies |
//! | `live` (feature `live`) | the same on a cluster, over RPC |
//! | [`measure`], [`result`], [`format`], [`table`], [`report`] | figures, JSON, terminal and HTML |
#![deny(missing_docs)]

pub mod config;
pub mod conserve;
pub mod depth;
pub mod desk;
pub mod dues;
pub mod engine;
pub mod feed_plan;
pub mod feeds;
pub mod format;
pub mod host;
pub mod listing;
#[cfg(feature = "live")]
pub mod live;
pub mod measure;
pub mod money;
pub mod opening;
pub mod operation;
pub mod ops;
pub mod order;
pub mod population;
pub mod race;
pub mod rebuild;
pub mod report;
pub mod resolve;
pub mod result;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod standing;
pub mod strategy;
pub mod table;
pub mod watch;
pub mod world;

pub use plimsoll_crashes::{data, path};
