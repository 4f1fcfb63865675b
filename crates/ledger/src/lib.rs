//! The only writer of balances and positions: what happens to accounts when money, risk or a loss moves.
//!
//! Every function takes layouts of [`plimsoll_state`] and changes them as the program does, so that a keeper or a simulator
//! which calls it on copies sees the program's own outcome to the atom. The formulas are [`plimsoll_risk`]'s; nothing here
//! knows instructions, signers or token programs.
//!
//! | module | writes |
//! |---|---|
//! | [`token`] | balances of an account |
//! | [`totals`] | share totals of a bank |
//! | [`interest`] | indices, fees and rate of a bank |
//! | [`insurance`] | insurance of a bank, waiting and reserved |
//! | [`pool`] | a market's pool, its own claim and its deficit |
//! | [`perp`] | index, open interest, legs: funding, fills, deleveraging |
//! | [`settle`] | what passes between PnL, pool and quote balance |
//! | [`liquidation`] | what passes between liquidator and liquidatee |
//! | [`loss`] | what depositors or one side bear |
//! | [`bankruptcy`] | the stages of a resolution |
//! | [`breakers`] | what was liquidated and drawn lately, and the breakers of both |
//! | [`free`] | nothing: copies, for whoever asks what a move would leave and how much may be taken out |
//! | [`account`], [`gate`] | an account's clocks, its delegate's allowance; what margin checks leave of both |
//!
//! A function that fails may have written part of what it writes: its caller drops the accounts, as the program does when
//! an instruction fails.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Code that handles money may not overflow, panic or truncate without saying so; tests may (CONTRIBUTING).
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

pub mod account;
pub mod bankruptcy;
pub mod breakers;
pub mod free;
pub mod gate;
pub mod insurance;
pub mod interest;
pub mod known;
pub mod liquidation;
pub mod loss;
pub mod outflow;
pub mod perp;
pub mod pool;
pub mod settle;
pub mod token;
pub mod totals;
