//! Positions passing between two accounts: fills and liquidations.

use plimsoll_risk::lazy::{Index, Side};
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{DerivativePosition, FundingClock, Market, MarketSlot, SideTotals};

use super::{enter, leave, settle_shares, touch};

/// Shares of one side that a position holds.
#[inline(always)]
fn shares_on(position: &DerivativePosition, side: Side) -> u64 {
    if Side::of(position.shares) == Some(side) {
        position.shares.unsigned_abs()
    } else {
        0
    }
}

/// How one side takes part in an exchange.
#[derive(Clone, Copy)]
struct Flow {
    side: Side,
    index: Index,
    epoch: u32,
    /// Units the giver closes.
    gives: u64,
    /// Units the receiver gains.
    gains: u64,
}

impl Flow {
    /// The giver ends with exactly `gives` units less, whatever A is; the side's total follows the shares.
    fn give(&self, totals: &mut SideTotals, giver: &mut DerivativePosition) -> RiskResult<()> {
        if self.gives == 0 {
            return Ok(());
        }
        let size = self.index.size_down(shares_on(giver, self.side));
        let left = size.checked_sub(self.gives).ok_or(RiskError::LegEmpty)?;
        self.resize(totals, giver, left)?;
        if left == 0 {
            leave(totals)?;
        }
        Ok(())
    }

    /// The receiver ends with exactly `gains` units more. Called once both sides have been given up.
    fn receive(&self, totals: &mut SideTotals, receiver: &mut DerivativePosition) -> RiskResult<()> {
        if self.gains == 0 {
            return Ok(());
        }
        let held = shares_on(receiver, self.side);
        let size = self.index.size_down(held).checked_add(self.gains).ok_or(RiskError::PositionTooLarge)?;
        if size > MAX_BASE_UNITS {
            return Err(RiskError::PositionTooLarge);
        }
        if held == 0 {
            receiver.k_entry.set(self.index.k);
            receiver.epoch = self.epoch;
            receiver.last_sign = self.side.sign();
            enter(totals)?;
        }
        self.resize(totals, receiver, size)
    }

    /// Brings a position to exactly `size` units.
    ///
    /// Shares never pass as they are: what they are worth in whole units depends on what a position holds already, so
    /// a receiver's sum could round to a unit more than the giver lost, or to one less.
    fn resize(&self, totals: &mut SideTotals, position: &mut DerivativePosition, size: u64) -> RiskResult<()> {
        let held = shares_on(position, self.side);
        let shares = self.index.shares_up(size)?;
        position.shares = self.side.signed(shares)?;
        let others = totals.shares.checked_sub(held).ok_or(RiskError::NumberOutOfRange)?;
        totals.shares = others.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
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

/// The buyer gains `units` and the seller loses them: longs pass from seller to buyer and shorts from buyer to seller,
/// what both close is netted, what neither held is opened. Sizes change by exactly the units, at any A; shares and their
/// totals follow. Cash moves as given (INDEX-5).
///
/// Positions must be legs of this market; one that is about to be opened has been taken by [`super::open_leg`].
/// Nothing but an opening needs room in the ring, so neither liquidation nor deleveraging is ever blocked (INDEX-4).
///
/// # Errors
/// `EpochRingFull` where something would be opened on a side without room for a new epoch, `PositionTooLarge`,
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "two positions of one market, and what each gives and pays")]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a side is 0 or 1, and there are two; each part that closes is at most the units, which are at most 2^43"
)]
pub fn exchange(
    slot: &MarketSlot,
    market: &mut Market,
    buyer: &mut DerivativePosition,
    seller: &mut DerivativePosition,
    units: u64,
    buyer_cash_atoms: i64,
    seller_cash_atoms: i64,
    clock: FundingClock,
) -> RiskResult<Exchanged> {
    if units > MAX_BASE_UNITS {
        return Err(RiskError::PositionTooLarge);
    }
    touch(buyer, slot, Some(market), clock)?;
    touch(seller, slot, Some(market), clock)?;
    let long = slot.index_at(Side::Long, clock)?;
    let short = slot.index_at(Side::Short, clock)?;
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
    let flow =
        |side: Side, index, gives, gains| Flow { side, index, epoch: slot.sides[side as usize].epoch, gives, gains };
    let (longs, shorts) = (
        flow(Side::Long, long, closes_long, units - closes_short),
        flow(Side::Short, short, closes_short, units - closes_long),
    );
    let [long_totals, short_totals] = &mut market.sides;
    longs.give(long_totals, seller)?;
    shorts.give(short_totals, buyer)?;
    longs.receive(long_totals, buyer)?;
    shorts.receive(short_totals, seller)?;
    settle_shares(market);
    buyer.cash_atoms = buyer.cash_atoms.checked_add(buyer_cash_atoms).ok_or(RiskError::NumberOutOfRange)?;
    seller.cash_atoms = seller.cash_atoms.checked_add(seller_cash_atoms).ok_or(RiskError::NumberOutOfRange)?;
    Ok(Exchanged { opened_units: opened, netted_units: netted })
}
