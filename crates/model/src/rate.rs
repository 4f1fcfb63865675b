//! The borrow rate: a kinked curve at an EMA of mean utilization (INTEREST-3).

use num_traits::{One, Zero};

use crate::rational::{clamp, int, ppm, Q};

/// Seconds of a year of 365 days, the year of every annual rate.
pub const YEAR_SECS: i128 = 31_536_000;

/// Yearly rates at utilization 0, at the kink and at 1, linear between.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCurve {
    /// Utilization at the kink.
    pub kink: Q,
    /// Yearly rate at utilization 0.
    pub at_zero: Q,
    /// Yearly rate at the kink.
    pub at_kink: Q,
    /// Yearly rate at utilization 1.
    pub at_one: Q,
}

impl Default for RateCurve {
    fn default() -> Self {
        RateCurve { kink: ppm(800_000), at_zero: int(0), at_kink: ppm(80_000), at_one: int(1) }
    }
}

impl RateCurve {
    /// Rate of a year.
    pub fn yearly(&self, utilization: &Q) -> Q {
        let u = clamp(utilization, &Q::zero(), &Q::one());
        if u <= self.kink {
            return &self.at_zero + (&self.at_kink - &self.at_zero) * u / &self.kink;
        }
        let beyond = (u - &self.kink) / (int(1) - &self.kink);
        &self.at_kink + (&self.at_one - &self.at_kink) * beyond
    }

    /// Rate of a second.
    pub fn per_second(&self, utilization: &Q) -> Q {
        self.yearly(utilization) / int(YEAR_SECS)
    }
}

/// `dt / (dt + τ)`: what is opened and closed in one second weighs nothing.
pub fn step_weight(dt: &Q, tau: &Q) -> Q {
    let whole = dt + tau;
    if whole.is_zero() {
        return Q::zero();
    }
    dt / whole
}

/// EMA of the interval's mean utilization with weight `dt/(dt+600 s)`.
pub fn utilization_ema(previous: &Q, mean: &Q, dt: &Q) -> Q {
    previous + (mean - previous) * step_weight(dt, &int(600))
}
