//! The only writer of balances and positions.

pub mod token;
pub mod transfer;
