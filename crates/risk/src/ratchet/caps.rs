//! How fast caps grow: what a wrong listing can take is bounded by its caps, and they give time to notice.

use crate::units::{Secs, UnixSecs, UsdMicro};
use crate::RiskError;

/// Between two raises of a cap of the same bank or market.
pub const RAISE_INTERVAL: Secs = Secs::new(86_400);

/// A cap that is asked to be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapChange {
    /// The cap in force, in what is counted; zero of what is listed now.
    pub held: u64,
    /// The cap that is asked for.
    pub asked: u64,
    /// What the cap that is asked for is worth at the price of now, rounded up.
    pub worth: UsdMicro,
}

impl CapChange {
    /// Whether it rises.
    pub const fn rises(&self) -> bool {
        self.asked > self.held
    }

    /// Whether it may come now (POWER-3): a cap falls at once and to anything; it rises at most once a day, to at most twice
    /// what it is or to what a first cap may be worth.
    ///
    /// # Errors
    /// `CapGrowthLimited`.
    pub fn check(&self, first_cap: UsdMicro, raised_at: UnixSecs, now: UnixSecs) -> Result<(), RiskError> {
        if !self.rises() {
            return Ok(());
        }
        let rested = !raised_at.is_set() || now.elapsed_since(raised_at).get() >= RAISE_INTERVAL.get();
        let bounded = self.worth <= first_cap || self.asked <= self.held.saturating_mul(2);
        if rested && bounded {
            Ok(())
        } else {
            Err(RiskError::CapGrowthLimited)
        }
    }
}
