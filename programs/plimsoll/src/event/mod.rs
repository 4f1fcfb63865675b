//! Events of everything that moves money, complete enough to rebuild every balance. Emitted by `emit_cpi!`.

mod account;
mod bank;
mod bankruptcy;
mod liquidation;
mod perp;
mod price;

pub use account::*;
pub use bank::*;
pub use bankruptcy::*;
pub use liquidation::*;
pub use perp::*;
pub use price::*;
