//! The engine and its keeper on a validator: one story over RPC, the same on surfpool and on Agave's test validator.
//!
//! | module | what |
//! |---|---|
//! | [`validator`] | what the story asks of a validator |
//! | [`surfnet`] | `plimsoll-localnet`'s surfpool, behind a proxy that can drop and refuse connections |
//! | [`test_validator`] | Agave's own test validator, a process that is killed and started again on its ledger |
//! | [`keeper`] | the keeper binary as a process |
//! | [`tool`] | any binary as a process, and what of its help was typed |
//! | [`stage`] | programs, engine, accounts, prices |
//! | [`story`] | three falls of a price and what must come of them |
//! | [`books`] | every vault to the atom |
//! | [`rebuilt`] | every balance from the stream of events |
//! | [`deployment`] | a program deployed by its own transactions, and then used |
#![deny(missing_docs)]

pub mod books;
pub mod deployment;
pub mod keeper;
pub mod rebuilt;
pub mod stage;
pub mod story;
pub mod surfnet;
pub mod test_validator;
pub mod tool;
pub mod validator;
