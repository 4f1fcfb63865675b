//! Positions in a market: its funding and epochs, the legs of accounts, fills, deleveraging and what rounding leaves.
//!
//! The formulas are [`plimsoll_risk::lazy`]'s, reading them is [`plimsoll_state::MarketSlot::project`]'s. Writing keeps three
//! things in step: a position's shares, its side's total of shares and the count of positions in each epoch.

mod close;
mod exchange;
mod fill;
mod index;
mod legs;
mod rest;
#[cfg(test)]
mod tests;

pub use close::*;
pub use exchange::*;
pub use fill::*;
pub use index::*;
pub use legs::*;
pub use rest::*;
