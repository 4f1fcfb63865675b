//! Rust client of the Plimsoll engine.
//!
//! | module | what for |
//! |---|---|
//! | [`pda`] | addresses of every account |
//! | [`ix`] | one function per instruction |
//! | [`decode`] | account bytes to layouts |
#![deny(missing_docs)]

pub mod decode;
pub mod ix;
pub mod pda;

pub use plimsoll_risk as risk;
pub use plimsoll_state as state;
