//! Events of everything that moves money, complete enough to rebuild every balance. Emitted by `emit_cpi!`.

mod account;
mod liquidation;

pub use account::*;
pub use liquidation::*;
