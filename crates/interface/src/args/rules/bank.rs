//! What an authority sets on a bank (`bank_settings!` of `plimsoll_state`): what it has to satisfy beside its bounds.

use plimsoll_risk::listing::check_atom;
use plimsoll_risk::params::{Contradiction, GlobalParams, TokenWeights, MAX_POSITION_VALUE};
use plimsoll_risk::price::{token_scale_down, Price, TokenPrice};
use plimsoll_risk::units::{Atoms, Ppm};
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, BankSlot, StoredWeights};

use super::{ensure, SettingError};
use crate::{BankConfigArgs, EngineError};

impl BankConfigArgs {
    /// Checks every bound and what follows from the token's price; returns the weights with their targets. What they must
    /// be beside other listings is `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`, `MintNotRepresentable` where an atom exceeds 1 % of dust or a position at its cap the
    /// range of values, `PriceNotReady` without a price.
    pub fn validate<E: SettingError>(
        &self,
        decimals: u8,
        price: Price,
        params: &GlobalParams,
    ) -> Result<TokenWeights, E> {
        Contradiction::BOUNDS.unless(self.is_within_bounds(params))?;
        // Both numbers below depend on what the token is worth.
        ensure!(!price.is_zero(), EngineError::PriceNotReady);
        let scale = token_scale_down(decimals).map_err(|_: RiskError| EngineError::MintNotRepresentable)?;
        let unit = TokenPrice::new_down(price, scale);
        ensure!(check_atom(unit, params).is_ok(), EngineError::MintNotRepresentable);
        let largest = unit.value_up(Atoms::new(self.deposit_cap_atoms.max(self.borrow_cap_atoms)));
        ensure!(largest <= MAX_POSITION_VALUE, EngineError::MintNotRepresentable);
        let untargeted = TokenWeights {
            asset_maint_ppm: Ppm::new(self.asset_maint_ppm),
            asset_init_ppm: Ppm::new(self.asset_init_ppm),
            liability_maint_ppm: Ppm::new(self.liability_maint_ppm),
            liability_init_ppm: Ppm::new(self.liability_init_ppm),
            ..TokenWeights::default()
        };
        Ok(untargeted.with_targets(params))
    }

    /// Writes the configuration. Interest is booked before, so that no fee applies to the past.
    pub fn write(&self, weights: TokenWeights, bank: &mut Bank, slot: &mut BankSlot) {
        self.store(bank, slot);
        slot.weights = StoredWeights(weights);
    }
}
