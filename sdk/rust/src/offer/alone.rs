//! A part of a risk unit taken over: today its perp, which is offered as such.

use plimsoll_risk::liquidate::Leg;
use plimsoll_risk::portfolio::Portfolio;

/// Every unit that is more than a perp alone.
pub(super) fn legs(_portfolio: &Portfolio) -> impl Iterator<Item = Leg> {
    core::iter::empty()
}
