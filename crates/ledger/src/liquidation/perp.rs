//! A perp taken over.

use plimsoll_risk::lazy::Side;
use plimsoll_risk::liquidate::Plan;
use plimsoll_risk::units::BaseUnits;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Books, MarginAccount, Market};

use super::Totals;
use crate::{breakers, perp, pool};

/// What a liquidation of a position moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// A long was taken over, else a short.
    pub long: bool,
    /// By how much both sides' open interest fell.
    pub netted_units: BaseUnits,
}

/// Moves what a plan for a perp says: whole units at spot, the penalty out of the liquidatee's PnL, its insurance share to
/// the market's own claim (CURE-6).
///
/// # Errors
/// `SlotEmpty`, `PositionMissing`, `PositionTableFull`, `PositionTooLarge`, `EpochRingFull`, `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn apply_position(
    plan: &Plan,
    books: &Books<'_>,
    market: &mut Market,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<TakenOver> {
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::SlotEmpty)?;
    let clock = books.funding();
    let from = liquidatee.perp_index(market.index).ok_or(RiskError::PositionMissing)?;
    let to = perp::open_leg(liquidator, market)?;
    let (taken, taker) = (&mut liquidatee.derivatives[from], &mut liquidator.derivatives[to]);
    let long = taken.shares > 0;
    let side = if long { Side::Long } else { Side::Short };
    breakers::count_position(market, slot, side, plan.size.base(), &books.params().breakers, books.now);
    let worth = plan.paid_atoms.signed()?;
    let (kept, fee) = (plan.received_atoms.signed()?, plan.fee_atoms.signed()?);
    // The liquidatee sells a long (is paid) or buys back a short (pays); the penalty comes out of his PnL.
    let sold = if long { worth } else { plan.paid_atoms.negative()? };
    let liquidatee_cash = sold.try_sub(kept)?.try_sub(fee)?;
    let liquidator_cash = kept.try_sub(sold)?;
    let exchanged = if long {
        perp::exchange(slot, market, taker, taken, plan.size.base(), liquidator_cash, liquidatee_cash, clock)
    } else {
        perp::exchange(slot, market, taken, taker, plan.size.base(), liquidatee_cash, liquidator_cash, clock)
    }?;
    pool::add_own_claim(market, plan.fee_atoms)?;
    perp::close_leg_if_zero(liquidatee, from, market)?;
    perp::close_leg_if_zero(liquidator, to, market)?;
    Ok(TakenOver { long, netted_units: exchanged.netted_units })
}

/// [`apply_position`] on copies.
pub(super) fn apply_to_copies(
    market: u8,
    plan: &Plan,
    books: &Books<'_>,
    totals: &mut impl Totals,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
) -> RiskResult<()> {
    let mut market = totals.market(market)?;
    apply_position(plan, books, &mut market, liquidator, liquidatee)?;
    totals.keep_market(market);
    Ok(())
}
