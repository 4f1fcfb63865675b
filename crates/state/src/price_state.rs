//! A price slot and its feed as the pure crate's plain numbers, and back.

use plimsoll_risk::fixed_checked::Fixed;
use plimsoll_risk::oracle::{PriceSource, PriceState};

use crate::{ensure, Feed, I128Le, InvariantViolation, PriceSlot, StoredPrice};

impl PriceSlot {
    /// The state of the slot and its feed.
    pub fn state(&self, feed: &Feed) -> PriceState {
        PriceState {
            source: match self.source {
                0 => PriceSource::Primary,
                1 => PriceSource::Secondary,
                _ => PriceSource::Standby,
            },
            sigma_ppm: self.sigma(),
            vol_ppm_per_sqrt_sec: self.volatility(),
            update_count: self.update_count,
            published_at: self.published(),
            first_published_at: self.first_published(),
            spot: self.spot.get(),
            fast: self.fast.get(),
            slow: self.slow.get(),
            low: self.low.get(),
            high: self.high.get(),
            sample: feed.sample.get(),
            sampled_at: feed.sampled(),
            variance: Fixed::from_bits(feed.variance.get()),
            fast_secs: self.terms.fast(),
            slow_secs: self.terms.slow(),
            source_published_at: [
                feed.sources[0].published(),
                feed.sources[1].published(),
                feed.sources[2].published(),
            ],
        }
    }

    /// Writes a state back; what a listing fixes (pins, calibration, whether it is active) stays.
    pub fn store(&mut self, feed: &mut Feed, state: &PriceState) {
        self.source = state.source as u8;
        self.sigma_ppm = state.sigma_ppm.get();
        self.vol_ppm_per_sqrt_sec = state.vol_ppm_per_sqrt_sec.get();
        self.update_count = state.update_count;
        self.published_at = state.published_at.get();
        self.first_published_at = state.first_published_at.get();
        self.spot = StoredPrice::from(state.spot);
        self.fast = StoredPrice::from(state.fast);
        self.slow = StoredPrice::from(state.slow);
        self.low = StoredPrice::from(state.low);
        self.high = StoredPrice::from(state.high);
        feed.sample = StoredPrice::from(state.sample);
        feed.sampled_at = state.sampled_at.get();
        feed.variance = I128Le::new(state.variance.to_bits());
        self.terms.fast_secs = state.fast_secs.stored();
        self.terms.slow_secs = state.slow_secs.stored();
        feed.sources[0].published_at = state.source_published_at[0].get();
        feed.sources[1].published_at = state.source_published_at[1].get();
        feed.sources[2].published_at = state.source_published_at[2].get();
    }

    /// What holds of a listed slot after every instruction that wrote it.
    ///
    /// # Errors
    /// The invariant that is broken.
    pub fn invariant(&self) -> Result<(), InvariantViolation> {
        ensure(self.active == 1 && self.source <= PriceSource::Standby as u8, "price slot flags are unknown")?;
        ensure(
            self.terms.fast_secs > 0 && self.terms.fast_secs <= self.terms.slow_secs,
            "price time constants are out of order",
        )?;
        if self.update_count == 0 {
            return Ok(());
        }
        ensure(self.first_published_at <= self.published_at, "price is older than its first update")?;
        let (low, high) = (self.low.get(), self.high.get());
        for price in [self.spot.get(), self.fast.get(), self.slow.get()] {
            ensure(!price.is_zero(), "price is zero")?;
            ensure(low.cmp_value(&price).is_le() && high.cmp_value(&price).is_ge(), "price leaves its bounds")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytemuck::Zeroable;
    use plimsoll_risk::oracle::{update, Observation, DEFAULT_PRIOR_PICO_PER_SEC};
    use plimsoll_risk::params::GlobalParams;
    use plimsoll_risk::units::{Secs, UnixSecs};
    use proptest::prelude::*;

    use super::*;

    fn listed() -> (PriceSlot, Feed) {
        let (mut slot, mut feed) = (PriceSlot { active: 1, ..PriceSlot::zeroed() }, Feed::zeroed());
        slot.store(&mut feed, &PriceState::listed(Secs::new(15), Secs::new(3_600), DEFAULT_PRIOR_PICO_PER_SEC));
        (slot, feed)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn a_state_survives_being_stored_and_every_update_keeps_the_invariant(
            prices in proptest::collection::vec((1i64.., any::<u64>(), -18i32..=12, 0i64..400), 1..8),
        ) {
            let ((mut slot, mut feed), mut now) = (listed(), 1_760_130_000);
            prop_assert!(slot.invariant().is_ok() && feed.invariant(&slot).is_ok());
            for (price, conf, exponent, step) in prices {
                now += step;
                let observation = Observation::from_pyth(price, conf, exponent, UnixSecs::new(now), None).unwrap();
                let next = update(&slot.state(&feed), PriceSource::Secondary, &observation, &GlobalParams::DEFAULT, UnixSecs::new(now));
                let Ok(Some(next)) = next else { continue };
                slot.store(&mut feed, &next);
                prop_assert_eq!(slot.state(&feed), next);
                prop_assert_eq!(slot.is_ready(), next.is_ready());
                prop_assert!(slot.invariant().is_ok() && feed.invariant(&slot).is_ok());
            }
        }
    }
}
