//! Collateral against a borrow or negative PnL.

use plimsoll_risk::liquidate::{Leg, Liability, Plan};
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::SignedAtoms;

use super::{value_usd_micro_down, Exposure, Instrument, Slippage, Worth, QUOTE};

/// Bank that a liability is paid in.
pub(super) const fn bank_of(liability: Liability) -> u8 {
    match liability {
        Liability::Borrow(bank) => bank,
        Liability::NegativePnl(_) => QUOTE,
    }
}

/// Every balance held against every borrow and every loss at spot.
pub(super) fn legs(portfolio: &Portfolio) -> impl Iterator<Item = Leg> + '_ {
    let (quote, tokens) = (&portfolio.quote, portfolio.tokens());
    let held = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms.is_positive());
    let borrows = tokens.iter().chain([quote]).filter(|leg| leg.amount_atoms.is_negative());
    let losses = portfolio.perps().iter().filter(|leg| leg.pnl_at(leg.prices.spot).is_negative());
    let borrows = borrows.map(|leg| Liability::Borrow(leg.bank));
    let liabilities: Vec<Liability> = borrows.chain(losses.map(|leg| Liability::NegativePnl(leg.market))).collect();
    held.flat_map(move |held| {
        liabilities.clone().into_iter().map(|liability| Leg::Pair { asset: held.bank, liability })
    })
}

/// Collateral in, the payment out, and both as exposures.
pub(super) fn worth(portfolio: &Portfolio, asset: u8, liability: Liability, plan: &Plan) -> Worth {
    let paid_bank = bank_of(liability);
    let received_usd_micro = value_usd_micro_down(portfolio, asset, plan.received_atoms);
    let paid_usd_micro = value_usd_micro_down(portfolio, paid_bank, plan.paid_atoms);
    let exposure = |bank, long, usd_micro| Some(Exposure { instrument: Instrument::Bank(bank), long, usd_micro });
    let exposures = [exposure(asset, true, received_usd_micro), exposure(paid_bank, false, paid_usd_micro)];
    Worth { received_usd_micro, paid_usd_micro, exposures }
}

/// Collateral atoms at least for the atoms paid.
pub(super) fn limit(plan: &Plan, slippage: Slippage) -> (u64, u64) {
    (slippage.least_down(plan.received_atoms.get()), plan.paid_atoms.get())
}
