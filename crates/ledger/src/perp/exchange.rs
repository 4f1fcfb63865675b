//! Positions passing between two accounts: fills and liquidations.

use plimsoll_risk::lazy::{Index, Side};
use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_risk::units::{BaseUnits, SignedAtoms};
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
    /// What the giver closes.
    gives: BaseUnits,
    /// What the receiver gains.
    gains: BaseUnits,
}

impl Flow {
    /// The giver ends with exactly `gives` units less, whatever A is; the side's total follows the shares.
    fn give(&self, totals: &mut SideTotals, giver: &mut DerivativePosition) -> RiskResult<()> {
        if self.gives.is_zero() {
            return Ok(());
        }
        let size = self.index.size_down(shares_on(giver, self.side));
        let left = size.try_sub(self.gives).map_err(|_| RiskError::LegEmpty)?;
        self.resize(totals, giver, left)?;
        if left.is_zero() {
            leave(totals)?;
        }
        Ok(())
    }

    /// The receiver ends with exactly `gains` units more. Called once both sides have been given up.
    fn receive(&self, totals: &mut SideTotals, receiver: &mut DerivativePosition) -> RiskResult<()> {
        if self.gains.is_zero() {
            return Ok(());
        }
        let held = shares_on(receiver, self.side);
        let size = self.index.size_down(held).saturating_add(self.gains);
        if size > BaseUnits::new(MAX_BASE_UNITS) {
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
    fn resize(&self, totals: &mut SideTotals, position: &mut DerivativePosition, size: BaseUnits) -> RiskResult<()> {
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
    /// By how much both sides' open interest grew.
    pub opened_units: BaseUnits,
    /// By how much both sides' open interest fell.
    pub netted_units: BaseUnits,
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
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn exchange(
    slot: &MarketSlot,
    market: &mut Market,
    buyer: &mut DerivativePosition,
    seller: &mut DerivativePosition,
    units: BaseUnits,
    buyer_cash: SignedAtoms,
    seller_cash: SignedAtoms,
    clock: FundingClock,
) -> RiskResult<Exchanged> {
    if units > BaseUnits::new(MAX_BASE_UNITS) {
        return Err(RiskError::PositionTooLarge);
    }
    touch(buyer, slot, Some(market), clock)?;
    touch(seller, slot, Some(market), clock)?;
    let long = slot.index_at(Side::Long, clock)?;
    let short = slot.index_at(Side::Short, clock)?;
    let closes_long = units.min(long.size_down(shares_on(seller, Side::Long)));
    let closes_short = units.min(short.size_down(shares_on(buyer, Side::Short)));
    let closes = closes_long.saturating_add(closes_short);
    let (opened, netted) = (units.saturating_sub(closes), closes.saturating_sub(units));
    if !opened.is_zero() {
        for (index, totals) in slot.sides.iter().zip(&market.sides) {
            if totals.is_ring_full(index.epoch) || index.stored().is_worn_out() {
                return Err(RiskError::EpochRingFull);
            }
        }
    }
    let flow =
        |side: Side, index, gives, gains| Flow { side, index, epoch: slot.sides[side as usize].epoch, gives, gains };
    let (longs, shorts) = (
        flow(Side::Long, long, closes_long, units.saturating_sub(closes_short)),
        flow(Side::Short, short, closes_short, units.saturating_sub(closes_long)),
    );
    let [long_totals, short_totals] = &mut market.sides;
    longs.give(long_totals, seller)?;
    shorts.give(short_totals, buyer)?;
    longs.receive(long_totals, buyer)?;
    shorts.receive(short_totals, seller)?;
    settle_shares(market);
    buyer.cash_atoms = buyer.cash().try_add(buyer_cash)?.get();
    seller.cash_atoms = seller.cash().try_add(seller_cash)?.get();
    Ok(Exchanged { opened_units: opened, netted_units: netted })
}
