//! Indices, shares and signed balances.

use super::{div_wide_down, div_wide_up, INDEX_BITS};
use crate::error::{RiskError, RiskResult};
use crate::num::{mul_div_down, mul_high_up, mul_shift_down, mul_shift_up, mul_wide, to_i64};
use crate::units::{Atoms, Secs};

/// The borrow index `elapsed` after it was stored: `index * (1 + rate * dt)`, rounded up (INTEREST-1).
///
/// `rate_per_sec` is in units of 2^-64. Linear between two cranks, so that readers and `accrue` agree to the atom.
/// Stops at `u64::MAX`; nothing errors.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the lower half of the growth; the upper one is taken apart")]
pub const fn borrow_index_at_up(index: u64, rate_per_sec: u64, elapsed: Secs) -> u64 {
    let growth = mul_wide(rate_per_sec, elapsed.get());
    let fraction = mul_high_up(index, growth as u64);
    let whole = (growth >> 64) as u64;
    if whole == 0 {
        return index.saturating_add(fraction);
    }
    index.saturating_add(index.saturating_mul(whole)).saturating_add(fraction)
}

/// The most that a bank's deposit index can be by now, rounded up, given a copy of it from when the borrow index was
/// `borrow_index_then` or later: `copy * now / then`, as it never grows faster than the borrow index
/// ([`super::Totals::book`]) and otherwise only falls. Exact where nothing was charged since; saturates (LIQ-5).
#[inline(never)]
pub const fn deposit_index_at_most_up(copy: u64, borrow_index_then: u64, borrow_index_now: u64) -> u64 {
    if borrow_index_now <= borrow_index_then {
        return copy;
    }
    match div_wide_up(mul_wide(copy, borrow_index_now), borrow_index_then) {
        Some(index) => index,
        None => u64::MAX,
    }
}

/// The shares that pass to somebody who is due `atoms` of a deposit of `held` shares, rounded down, at most those held.
///
/// The deposit is counted at `copy_index`, an older copy of the bank's index, and all of it is what that makes of it;
/// shares are counted at `index`, which is at least the bank's own. So the receiver gets no interest that the copy does
/// not show: it stays the giver's, in shares, even where all of the deposit passes (LIQ-5).
///
/// # Errors
/// `NumberOutOfRange` above 63 bits.
pub fn shares_passing_down(held: u64, atoms: Atoms, copy_index: u64, index: u64) -> RiskResult<u64> {
    if atoms >= deposit_atoms_down(held, copy_index) {
        if index <= copy_index {
            return Ok(held);
        }
        return mul_div_down(held, copy_index, index).ok_or(RiskError::NumberOutOfRange);
    }
    Ok(shares_down(atoms, index)?.min(held))
}

/// What a bank's shares are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indices {
    /// Value of a deposit share, 48 fraction bits.
    pub deposit_index: u64,
    /// Value of a borrow share, 48 fraction bits.
    pub borrow_index: u64,
}

/// How one move changed the shares that an account holds and owes; the bank's totals change by the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareDelta {
    /// Change of deposit shares.
    pub deposit_shares: i64,
    /// Change of borrow shares, positive where more is owed.
    pub borrow_shares: i64,
}

impl ShareDelta {
    /// Whether nothing changed.
    #[inline(always)]
    pub const fn is_zero(&self) -> bool {
        self.deposit_shares == 0 && self.borrow_shares == 0
    }

    /// The sum of two moves.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    pub fn plus(self, other: Self) -> RiskResult<Self> {
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or(RiskError::NumberOutOfRange);
        Ok(Self {
            deposit_shares: sum(self.deposit_shares, other.deposit_shares)?,
            borrow_shares: sum(self.borrow_shares, other.borrow_shares)?,
        })
    }
}

/// What deposit shares are worth, rounded down; saturates.
#[inline(always)]
pub const fn deposit_atoms_down(shares: u64, deposit_index: u64) -> Atoms {
    Atoms::new(mul_shift_down(shares, deposit_index, INDEX_BITS))
}

/// What borrow shares owe, rounded up; saturates.
#[inline(always)]
pub const fn debt_atoms_up(shares: u64, borrow_index: u64) -> Atoms {
    Atoms::new(mul_shift_up(shares, borrow_index, INDEX_BITS))
}

/// The shares that `atoms` are at `index`, rounded down.
///
/// # Errors
/// `NumberOutOfRange` above 63 bits.
#[inline(always)]
pub fn shares_down(atoms: Atoms, index: u64) -> RiskResult<u64> {
    within_63(div_wide_down((atoms.get() as u128) << INDEX_BITS, index))
}

/// The shares that `atoms` are at `index`, rounded up.
///
/// # Errors
/// `NumberOutOfRange` above 63 bits.
#[inline(always)]
pub fn shares_up(atoms: Atoms, index: u64) -> RiskResult<u64> {
    within_63(div_wide_up((atoms.get() as u128) << INDEX_BITS, index))
}

#[inline(always)]
fn within_63(shares: Option<u64>) -> RiskResult<u64> {
    shares.filter(|s| s >> 63 == 0).ok_or(RiskError::NumberOutOfRange)
}

/// Adds `atoms` to a signed balance of shares: repays first, the rest is a deposit. Returns the new shares.
///
/// Deposit shares are minted and borrow shares burned rounded down, so neither a claim is ever overstated nor a debt
/// understated; paying the whole debt burns every borrow share (MONEY-3).
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "at most the owed shares are burned, and the negative of a non-negative number always fits"
)]
pub fn credit(shares: i64, atoms: Atoms, indices: &Indices) -> RiskResult<(i64, ShareDelta)> {
    let owed = if shares < 0 { shares.unsigned_abs() } else { 0 };
    let debt = debt_atoms_up(owed, indices.borrow_index);
    if atoms < debt {
        // Below the whole debt, so at most as many as are owed.
        let burned = to_i64(shares_down(atoms, indices.borrow_index)?.min(owed))?;
        return Ok((shares + burned, ShareDelta { deposit_shares: 0, borrow_shares: -burned }));
    }
    let rest = Atoms::new(atoms.get() - debt.get());
    let minted = if rest.is_zero() { 0 } else { to_i64(shares_down(rest, indices.deposit_index)?)? };
    let held = shares.max(0).checked_add(minted).ok_or(RiskError::NumberOutOfRange)?;
    Ok((held, ShareDelta { deposit_shares: minted, borrow_shares: shares.min(0) }))
}

/// Takes `atoms` off a signed balance of shares: deposits first, the rest is borrowed. Returns the new shares.
///
/// Deposit shares are burned and borrow shares minted rounded up; taking the whole deposit burns every share.
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    reason = "at most the held shares are burned, which are not negative; the negative of a non-negative number always fits"
)]
pub fn debit(shares: i64, atoms: Atoms, indices: &Indices) -> RiskResult<(i64, ShareDelta)> {
    // A debit of nothing leaves a share worth less than an atom where it is.
    if atoms.is_zero() {
        return Ok((shares, ShareDelta::default()));
    }
    let held = shares.max(0);
    let deposit = deposit_atoms_down(held as u64, indices.deposit_index);
    if atoms < deposit {
        // Below the whole deposit, so at most as many as are held.
        let burned = to_i64(shares_up(atoms, indices.deposit_index)?)?.min(held);
        return Ok((shares - burned, ShareDelta { deposit_shares: -burned, borrow_shares: 0 }));
    }
    let rest = Atoms::new(atoms.get() - deposit.get());
    let minted = if rest.is_zero() { 0 } else { to_i64(shares_up(rest, indices.borrow_index)?)? };
    let owed = shares.min(0).checked_sub(minted).ok_or(RiskError::NumberOutOfRange)?;
    Ok((owed, ShareDelta { deposit_shares: -held, borrow_shares: minted }))
}
