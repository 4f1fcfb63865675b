//! Recorded crashes of SOL and BTC: what the replay and `plimsoll price crash` play.
//!
//! | module | what |
//! |---|---|
//! | [`data`] | recorded minute bars, embedded as text files that name their source |
//! | [`crash`] | the crashes by their dates |
//! | [`path`] | prices every few seconds |
#![deny(missing_docs)]

pub mod crash;
pub mod data;
pub mod path;

pub use crash::{Crash, SolPrice, Underlying, Window};
