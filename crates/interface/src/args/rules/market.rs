//! What an authority sets on a market (`market_settings!` of `plimsoll_state`): what it has to satisfy beside its bounds.

use plimsoll_risk::params::{Contradiction, MarketRates};
use plimsoll_risk::units::Ppm;
use plimsoll_state::{PriceBoard, Registry};

use super::{ensure, SettingError};
use crate::{EngineError, MarketTerms};

impl MarketTerms {
    /// Checks every bound and derives the rates; what these must be beside other listings is `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`; `PriceSlotEmpty`; `SlotEmpty` without a quote bank.
    #[inline(always)]
    pub fn validate<E: SettingError>(
        &self,
        price_slot: u8,
        registry: &Registry,
        board: &PriceBoard,
    ) -> Result<MarketRates, E> {
        let params = registry.params();
        Contradiction::BOUNDS.unless(self.is_within_bounds(params))?;
        ensure!(board.slot(price_slot as usize).is_some(), EngineError::PriceSlotEmpty);
        ensure!(registry.bank(Registry::QUOTE_BANK).is_some(), EngineError::SlotEmpty);
        let (maint_ppm, init_ppm) = (Ppm::new(self.maint_rate_ppm), Ppm::new(self.init_rate_ppm));
        let untargeted = MarketRates { maint_ppm, target_ppm: Ppm::ZERO, init_ppm };
        Ok(untargeted.with_target(params))
    }
}
