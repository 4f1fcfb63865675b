//! The program in solana-program-test: the validator's own bank, with signatures, fees and the loader's checks.
//!
//! [`tour`] is one story with every instruction in it, told and recorded on LiteSVM; [`replay`] tells it again step by
//! step on the bank and compares every outcome and every byte. LiteSVM runs the features that mainnet has active,
//! the bank **all** there are (calls eight deep among them): a program that behaves differently once a pending feature
//! is activated shows here.

pub mod replay;
pub mod tour;
