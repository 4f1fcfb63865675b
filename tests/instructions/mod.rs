//! Each instruction: what it does, and what it refuses.

mod accounts;
mod bounds;
mod engine;
mod feeds;
mod listings;
mod price_pins;
mod refusals;
mod world;
