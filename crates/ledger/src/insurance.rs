//! Insurance of a bank on its layout: what waits, what comes in, what a loss draws and what comes back (INSURE).
//!
//! The arithmetic is `plimsoll_risk::bank`'s. Whatever comes in pays uncovered debt first; whatever goes out takes first
//! what waits for liquidity, and needs none for it.

use plimsoll_risk::bank::{debt_atoms_up, shares_down, ShareDelta};
use plimsoll_risk::num::to_i64;
use plimsoll_risk::units::{Atoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{Bank, Registry};

use crate::totals::apply_totals;

/// Makes `atoms`, taken from somebody else's balance in this bank, a deposit that waits to become insurance: whole shares,
/// and whole atoms of what is left of them as insurance. So what is credited is what was charged, but for a fraction of an
/// atom that stays in the vault, and never more (INSURE-6). The returned change of totals is the caller's to apply. The
/// bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_waiting(bank: &mut Bank, atoms: Atoms) -> RiskResult<ShareDelta> {
    let shares = shares_down(atoms, bank.deposit_index)?;
    receive_waiting(bank, shares)?;
    // Rounded up what the shares are worth: the fraction is in the shares already. Below an index of one nothing is left.
    let (_, rest) = atoms.take(debt_atoms_up(shares, bank.deposit_index));
    if !rest.is_zero() {
        add_insurance(bank, rest)?;
    }
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
/// returns what both come to. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn sweep_waiting(bank: &mut Bank) -> RiskResult<Atoms> {
    let swept = bank.totals().sweep_down(bank.waiting_shares);
    strike_waiting(bank, swept.shares)?;
    bank.uncovered_atoms = bank.uncovered().try_sub(swept.covered_atoms)?.get();
    bank.insurance_atoms = bank.insurance().try_add(swept.insurance_atoms)?.get();
    let atoms = swept.covered_atoms.saturating_add(swept.insurance_atoms);
    count_in(bank, atoms, swept.covered_atoms);
    Ok(atoms)
}

/// Adds atoms that are in the vault and belong to nobody to the insurance, uncovered debt paid first.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn add_insurance(bank: &mut Bank, atoms: Atoms) -> RiskResult<()> {
    let taken = bank.totals().take_in(atoms);
    bank.uncovered_atoms = bank.uncovered().try_sub(taken.covered_atoms)?.get();
    bank.insurance_atoms = bank.insurance().try_add(taken.insurance_atoms)?.get();
    count_in(bank, atoms, taken.covered_atoms);
    Ok(())
}

/// Takes `atoms` off the fund for a loss, what waits first; whose they are now is the caller's to book. The bank is
/// booked.
///
/// # Errors
/// `NumberOutOfRange` where the fund has less.
pub fn draw(bank: &mut Bank, atoms: Atoms) -> RiskResult<()> {
    let draw = bank.fund().draw_up(atoms)?;
    strike_waiting(bank, draw.waiting_shares)?;
    bank.insurance_atoms = bank.insurance().try_sub(draw.insurance_atoms)?.get();
    count_in(bank, draw.waiting_atoms, Atoms::ZERO);
    Ok(())
}

/// Takes what is above the target and the floor off the fund, at most `most`, for the caller to move out of the vault. No loss
/// may be waiting for it: no account frozen, nothing reserved, known, uncovered or owed to winners, and no breaker of
/// insurance standing (INSURE-7). The bank is booked.
///
/// # Errors
/// `LossKnown` while a loss may still claim it, `InsuranceDrawn` while the bank's breaker stands, `InsuranceWithinTarget` where
/// nothing is above, `NumberOutOfRange`.
pub fn withdraw_excess(bank: &mut Bank, registry: &Registry, most: Atoms, now: UnixSecs) -> RiskResult<Atoms> {
    if is_claimed(bank, registry) {
        return Err(RiskError::LossKnown);
    }
    if registry.drawn_until(bank.index, now).is_some() {
        return Err(RiskError::InsuranceDrawn);
    }
    let atoms = bank.fund().excess_above(bank.insurance_target().max(bank.insurance_floor())).min(most);
    if atoms.is_zero() {
        return Err(RiskError::InsuranceWithinTarget);
    }
    bank.insurance_atoms = bank.insurance().try_sub(atoms)?.get();
    bank.insurance_withdrawn_atoms = bank.insurance_withdrawn_atoms.saturating_add(atoms.get());
    Ok(atoms)
}

/// Whether a loss may still claim a bank's insurance. Any frozen account counts, since a gain can become a loss until it is
/// marked; so does a market's deficit against quote's, which winners bear only as long as nothing comes in.
fn is_claimed(bank: &Bank, registry: &Registry) -> bool {
    let claimed = registry.frozen_accounts != 0 || !bank.reserved().is_zero() || !bank.uncovered().is_zero();
    let known = registry.bank(bank.index as usize).is_some_and(|slot| !slot.known_loss().is_zero());
    let mut markets = registry.markets.iter().take(registry.market_count as usize);
    let is_quote = bank.index as usize == Registry::QUOTE_BANK;
    claimed || known || is_quote && markets.any(|slot| !slot.known_loss().is_zero() || slot.deficit_share_ppm != 0)
}

/// Reserved insurance that nobody needed goes back: to uncovered debt, then to what waits as far as more is lent than
/// deposited, then to the insurance. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange` where less is reserved.
pub fn give_back(bank: &mut Bank, atoms: Atoms) -> RiskResult<()> {
    bank.reserved_atoms = bank.reserved().try_sub(atoms)?.get();
    let back = bank.totals().give_back_down(atoms)?;
    bank.uncovered_atoms = bank.uncovered().try_sub(back.covered_atoms)?.get();
    apply_totals(bank, ShareDelta { deposit_shares: to_i64(back.shares)?, borrow_shares: 0 })?;
    receive_waiting(bank, back.shares)?;
    bank.insurance_atoms = bank.insurance().try_add(back.insurance_atoms)?.get();
    count_in(bank, Atoms::ZERO, back.covered_atoms);
    // It waits as it did before the reservation, and counts again once it is insurance.
    let (_, uncovered) = atoms.take(back.covered_atoms);
    let (_, waiting) = uncovered.take(back.insurance_atoms);
    bank.insurance_in_atoms = bank.insurance_in_atoms.saturating_sub(waiting.get());
    Ok(())
}

#[expect(clippy::arithmetic_side_effects, reason = "the negative of a non-negative number always fits")]
fn strike_waiting(bank: &mut Bank, shares: u64) -> RiskResult<()> {
    bank.waiting_shares = bank.waiting_shares.checked_sub(shares).ok_or(RiskError::NumberOutOfRange)?;
    apply_totals(bank, ShareDelta { deposit_shares: -to_i64(shares)?, borrow_shares: 0 })
}

/// Statistics of what was paid in, and of what of it went out again at once.
fn count_in(bank: &mut Bank, atoms: Atoms, paid: Atoms) {
    bank.insurance_in_atoms = bank.insurance_in_atoms.saturating_add(atoms.get());
    bank.insurance_out_atoms = bank.insurance_out_atoms.saturating_add(paid.get());
}
