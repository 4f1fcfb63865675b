//! Every formula of the Plimsoll engine, exactly once.
//!
//! The program, the keeper and the simulator call these functions; none of them takes an account, allocates,
//! panics or contains unsafe code. Where a function divides, its name ends in `_down` or `_up`.
//!
//! | module | what it decides |
//! |---|---|
//! | [`num`] | widening products, divisions with a direction |
//! | [`fixed_checked`] | 48-bit fractions and the exponential, every operation checked |
//! | [`price`] | prices as mantissa and exponent, the value of an amount |
//! | [`params`] | the engine's parameters, their bounds and cross-conditions |
//! | [`ratchet`] | what a change of a parameter does to users, and how fast it may come |
//! | [`oracle`] | guards, moving averages and variance of one price slot |
//! | [`bank`] | interest: rate curve, indices, booking |
//! | [`lazy`] | the A/K index of one market side: funding, deleveraging, socialized loss |
//! | [`perp`] | fills, funding, settlement of PnL |
//! | [`portfolio`] | an account as plain numbers |
//! | [`margin`] | NAV and requirements at every level |
//! | [`auction`] | penalties and regimes |
//! | [`liquidate`] | the plan of one liquidation |
//! | [`waterfall`] | insurance, reservation and socialized loss |
//! | [`draw`] | how much of insurance may be drawn |
//! | [`allowance`] | how much may be spent within any hour or day |
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

pub mod allowance;
pub mod auction;
pub mod bank;
pub mod breaker;
pub mod draw;
pub mod error;
pub mod fixed_checked;
pub mod lazy;
pub mod liquidate;
pub mod listing;
pub mod margin;
pub mod num;
pub mod oracle;
pub mod outflow;
pub mod params;
pub mod perp;
pub mod portfolio;
pub mod price;
pub mod ratchet;
pub mod units;
pub mod waterfall;

pub use error::{RiskError, RiskResult};
