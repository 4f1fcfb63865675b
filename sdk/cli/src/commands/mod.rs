//! One file per group of commands: its arguments, and what it does.

pub mod account;
pub mod account_list;
pub mod account_show;
pub mod bank;
pub mod change;
pub mod crash;
pub mod engine;
pub mod events;
pub mod fill;
pub mod free;
pub mod funds;
pub mod history;
pub mod insurance;
pub mod keeper;
pub mod limits;
pub mod liquidate;
pub mod market;
pub mod pauses;
pub mod price;
pub mod price_list;
pub mod simulate;
pub mod simulate_change;
pub mod standby;
pub mod venue;
pub mod wrap;
