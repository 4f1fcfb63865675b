//! A valid call of every instruction, and of every shape that it has, on a stage on which all of them go through.
//!
//! Attacks are made of these calls, the benchmark measures those that it has no row of its own for, and the validator's bank
//! runs each with every feature active: a new instruction is entered in `calls.rs` and nowhere else.

pub mod calls;
mod mirror;
pub mod stage;

pub use calls::{calls, Call};
pub use mirror::twin;
pub use stage::Stage;
