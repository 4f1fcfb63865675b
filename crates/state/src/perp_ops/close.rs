//! Deleveraging and socialized loss: what one side bears for a bankrupt position of the other.

use plimsoll_risk::lazy::{charge_within_down, rate_of_spot_down, Side, CHARGE_WINDOW_SECS};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::{RiskError, RiskResult};

use super::touch;
use crate::{DerivativePosition, Market, MarketSlot};

/// A base closed against the opposite side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosedBase {
    /// Base that the position held, signed.
    pub units: i64,
    /// Units that the opposite side closed; the rest (rounding only) is written off.
    pub closed_units: u64,
    /// Value of the base at spot that the position received (paid, if negative), quote atoms.
    pub cash_atoms: i64,
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
    spot: UnitPrice,
    now: i64,
    funding_max_secs: u32,
) -> RiskResult<ClosedBase> {
    slot.accrue_funding(now, funding_max_secs)?;
    touch(position, slot, Some(market), now, funding_max_secs)?;
    let Some(side) = Side::of(position.shares) else {
        return Ok(ClosedBase::default());
    };
    let mut closed = take_base(slot, market, position, side, spot)?;
    let opposite = side.opposite();
    let index = slot.sides[opposite as usize].stored();
    let shares = market.sides[opposite as usize].shares;
    let (index, closed_units) = index.closed_down(opposite, shares, closed.units.unsigned_abs(), spot)?;
    closed.closed_units = closed_units;
    if closed_units != 0 {
        slot.sides[opposite as usize].store(index);
        // Two for the whole side: its open interest and its A are rounded too.
        market.note_rounding(opposite, 2);
    }
    slot.end_epochs(market)?;
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
    spot: UnitPrice,
) -> RiskResult<ClosedBase> {
    match Side::of(position.shares) {
        Some(side) if slot.open_interest(market, side.opposite()) == 0 => take_base(slot, market, position, side, spot),
        _ => Ok(ClosedBase::default()),
    }
}

/// Takes a touched position's whole base off its side and gives its value at spot for it, rounded against the holder.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a side is 0 or 1, and there are two; the negative of a non-negative number always fits"
)]
fn take_base(
    slot: &MarketSlot,
    market: &mut Market,
    position: &mut DerivativePosition,
    side: Side,
    spot: UnitPrice,
) -> RiskResult<ClosedBase> {
    let shares = position.shares.unsigned_abs();
    let units = slot.sides[side as usize].stored().size_down(shares);
    let totals = &mut market.sides[side as usize];
    totals.shares = totals.shares.checked_sub(shares).ok_or(RiskError::NumberOutOfRange)?;
    totals.leave()?;
    market.settle_shares();
    let cash_atoms = match side {
        Side::Long => plimsoll_risk::num::to_i64(spot.value_down(units))?,
        Side::Short => -plimsoll_risk::num::to_i64(spot.value_up(units))?,
    };
    position.shares = 0;
    position.k_entry.set(0);
    position.cash_atoms = position.cash_atoms.checked_add(cash_atoms).ok_or(RiskError::NumberOutOfRange)?;
    Ok(ClosedBase { units: side.signed(units)?, closed_units: 0, cash_atoms })
}

/// Charges a loss to one side, pro rata, at most maintenance rate times spot per unit within any hour; what exceeds
/// this or finds no position takes the market's own claim, then is its deficit (LOSS-2). Returns what the side bore.
///
/// # Errors
/// `NumberOutOfRange`.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a side is 0 or 1, and there are two; what is charged is at most the loss"
)]
pub fn socialize(
    slot: &mut MarketSlot,
    market: &mut Market,
    bearing: Side,
    loss_atoms: u64,
    spot: UnitPrice,
    now: i64,
    funding_max_secs: u32,
) -> RiskResult<u64> {
    slot.accrue_funding(now, funding_max_secs)?;
    let open_interest = slot.open_interest(market, bearing);
    let totals = &mut market.sides[bearing as usize];
    let bound = rate_of_spot_down(slot.rates.0.maint_ppm, spot).unsigned_abs();
    let room = totals.charged.room(bound, now, CHARGE_WINDOW_SECS);
    let (charged, per_unit) = charge_within_down(loss_atoms, open_interest, room);
    if charged != 0 {
        let index = slot.sides[bearing as usize].stored().charged(charged, totals.shares)?;
        slot.sides[bearing as usize].store(index);
        totals.charged.spend(per_unit, now, CHARGE_WINDOW_SECS);
        market.socialized_atoms = market.socialized_atoms.saturating_add(charged);
    }
    market.add_deficit(loss_atoms - charged)?;
    Ok(charged)
}
