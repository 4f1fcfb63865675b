//! What holds after every instruction of any sequence (`docs/invariants.md`), on the chain.

mod action;
mod coverage;
mod draw;
mod liquidation;
mod preset;
mod rebuild;
mod run;
mod sequences;
mod unwind;
