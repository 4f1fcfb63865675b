//! The keeper against an in-process chain, and against everything that goes wrong between them.

mod duties;
mod faults;
mod node;
mod prices;
mod process;
mod socket;
mod stage;
