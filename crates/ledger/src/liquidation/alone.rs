//! A part of a risk unit taken over: today its perp.

use plimsoll_risk::liquidate::Plan;
use plimsoll_risk::RiskResult;
use plimsoll_state::{Books, MarginAccount};

use super::{perp, Totals};

/// Moves what a plan for a unit says, on copies.
pub(super) fn apply_to_copies(
    market: u8,
    plan: &Plan,
    books: &Books<'_>,
    totals: &mut impl Totals,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<()> {
    perp::apply_to_copies(market, plan, books, totals, liquidator, liquidatee)
}
