//! The only writer of balances and positions.

pub mod perp;
pub mod token;
pub mod transfer;
