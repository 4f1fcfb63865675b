//! Every test on the in-process chain, in one binary.

#[path = "../adversarial/mod.rs"]
mod adversarial;
#[path = "../instructions/mod.rs"]
mod instructions;
#[path = "../scenarios/mod.rs"]
mod scenarios;
#[path = "../invariants/mod.rs"]
mod invariants;
