//! What the tests share: the in-process world of the simulator, and assertions in words.

mod act;
mod assert;
mod books;
mod stage;

pub use act::*;
pub use assert::*;
pub use books::*;
pub use plimsoll::error::EngineError;
pub use plimsoll_sdk::{decode, ix, ix::args, pda};
pub use plimsoll_sim::world::*;
pub use stage::*;

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
