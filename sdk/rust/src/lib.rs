//! Rust client of the Plimsoll engine.
//!
//! | module | what for |
//! |---|---|
//! | [`pda`] | addresses of every account |
//! | [`ix`] | one function per instruction, its addresses derived |
//! | [`call`] | the same instructions on addresses that are given, as other programs call them |
//! | [`change`] | what a proposed change is, and what it changes of what is in force |
//! | [`decode`] | account bytes to layouts |
//! | [`event`] | what the program recorded: events of a call, a log and a transaction, by engine and account |
//! | [`offer`] | which leg to liquidate, how much of it, for what gain, at what limit price |
//! | [`view`] | margin and liquidation plan, by the functions that the program itself calls |
#![deny(missing_docs)]

pub mod change;
pub mod decode;
pub mod event;
pub mod ix;
pub mod offer;
pub mod pda;
pub mod view;

pub use plimsoll_interface as call;
pub use plimsoll_interface::answer::LiquidationOutcome;
pub use plimsoll_interface::EngineError;
pub use plimsoll_risk as risk;
pub use plimsoll_state as state;
