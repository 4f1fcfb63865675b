//! A whole engine on a cluster of one's own, until it is ended: what `cargo xtask localnet` runs, and what tests start a
//! validator with.
//!
//! | module | what |
//! |---|---|
//! | [`run`] | all of it, from the first process to the last file |
//! | [`surfnet`] | surfpool from npm |
//! | [`programs`] | the programs that an engine needs, and their files |
//! | [`place`] | the directory of keys and files, held by one localnet at a time |
//! | [`engine`] | the engine, as `migrations/localnet.toml` says, and a venue |
//! | [`people`] | who has a key, lamports, tokens and margin accounts |
//! | [`walk`] | prices that walk |
//! | [`keep`] | the keeper |
//! | [`told`] | what is printed |
//! | [`child`], [`proxy`] | processes that say where they are in one line of JSON; a TCP proxy |
#![deny(missing_docs)]

pub mod child;
pub mod engine;
pub mod keep;
pub mod people;
pub mod place;
pub mod programs;
pub mod proxy;
pub mod run;
pub mod surfnet;
pub mod told;
pub mod walk;
