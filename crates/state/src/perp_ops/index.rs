//! The index of a side and a position's way through its epochs.

use plimsoll_risk::lazy::{funding_per_unit, received_by, Index, Side};
use plimsoll_risk::{RiskError, RiskResult};

use crate::{DerivativePosition, EpochEnd, I128Le, Market, MarketSlot, SideIndex, SideTotals, EPOCH_RING};

/// Shares, entry K and cash of a position carried over to its side's current epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Carried {
    shares: u64,
    k_entry: i128,
    cash_atoms: i64,
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

    #[inline(always)]
    pub(super) fn store(&mut self, index: Index) {
        self.a = index.a;
        self.k.set(index.k);
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
            cash_atoms: position.cash_atoms,
        };
        let mut epoch = position.epoch;
        while epoch != self.epoch && carried.shares != 0 {
            let end = self.ended(epoch)?;
            let cash = end.cash_down(carried.shares, carried.k_entry)?;
            carried.cash_atoms = carried.cash_atoms.checked_add(cash).ok_or(RiskError::NumberOutOfRange)?;
            carried.shares = end.size_down(carried.shares);
            carried.k_entry = Index::START.k;
            epoch = epoch.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
        }
        Ok(carried)
    }

    #[inline(always)]
    fn carried(&self, position: &DerivativePosition) -> RiskResult<Carried> {
        if position.epoch == self.epoch {
            Ok(Carried {
                shares: position.shares.unsigned_abs(),
                k_entry: position.k_entry.get(),
                cash_atoms: position.cash_atoms,
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

    pub(super) fn enter(&mut self) -> RiskResult<()> {
        self.count = self.count.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
    }

    pub(super) fn leave(&mut self) -> RiskResult<()> {
        self.count = self.count.checked_sub(1).ok_or(RiskError::EpochMissing)?;
        Ok(())
    }
}

impl Market {
    /// A side without positions has no shares: what rounding kept of them disappears, and where no position is left at
    /// all, so does what rounding may have done.
    pub(super) fn settle_shares(&mut self) {
        let mut held = false;
        for totals in &mut self.sides {
            if totals.all_positions() == 0 {
                totals.shares = 0;
            } else {
                held = true;
            }
        }
        if !held {
            self.rounding_units = 0;
        }
    }

    /// A whole side was rounded, by less than a unit for each of its positions and `units` in all.
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub(super) fn note_rounding(&mut self, side: Side, units: u64) {
        let most = self.sides[side as usize].all_positions().saturating_add(units);
        self.rounding_units = self.rounding_units.saturating_add(most);
    }
}

impl MarketSlot {
    /// What a long has paid a short per unit since funding was booked, in units of 2^-64 quote atoms.
    #[inline(always)]
    pub fn pending_funding(&self, now: i64, funding_max_secs: u32) -> i128 {
        funding_per_unit(self.funding_per_unit_sec, self.funding_at, now, funding_max_secs)
    }

    /// A and K of a side with funding projected to `now`.
    ///
    /// # Errors
    /// `NumberOutOfRange` where K leaves its range.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn index_at(&self, side: Side, now: i64, funding_max_secs: u32) -> RiskResult<Index> {
        let received = received_by(side, self.pending_funding(now, funding_max_secs));
        self.sides[side as usize].stored().funded_down(received)
    }

    /// Size (signed, base units) and cash (quote atoms) of a position, funding projected to `now`, ended epochs carried
    /// over; both rounded against the holder. Writes nothing.
    ///
    /// # Errors
    /// `NumberOutOfRange`; `EpochMissing` where the position names an epoch that the ring does not hold.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn project(&self, position: &DerivativePosition, now: i64, funding_max_secs: u32) -> RiskResult<(i64, i64)> {
        let Some(side) = Side::of(position.shares) else {
            return Ok((0, position.cash_atoms));
        };
        let carried = self.sides[side as usize].carried(position)?;
        if carried.shares == 0 {
            return Ok((0, carried.cash_atoms));
        }
        let index = self.index_at(side, now, funding_max_secs)?;
        let cash = index.cash_down(carried.shares, carried.k_entry)?;
        Ok((
            side.signed(index.size_down(carried.shares))?,
            carried.cash_atoms.checked_add(cash).ok_or(RiskError::NumberOutOfRange)?,
        ))
    }

    /// [`MarketSlot::project`] out of line, for all but the loop over an account's legs.
    ///
    /// # Errors
    /// As there.
    #[inline(never)]
    pub fn holding(&self, position: &DerivativePosition, now: i64, funding_max_secs: u32) -> RiskResult<(i64, i64)> {
        self.project(position, now, funding_max_secs)
    }

    /// Open interest of a side, counted in shares, base units.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn open_interest(&self, market: &Market, side: Side) -> u64 {
        self.sides[side as usize].stored().size_down(market.sides[side as usize].shares)
    }

    /// Books funding up to `now` into K of both sides. Every change of A or of the rate comes after this.
    ///
    /// # Errors
    /// `NumberOutOfRange` where K leaves its range.
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn accrue_funding(&mut self, now: i64, funding_max_secs: u32) -> RiskResult<()> {
        for side in [Side::Long, Side::Short] {
            let index = self.index_at(side, now, funding_max_secs)?;
            self.sides[side as usize].store(index);
        }
        self.funding_at = self.funding_at.max(now);
        Ok(())
    }

    /// Ends the epochs of sides whose A is worn out, as far as the ring has room; true where one ended (INDEX-3).
    ///
    /// # Errors
    /// `NumberOutOfRange` after 2^32 epochs.
    #[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
    pub fn end_epochs(&mut self, market: &mut Market) -> RiskResult<bool> {
        let mut ended = false;
        for side in [Side::Long, Side::Short] {
            if end_epoch(&mut self.sides[side as usize], &mut market.sides[side as usize])? {
                market.note_rounding(side, 0);
                market.settle_shares();
                ended = true;
            }
        }
        Ok(ended)
    }
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
    totals.shares = stored.size_down(totals.shares);
    index.epoch = index.epoch.checked_add(1).ok_or(RiskError::NumberOutOfRange)?;
    index.store(Index::START);
    Ok(true)
}

/// Applies the index to a position: cash up to `now`, ended epochs carried over. The first step of every write.
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
    now: i64,
    funding_max_secs: u32,
) -> RiskResult<()> {
    let Some(side) = Side::of(position.shares) else {
        return Ok(());
    };
    let side_index = &slot.sides[side as usize];
    let mut carried = side_index.carried(position)?;
    let index = slot.index_at(side, now, funding_max_secs)?;
    if carried.shares != 0 {
        let cash = index.cash_down(carried.shares, carried.k_entry)?;
        carried.cash_atoms = carried.cash_atoms.checked_add(cash).ok_or(RiskError::NumberOutOfRange)?;
    }
    match market {
        Some(market) => {
            let totals = &mut market.sides[side as usize];
            if position.epoch != side_index.epoch {
                let left = &mut totals.ring_counts[position.epoch as usize % EPOCH_RING];
                *left = left.checked_sub(1).ok_or(RiskError::EpochMissing)?;
                if carried.shares != 0 {
                    totals.enter()?;
                }
            }
            if carried.shares != 0 && index.size_down(carried.shares) == 0 {
                totals.shares = totals.shares.saturating_sub(carried.shares);
                carried.shares = 0;
                totals.leave()?;
            }
            market.settle_shares();
        }
        None if position.epoch != side_index.epoch => return Err(RiskError::TotalsRequired),
        None => {}
    }
    position.shares = side.signed(carried.shares)?;
    position.cash_atoms = carried.cash_atoms;
    position.k_entry.set(if carried.shares == 0 { 0 } else { index.k });
    position.epoch = side_index.epoch;
    Ok(())
}
