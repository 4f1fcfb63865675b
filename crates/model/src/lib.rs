//! The exact-rational reference model of the Plimsoll engine, written from the formulas of the design and never from
//! `crates/risk`: where both agree, two readings of one page agree.
//!
//! Nothing here rounds, so callers compare with the program within the rounding that the program states.
//!
//! | module | topic | DESIGN |
//! |---|---|---|
//! | [`rational`] | the number type | 4 Numbers |
//! | [`params`] | parameters and defaults | risk-design 7.1 |
//! | [`portfolio`] | an account in whole quantities and dollars | 1 |
//! | [`margin`] | NAV, MMR, TMR, IMR, quote netting, eligibility | 1, 3 |
//! | [`in_tokens`] | margins where the settlement token is not at par | ADR 2 |
//! | [`edge`] | eligibility edges | 3 |
//! | [`penalty`] | m, p_max, auction and wind-down penalties | 1 |
//! | [`legs`] | what can be closed, best leg, clamps | 1 |
//! | [`sizing`] | x*, dust, regimes | 1 |
//! | [`liquidate`] | fills and after-checks | 1 |
//! | [`listing`] | what may be listed | 1, 3 |
//! | [`fills`] | trades between two accounts | 4 Fills |
//! | [`index`], [`ledger`] | the lazy A/K index and its explicit twin | 2 |
//! | [`allowance`] | what any hour may see | 2 |
//! | [`market`] | deleveraging, socialised loss, pool, deficit | 2, 4 PnL |
//! | [`settle`] | settle_pnl, exit | 4 PnL |
//! | [`bank`], [`rate`] | indices, interest, the rate curve | 4 |
//! | [`ema`] | price averages and variance | 3 |
//! | [`bankruptcy`] | surrender, reservation, payment | 2 |
//! | [`accounting`] | what must add up | 4 Money |

pub mod accounting;
pub mod allowance;
pub mod bank;
pub mod bankruptcy;
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
