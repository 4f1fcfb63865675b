//! Replays recorded crashes through the deployed program on an in-process chain.
//!
//! | module | what |
//! |---|---|
//! | [`world`] | an engine on a chain, for tests, benchmark and replay |
//! | [`data`], [`scenario`], [`path`] | recorded minute bars, the crashes by name, prices every few seconds |
//! | [`feed_plan`] | which oracle update arrives when, and how wide |
//! | [`listing`], [`population`] | banks, markets and the accounts at the start |
//! | [`depth`], [`strategy`] | what selling costs, and what a liquidator therefore asks for |
//! | [`engine`], [`ops`], [`money`], [`opening`] | every transaction, measured, and what comes before the crash |
//! | [`run`], [`desk`], [`resolve`], [`watch`], [`conserve`] | the loop, the liquidators, bankruptcies, what is written down |
//! | [`live`] | the same engine on a cluster, over RPC |
//! | [`measure`], [`result`], [`table`], [`report`] | figures, JSON, terminal and HTML |
#![deny(missing_docs)]

pub mod conserve;
pub mod data;
pub mod depth;
pub mod desk;
pub mod engine;
pub mod feed_plan;
pub mod feeds;
pub mod listing;
pub mod live;
pub mod measure;
pub mod money;
pub mod opening;
pub mod ops;
pub mod path;
pub mod population;
pub mod report;
pub mod resolve;
pub mod result;
pub mod rng;
pub mod run;
pub mod scenario;
pub mod strategy;
pub mod table;
pub mod watch;
pub mod world;
