//! Operations on the lazy index and on positions, shared by program, keeper and simulator.
//!
//! The formulas are [`plimsoll_risk::lazy`]'s; here they meet the layouts. Reading ([`MarketSlot::project`]) writes
//! nothing and needs no market. Writing keeps three things in step: a position's shares, its side's total of shares
//! and the count of positions in each epoch.

mod close;
mod exchange;
mod index;
mod legs;
mod rest;
#[cfg(test)]
mod tests;

pub use close::*;
pub use exchange::*;
pub use index::*;
pub use legs::*;
pub use rest::*;
