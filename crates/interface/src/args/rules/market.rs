//! What an authority sets on a market (`market_settings!` of `plimsoll_state`): what it has to satisfy beside its bounds.

use plimsoll_risk::params::{Contradiction, GlobalParams, MarketRates};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::ratchet::CapChange;
use plimsoll_risk::units::{BaseUnits, Ppm, UnixSecs, UsdMicro};
use plimsoll_state::{Market, MarketSlot, PriceBoard, Registry};

use super::{ensure, SettingError};
use crate::{EngineError, MarketTerms};

impl MarketTerms {
    /// Checks every bound; what the rates must be beside other listings is `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`; `PriceSlotEmpty`; `SlotEmpty` without a quote bank.
    #[inline(always)]
    pub fn validate<E: SettingError>(&self, price_slot: u8, registry: &Registry, board: &PriceBoard) -> Result<(), E> {
        let params = registry.params();
        Contradiction::BOUNDS.unless(self.is_within_bounds(params))?;
        ensure!(board.slot(price_slot as usize).is_some(), EngineError::PriceSlotEmpty);
        ensure!(registry.bank(Registry::QUOTE_BANK).is_some(), EngineError::SlotEmpty);
        Ok(())
    }

    /// The rates with the target that follows.
    pub fn rates(&self, params: &GlobalParams) -> MarketRates {
        let (maint_ppm, init_ppm) = (Ppm::new(self.maint_rate_ppm), Ppm::new(self.init_rate_ppm));
        let untargeted = MarketRates { maint_ppm, target_ppm: Ppm::ZERO, init_ppm };
        untargeted.with_target(params)
    }

    /// What a change of the cap comes to at the price of a base unit, in dollars.
    pub fn cap_change(&self, in_force: &Self, unit: UnitPrice<UsdMicro, BaseUnits>) -> CapChange {
        let (held, asked) = (in_force.open_interest_cap_units, self.open_interest_cap_units);
        CapChange { held, asked, worth: unit.value_up(BaseUnits::new(asked)) }
    }

    /// Writes the terms: what ramps goes there from what is in force, unless it may land at once. Ramps are moved to `now` before.
    pub fn write(&self, ramps: bool, params: &GlobalParams, market: &mut Market, slot: &mut MarketSlot, now: UnixSecs) {
        let landing = if ramps { self.landing(&Self::in_force(market, slot)) } else { *self };
        landing.store(market, slot);
        slot.set_rates(landing.rates(params), self.rates(params), now);
    }
}
