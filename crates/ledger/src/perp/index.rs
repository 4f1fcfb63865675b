//! Writing the index of a side, and a position's way through its epochs.

use plimsoll_risk::lazy::{Index, Side};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{
    DerivativePosition, EpochEnd, FundingClock, Market, MarketSlot, SideIndex, SideTotals, EPOCH_RING,
};

#[inline(always)]
pub(crate) fn store(side: &mut SideIndex, index: Index) {
    side.a = index.a;
    side.k.set(index.k);
}

pub(super) fn enter(totals: &mut SideTotals) -> RiskResult<()> {
    totals.count = totals.count.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
    Ok(())
}

pub(super) fn leave(totals: &mut SideTotals) -> RiskResult<()> {
    totals.count = totals.count.checked_sub(1).ok_or(RiskError::EpochMissing)?;
    Ok(())
}

/// A side without positions has no shares: what rounding kept of them disappears, and where no position is left at
/// all, so does what rounding may have done.
pub(super) fn settle_shares(market: &mut Market) {
    let mut held = false;
    for totals in &mut market.sides {
        if totals.all_positions() == 0 {
            totals.shares = 0;
        } else {
            held = true;
        }
    }
    if !held {
        market.rounding_units = 0;
    }
}

/// A whole side was rounded, by less than a unit for each of its positions and `units` in all.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub(super) fn note_rounding(market: &mut Market, side: Side, units: u64) {
    let most = market.sides[side as usize].all_positions().saturating_add(units);
    market.rounding_units = market.rounding_units.saturating_add(most);
}

/// Books funding up to the clock's time into K of both sides. Every change of A or of the rate comes after this.
///
/// # Errors
/// `NumberOutOfRange` where K leaves its range.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn accrue_funding(slot: &mut MarketSlot, clock: FundingClock) -> RiskResult<()> {
    for side in [Side::Long, Side::Short] {
        let index = slot.index_at(side, clock)?;
        store(&mut slot.sides[side as usize], index);
    }
    slot.funding_at = slot.funding_until().max(clock.now).get();
    Ok(())
}

/// Ends the epochs of sides whose A is worn out, as far as the ring has room; true where one ended (INDEX-3).
///
/// # Errors
/// `NumberOutOfRange` after 2^32 epochs.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn end_epochs(slot: &mut MarketSlot, market: &mut Market) -> RiskResult<bool> {
    let mut ended = false;
    for side in [Side::Long, Side::Short] {
        if end_epoch(&mut slot.sides[side as usize], &mut market.sides[side as usize])? {
            note_rounding(market, side, 0);
            settle_shares(market);
            ended = true;
        }
    }
    Ok(ended)
}

/// Its final A and K enter the ring, the next epoch starts at A = 1 with as many shares as there is open interest.
#[expect(clippy::indexing_slicing, reason = "a remainder of a division by the ring's length is a place of it")]
fn end_epoch(index: &mut SideIndex, totals: &mut SideTotals) -> RiskResult<bool> {
    let stored = index.stored();
    if !stored.is_worn_out() || totals.is_ring_full(index.epoch) {
        return Ok(false);
    }
    let entry = index.epoch as usize % EPOCH_RING;
    index.ring[entry] = EpochEnd { k: index.k, a: index.a, epoch: index.epoch, used: 1 };
    totals.ring_counts[entry] = core::mem::take(&mut totals.count);
    totals.shares = stored.size_down(totals.shares).get();
    index.epoch = index.epoch.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
    store(index, Index::START);
    Ok(true)
}

/// Applies the index to a position: cash up to the clock's time, ended epochs carried over. The first step of every write.
///
/// The market is needed only where the position is of an older epoch, since its count then moves. Where it is there,
/// shares too few to make a unit are dropped.
///
/// # Errors
/// `TotalsRequired` without the market that is needed; as [`MarketSlot::project`].
#[expect(
    clippy::indexing_slicing,
    reason = "a side is 0 or 1, and there are two; a remainder of a division by the ring's length is a place of it"
)]
pub fn touch(
    position: &mut DerivativePosition,
    slot: &MarketSlot,
    market: Option<&mut Market>,
    clock: FundingClock,
) -> RiskResult<()> {
    let Some(side) = Side::of(position.shares) else {
        return Ok(());
    };
    let side_index = &slot.sides[side as usize];
    let mut carried = side_index.carried(position)?;
    let index = slot.index_at(side, clock)?;
    if carried.shares != 0 {
        let cash = index.cash_down(carried.shares, carried.k_entry)?;
        carried.cash_atoms = carried.cash_atoms.try_add(cash)?;
    }
    match market {
        Some(market) => {
            let totals = &mut market.sides[side as usize];
            if position.epoch != side_index.epoch {
                let left = &mut totals.ring_counts[position.epoch as usize % EPOCH_RING];
                *left = left.checked_sub(1).ok_or(RiskError::EpochMissing)?;
                if carried.shares != 0 {
                    enter(totals)?;
                }
            }
            if carried.shares != 0 && index.size_down(carried.shares).is_zero() {
                totals.shares = totals.shares.saturating_sub(carried.shares);
                carried.shares = 0;
                leave(totals)?;
            }
            settle_shares(market);
        }
        None if position.epoch != side_index.epoch => return Err(RiskError::TotalsRequired),
        None => {}
    }
    position.shares = side.signed(carried.shares)?;
    position.cash_atoms = carried.cash_atoms.get();
    position.k_entry.set(if carried.shares == 0 { 0 } else { index.k });
    position.epoch = side_index.epoch;
    Ok(())
}
