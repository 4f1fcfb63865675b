//! Every test on the in-process chain, in one binary.

#[path = "../instructions/mod.rs"]
mod instructions;
