//! A bound on what any stretch of time may see (INSURE-3, LOSS-2).

use crate::rational::{positive, sum, Q};

/// Everything that was ever spent, with its time in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowance {
    /// When something was spent, seconds, and how much.
    pub spent: Vec<(i64, Q)>,
}

impl Allowance {
    /// What the stretch of `secs` that ends now has seen, both ends included. A clock that ran backwards leaves what was
    /// spent in its future within every stretch.
    pub fn within(&self, secs: i64, now: i64) -> Q {
        sum(self.spent.iter().filter(|(at, _)| *at >= now - secs).map(|(_, amount)| amount))
    }

    /// What may still be spent now so that no stretch of `secs` sees more than `bound`.
    pub fn room(&self, bound: &Q, secs: i64, now: i64) -> Q {
        positive(&(bound - self.within(secs, now)))
    }

    /// Notes that `amount` is spent `now`.
    pub fn spend(&mut self, amount: Q, now: i64) {
        self.spent.push((now, amount));
    }
}
