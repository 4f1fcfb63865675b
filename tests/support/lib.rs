//! What the tests share: the in-process world of the simulator, and assertions in words.

mod act;
mod assert;
mod books;
mod stage;
pub mod valid;

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{right, MarginAccount};

pub use act::*;
pub use assert::*;
pub use books::*;
pub use plimsoll::error::EngineError;
pub use plimsoll_sdk::{call, decode, ix, ix::args, pda};
pub use plimsoll_sim::world::*;
pub use stage::*;

/// A delegate with every right there is, and a limit that nobody reaches.
pub const fn all_rights(key: Pubkey) -> args::DelegateArgs {
    args::DelegateArgs { key, rights: right::ALL, trade_limit_atoms_per_day: MAX_ATOMS }
}

/// Writes what `set_delegate` would into an account that is being made up.
pub fn give_all_rights(account: &mut MarginAccount, key: &Pubkey) {
    account.delegate = key.to_bytes();
    account.delegate_rights = right::ALL;
    account.delegate_limit_atoms_per_day = MAX_ATOMS;
}

/// Deploys the example venue, built by `cargo xtask build`.
///
/// # Panics
/// Where its file is missing.
pub fn deploy_example_venue(world: &mut World) {
    world.add_program(example_venue::ID, &program_file("PLIMSOLL_VENUE_SO", "example_venue"));
}

/// Deploys the mock oracle, built by `cargo xtask build`.
///
/// # Panics
/// Where its file is missing.
pub fn deploy_mock_oracle(world: &mut World) {
    world.add_program(mock_oracle::ID, &program_file("PLIMSOLL_ORACLE_SO", "mock_oracle"));
}

/// Deploys the hostile program, built by `cargo xtask build`.
///
/// # Panics
/// Where its file is missing.
pub fn deploy_hostile(world: &mut World) {
    world.add_program(testkit_hostile::ID, &program_file("PLIMSOLL_HOSTILE_SO", "testkit_hostile"));
}
