//! Our own averages over publish time (PRICE-6, PRICE-7).

use num_traits::Signed;

use crate::rational::{int, max, min, ratio, Q};

/// A left-continuous EMA: a new price starts with zero weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Ema {
    /// The average.
    pub value: Q,
    /// The price held since the last update.
    pub last_price: Q,
    /// When it was updated last, seconds.
    pub last_secs: Q,
    /// When it began, seconds.
    pub started_secs: Q,
    /// Updates so far.
    pub updates: u64,
}

/// The cap of one step.
pub fn step_cap() -> Q {
    int(10)
}

impl Ema {
    /// An average that begins at a price.
    pub fn start(price: Q, secs: Q) -> Ema {
        Ema { value: price.clone(), last_price: price, last_secs: secs.clone(), started_secs: secs, updates: 1 }
    }

    /// Seconds that an update at `secs` integrates: elapsed, at most the cap.
    pub fn step_secs(&self, secs: &Q) -> Q {
        min(&(secs - &self.last_secs), &step_cap())
    }

    /// `ema <- ema + w·(previous price - ema)`, then the new price is stored. `weight` maps the capped step to w;
    /// [`crate::rate::step_weight`] with τ is the one that utilization has.
    pub fn update(&mut self, price: Q, secs: Q, weight: impl Fn(&Q) -> Q) {
        assert!(secs > self.last_secs, "publish times strictly increase");
        let w = weight(&self.step_secs(&secs));
        self.value = &self.value + w * (&self.last_price - &self.value);
        self.last_price = price;
        self.last_secs = secs;
        self.updates += 1;
    }

    /// Not ready before 5 updates and twice the time constant.
    pub fn is_ready(&self, tau: &Q) -> bool {
        self.updates >= 5 && &self.last_secs - &self.started_secs >= int(2) * tau
    }
}

/// Variance per second with its sampling.
#[derive(Clone, Debug, PartialEq)]
pub struct Variance {
    /// The variance per second.
    pub value: Q,
    /// The price at the last sample.
    pub sampled_price: Q,
    /// When that was, seconds.
    pub sampled_secs: Q,
}

impl Variance {
    /// The first sample is a listed prior.
    pub fn start(prior: Q, price: Q, secs: Q) -> Variance {
        Variance { value: prior, sampled_price: price, sampled_secs: secs }
    }

    /// `v <- λv + (1-λ)·r²/Δt`: only when 30 s have passed since the last sample, Δt at most 300 s, |r| at most 20 %,
    /// r the simple return. λ depends on the capped Δt and on a half-life, which has no rational power, so the caller
    /// gives it. Returns whether a sample was taken.
    pub fn update(&mut self, price: Q, secs: Q, lambda: impl Fn(&Q) -> Q) -> bool {
        let elapsed = &secs - &self.sampled_secs;
        if elapsed < int(30) {
            return false;
        }
        let dt = min(&elapsed, &int(300));
        let r = (&price - &self.sampled_price) / &self.sampled_price;
        let limit = ratio(1, 5);
        let r = if r.is_negative() { max(&r, &-limit) } else { min(&r, &limit) };
        let keep = lambda(&dt);
        self.value = &keep * &self.value + (int(1) - keep) * &r * &r / dt;
        self.sampled_price = price;
        self.sampled_secs = secs;
        true
    }
}
