//! Whole stories on the chain: what happens to an account, to its liquidators and to everybody else.

mod ages;
mod bankruptcy;
mod breakers;
mod claims;
mod clocks;
mod closed_borrowing;
mod cure;
mod draws;
mod fees;
mod freezing;
mod full_table;
mod guards;
mod halts;
mod insurance;
mod known_loss;
mod last_unit;
mod limits;
mod outflow;
mod pauses;
mod pnl;
mod quote_decimals;
mod reasons;
mod self_bankruptcy;
mod switchboard;
mod unstoppable;
mod venue;
