//! Reading the lazy index: what a side's index makes of a position at a time. Writing it is the ledger's.
//!
//! The formulas are [`plimsoll_risk::lazy`]'s; here they meet the layouts. Nothing here needs a market, but for open
//! interest.

use plimsoll_risk::lazy::{funding_per_unit, funding_received, Index, Side};
use plimsoll_risk::units::{BaseUnits, SignedAtoms, SignedBaseUnits};
use plimsoll_risk::{RiskError, RiskResult};

use crate::{
    DerivativePosition, EpochEnd, FundingClock, I128Le, Market, MarketSlot, SideIndex, SideTotals, EPOCH_RING,
};

/// Shares, entry K and cash of a position carried over to its side's current epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Shares of the current epoch, without their sign.
    pub shares: u64,
    /// Cash per share up to which `cash_atoms` includes the index, 64 fraction bits.
    pub k_entry: i128,
    /// Cash of the ended epochs included.
    pub cash_atoms: SignedAtoms,
}

impl SideIndex {
    /// A listed side that nobody has held yet.
    pub const fn start() -> Self {
        Self {
            k: I128Le::new(0),
            a: Index::START.a,
            epoch: 0,
            _pad: 0,
            ring: [EpochEnd { k: I128Le::new(0), a: 0, epoch: 0, used: 0 }; EPOCH_RING],
        }
    }

    /// A and K as stored, K at the slot's `funding_at`.
    #[inline(always)]
    pub const fn stored(&self) -> Index {
        Index { a: self.a, k: self.k.get() }
    }

    /// Final index of an ended epoch.
    #[expect(clippy::indexing_slicing, reason = "a remainder of a division by the ring's length is a place of it")]
    fn ended(&self, epoch: u32) -> RiskResult<Index> {
        let entry = &self.ring[epoch as usize % EPOCH_RING];
        if entry.used == 1 && entry.epoch == epoch {
            Ok(Index { a: entry.a, k: entry.k.get() })
        } else {
            Err(RiskError::EpochMissing)
        }
    }

    /// Follows a position through the epochs that ended since it was touched. Each starts at K = 0.
    #[inline(never)]
    fn carry_over(&self, position: &DerivativePosition) -> RiskResult<Carried> {
        let mut carried = Carried {
            shares: position.shares.unsigned_abs(),
            k_entry: position.k_entry.get(),
            cash_atoms: position.cash(),
        };
        let mut epoch = position.epoch;
        while epoch != self.epoch && carried.shares != 0 {
            let end = self.ended(epoch)?;
            let cash = end.cash_down(carried.shares, carried.k_entry)?;
            carried.cash_atoms = carried.cash_atoms.try_add(cash)?;
            // The next epoch starts with a share for each unit.
            carried.shares = end.size_down(carried.shares).get();
            carried.k_entry = Index::START.k;
            epoch = epoch.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
        }
        Ok(carried)
    }

    /// A position's shares, entry K and cash as of the current epoch; shares are rounded down at the end of each epoch, cash
    /// against the holder. Writes nothing.
    ///
    /// # Errors
    /// `EpochMissing` where the position names an epoch that the ring does not hold; `NumberOutOfRange`.
    #[inline(always)]
    pub fn carried(&self, position: &DerivativePosition) -> RiskResult<Carried> {
        if position.epoch == self.epoch {
            Ok(Carried {
                shares: position.shares.unsigned_abs(),
                k_entry: position.k_entry.get(),
                cash_atoms: position.cash(),
            })
        } else {
            self.carry_over(position)
        }
    }
}

impl SideTotals {
    /// Positions of every epoch.
    #[expect(clippy::arithmetic_side_effects, reason = "five 32-bit numbers in 64 bits")]
    pub fn all_positions(&self) -> u64 {
        self.ring_counts.iter().fold(self.count as u64, |sum, c| sum + *c as u64)
    }

    /// Whether the ring's next entry is still needed, so that the running epoch cannot end (INDEX-3).
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a remainder of a division by the ring's length is a place of it")]
    pub const fn is_ring_full(&self, epoch: u32) -> bool {
        self.ring_counts[epoch as usize % EPOCH_RING] != 0
    }
}

impl MarketSlot {
    /// What a long has paid a short per unit since funding was booked, in units of 2^-64 quote atoms.
    #[inline(always)]
    pub fn pending_funding(&self, clock: FundingClock) -> i128 {
        funding_per_unit(self.funding_per_unit_sec, self.funding_until(), clock.now, clock.max_secs)
    }

    /// A and K of a side with funding projected to the clock's time.
    ///
    /// # Errors
    /// `NumberOutOfRange` where K leaves its range.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn index_at(&self, side: Side, clock: FundingClock) -> RiskResult<Index> {
        let received =
            funding_received(side, self.funding_per_unit_sec, self.funding_until(), clock.now, clock.max_secs);
        self.sides[side as usize].stored().funded_down(received)
    }

    /// Size and cash of a position, funding projected to the clock's time, ended epochs carried
    /// over; both rounded against the holder. Writes nothing.
    ///
    /// # Errors
    /// `NumberOutOfRange`; `EpochMissing` where the position names an epoch that the ring does not hold.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn project(
        &self,
        position: &DerivativePosition,
        clock: FundingClock,
    ) -> RiskResult<(SignedBaseUnits, SignedAtoms)> {
        let Some(side) = Side::of(position.shares) else {
            return Ok((SignedBaseUnits::ZERO, position.cash()));
        };
        let carried = self.sides[side as usize].carried(position)?;
        if carried.shares == 0 {
            return Ok((SignedBaseUnits::ZERO, carried.cash_atoms));
        }
        let index = self.index_at(side, clock)?;
        let cash = index.cash_down(carried.shares, carried.k_entry)?;
        Ok((side.sized(index.size_down(carried.shares))?, carried.cash_atoms.try_add(cash)?))
    }

    /// [`MarketSlot::project`] out of line, for all but the loop over an account's legs.
    ///
    /// # Errors
    /// As there.
    #[inline(never)]
    pub fn holding(
        &self,
        position: &DerivativePosition,
        clock: FundingClock,
    ) -> RiskResult<(SignedBaseUnits, SignedAtoms)> {
        self.project(position, clock)
    }

    /// Open interest of a side, counted in shares.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn open_interest(&self, market: &Market, side: Side) -> BaseUnits {
        self.sides[side as usize].stored().size_down(market.sides[side as usize].shares)
    }
}
