//! Every test on the in-process chain, in one binary.

#[path = "../adversarial/mod.rs"]
mod adversarial;
#[path = "../composition/mod.rs"]
mod composition;
#[path = "../differential/mod.rs"]
mod differential;
#[path = "../instructions/mod.rs"]
mod instructions;
#[path = "../invariants/mod.rs"]
mod invariants;
#[path = "../powers/mod.rs"]
mod powers;
#[path = "../scenarios/mod.rs"]
mod scenarios;
