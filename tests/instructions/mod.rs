//! Each instruction: what it does, and what it refuses.

mod accounts;
mod engine;
mod feeds;
mod listings;
mod refusals;
mod world;
