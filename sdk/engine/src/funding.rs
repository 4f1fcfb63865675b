//! Premiums of a market, and the funding that is made of them.

use std::sync::Arc;

use plimsoll_ledger::{perp, pool};
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::perp::{funding_rate, mean_premium_ppm, premium_integral_since};
use plimsoll_risk::price::BasePrice;
use plimsoll_state::{FundingClock, I128Le, Market};

use crate::accounts::require_sound;
use crate::{Engine, EngineError, Result};

impl Engine {
    /// A venue reports by how much a market's mark price is above the index price, ppm: the previous premium is integrated
    /// up to now and this one holds from now on (FUNDING-1).
    ///
    /// # Errors
    /// `SlotEmpty`, `PremiumOutOfBounds`, `NumberOutOfRange`.
    pub fn report_premium(&mut self, market: u8, premium_ppm: i32) -> Result<()> {
        let mut market = *self.market(market)?;
        let bound_ppm = self.registry.params().perps.premium_bound_ppm;
        ensure!(premium_ppm.unsigned_abs() <= bound_ppm, EngineError::PremiumOutOfBounds);
        integrate(&mut market, self.books().funding())?;
        market.premium_ppm = premium_ppm;
        market.premium_reported_at = self.now.get();
        require_sound(&market)?;
        self.keep_market(market);
        Ok(())
    }

    /// Books funding into both sides, sets the rate from the mean premium and updates what claims are worth.
    ///
    /// # Errors
    /// `SlotEmpty`, `NumberOutOfRange`.
    pub fn crank_funding(&mut self, market: u8) -> Result<()> {
        let (mut market, mut registry) = (*self.market(market)?, *self.registry);
        let (params, clock) = (*registry.params(), registry.funding_at(self.now));
        let quote_index = self.registry.bank(0).ok_or(EngineError::SlotEmpty)?.deposit_index;
        let slot = registry.markets.get_mut(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        pool::note_smaller_deficit(slot, &market, quote_index);
        perp::accrue_funding(slot, clock)?;
        perp::end_epochs(slot, &mut market)?;
        integrate(&mut market, clock)?;
        let elapsed = self.now.elapsed_since(market.premium_since());
        let mean = mean_premium_ppm(market.premium_integral.get(), elapsed, params.perps.premium_bound());
        let fresh = MaxAge::new(params.prices.read_age(), self.now);
        let price = self.board.slot(slot.price_slot as usize).filter(|price| price.is_fresh(fresh));
        match price.map(|price| BasePrice::new_down(price.spot.get(), slot.scale.get())) {
            // Without a price the cost of a premium is unknown: nothing accrues until there is one (FUNDING-1).
            None => slot.funding_per_unit_sec = 0,
            // A second crank of the same second has no new mean.
            Some(_) if elapsed.is_zero() => {}
            Some(spot) => slot.funding_per_unit_sec = funding_rate(mean, spot, params.perps.funding_bound_per_hour()),
        }
        if !elapsed.is_zero() {
            market.premium_integral = I128Le::new(0);
            market.premium_from = self.now.get();
        }
        require_sound(&market)?;
        require_sound(&registry)?;
        self.registry = Arc::new(registry);
        self.keep_market(market);
        Ok(())
    }
}

/// Adds what the held premium has made since the integral was last brought up to date.
fn integrate(market: &mut Market, clock: FundingClock) -> Result<()> {
    let (reported, from) = (market.premium_reported(), market.premium_until());
    let missing = premium_integral_since(market.premium(), reported, from, clock.now, clock.max_secs);
    let sum = market.premium_integral.get().checked_add(missing).ok_or(EngineError::NumberOutOfRange)?;
    market.premium_integral.set(sum);
    market.premium_at = from.max(clock.now).get();
    Ok(())
}
