//! What an authority may set on a bank, and every condition on it.

use anchor_lang::prelude::*;
use plimsoll_risk::bank::RateCurve;
use plimsoll_risk::listing::check_atom;
use plimsoll_risk::params::{GlobalParams, TokenWeights, MAX_ATOMS, MAX_POSITION_VALUE};
use plimsoll_risk::price::{token_scale_down, Price, TokenPrice};
use plimsoll_risk::units::Atoms;
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, BankSlot, StoredWeights};

use crate::error::{EngineError, Result};

pub use plimsoll_interface::args::BankConfigArgs;

/// Largest share of borrowers' interest that may go to the protocol: half.
const MAX_INTEREST_FEE_PPM: u32 = 500_000;

/// What a bank's configuration has to satisfy, and where it goes.
pub trait BankRules {
    /// Checks what lives in the bank's account and the bank's weights by themselves; returns these with their targets. What
    /// they must be beside other listings is `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`, `MintNotRepresentable` where an atom exceeds 1 % of dust or a position at its cap the
    /// range of values, `PriceNotReady` without a price.
    fn validate(&self, decimals: u8, price: Price, params: &GlobalParams) -> Result<TokenWeights>;

    /// Writes the configuration. Interest is booked before, so that no fee applies to the past.
    fn write(&self, weights: TokenWeights, bank: &mut Bank, slot: &mut BankSlot);
}

impl BankRules for BankConfigArgs {
    fn validate(&self, decimals: u8, price: Price, params: &GlobalParams) -> Result<TokenWeights> {
        let weights = TokenWeights::new(
            self.asset_maint_ppm,
            self.asset_init_ppm,
            self.liability_maint_ppm,
            self.liability_init_ppm,
            params,
        );
        curve(self).validate()?;
        ensure!(self.interest_fee_ppm <= MAX_INTEREST_FEE_PPM, EngineError::ParameterOutOfBounds);
        // At the lowest deposit index a cap's worth of shares still fits.
        ensure!(self.deposit_cap_atoms <= MAX_ATOMS, EngineError::ParameterOutOfBounds);
        ensure!(self.borrow_cap_atoms <= MAX_ATOMS, EngineError::ParameterOutOfBounds);
        // Both numbers below depend on what the token is worth.
        ensure!(!price.is_zero(), EngineError::PriceNotReady);
        let scale = token_scale_down(decimals).map_err(|_: RiskError| EngineError::MintNotRepresentable)?;
        let unit = TokenPrice::new_down(price, scale);
        ensure!(check_atom(unit, params).is_ok(), EngineError::MintNotRepresentable);
        let largest = unit.value_up(Atoms::new(self.deposit_cap_atoms.max(self.borrow_cap_atoms)));
        ensure!(largest <= MAX_POSITION_VALUE, EngineError::MintNotRepresentable);
        Ok(weights?)
    }

    fn write(&self, weights: TokenWeights, bank: &mut Bank, slot: &mut BankSlot) {
        slot.weights = StoredWeights(weights);
        bank.kink_ppm = self.kink_ppm;
        bank.rate_zero_ppm = self.rate_zero_ppm;
        bank.rate_kink_ppm = self.rate_kink_ppm;
        bank.rate_full_ppm = self.rate_full_ppm;
        bank.interest_fee_ppm = self.interest_fee_ppm;
        bank.deposit_cap_atoms = self.deposit_cap_atoms;
        bank.borrow_cap_atoms = self.borrow_cap_atoms;
        bank.draw_cap_event_atoms = self.draw_cap_event_atoms.unwrap_or(u64::MAX);
        bank.draw_cap_hour_atoms = self.draw_cap_hour_atoms.unwrap_or(u64::MAX);
    }
}

fn curve(config: &BankConfigArgs) -> RateCurve {
    RateCurve {
        kink_ppm: config.kink_ppm,
        rate_zero_ppm: config.rate_zero_ppm,
        rate_kink_ppm: config.rate_kink_ppm,
        rate_full_ppm: config.rate_full_ppm,
    }
}
