//! What an attacker tries: the wrong account in every slot of every instruction, and bad input of every kind.

mod amounts;
mod by_cpi;
pub mod calls;
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
pub mod stage;
mod states;
mod stored;
