//! Deleveraging: a bankrupt base is closed against the other side, and what rounding left of one is written off.

use plimsoll_risk::lazy::Side;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{BaseUnits, SignedAtoms, SignedBaseUnits};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{DerivativePosition, FundingClock, Market, MarketSlot};

use super::{accrue_funding, end_epochs, leave, note_rounding, settle_shares, store, touch};

/// A base closed against the opposite side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosedBase {
    /// Base that the position held, signed.
    pub units: SignedBaseUnits,
    /// Units that the opposite side closed; the rest (rounding only) is written off.
    pub closed_units: BaseUnits,
    /// Value of the base at spot that the position received (paid, if negative), quote.
    pub cash_atoms: SignedAtoms,
}

/// Closes a position's whole base against the opposite side at spot, pro rata (INDEX-2). Books funding
/// first, and ends the epoch where it must. The leg's `last_sign` stays.
///
/// # Errors
/// `NumberOutOfRange`.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn close_base(
    slot: &mut MarketSlot,
    market: &mut Market,
    position: &mut DerivativePosition,
    spot: BasePrice,
    clock: FundingClock,
) -> RiskResult<ClosedBase> {
    accrue_funding(slot, clock)?;
    touch(position, slot, Some(market), clock)?;
    let Some(side) = Side::of(position.shares) else {
        return Ok(ClosedBase::default());
    };
    let mut closed = take_base(slot, market, position, side, spot)?;
    let opposite = side.opposite();
    let index = slot.sides[opposite as usize].stored();
    let shares = market.sides[opposite as usize].shares;
    let (index, closed_units) = index.closed_down(opposite, shares, closed.units.unsigned_abs(), spot)?;
    closed.closed_units = closed_units;
    if !closed_units.is_zero() {
        store(&mut slot.sides[opposite as usize], index);
        // Two for the whole side: its open interest and its A are rounded too.
        note_rounding(market, opposite, 2);
    }
    end_epochs(slot, market)?;
    Ok(closed)
}

/// Writes a touched position's base off at spot where nobody holds a unit on the other side, so that nobody is left to
/// close it with. Closes nothing else; a position without a base, or with somebody to close it with, stays as it is.
///
/// Sizes of both sides are equal but for rounding ([`Market::rounding_units`]), so such a base is what rounding left,
/// and writing it off changes nobody's PnL (INDEX-6).
///
/// # Errors
/// `NumberOutOfRange`.
pub fn write_off(
    slot: &MarketSlot,
    market: &mut Market,
    position: &mut DerivativePosition,
    spot: BasePrice,
) -> RiskResult<ClosedBase> {
    match Side::of(position.shares) {
        Some(side) if slot.open_interest(market, side.opposite()).is_zero() => {
            take_base(slot, market, position, side, spot)
        }
        _ => Ok(ClosedBase::default()),
    }
}

/// Takes a touched position's whole base off its side and gives its value at spot for it, rounded against the holder.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
fn take_base(
    slot: &MarketSlot,
    market: &mut Market,
    position: &mut DerivativePosition,
    side: Side,
    spot: BasePrice,
) -> RiskResult<ClosedBase> {
    let shares = position.shares.unsigned_abs();
    let units = slot.sides[side as usize].stored().size_down(shares);
    let totals = &mut market.sides[side as usize];
    totals.shares = totals.shares.checked_sub(shares).ok_or(RiskError::NumberOutOfRange)?;
    leave(totals)?;
    settle_shares(market);
    let cash_atoms = match side {
        Side::Long => spot.value_down(units).signed()?,
        Side::Short => spot.value_up(units).negative()?,
    };
    position.shares = 0;
    position.k_entry.set(0);
    position.cash_atoms = position.cash().try_add(cash_atoms)?.get();
    Ok(ClosedBase { units: side.sized(units)?, closed_units: BaseUnits::ZERO, cash_atoms })
}
