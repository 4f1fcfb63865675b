//! Insurance of a bank: what it comes to, what a draw takes of it, and where atoms go that come in or come back
//! (INSURE-1, INSURE-2 and INSURE-4).

use super::{deposit_atoms_down, div_wide_up, Totals, INDEX_BITS};
use crate::error::{RiskError, RiskResult};
use crate::num::mul_wide;
use crate::units::Atoms;

/// [`super::shares_down`] as one copy: nothing here is a hot path.
#[inline(never)]
fn shares_down(atoms: Atoms, index: u64) -> RiskResult<u64> {
    super::shares_down(atoms, index)
}

/// [`super::shares_up`] as one copy.
#[inline(never)]
fn shares_up(atoms: Atoms, index: u64) -> RiskResult<u64> {
    super::shares_up(atoms, index)
}

/// What pays for losses: atoms outside deposits, and deposit shares that wait for liquidity to become such atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fund {
    /// What nobody has reserved.
    pub insurance_atoms: Atoms,
    /// Shares of the bank's deposits.
    pub waiting_shares: u64,
    /// Value of a deposit share, 48 fraction bits.
    pub deposit_index: u64,
}

/// What a payment takes of a [`Fund`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draw {
    /// Waiting shares that are cancelled.
    pub waiting_shares: u64,
    /// What they count for.
    pub waiting_atoms: Atoms,
    /// Of the insurance.
    pub insurance_atoms: Atoms,
}

impl Fund {
    /// What is above `kept`, of the insurance alone: what waits is not there to leave yet, and does not count towards what is kept
    /// either (INSURE-7).
    pub const fn excess_above(&self, kept: Atoms) -> Atoms {
        self.insurance_atoms.saturating_sub(kept)
    }

    /// What the fund can pay in all, rounded down; saturates.
    #[inline(always)]
    pub const fn worth_down(&self) -> Atoms {
        self.insurance_atoms.saturating_add(deposit_atoms_down(self.waiting_shares, self.deposit_index))
    }

    /// Pays `atoms`: what waits first, as few whole shares as are worth them (all where all is paid), then insurance. No liquidity is asked for,
    /// as nothing leaves the vault: a deposit ends against what the payment ends or becomes (INSURE-2).
    ///
    /// # Errors
    /// `NumberOutOfRange` where the fund is worth less.
    #[expect(clippy::arithmetic_side_effects, reason = "reached with at least so many atoms only")]
    pub fn draw_up(&self, atoms: Atoms) -> RiskResult<Draw> {
        let worth = deposit_atoms_down(self.waiting_shares, self.deposit_index);
        if atoms < worth {
            // Below what all of them are worth, so at most as many as there are.
            let shares =
                if atoms.is_zero() { 0 } else { shares_up(atoms, self.deposit_index)?.min(self.waiting_shares) };
            return Ok(Draw { waiting_shares: shares, waiting_atoms: atoms, insurance_atoms: Atoms::ZERO });
        }
        let insurance_atoms = Atoms::new(atoms.get() - worth.get());
        if insurance_atoms > self.insurance_atoms {
            return Err(RiskError::NumberOutOfRange);
        }
        // A payment of nothing leaves a share worth less than an atom where it is.
        let waiting_shares = if atoms.is_zero() { 0 } else { self.waiting_shares };
        Ok(Draw { waiting_shares, waiting_atoms: worth, insurance_atoms })
    }
}

/// Where atoms go that come in as insurance, or come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Paid on uncovered debt.
    pub covered_atoms: Atoms,
    /// Deposit shares that are cancelled (a sweep) or that wait from now on (what comes back).
    pub shares: u64,
    /// Insurance.
    pub insurance_atoms: Atoms,
}

impl Totals {
    /// Splits `atoms` that are nobody's: uncovered debt is paid first, the rest is insurance (INSURE-4).
    #[inline(always)]
    pub const fn take_in(&self, atoms: Atoms) -> Intake {
        let (covered_atoms, insurance_atoms) = atoms.take(self.uncovered_atoms);
        Intake { covered_atoms, shares: 0, insurance_atoms }
    }

    /// What comes of waiting shares: as many whole ones (up) as it takes pay uncovered debt whatever the liquidity, which
    /// is the same before and after; of the rest what is free becomes insurance, down (INSURE-2, INSURE-4).
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "what covers is at most what waits, and what is swept at most the rest: the sum is at most what waits"
    )]
    pub fn sweep_down(&self, waiting_shares: u64) -> Intake {
        let covering = shares_up(self.uncovered_atoms, self.deposit_index).unwrap_or(u64::MAX).min(waiting_shares);
        let covered_atoms = deposit_atoms_down(covering, self.deposit_index).min(self.uncovered_atoms);
        let rest = Self {
            deposit_shares: self.deposit_shares.saturating_sub(covering),
            uncovered_atoms: self.uncovered_atoms.saturating_sub(covered_atoms),
            ..*self
        };
        let liquid = rest.free_liquidity_down();
        let free = if liquid.is_zero() {
            0
        } else {
            shares_down(liquid, self.deposit_index).unwrap_or(u64::MAX).min(waiting_shares - covering)
        };
        let insurance_atoms = deposit_atoms_down(free, self.deposit_index);
        // A share worth less than an atom waits on: swept, it would be lost to a rounding.
        let free = if insurance_atoms.is_zero() { 0 } else { free };
        let covering = if covered_atoms.is_zero() { 0 } else { covering };
        // Both at most the waiting shares together.
        Intake { covered_atoms, shares: covering + free, insurance_atoms }
    }

    /// Where reserved insurance goes that nobody needed: uncovered debt first; then, where more is lent than deposited,
    /// a waiting deposit as large as that excess, since the reservation took it without liquidity and insurance is never
    /// lent out; the rest is insurance. Whole shares, rounded against the fund (INSURE-4).
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    pub fn give_back_down(&self, atoms: Atoms) -> RiskResult<Intake> {
        let mut intake = self.take_in(atoms);
        let uncovered = self.uncovered_atoms.saturating_sub(intake.covered_atoms);
        let owed = self.borrows_bits().saturating_add((uncovered.get() as u128) << INDEX_BITS);
        let lent_out = owed.saturating_sub(self.deposits_bits());
        if lent_out == 0 {
            return Ok(intake);
        }
        let wanted = div_wide_up(lent_out, self.deposit_index).unwrap_or(u64::MAX);
        let price = mul_wide(wanted, self.deposit_index).div_ceil(1 << INDEX_BITS);
        (intake.shares, intake.insurance_atoms) = match u64::try_from(price) {
            Ok(price) if price <= intake.insurance_atoms.get() => {
                (wanted, intake.insurance_atoms.take(Atoms::new(price)).1)
            }
            _ => (shares_down(intake.insurance_atoms, self.deposit_index)?, Atoms::ZERO),
        };
        Ok(intake)
    }
}
