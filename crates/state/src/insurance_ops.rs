//! Insurance of a bank on its layout: what waits, what comes in, what a loss draws and what comes back (INSURE).
//!
//! The arithmetic is `plimsoll_risk::bank`'s. Whatever comes in pays uncovered debt first; whatever goes out takes first
//! what waits for liquidity, and needs none for it.

use plimsoll_risk::bank::{shares_down, Fund, ShareDelta};
use plimsoll_risk::num::to_i64;
use plimsoll_risk::{RiskError, RiskResult};

use crate::Bank;

impl Bank {
    /// What pays for losses, reserved insurance not included.
    pub const fn fund(&self) -> Fund {
        Fund {
            insurance_atoms: self.insurance_atoms,
            waiting_shares: self.waiting_shares,
            deposit_index: self.deposit_index,
        }
    }

    /// Makes `atoms`, taken from somebody else's balance in this bank, a deposit that waits to become insurance. Shares
    /// are rounded down; the returned change of totals is the caller's to apply. The bank is booked.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn add_waiting(&mut self, atoms: u64) -> RiskResult<ShareDelta> {
        let shares = shares_down(atoms, self.deposit_index)?;
        self.receive_waiting(shares)?;
        Ok(ShareDelta { deposit_shares: to_i64(shares)?, borrow_shares: 0 })
    }

    /// Deposit shares that somebody gave up wait to become insurance from now on; totals stay.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn receive_waiting(&mut self, shares: u64) -> RiskResult<()> {
        self.waiting_shares = self.waiting_shares.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
        Ok(())
    }

    /// Lets waiting deposits pay uncovered debt, and turns the rest into insurance as far as there is free liquidity;
    /// returns the atoms of both. The bank is booked.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn sweep_waiting(&mut self) -> RiskResult<u64> {
        let swept = self.totals().sweep_down(self.waiting_shares);
        self.strike_waiting(swept.shares)?;
        self.uncovered_atoms = minus(self.uncovered_atoms, swept.covered_atoms)?;
        self.insurance_atoms = plus(self.insurance_atoms, swept.insurance_atoms)?;
        let atoms = swept.covered_atoms.saturating_add(swept.insurance_atoms);
        self.count_in(atoms, swept.covered_atoms);
        Ok(atoms)
    }

    /// Adds atoms that are in the vault and nobody's to the insurance, uncovered debt paid first.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn add_insurance(&mut self, atoms: u64) -> RiskResult<()> {
        let taken = self.totals().take_in(atoms);
        self.uncovered_atoms = minus(self.uncovered_atoms, taken.covered_atoms)?;
        self.insurance_atoms = plus(self.insurance_atoms, taken.insurance_atoms)?;
        self.count_in(atoms, taken.covered_atoms);
        Ok(())
    }

    /// Takes `atoms` off the fund for a loss, what waits first; whose they are now is the caller's to book. The bank is
    /// booked.
    ///
    /// # Errors
    /// `NumberOutOfRange` where the fund has less.
    pub fn draw(&mut self, atoms: u64) -> RiskResult<()> {
        let draw = self.fund().draw_up(atoms)?;
        self.strike_waiting(draw.waiting_shares)?;
        self.insurance_atoms = minus(self.insurance_atoms, draw.insurance_atoms)?;
        self.count_in(draw.waiting_atoms, 0);
        Ok(())
    }

    /// Reserved insurance that nobody needed goes back: to uncovered debt, then to what waits as far as more is lent than
    /// deposited, then to the insurance. The bank is booked.
    ///
    /// # Errors
    /// `NumberOutOfRange` where less is reserved.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "what is covered and what is insurance again are parts of the atoms"
    )]
    pub fn give_back(&mut self, atoms: u64) -> RiskResult<()> {
        self.reserved_atoms = minus(self.reserved_atoms, atoms)?;
        let back = self.totals().give_back_down(atoms)?;
        self.uncovered_atoms = minus(self.uncovered_atoms, back.covered_atoms)?;
        self.apply_delta(ShareDelta { deposit_shares: to_i64(back.shares)?, borrow_shares: 0 })?;
        self.receive_waiting(back.shares)?;
        self.insurance_atoms = plus(self.insurance_atoms, back.insurance_atoms)?;
        self.count_in(0, back.covered_atoms);
        // It waits as it did before the reservation, and counts again once it is insurance.
        let waiting_atoms = atoms - back.covered_atoms - back.insurance_atoms;
        self.insurance_in_atoms = self.insurance_in_atoms.saturating_sub(waiting_atoms);
        Ok(())
    }

    #[expect(clippy::arithmetic_side_effects, reason = "the negative of a non-negative number always fits")]
    fn strike_waiting(&mut self, shares: u64) -> RiskResult<()> {
        self.waiting_shares = minus(self.waiting_shares, shares)?;
        self.apply_delta(ShareDelta { deposit_shares: -to_i64(shares)?, borrow_shares: 0 })
    }

    /// Statistics of what was paid in, and of what of it went out again at once.
    fn count_in(&mut self, atoms: u64, paid_atoms: u64) {
        self.insurance_in_atoms = self.insurance_in_atoms.saturating_add(atoms);
        self.insurance_out_atoms = self.insurance_out_atoms.saturating_add(paid_atoms);
    }
}

/// `value` with `atoms` more.
pub(crate) fn plus(value: u64, atoms: u64) -> RiskResult<u64> {
    value.checked_add(atoms).ok_or(RiskError::NumberOutOfRange)
}

/// `value` with `atoms` less.
pub(crate) fn minus(value: u64, atoms: u64) -> RiskResult<u64> {
    value.checked_sub(atoms).ok_or(RiskError::NumberOutOfRange)
}
