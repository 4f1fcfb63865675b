//! The exact-rational reference model of the Plimsoll engine, written from the formulas of `docs/design.md`, never from
//! `crates/risk`: where both agree, two readings of one page agree.
//!
//! Nothing here rounds, so callers compare with the program within the rounding that the program states.
//!
//! | module | topic | requirements |
//! |---|---|---|
//! | [`rational`] | the number type | NUMBER-3 |
//! | [`params`] | parameters and defaults | docs/math.md |
//! | [`portfolio`] | an account in whole quantities and dollars | MARGIN-2, MARGIN-8 |
//! | [`margin`] | NAV, MMR, TMR, IMR, quote netting, eligibility | MARGIN-1 to 7, ELIG-1 |
//! | [`call`] | margin calls, an account after the move of one price | CALL-1 |
//! | [`in_tokens`] | margins where the settlement token is not at par | MARGIN-5 |
//! | [`edge`] | eligibility edges | ELIG-2 |
//! | [`penalty`] | m, p_max, auction and wind-down penalties | CURE-3, CURE-4, WINDDOWN-3 |
//! | [`legs`] | what can be closed, best leg, clamps | LEG-1, CURE-2 |
//! | [`sizing`] | x*, dust, regimes | CURE-1, CURE-2, WINDDOWN-1 |
//! | [`liquidate`] | fills and after-checks | CURE-5, WINDDOWN-3 |
//! | [`listing`] | what may be listed | LISTING-2 to 4 |
//! | [`fills`] | trades between two accounts | FILL-2 to 5 |
//! | [`index`], [`ledger`] | the lazy A/K index and its explicit twin | INDEX-1 to 4 |
//! | [`allowance`] | what any hour may see | INSURE-3 |
//! | [`draw`] | what may be drawn of a fund | INSURE-5 |
//! | [`market`] | deleveraging, socialized loss, pool, deficit | LOSS-2, PNL-1 |
//! | [`settle`] | settle_pnl, exit | PNL-2 to 4 |
//! | [`bank`], [`rate`] | indices, interest, the rate curve | INTEREST-1 to 3 |
//! | [`ema`] | price averages and variance | PRICE-6, PRICE-7 |
//! | [`bankruptcy`] | surrender, reservation, payment | BANKRUPT-5 to 8 |
//! | [`accounting`] | what must add up | MONEY-1 |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod accounting;
pub mod allowance;
pub mod bank;
pub mod bankruptcy;
pub mod call;
pub mod draw;
pub mod edge;
pub mod ema;
pub mod fills;
pub mod in_tokens;
pub mod index;
pub mod ledger;
pub mod legs;
pub mod liquidate;
pub mod listing;
pub mod margin;
pub mod market;
pub mod params;
pub mod penalty;
pub mod portfolio;
pub mod rate;
pub mod rational;
pub mod settle;
pub mod sizing;

pub use legs::{Debt, Leg};
pub use margin::{Margin, QuoteNet, View};
pub use params::Params;
pub use portfolio::{At, Balance, Level, Levels, Perp, Portfolio, Price};
pub use rational::{int, ppm, ratio, Q};
pub use sizing::Regime;

#[cfg(test)]
mod tests;
