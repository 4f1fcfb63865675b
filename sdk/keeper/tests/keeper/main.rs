//! The keeper against an in-process chain, and against everything that goes wrong between them.

mod bundles;
mod chain;
mod deploy;
mod duties;
mod faults;
mod fees;
mod forecast;
mod forks;
mod lies;
mod logs;
mod means;
mod money;
mod node;
mod observing;

mod prices;
mod prices_client;
mod prices_pyth;
mod prices_switchboard;
mod process;
mod pyth_chain;
mod snapshots;
mod socket;
mod stage;
