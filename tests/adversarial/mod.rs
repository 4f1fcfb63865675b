//! What an attacker tries: the wrong account in every slot of every instruction, and bad input of every kind.

mod calls;
mod clean;
mod data;
mod lifecycle;
mod mutation;
mod neutral;
mod program;
mod roles;
mod sealevel;
mod stage;
mod stored;
