//! What an authority may set on a bank, and every condition on it.

use anchor_lang::prelude::*;
use plimsoll_risk::bank::RateCurve;
use plimsoll_risk::params::{check_atom, GlobalParams, TokenWeights, MAX_ATOMS, MAX_POSITION_VALUE_USD_MICRO};
use plimsoll_risk::price::{token_scale_down, Price, UnitPrice};
use plimsoll_risk::RiskError;
use plimsoll_state::{Bank, BankSlot, StoredWeights};

use crate::error::{EngineError, Result};

/// Largest share of borrowers' interest that may go to the protocol: half.
const MAX_INTEREST_FEE_PPM: u32 = 500_000;

/// Everything about a bank that can be changed after its listing.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankConfigArgs {
    /// Asset weight at maintenance; the target's follows.
    pub asset_maint_ppm: u32,
    /// Asset weight at initial.
    pub asset_init_ppm: u32,
    /// Liability weight at maintenance; the target's follows.
    pub liability_maint_ppm: u32,
    /// Liability weight at initial.
    pub liability_init_ppm: u32,
    /// Utilization at the kink of the rate curve.
    pub kink_ppm: u32,
    /// Annual rate at utilization 0.
    pub rate_zero_ppm: u32,
    /// Annual rate at the kink.
    pub rate_kink_ppm: u32,
    /// Annual rate at utilization 1, at most 300 %.
    pub rate_full_ppm: u32,
    /// Protocol's share of interest.
    pub interest_fee_ppm: u32,
    /// Largest deposits of all accounts together.
    pub deposit_cap_atoms: u64,
    /// Largest borrows of all accounts together.
    pub borrow_cap_atoms: u64,
    /// Most insurance one event may draw; none for no limit.
    pub draw_cap_event_atoms: Option<u64>,
    /// Most insurance one hour may draw; none for no limit.
    pub draw_cap_hour_atoms: Option<u64>,
}

impl BankConfigArgs {
    /// Checks what lives in the bank's account and the bank's weights by themselves; returns these with their targets. What
    /// they must be beside other listings is `Registry::check_listings`'.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`, `MintNotRepresentable` where an atom exceeds 1 % of dust or a position at its cap the
    /// range of values, `PriceNotReady` without a price.
    pub fn validate(&self, decimals: u8, price: Price, params: &GlobalParams) -> Result<TokenWeights> {
        let weights = TokenWeights::new(
            self.asset_maint_ppm,
            self.asset_init_ppm,
            self.liability_maint_ppm,
            self.liability_init_ppm,
            params,
        );
        self.curve().validate()?;
        ensure!(self.interest_fee_ppm <= MAX_INTEREST_FEE_PPM, EngineError::ParameterOutOfBounds);
        // At the lowest deposit index a cap's worth of shares still fits.
        ensure!(self.deposit_cap_atoms <= MAX_ATOMS, EngineError::ParameterOutOfBounds);
        ensure!(self.borrow_cap_atoms <= MAX_ATOMS, EngineError::ParameterOutOfBounds);
        // Both numbers below depend on what the token is worth.
        ensure!(!price.is_zero(), EngineError::PriceNotReady);
        let scale = token_scale_down(decimals).map_err(|_: RiskError| EngineError::MintNotRepresentable)?;
        let unit = UnitPrice::new_down(price, scale);
        ensure!(check_atom(unit, params).is_ok(), EngineError::MintNotRepresentable);
        let largest = unit.value_up(self.deposit_cap_atoms.max(self.borrow_cap_atoms));
        ensure!(largest <= MAX_POSITION_VALUE_USD_MICRO, EngineError::MintNotRepresentable);
        Ok(weights?)
    }

    /// Writes the configuration. Interest is booked before, so that no fee applies to the past.
    pub fn write(&self, weights: TokenWeights, bank: &mut Bank, slot: &mut BankSlot) {
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

    fn curve(&self) -> RateCurve {
        RateCurve {
            kink_ppm: self.kink_ppm,
            rate_zero_ppm: self.rate_zero_ppm,
            rate_kink_ppm: self.rate_kink_ppm,
            rate_full_ppm: self.rate_full_ppm,
        }
    }
}
