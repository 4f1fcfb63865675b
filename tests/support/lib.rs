//! What the tests share: the in-process world of the simulator, and assertions in words.

mod assert;

pub use assert::*;
pub use plimsoll::error::EngineError;
pub use plimsoll_sdk::{decode, ix, ix::args, pda};
pub use plimsoll_sim::world::*;
