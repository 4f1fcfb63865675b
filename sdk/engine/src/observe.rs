//! Records whether an account is under water.

use crate::accounts::require_sound;
use crate::{gate, AccountNumber, Engine, Result};

impl Engine {
    /// Moves the clocks to now, and marks the owner as called where the account has entered the band above maintenance.
    ///
    /// # Errors
    /// `AccountMismatch`, `AccountBankrupt`, `LegPriceInvalid`, `NumberOutOfRange`.
    pub fn observe_margin(&mut self, number: AccountNumber) -> Result<()> {
        let mut account = self.active(number)?;
        gate::observe(&mut account, &self.books())?;
        require_sound(&account)?;
        self.keep_account(number, account);
        Ok(())
    }
}
