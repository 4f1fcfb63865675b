//! Whole stories on the chain: what happens to an account, to its liquidators and to everybody else.

mod bankruptcy;
mod cure;
mod insurance;
mod pnl;
mod reasons;
mod venue;
