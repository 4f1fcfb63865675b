//! Margin view, now and after a move of money, liquidation plan, liquidation prices and a bank's limits from raw account bytes, as a
//! WebAssembly module.
//!
//! The functions are those that the program itself calls, so a client in any language sees what the program would. The
//! module imports nothing, allocates nothing and keeps no state between calls: the host writes three accounts and reads
//! one answer at fixed addresses ([`exports`]).
#![cfg_attr(target_arch = "wasm32", no_std)]
#![deny(missing_docs)]

mod after;
mod answer;
mod code;
#[cfg(target_arch = "wasm32")]
mod exports;
mod limits;
mod prices;

pub use after::margin_after;
pub use answer::{assess, margin_view, plan, Accounts, Assessment, LegReport, PlanReport};
pub use code::{engine_code, Refused};
pub use limits::{bank_limits, market_breaker, BankLimits, Breaker};
pub use prices::{liquidation_prices, LiquidationPrices};
