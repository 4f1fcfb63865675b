//! Token balances: shares of a bank's deposits or debts, moved on the layouts alone. No token program is called here.

use anchor_lang::prelude::*;
use plimsoll_ledger::{account, insurance, interest};
use plimsoll_risk::bank::{credit, debit, debt_atoms_up, deposit_atoms_down};
pub use plimsoll_risk::bank::{Indices, ShareDelta};
use plimsoll_state::{pause, Bank, BankSlot, MarginAccount, Registry, SlotStatus, TokenPosition};

use crate::access::require_not_paused;
use crate::error::{EngineError, IntoEngine};

/// The indices a move counts with: [`plimsoll_state::BankSlot::indices_at`] where shares pass between accounts and
/// totals stay, [`Bank::indices`] after booking where totals change.
pub type BankView = Indices;

/// Position of `bank` in the account's table, opened where there is none.
///
/// # Errors
/// `TokenTableFull`; never of the settlement token, see [`MarginAccount::open_token`].
#[inline(always)]
pub fn position_or_open(account: &mut MarginAccount, bank: u8) -> Result<usize> {
    if let Some(index) = account.token_index(bank) {
        return Ok(index);
    }
    Ok(account::open_token(account, bank).ok_or(EngineError::TokenTableFull)?)
}

/// Frees a position that holds nothing and has no insurance reserved.
#[inline(always)]
pub fn close_if_zero(account: &mut MarginAccount, index: usize) {
    let position = &mut account.tokens[index];
    if position.shares == 0 && position.reserved_atoms == 0 {
        *position = TokenPosition::default();
    }
}

/// Shares of `bank` that the account holds (positive) or owes (negative).
#[inline(always)]
pub fn shares_of(account: &MarginAccount, bank: u8) -> i64 {
    account.token_index(bank).map_or(0, |index| account.tokens[index].shares)
}

/// What the account has deposited, atoms, rounded down; saturates.
#[inline(always)]
pub fn deposit_atoms(account: &MarginAccount, bank: u8, view: &Indices) -> u64 {
    deposit_atoms_down(shares_of(account, bank).max(0) as u64, view.deposit_index)
}

/// What the account owes, atoms, rounded up; saturates.
#[inline(always)]
pub fn debt_atoms(account: &MarginAccount, bank: u8, view: &Indices) -> u64 {
    debt_atoms_up(shares_of(account, bank).min(0).unsigned_abs(), view.borrow_index)
}

/// Adds signed atoms to the account's signed balance.
///
/// A credit repays first, then deposits; a debit takes deposits first, then borrows. Rounded against the account;
/// paying the whole debt or taking the whole deposit leaves no share behind. The caller adds the returned change to
/// the bank's totals, unless another account's opposite change makes it nothing (MONEY-3, MONEY-4).
///
/// # Errors
/// `AmountZero` where no share moves, `TokenTableFull`, `NumberOutOfRange`.
#[inline(never)]
pub fn apply_delta(account: &mut MarginAccount, bank: u8, delta_atoms: i64, view: &Indices) -> Result<ShareDelta> {
    let index = position_or_open(account, bank)?;
    let (shares, atoms) = (account.tokens[index].shares, delta_atoms.unsigned_abs());
    let (shares, delta) =
        if delta_atoms >= 0 { credit(shares, atoms, view).engine()? } else { debit(shares, atoms, view).engine()? };
    ensure!(!delta.is_zero(), EngineError::AmountZero);
    account.tokens[index].shares = shares;
    close_if_zero(account, index);
    Ok(delta)
}

/// Gives up every deposit share of `bank`; a debt stays. Returns the shares, which may be worth less than an atom.
pub fn take_all_deposit_shares(account: &mut MarginAccount, bank: u8) -> u64 {
    let Some(index) = account.token_index(bank) else {
        return 0;
    };
    let shares = account.tokens[index].shares.max(0);
    account.tokens[index].shares -= shares;
    close_if_zero(account, index);
    shares as u64
}

/// Adds deposit shares that somebody else gave up; totals stay.
///
/// # Errors
/// `BankTotalsRequired` where the account owes in this bank, so that totals would change; `TokenTableFull`,
/// `NumberOutOfRange`.
pub fn give_deposit_shares(account: &mut MarginAccount, bank: u8, shares: u64) -> Result<()> {
    let index = position_or_open(account, bank)?;
    let held = account.tokens[index].shares;
    ensure!(held >= 0, EngineError::BankTotalsRequired);
    let sum = i64::try_from(shares).ok().and_then(|shares| held.checked_add(shares));
    account.tokens[index].shares = sum.ok_or(EngineError::NumberOutOfRange)?;
    close_if_zero(account, index);
    Ok(())
}

/// Adds what accounts' shares changed by to the totals of a booked bank.
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(always)]
pub fn apply_totals(bank: &mut Bank, delta: ShareDelta) -> Result<()> {
    interest::apply_totals(bank, delta).engine()
}

/// The bank accepts what grows a deposit or a debt (MONEY-5).
///
/// # Errors
/// `ReduceOnly`, `BankTerminal`, `SlotEmpty`; `InvariantBroken` where the stored status is unknown.
#[inline(always)]
pub fn require_growth_allowed(slot: &BankSlot) -> Result<()> {
    match SlotStatus::try_from(slot.status).engine()? {
        SlotStatus::Active => Ok(()),
        SlotStatus::ReduceOnly => Err(crate::error::fail(EngineError::ReduceOnly)),
        SlotStatus::Terminal => Err(crate::error::fail(EngineError::BankTerminal)),
        SlotStatus::Empty => Err(crate::error::fail(EngineError::SlotEmpty)),
    }
}

/// A booked bank may lend what its totals already show as lent (MONEY-5).
///
/// # Errors
/// `Paused`, `ReduceOnly`, `BankTerminal`, `BorrowCapReached`.
#[inline(never)]
pub fn require_lending_allowed(registry: &Registry, slot: &BankSlot, bank: &Bank) -> Result<()> {
    require_not_paused(registry, pause::BORROW)?;
    require_growth_allowed(slot)?;
    ensure!(bank.totals().borrows_up() <= bank.borrow_cap_atoms, EngineError::BorrowCapReached);
    Ok(())
}

/// After a repayment: insurance reserved for a bankrupt debt beyond what is still owed goes back. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn release_reserved(account: &mut MarginAccount, bank: &mut Bank) -> Result<()> {
    let Some(index) = account.token_index(bank.index) else {
        return Ok(());
    };
    let owed = debt_atoms(account, bank.index, &bank.indices());
    let position = &mut account.tokens[index];
    let over = position.reserved_atoms.saturating_sub(owed);
    position.reserved_atoms -= over;
    position.mark_atoms = position.mark_atoms.min(owed);
    insurance::give_back(bank, over).engine()?;
    account.estate_reserved_atoms = account.estate_reserved_atoms.saturating_sub(over);
    close_if_zero(account, index);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_risk::params::INDEX_ONE;
    use plimsoll_state::EngineAccount;

    const VIEW: Indices = Indices { deposit_index: INDEX_ONE, borrow_index: INDEX_ONE };

    /// MONEY-4
    #[test]
    fn a_credit_repays_first_and_a_debit_takes_deposits_first() {
        let mut account = MarginAccount::zeroed();
        assert_eq!(
            apply_delta(&mut account, 3, 10, &VIEW).unwrap(),
            ShareDelta { deposit_shares: 10, borrow_shares: 0 }
        );
        assert_eq!(
            apply_delta(&mut account, 3, -15, &VIEW).unwrap(),
            ShareDelta { deposit_shares: -10, borrow_shares: 5 }
        );
        assert_eq!(debt_atoms(&account, 3, &VIEW), 5);
        assert_eq!(
            apply_delta(&mut account, 3, 6, &VIEW).unwrap(),
            ShareDelta { deposit_shares: 1, borrow_shares: -5 }
        );
        assert_eq!(deposit_atoms(&account, 3, &VIEW), 1);
        apply_delta(&mut account, 3, -1, &VIEW).unwrap();
        assert!(account.is_empty());
    }

    /// MONEY-3
    #[test]
    fn a_move_of_no_share_is_refused() {
        let mut account = MarginAccount::zeroed();
        let rich = Indices { deposit_index: 3 * INDEX_ONE, borrow_index: 3 * INDEX_ONE };
        assert_eq!(apply_delta(&mut account, 0, 2, &rich).unwrap_err(), EngineError::AmountZero.into());
        assert_eq!(apply_delta(&mut account, 0, 0, &rich).unwrap_err(), EngineError::AmountZero.into());
    }

    /// PNL-7
    #[test]
    fn a_full_table_opens_nothing_but_quote() {
        let version = plimsoll_state::LAYOUT_VERSION;
        let mut account = MarginAccount { version, ..MarginAccount::zeroed() };
        for bank in 1..16 {
            apply_delta(&mut account, bank, 1, &VIEW).unwrap();
        }
        let refused = |account: &mut MarginAccount| apply_delta(account, 16, 1, &VIEW).unwrap_err();
        assert_eq!(refused(&mut account), EngineError::TokenTableFull.into());
        assert!(apply_delta(&mut account, 15, 1, &VIEW).is_ok());
        apply_delta(&mut account, 0, -7, &VIEW).unwrap();
        assert_eq!(refused(&mut account), EngineError::TokenTableFull.into());
        apply_delta(&mut account, 0, 7, &VIEW).unwrap();
        assert_eq!(refused(&mut account), EngineError::TokenTableFull.into());
        // A place that another token frees is anybody's.
        apply_delta(&mut account, 3, -1, &VIEW).unwrap();
        apply_delta(&mut account, 16, 1, &VIEW).unwrap();
        assert!(account.invariant().is_ok() && account.token_index(0).is_none());
    }

    #[test]
    fn a_repayment_gives_back_insurance_reserved_beyond_the_debt() {
        let (mut account, mut bank) = (MarginAccount::zeroed(), Bank::zeroed());
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
        apply_delta(&mut account, 0, -100, &VIEW).unwrap();
        (account.tokens[0].reserved_atoms, account.tokens[0].mark_atoms, bank.reserved_atoms) = (80, 100, 80);
        apply_delta(&mut account, 0, 50, &VIEW).unwrap();
        release_reserved(&mut account, &mut bank).unwrap();
        assert_eq!((account.tokens[0].reserved_atoms, account.tokens[0].mark_atoms), (50, 50));
        apply_delta(&mut account, 0, 50, &VIEW).unwrap();
        release_reserved(&mut account, &mut bank).unwrap();
        assert_eq!((bank.reserved_atoms, bank.insurance_atoms), (0, 80));
        assert!(account.is_empty());
    }
}
