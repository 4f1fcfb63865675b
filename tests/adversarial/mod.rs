//! What an attacker tries: the wrong account in every slot of every instruction, and bad input of every kind.

mod amounts;
mod breakers;
mod by_cpi;
mod clean;
mod data;
mod errors;
mod escapes;
mod extremes;
mod foreign;
mod keys;
mod lifecycle;
mod mints;
mod mutation;
mod neutral;
mod pauses;
mod prices;
mod program;
mod records;
mod refusals;
mod roles;
mod sealevel;
mod states;
mod stored;

pub use plimsoll_tests::valid::{calls, stage};
