//! A perp position taken over at spot against a part of the penalty.

use plimsoll_risk::liquidate::{Leg, Plan};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::SignedBaseUnits;

use super::{value_usd_micro_down, Exposure, Instrument, Slippage, Worth};

/// Every position that has a base.
pub(super) fn legs(portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    portfolio.perps().iter().filter(|leg| !leg.units.is_zero()).map(|leg| Leg::Perp { market: leg.market })
}

/// Whether the account is long in a market.
pub(super) fn is_long(portfolio: &Portfolio, market: u8) -> bool {
    portfolio.perps().iter().any(|leg| leg.market == market && leg.units.is_positive())
}

/// The liquidator's part of the penalty; the position itself passes at spot and is what he is exposed to.
pub(super) fn worth(portfolio: &Portfolio, market: u8, long: bool, plan: &Plan) -> Worth {
    let received_usd_micro = value_usd_micro_down(portfolio, portfolio.quote.bank, plan.received_atoms);
    let taken = Exposure { instrument: Instrument::Market(market), long, usd_micro: plan.notional_usd_micro };
    Worth { received_usd_micro, paid_usd_micro: 0, exposures: [Some(taken), None] }
}

/// Quote atoms for the base units: at most for a long, at least for a short.
pub(super) fn limit(plan: &Plan, long: bool, slippage: Slippage) -> (u64, u64) {
    let quote_atoms = if long {
        slippage.most_up(plan.paid_atoms.saturating_sub(plan.received_atoms).get())
    } else {
        slippage.least_down(plan.paid_atoms.saturating_add(plan.received_atoms).get())
    };
    (quote_atoms, plan.size.get())
}
