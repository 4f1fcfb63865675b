//! Insurance of a bank on its layout: what waits, what comes in, what a loss draws and what comes back (INSURE).
//!
//! The arithmetic is `plimsoll_risk::bank`'s. Whatever comes in pays uncovered debt first; whatever goes out takes first
//! what waits for liquidity, and needs none for it.

use plimsoll_risk::bank::{shares_down, ShareDelta};
use plimsoll_risk::num::to_i64;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::Bank;

use crate::totals::apply_totals;

/// Makes `atoms`, taken from somebody else's balance in this bank, a deposit that waits to become insurance. Shares
/// are rounded down; the returned change of totals is the caller's to apply. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_waiting(bank: &mut Bank, atoms: u64) -> RiskResult<ShareDelta> {
    let shares = shares_down(atoms, bank.deposit_index)?;
    receive_waiting(bank, shares)?;
    Ok(ShareDelta { deposit_shares: to_i64(shares)?, borrow_shares: 0 })
}

/// Deposit shares that somebody gave up wait to become insurance from now on; totals stay.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn receive_waiting(bank: &mut Bank, shares: u64) -> RiskResult<()> {
    bank.waiting_shares = bank.waiting_shares.checked_add(shares).ok_or(RiskError::NumberOutOfRange)?;
    Ok(())
}

/// Lets waiting deposits pay uncovered debt, and turns the rest into insurance as far as there is free liquidity;
/// returns the atoms of both. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn sweep_waiting(bank: &mut Bank) -> RiskResult<u64> {
    let swept = bank.totals().sweep_down(bank.waiting_shares);
    strike_waiting(bank, swept.shares)?;
    bank.uncovered_atoms = minus(bank.uncovered_atoms, swept.covered_atoms)?;
    bank.insurance_atoms = plus(bank.insurance_atoms, swept.insurance_atoms)?;
    let atoms = swept.covered_atoms.saturating_add(swept.insurance_atoms);
    count_in(bank, atoms, swept.covered_atoms);
    Ok(atoms)
}

/// Adds atoms that are in the vault and belong to nobody to the insurance, uncovered debt paid first.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_insurance(bank: &mut Bank, atoms: u64) -> RiskResult<()> {
    let taken = bank.totals().take_in(atoms);
    bank.uncovered_atoms = minus(bank.uncovered_atoms, taken.covered_atoms)?;
    bank.insurance_atoms = plus(bank.insurance_atoms, taken.insurance_atoms)?;
    count_in(bank, atoms, taken.covered_atoms);
    Ok(())
}

/// Takes `atoms` off the fund for a loss, what waits first; whose they are now is the caller's to book. The bank is
/// booked.
///
/// # Errors
/// `NumberOutOfRange` where the fund has less.
pub fn draw(bank: &mut Bank, atoms: u64) -> RiskResult<()> {
    let draw = bank.fund().draw_up(atoms)?;
    strike_waiting(bank, draw.waiting_shares)?;
    bank.insurance_atoms = minus(bank.insurance_atoms, draw.insurance_atoms)?;
    count_in(bank, draw.waiting_atoms, 0);
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
pub fn give_back(bank: &mut Bank, atoms: u64) -> RiskResult<()> {
    bank.reserved_atoms = minus(bank.reserved_atoms, atoms)?;
    let back = bank.totals().give_back_down(atoms)?;
    bank.uncovered_atoms = minus(bank.uncovered_atoms, back.covered_atoms)?;
    apply_totals(bank, ShareDelta { deposit_shares: to_i64(back.shares)?, borrow_shares: 0 })?;
    receive_waiting(bank, back.shares)?;
    bank.insurance_atoms = plus(bank.insurance_atoms, back.insurance_atoms)?;
    count_in(bank, 0, back.covered_atoms);
    // It waits as it did before the reservation, and counts again once it is insurance.
    let waiting_atoms = atoms - back.covered_atoms - back.insurance_atoms;
    bank.insurance_in_atoms = bank.insurance_in_atoms.saturating_sub(waiting_atoms);
    Ok(())
}

#[expect(clippy::arithmetic_side_effects, reason = "the negative of a non-negative number always fits")]
fn strike_waiting(bank: &mut Bank, shares: u64) -> RiskResult<()> {
    bank.waiting_shares = minus(bank.waiting_shares, shares)?;
    apply_totals(bank, ShareDelta { deposit_shares: -to_i64(shares)?, borrow_shares: 0 })
}

/// Statistics of what was paid in, and of what of it went out again at once.
fn count_in(bank: &mut Bank, atoms: u64, paid_atoms: u64) {
    bank.insurance_in_atoms = bank.insurance_in_atoms.saturating_add(atoms);
    bank.insurance_out_atoms = bank.insurance_out_atoms.saturating_add(paid_atoms);
}

/// `value` with `atoms` more.
pub(crate) fn plus(value: u64, atoms: u64) -> RiskResult<u64> {
    value.checked_add(atoms).ok_or(RiskError::NumberOutOfRange)
}

/// `value` with `atoms` less.
pub(crate) fn minus(value: u64, atoms: u64) -> RiskResult<u64> {
    value.checked_sub(atoms).ok_or(RiskError::NumberOutOfRange)
}
