//! The engine as a library: its accounts in memory, and one method for what each instruction does to them.
//!
//! Every number comes from [`plimsoll_risk`], every balance is written by [`plimsoll_ledger`], every account is a layout of
//! [`plimsoll_state`], as in the program. What is here is the order in which a handler calls them, and the copies that are
//! dropped where it fails. That the outcome is the program's, byte for byte, is a test: the same crashes are replayed
//! through the built program and through this crate and random operations too
//! (`sdk/sim/tests/in_memory.rs`, `sdk/sim/tests/operations.rs`).
//!
//! | file | instructions |
//! |---|---|
//! | `listing.rs` | `create_engine` with what follows it, `list_price`, `list_bank`, `list_market`, `launch_engine` |
//! | `refresh.rs` | `refresh_price` |
//! | `owner.rs` | `open_account`, `deposit`, `withdraw`, `borrow`, `repay` |
//! | `fill.rs` | `settle_fill` |
//! | `observe.rs` | `observe_margin` |
//! | `liquidate.rs` | `liquidate_collateral`, `liquidate_position` |
//! | `settle.rs` | `settle_pnl`, `take_win` |
//! | `funding.rs` | `report_premium`, `crank_funding` |
//! | `lending.rs` | `accrue`, `fund_insurance`, `sweep_insurance` |
//! | `resolve.rs` | `resolve_bankruptcy` |
//! | `gate.rs` | none: margin checks that several share |
//!
//! Nobody signs here. A method does what the instruction does for a signer who may have it done; delegates, venues and
//! pauses are not known, and an engine in which something is paused is refused ([`Engine::of`]).
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

/// Fails with an error of the engine unless something holds.
macro_rules! ensure {
    ($holds:expr, $error:expr $(,)?) => {
        if !($holds) {
            return Err($error);
        }
    };
}

mod accounts;
mod fill;
mod funding;
mod gate;
mod lending;
mod liquidate;
mod listing;
mod observe;
mod owner;
mod refresh;
mod resolve;
mod settle;

pub use accounts::{AccountNumber, Engine, Holdings};
pub use liquidate::Manner;
pub use listing::Token;
pub use plimsoll_interface::EngineError;
pub use refresh::Readings;

/// What every method returns: an error is the program's own, and then nothing has changed.
pub type Result<T> = core::result::Result<T, EngineError>;
