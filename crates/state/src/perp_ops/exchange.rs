//! Positions passing between two accounts: fills and liquidations.

use plimsoll_risk::lazy::{Index, Side};
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_risk::{RiskError, RiskResult};

use super::touch;
use crate::{DerivativePosition, Market, MarketSlot};

/// Shares of one side that a position holds.
#[inline(always)]
fn shares_on(position: &DerivativePosition, side: Side) -> u64 {
    if Side::of(position.shares) == Some(side) {
        position.shares.unsigned_abs()
    } else {
        0
    }
}

/// Takes `units` off a touched position; returns the shares it gave up. What stays is exactly the rest.
fn give(position: &mut DerivativePosition, side: Side, index: &Index, units: u64) -> RiskResult<u64> {
    if units == 0 {
        return Ok(0);
    }
    let shares = shares_on(position, side);
    let left = index.size_down(shares).checked_sub(units).ok_or(RiskError::LegEmpty)?;
    let kept = index.shares_up(left)?;
    position.shares = side.signed(kept)?;
    shares.checked_sub(kept).ok_or(RiskError::NumberOutOfRange)
}

/// Adds shares to a touched position; one that held none snapshots the side.
fn receive(position: &mut DerivativePosition, side: Side, index: &Index, epoch: u32, shares: u64) -> RiskResult<()> {
    if shares == 0 {
        return Ok(());
    }
    if position.shares == 0 {
        position.k_entry.set(index.k);
        position.epoch = epoch;
        position.last_sign = side.sign();
    }
    let held = shares_on(position, side).checked_add(shares).ok_or(RiskError::PositionTooLarge)?;
    position.shares = side.signed(held).map_err(|_| RiskError::PositionTooLarge)?;
    if index.size_down(held) > MAX_BASE_UNITS {
        return Err(RiskError::PositionTooLarge);
    }
    Ok(())
}

/// How one side takes part in an exchange.
#[derive(Clone, Copy)]
struct Flow {
    side: Side,
    /// Units the giver closes.
    gives: u64,
    /// Units the receiver gains.
    gains: u64,
    /// Of these, units nobody held on this side before.
    opened: u64,
}

impl Flow {
    /// Shares that the receiver gets for the shares given up.
    ///
    /// Without an opening shares pass as they are, so the totals stay (or fall by what was netted); an opening gives
    /// exactly the units.
    fn received_shares(&self, index: &Index, receiver: &DerivativePosition, given: u64) -> RiskResult<u64> {
        if self.opened == 0 {
            return if self.gains == self.gives { Ok(given) } else { Ok(index.shares_up(self.gains)?.min(given)) };
        }
        let held = shares_on(receiver, self.side);
        let size = index.size_down(held).checked_add(self.gains).ok_or(RiskError::PositionTooLarge)?;
        index.shares_up(size)?.checked_sub(held).ok_or(RiskError::NumberOutOfRange)
    }
}

/// What an exchange did to a market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Units by which both sides' open interest grew.
    pub opened_units: u64,
    /// Units by which both sides' open interest fell.
    pub netted_units: u64,
}

/// The buyer gains `units` and the seller loses them: longs pass from seller to buyer and shorts from buyer to seller
/// as shares, what both close is netted, what neither held is opened. Cash moves as given.
///
/// Positions must be legs of this market; one that is about to be opened has been taken by [`MarginAccount::open_leg`].
/// Nothing but an opening needs room in the ring, so neither liquidation nor deleveraging is ever blocked.
///
/// # Errors
/// `EpochRingFull` where something would be opened on a side without room for a new epoch, `PositionTooLarge`,
/// `NumberOutOfRange`.
#[inline(never)]
#[allow(clippy::too_many_arguments)]
pub fn exchange(
    slot: &MarketSlot,
    market: &mut Market,
    buyer: &mut DerivativePosition,
    seller: &mut DerivativePosition,
    units: u64,
    buyer_cash_atoms: i64,
    seller_cash_atoms: i64,
    now: i64,
    funding_max_secs: u32,
) -> RiskResult<Exchanged> {
    if units > MAX_BASE_UNITS {
        return Err(RiskError::PositionTooLarge);
    }
    touch(buyer, slot, Some(market), now, funding_max_secs)?;
    touch(seller, slot, Some(market), now, funding_max_secs)?;
    let long = slot.index_at(Side::Long, now, funding_max_secs)?;
    let short = slot.index_at(Side::Short, now, funding_max_secs)?;
    let closes_long = units.min(long.size_down(shares_on(seller, Side::Long)));
    let closes_short = units.min(short.size_down(shares_on(buyer, Side::Short)));
    let closes = closes_long + closes_short;
    let (opened, netted) = (units.saturating_sub(closes), closes.saturating_sub(units));
    if opened != 0 {
        for (index, totals) in slot.sides.iter().zip(&market.sides) {
            if totals.is_ring_full(index.epoch) || index.stored().is_worn_out() {
                return Err(RiskError::EpochRingFull);
            }
        }
    }
    let long_flow = Flow { side: Side::Long, gives: closes_long, gains: units - closes_short, opened };
    let short_flow = Flow { side: Side::Short, gives: closes_short, gains: units - closes_long, opened };
    let long_given = give(seller, Side::Long, &long, closes_long)?;
    let short_given = give(buyer, Side::Short, &short, closes_short)?;
    let seller_left_long = long_given != 0 && seller.shares == 0;
    let buyer_left_short = short_given != 0 && buyer.shares == 0;
    apply_flow(slot, market, &long_flow, &long, buyer, long_given, seller_left_long)?;
    apply_flow(slot, market, &short_flow, &short, seller, short_given, buyer_left_short)?;
    buyer.cash_atoms = buyer.cash_atoms.checked_add(buyer_cash_atoms).ok_or(RiskError::NumberOutOfRange)?;
    seller.cash_atoms = seller.cash_atoms.checked_add(seller_cash_atoms).ok_or(RiskError::NumberOutOfRange)?;
    Ok(Exchanged { opened_units: opened, netted_units: netted })
}

fn apply_flow(
    slot: &MarketSlot,
    market: &mut Market,
    flow: &Flow,
    index: &Index,
    receiver: &mut DerivativePosition,
    given: u64,
    giver_left: bool,
) -> RiskResult<()> {
    let received = if flow.gains == 0 { 0 } else { flow.received_shares(index, receiver, given)? };
    let joins = received != 0 && receiver.shares == 0;
    receive(receiver, flow.side, index, slot.sides[flow.side as usize].epoch, received)?;
    let totals = &mut market.sides[flow.side as usize];
    if joins {
        totals.enter()?;
    }
    if giver_left {
        totals.leave()?;
    }
    if received != given {
        totals.shares = totals
            .shares
            .checked_sub(given)
            .and_then(|shares| shares.checked_add(received))
            .ok_or(RiskError::NumberOutOfRange)?;
    }
    totals.settle_shares();
    Ok(())
}
