//! One file per group of commands: its arguments, and what it does.

pub mod account;
pub mod bank;
pub mod change;
pub mod crash;
pub mod engine;
pub mod events;
pub mod fill;
pub mod funds;
pub mod history;
pub mod insurance;
pub mod keeper;
pub mod limits;
pub mod liquidate;
pub mod market;
pub mod price;
pub mod simulate;
pub mod simulate_change;
pub mod standby;
pub mod venue;
