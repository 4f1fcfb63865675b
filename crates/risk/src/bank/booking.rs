//! Booking of interest, free liquidity and socialized loss.

use super::{div_wide_down, div_wide_up, Indices, ShareDelta, INDEX_BITS};
use crate::error::{RiskError, RiskResult};
use crate::num::{mul_u32, mul_wide, PPM};
use crate::params::DEPOSIT_INDEX_FLOOR;
use crate::units::{Atoms, Ppm};

/// Totals of one bank as plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Deposit shares of all holders.
    pub deposit_shares: u64,
    /// Borrow shares of all debtors.
    pub borrow_shares: u64,
    /// Value of a deposit share, 48 fraction bits.
    pub deposit_index: u64,
    /// Borrow index up to which interest is booked, 48 fraction bits.
    pub borrow_index: u64,
    /// Bad debt beyond what deposits could bear.
    pub uncovered_atoms: Atoms,
}

/// Result of [`Totals::book`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Booking {
    /// For the protocol.
    pub fee_atoms: Atoms,
    /// What of the protocol's part paid uncovered debt instead.
    pub covered_atoms: Atoms,
    /// The deposit index from now on.
    pub deposit_index: u64,
}

impl Totals {
    /// What depositors own, atoms with 48 fraction bits.
    #[inline(always)]
    pub const fn deposits_bits(&self) -> u128 {
        mul_wide(self.deposit_shares, self.deposit_index)
    }

    /// What borrowers owe by the booked index, atoms with 48 fraction bits.
    #[inline(always)]
    pub const fn borrows_bits(&self) -> u128 {
        mul_wide(self.borrow_shares, self.borrow_index)
    }

    /// Deposits, rounded down; saturates.
    #[inline(always)]
    pub const fn deposits_down(&self) -> Atoms {
        super::deposit_atoms_down(self.deposit_shares, self.deposit_index)
    }

    /// Borrows, rounded up; saturates.
    #[inline(always)]
    pub const fn borrows_up(&self) -> Atoms {
        super::debt_atoms_up(self.borrow_shares, self.borrow_index)
    }

    /// `max(0, deposits - borrows - uncovered)`, rounded down: never the vault's balance (MONEY-2).
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "its upper half is zero")]
    pub const fn free_liquidity_down(&self) -> Atoms {
        let owed = self.borrows_bits().saturating_add((self.uncovered_atoms.get() as u128) << INDEX_BITS);
        let free = self.deposits_bits().saturating_sub(owed) >> INDEX_BITS;
        if free >> 64 != 0 {
            Atoms::MAX
        } else {
            Atoms::new(free as u64)
        }
    }

    /// `borrows <= deposits - uncovered`, exactly: what holds after atoms leave the vault (MONEY-2).
    #[inline(always)]
    pub const fn is_liquid(&self) -> bool {
        let owed = self.borrows_bits().saturating_add((self.uncovered_atoms.get() as u128) << INDEX_BITS);
        owed <= self.deposits_bits()
    }

    /// What can newly be lent while [`Self::borrows_up`] stays within a cap, rounded down; saturates.
    #[inline(never)]
    pub const fn borrow_room_down(&self, cap: Atoms) -> Atoms {
        let most = match div_wide_down((cap.get() as u128) << INDEX_BITS, self.borrow_index) {
            Some(shares) => shares,
            None => u64::MAX,
        };
        super::deposit_atoms_down(most.saturating_sub(self.borrow_shares), self.borrow_index)
    }

    /// The indices.
    #[inline(always)]
    pub const fn indices(&self) -> Indices {
        Indices { deposit_index: self.deposit_index, borrow_index: self.borrow_index }
    }

    /// Books what borrowers were charged while the borrow index grew to `borrow_index_now` (INTEREST-2).
    ///
    /// The fee of it is the protocol's, the rest raises the deposit index, rounded down, which never grows
    /// faster than the borrow index. What that bound, rounding or an empty deposit side leaves is the protocol's too,
    /// in whole atoms; the fraction stays in the vault. While debt is uncovered the protocol's part pays for it.
    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the index was raised by a saturating sum, so it is not below the old one"
    )]
    pub fn book(&self, borrow_index_now: u64, interest_fee: Ppm) -> Booking {
        let unchanged = Booking { deposit_index: self.deposit_index, ..Booking::default() };
        let growth = borrow_index_now.saturating_sub(self.borrow_index);
        if growth == 0 || self.borrow_shares == 0 {
            return unchanged;
        }
        let charged = mul_wide(self.borrow_shares, growth);
        // Per deposit share, then the share of it that is not the protocol's.
        let gross = div_wide_down(charged, self.deposit_shares).unwrap_or(u64::MAX);
        let mut raise = div_wide_down(mul_u32(gross, interest_fee.rest().get()), PPM as u64).unwrap_or(u64::MAX);
        if self.deposit_shares == 0 {
            raise = 0;
        } else if self.borrows_bits() > self.deposits_bits() {
            // Only where more is owed than deposited can depositors be due more than the borrow index grew.
            let at_most = div_wide_down(mul_wide(self.deposit_index, growth), self.borrow_index).unwrap_or(u64::MAX);
            raise = raise.min(at_most);
        }
        let deposit_index = self.deposit_index.saturating_add(raise);
        let credited = mul_wide(self.deposit_shares, deposit_index - self.deposit_index);
        let fee = charged.saturating_sub(credited) >> INDEX_BITS;
        let super::Intake { covered_atoms, insurance_atoms: fee_atoms, .. } =
            self.take_in(Atoms::new(u64::try_from(fee).unwrap_or(u64::MAX)));
        Booking { fee_atoms, covered_atoms, deposit_index }
    }

    /// Totals after accounts' shares changed by `delta`.
    ///
    /// # Errors
    /// `NumberOutOfRange`.
    #[inline(always)]
    pub fn plus(&self, delta: ShareDelta) -> RiskResult<Self> {
        let sum = |total: u64, by: i64| total.checked_add_signed(by).ok_or(RiskError::NumberOutOfRange);
        Ok(Self {
            deposit_shares: sum(self.deposit_shares, delta.deposit_shares)?,
            borrow_shares: sum(self.borrow_shares, delta.borrow_shares)?,
            ..*self
        })
    }
}

/// Result of [`socialize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socialized {
    /// The deposit index from now on.
    pub deposit_index: u64,
    /// What deposits could not bear.
    pub uncovered_atoms: Atoms,
    /// The index is at its floor: repay and withdraw only.
    pub terminal: bool,
}

/// Lowers the deposit index pro rata for `loss`, rounded against depositors, never below its floor
/// (LOSS-1). What deposits cannot bear is uncovered, rounded up.
#[expect(clippy::arithmetic_side_effects, reason = "what is taken off is at most what the index has above its floor")]
pub fn socialize(deposit_shares: u64, deposit_index: u64, loss: Atoms) -> Socialized {
    let bearable = deposit_index.saturating_sub(DEPOSIT_INDEX_FLOOR);
    let (deposit_index, uncovered_atoms) = if loss.is_zero() || deposit_shares == 0 {
        // Nothing to bear, or nobody whose claims the index measures.
        (deposit_index, loss)
    } else {
        match div_wide_up((loss.get() as u128) << INDEX_BITS, deposit_shares) {
            Some(fall) if fall <= bearable => (deposit_index - fall, Atoms::ZERO),
            _ => {
                let borne = super::deposit_atoms_down(deposit_shares, bearable);
                (deposit_index - bearable, loss.saturating_sub(borne))
            }
        }
    };
    Socialized { deposit_index, uncovered_atoms, terminal: deposit_index <= DEPOSIT_INDEX_FLOOR }
}
