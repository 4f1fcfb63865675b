//! What holds after every instruction of any sequence (`research/trust.md` 2.3), on the chain.

mod action;
mod coverage;
mod draw;
mod liquidation;
mod preset;
mod rebuild;
mod run;
mod sequences;
mod unwind;
