//! A part of a risk unit taken over: today its perp.

use plimsoll_risk::liquidate::Plan;
use plimsoll_risk::RiskResult;
use plimsoll_state::{Books, MarginAccount, Market};

use super::perp::{apply_position, TakenOver};

/// Moves what a plan for a unit says.
///
/// # Errors
/// Those of [`apply_position`].
pub fn apply_unit(
    plan: &Plan,
    books: &Books<'_>,
    market: &mut Market,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<TakenOver> {
    apply_position(plan, books, market, liquidator, liquidatee)
}
