//! When so much has been liquidated that nobody should take on more of the same (LIMIT-3).
//!
//! Counted where it happens: in the bank whose debts are repaid, in atoms against its deposits; in the market whose
//! positions are taken over, in base units against the open interest of their side. What a liquidator pays out of a deposit
//! leaves deposits, and a position that meets its opposite leaves open interest: the less is left, the sooner it trips.

use super::{exceeds, Spell, Terms};
use crate::allowance::Spent;
use crate::units::{Ppm, Secs, UnixSecs};

/// Fifteen minutes, four in a row, then an hour without: at most an hour of any two.
pub const THROUGHPUT_BREAKER: Terms = Terms { lasts: Secs::new(900), most: 4, rest: Secs::new(3_600) };
/// What was liquidated counts for so long.
pub const THROUGHPUT_WINDOW: Secs = Secs::new(3_600);

/// What was liquidated lately of one bank or market, and the breaker that this trips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throughput {
    /// Debt, atoms; positions, base units.
    pub liquidated: Spent,
    /// Whether and until when nobody adds to it.
    pub breaker: Spell,
}

impl Throughput {
    /// Counts `amount` more, liquidated at `now` while `open` was there to be liquidated. Beyond `share` of it within the
    /// window the breaker trips; the liquidation itself goes through whatever comes of it.
    #[must_use]
    pub fn counted(self, amount: u64, open: u64, share: Ppm, now: UnixSecs) -> Self {
        let liquidated = self.liquidated.at(now, THROUGHPUT_WINDOW).with(amount as u128);
        let sum = u64::try_from(liquidated.total()).unwrap_or(u64::MAX);
        let breaker =
            if exceeds(sum, open, share) { self.breaker.tripped(now, &THROUGHPUT_BREAKER) } else { self.breaker };
        Self { liquidated, breaker }
    }
}
