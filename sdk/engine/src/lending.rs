//! Interest of a bank, and its insurance.

use std::sync::Arc;

use plimsoll_ledger::{insurance, interest};
use plimsoll_risk::units::Atoms;

use crate::accounts::{require_amount, require_sound, sound};
use crate::{Engine, EngineError, Result};

impl Engine {
    /// Books a bank's interest, sets its borrow rate and refreshes the registry's indices.
    ///
    /// # Errors
    /// `SlotEmpty`, `NumberOutOfRange`.
    pub fn accrue(&mut self, bank: u8) -> Result<()> {
        let mut bank = *self.bank(bank)?;
        let mut registry = *self.registry;
        let window = registry.params().lending.utilization_window();
        let slot = registry.banks.get_mut(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::accrue(&mut bank, slot, window, self.now)?;
        sound(slot.invariant())?;
        require_sound(&bank)?;
        require_sound(&registry)?;
        self.registry = Arc::new(registry);
        self.keep_bank(bank);
        Ok(())
    }

    /// Pays tokens into a bank's insurance, uncovered debt first.
    ///
    /// # Errors
    /// `AmountZero`, `AmountTooLarge`, `SlotEmpty`, `NumberOutOfRange`.
    pub fn fund_insurance(&mut self, bank: u8, amount_atoms: u64) -> Result<()> {
        require_amount(amount_atoms)?;
        let mut bank = *self.bank(bank)?;
        insurance::add_insurance(&mut bank, Atoms::new(amount_atoms))?;
        require_sound(&bank)?;
        let vault = self.vault_with(bank.index, amount_atoms)?;
        self.keep_vault(bank.index, vault);
        self.keep_bank(bank);
        Ok(())
    }

    /// Lets deposits that wait as insurance pay uncovered debt, and turns the rest into insurance as far as there is free
    /// liquidity.
    ///
    /// # Errors
    /// `SlotEmpty`, `NothingToSweep`, `NumberOutOfRange`.
    pub fn sweep_insurance(&mut self, bank: u8) -> Result<()> {
        let mut bank = *self.bank(bank)?;
        let slot = self.registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, self.now);
        let atoms = insurance::sweep_waiting(&mut bank)?;
        ensure!(!atoms.is_zero(), EngineError::NothingToSweep);
        require_sound(&bank)?;
        self.keep_bank(bank);
        Ok(())
    }
}
