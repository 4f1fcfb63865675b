//! The program in solana-program-test: the validator's own bank, with signatures, fees and the loader's checks.
//!
//! [`tour`] is one story, told and recorded on LiteSVM; [`replay`] tells it again step by step on the bank and compares
//! every outcome and every byte. [`each`] does the same with a valid call of every instruction. LiteSVM runs the features that mainnet has active,
//! the bank **all** there are (calls eight deep among them): a program that behaves differently once a pending feature
//! is activated shows here.
//!
//! Both run the sBPF files in `SBF_OUT_DIR` (`cargo xtask test` sets it). Where that is not set or holds none, both run
//! the programs [`native`]ly.

pub mod each;
pub mod native;
pub mod replay;
pub mod runtime;
pub mod tour;
