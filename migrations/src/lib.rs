//! Deploys the program, creates and configures an engine from a file, verifies it, and moves accounts from one layout
//! version to the next.
//!
//! | module | what for |
//! |---|---|
//! | [`config`] | an engine's whole configuration, as a file and as it stands on chain |
//! | [`chain`] | an engine as far as it exists |
//! | [`steps`] | what is left to do between the two, and doing it |
//! | [`deploy`] | the program itself, by the upgradeable loader |
//! | [`accounts`] | accounts of older layout versions |
//! | [`verify`] | whether the chain is what the file says |
//! | [`session`] | who signs, where, and how careful to be |
//! | [`error`] | what goes wrong, with what to do about it |
#![deny(missing_docs)]

pub mod accounts;
pub mod chain;
pub mod config;
pub mod deploy;
pub mod error;
pub mod session;
pub mod steps;
pub mod verify;

pub use error::{Error, Result};
pub use session::{Session, SessionArgs};
