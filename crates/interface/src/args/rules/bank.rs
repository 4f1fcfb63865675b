//! What an authority sets on a bank (`bank_settings!` of `plimsoll_state`): what it has to satisfy beside its bounds.

use plimsoll_risk::listing::check_atom;
use plimsoll_risk::params::{Contradiction, GlobalParams, TokenWeights, MAX_POSITION_VALUE};
use plimsoll_risk::price::{token_scale_down, Price, TokenPrice};
use plimsoll_risk::ratchet::CapChange;
use plimsoll_risk::units::{Atoms, Ppm, UnixSecs};
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, BankSlot};

use super::{ensure, SettingError};
use crate::{BankConfigArgs, EngineError};

impl BankConfigArgs {
    /// Checks every bound and what follows from the token's price. What weights must be beside other listings is
    /// `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`, `MintNotRepresentable` where an atom exceeds 1 % of dust or a position at its cap the
    /// range of values, `PriceNotReady` without a price.
    pub fn validate<E: SettingError>(&self, decimals: u8, price: Price, params: &GlobalParams) -> Result<(), E> {
        Contradiction::BOUNDS.unless(self.is_within_bounds(params))?;
        // Both numbers below depend on what the token is worth.
        ensure!(!price.is_zero(), EngineError::PriceNotReady);
        let scale = token_scale_down(decimals).map_err(|_: RiskError| EngineError::MintNotRepresentable)?;
        let unit = TokenPrice::new_down(price, scale);
        ensure!(check_atom(unit, params).is_ok(), EngineError::MintNotRepresentable);
        let largest = unit.value_up(Atoms::new(self.deposit_cap_atoms.max(self.borrow_cap_atoms)));
        ensure!(largest <= MAX_POSITION_VALUE, EngineError::MintNotRepresentable);
        Ok(())
    }

    /// The weights with the targets that follow.
    pub fn weights(&self, params: &GlobalParams) -> TokenWeights {
        let untargeted = TokenWeights {
            asset_maint_ppm: Ppm::new(self.asset_maint_ppm),
            asset_init_ppm: Ppm::new(self.asset_init_ppm),
            liability_maint_ppm: Ppm::new(self.liability_maint_ppm),
            liability_init_ppm: Ppm::new(self.liability_init_ppm),
            ..TokenWeights::default()
        };
        untargeted.with_targets(params)
    }

    /// What a change of the caps comes to at the token's price: of deposits, then of borrows.
    ///
    /// # Errors
    /// `MintNotRepresentable`.
    pub fn cap_changes(&self, in_force: &Self, decimals: u8, price: Price) -> Result<[CapChange; 2], EngineError> {
        let scale = token_scale_down(decimals).map_err(|_: RiskError| EngineError::MintNotRepresentable)?;
        let unit = TokenPrice::new_down(price, scale);
        let change = |held, asked| CapChange { held, asked, worth: unit.value_up(Atoms::new(asked)) };
        Ok([
            change(in_force.deposit_cap_atoms, self.deposit_cap_atoms),
            change(in_force.borrow_cap_atoms, self.borrow_cap_atoms),
        ])
    }

    /// Writes the configuration: what ramps goes there from what is in force, unless it may land at once. Interest is booked
    /// before, so that no fee applies to the past, and ramps are moved to `now`.
    pub fn write(&self, ramps: bool, params: &GlobalParams, bank: &mut Bank, slot: &mut BankSlot, now: UnixSecs) {
        let landing = if ramps { self.landing(&Self::in_force(bank, slot)) } else { *self };
        landing.store(bank, slot);
        slot.set_weights(landing.weights(params), self.weights(params), now);
    }
}
