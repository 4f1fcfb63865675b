//! Token balances: shares of a bank's deposits or debts, moved on the layouts alone. No token program is called here.

use plimsoll_risk::bank::{credit, debit, debt_atoms_up, deposit_atoms_down};
pub use plimsoll_risk::bank::{Indices, ShareDelta};
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{pause, Bank, BankSlot, MarginAccount, Registry, SlotStatus, TokenPosition};

use crate::insurance::give_back;
pub use crate::totals::apply_totals;

/// Opens a balance of nothing in `bank`, which has none; none where the table has no room for it.
///
/// The last place is quote's: whatever the table holds, a gain can be credited and a loss become a debt (PNL-7).
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "the index was found in the table; the quote bank is slot zero"
)]
pub fn open_token(account: &mut MarginAccount, bank: u8) -> Option<usize> {
    let mut free = account.tokens.iter().enumerate().filter(|(_, token)| token.used == 0).map(|(index, _)| index);
    let index = free.next()?;
    let is_last = free.next().is_none();
    let quote = Registry::QUOTE_BANK as u8;
    if is_last && bank != quote && account.token_index(quote).is_none() {
        return None;
    }
    account.tokens[index] = TokenPosition { bank, used: 1, ..TokenPosition::default() };
    Some(index)
}

/// Position of `bank` in the account's table, opened where there is none.
///
/// # Errors
/// `TokenTableFull`; never of the settlement token, see [`open_token`].
#[inline(always)]
pub fn position_or_open(account: &mut MarginAccount, bank: u8) -> RiskResult<usize> {
    if let Some(index) = account.token_index(bank) {
        return Ok(index);
    }
    open_token(account, bank).ok_or(RiskError::TokenTableFull)
}

/// Frees a position that holds nothing, has no insurance reserved and is not counted as a known loss.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn close_if_zero(account: &mut MarginAccount, index: usize) {
    let position = &mut account.tokens[index];
    if position.shares == 0 && position.reserved_atoms | position.fixed_debt_atoms == 0 {
        *position = TokenPosition::default();
    }
}

/// Shares of `bank` that the account holds (positive) or owes (negative).
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn shares_of(account: &MarginAccount, bank: u8) -> i64 {
    account.token_index(bank).map_or(0, |index| account.tokens[index].shares)
}

/// What the account has deposited, rounded down; saturates.
#[inline(always)]
#[expect(clippy::cast_sign_loss, reason = "a debt counts as zero")]
pub fn deposit_atoms(account: &MarginAccount, bank: u8, view: &Indices) -> Atoms {
    deposit_atoms_down(shares_of(account, bank).max(0) as u64, view.deposit_index)
}

/// What the account owes, rounded up; saturates.
#[inline(always)]
pub fn debt_atoms(account: &MarginAccount, bank: u8, view: &Indices) -> Atoms {
    debt_atoms_up(shares_of(account, bank).min(0).unsigned_abs(), view.borrow_index)
}

/// Whether a credit of so many atoms moves a share, as [`apply_delta`] asks.
///
/// # Errors
/// `NumberOutOfRange`.
pub fn moves_a_share(account: &MarginAccount, bank: u8, atoms: Atoms, view: &Indices) -> RiskResult<bool> {
    Ok(!credit(shares_of(account, bank), atoms, view)?.1.is_zero())
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
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn apply_delta(
    account: &mut MarginAccount,
    bank: u8,
    change: SignedAtoms,
    view: &Indices,
) -> RiskResult<ShareDelta> {
    let index = position_or_open(account, bank)?;
    let (shares, atoms) = (account.tokens[index].shares, change.unsigned_abs());
    let (shares, delta) = if change.get() >= 0 { credit(shares, atoms, view)? } else { debit(shares, atoms, view)? };
    if delta.is_zero() {
        return Err(RiskError::AmountZero);
    }
    account.tokens[index].shares = shares;
    close_if_zero(account, index);
    Ok(delta)
}

/// Gives up every deposit share of `bank`; a debt stays. Returns the shares, which may be worth less than an atom.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; what is given up is what is held, or zero of a debt"
)]
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
/// `TotalsRequired` where the account owes in this bank, so that totals would change; `TokenTableFull`,
/// `NumberOutOfRange`.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn give_deposit_shares(account: &mut MarginAccount, bank: u8, shares: u64) -> RiskResult<()> {
    let index = position_or_open(account, bank)?;
    let held = account.tokens[index].shares;
    if held < 0 {
        return Err(RiskError::TotalsRequired);
    }
    let sum = i64::try_from(shares).ok().and_then(|shares| held.checked_add(shares));
    account.tokens[index].shares = sum.ok_or(RiskError::NumberOutOfRange)?;
    close_if_zero(account, index);
    Ok(())
}

/// The bank accepts what grows a deposit or a debt (MONEY-5).
///
/// # Errors
/// `ReduceOnly`, `BankTerminal`, `SlotEmpty`, `StatusUnknown`.
#[inline(always)]
pub fn require_growth_allowed(slot: &BankSlot) -> RiskResult<()> {
    match SlotStatus::try_from(slot.status).map_err(|_| RiskError::StatusUnknown)? {
        SlotStatus::Active => Ok(()),
        SlotStatus::ReduceOnly => Err(RiskError::ReduceOnly),
        SlotStatus::Terminal => Err(RiskError::BankTerminal),
        SlotStatus::Empty => Err(RiskError::SlotEmpty),
    }
}

/// A booked bank may lend what its totals already show as lent (MONEY-5).
///
/// # Errors
/// `Paused`, `ReduceOnly`, `BankTerminal`, `BorrowCapReached`.
#[inline(never)]
pub fn require_lending_allowed(registry: &Registry, slot: &BankSlot, bank: &Bank, now: UnixSecs) -> RiskResult<()> {
    if registry.is_paused(pause::BORROW, now) {
        return Err(RiskError::Paused);
    }
    require_growth_allowed(slot)?;
    if bank.totals().borrows_up() > bank.borrow_cap() {
        return Err(RiskError::BorrowCapReached);
    }
    Ok(())
}

/// After a repayment: insurance reserved for a bankrupt debt beyond what is still owed goes back. The bank is booked.
///
/// # Errors
/// `NumberOutOfRange`.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn release_reserved(account: &mut MarginAccount, bank: &mut Bank) -> RiskResult<()> {
    let Some(index) = account.token_index(bank.index) else {
        return Ok(());
    };
    let owed = debt_atoms(account, bank.index, &bank.indices());
    let position = &mut account.tokens[index];
    let (kept, over) = position.reserved().take(owed);
    position.reserved_atoms = kept.get();
    give_back(bank, over)?;
    account.estate_reserved_atoms = account.estate_reserved().saturating_sub(over).get();
    close_if_zero(account, index);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use plimsoll_risk::params::INDEX_ONE;
    use plimsoll_risk::units::{Atoms, SignedAtoms};
    use plimsoll_state::{BankCaps, EngineAccount};

    const VIEW: Indices = Indices { deposit_index: INDEX_ONE, borrow_index: INDEX_ONE };

    /// MONEY-4
    #[test]
    fn a_credit_repays_first_and_a_debit_takes_deposits_first() {
        let mut account = MarginAccount::zeroed();
        assert_eq!(
            apply_delta(&mut account, 3, SignedAtoms::new(10), &VIEW).unwrap(),
            ShareDelta { deposit_shares: 10, borrow_shares: 0 }
        );
        assert_eq!(
            apply_delta(&mut account, 3, SignedAtoms::new(-15), &VIEW).unwrap(),
            ShareDelta { deposit_shares: -10, borrow_shares: 5 }
        );
        assert_eq!(debt_atoms(&account, 3, &VIEW).get(), 5);
        assert_eq!(
            apply_delta(&mut account, 3, SignedAtoms::new(6), &VIEW).unwrap(),
            ShareDelta { deposit_shares: 1, borrow_shares: -5 }
        );
        assert_eq!(deposit_atoms(&account, 3, &VIEW).get(), 1);
        apply_delta(&mut account, 3, SignedAtoms::new(-1), &VIEW).unwrap();
        assert!(account.is_empty());
    }

    /// MONEY-3
    #[test]
    fn a_move_of_no_share_is_refused() {
        let mut account = MarginAccount::zeroed();
        let rich = Indices { deposit_index: 3 * INDEX_ONE, borrow_index: 3 * INDEX_ONE };
        assert_eq!(apply_delta(&mut account, 0, SignedAtoms::new(2), &rich).unwrap_err(), RiskError::AmountZero);
        assert_eq!(apply_delta(&mut account, 0, SignedAtoms::ZERO, &rich).unwrap_err(), RiskError::AmountZero);
    }

    /// PNL-7
    #[test]
    fn a_full_table_opens_nothing_but_quote() {
        let version = plimsoll_state::LAYOUT_VERSION;
        let mut account = MarginAccount { version, ..MarginAccount::zeroed() };
        for bank in 1..16 {
            apply_delta(&mut account, bank, SignedAtoms::new(1), &VIEW).unwrap();
        }
        let refused = |account: &mut MarginAccount| apply_delta(account, 16, SignedAtoms::new(1), &VIEW).unwrap_err();
        assert_eq!(refused(&mut account), RiskError::TokenTableFull);
        assert!(apply_delta(&mut account, 15, SignedAtoms::new(1), &VIEW).is_ok());
        apply_delta(&mut account, 0, SignedAtoms::new(-7), &VIEW).unwrap();
        assert_eq!(refused(&mut account), RiskError::TokenTableFull);
        apply_delta(&mut account, 0, SignedAtoms::new(7), &VIEW).unwrap();
        assert_eq!(refused(&mut account), RiskError::TokenTableFull);
        // A place that another token frees is anybody's.
        apply_delta(&mut account, 3, SignedAtoms::new(-1), &VIEW).unwrap();
        apply_delta(&mut account, 16, SignedAtoms::new(1), &VIEW).unwrap();
        assert!(account.invariant().is_ok() && account.token_index(0).is_none());
    }

    #[test]
    fn a_repayment_gives_back_insurance_reserved_beyond_the_debt() {
        let (mut account, mut bank) = (MarginAccount::zeroed(), Bank::zeroed());
        (bank.deposit_index, bank.booked_borrow_index) = (INDEX_ONE, INDEX_ONE);
        apply_delta(&mut account, 0, SignedAtoms::new(-100), &VIEW).unwrap();
        (account.tokens[0].reserved_atoms, account.tokens[0].fixed_debt_atoms, bank.reserved_atoms) = (80, 100, 80);
        apply_delta(&mut account, 0, SignedAtoms::new(50), &VIEW).unwrap();
        release_reserved(&mut account, &mut bank).unwrap();
        assert_eq!((account.tokens[0].reserved_atoms, account.tokens[0].fixed_debt_atoms), (50, 100));
        apply_delta(&mut account, 0, SignedAtoms::new(50), &VIEW).unwrap();
        release_reserved(&mut account, &mut bank).unwrap();
        assert_eq!((bank.reserved_atoms, bank.insurance_atoms), (0, 80));
        // Its place stays taken until a step of the resolution takes the debt off what is known.
        let mut registry = std::boxed::Box::new(Registry::zeroed());
        registry.banks[0].known_loss_atoms = 107;
        crate::known::free_repaid(&mut account, &mut registry);
        assert!(account.is_empty() && registry.banks[0].known_loss_atoms == 7);
    }

    /// MONEY-5
    #[test]
    fn a_bank_lends_up_to_its_cap_where_it_may_grow_and_borrowing_is_not_paused() {
        let asked = |status, pause_bits, borrowed| {
            let bank = Bank {
                borrow_shares: borrowed,
                booked_borrow_index: INDEX_ONE,
                caps: BankCaps { borrow_cap_atoms: 100, ..BankCaps::default() },
                ..Bank::zeroed()
            };
            let slot = BankSlot { status, ..BankSlot::zeroed() };
            let mut registry = std::boxed::Box::new(Registry { pause_bits, ..Registry::zeroed() });
            registry.pauses.iter_mut().for_each(|pause| pause.authority_until_at = 9);
            require_lending_allowed(&registry, &slot, &bank, UnixSecs::new(8))
        };
        let active = SlotStatus::Active as u8;
        assert_eq!(asked(active, pause::ALL & !pause::BORROW, 100), Ok(()));
        assert_eq!(asked(active, 0, 101), Err(RiskError::BorrowCapReached));
        assert_eq!(asked(active, pause::BORROW, 0), Err(RiskError::Paused));
        assert_eq!(asked(SlotStatus::ReduceOnly as u8, 0, 0), Err(RiskError::ReduceOnly));
        assert_eq!(asked(SlotStatus::Terminal as u8, 0, 0), Err(RiskError::BankTerminal));
        assert_eq!(asked(SlotStatus::Empty as u8, 0, 0), Err(RiskError::SlotEmpty));
        assert_eq!(asked(9, 0, 0), Err(RiskError::StatusUnknown));
    }

    #[test]
    fn deposit_shares_pass_whole_and_never_to_who_owes() {
        let mut account = MarginAccount::zeroed();
        assert_eq!(take_all_deposit_shares(&mut account, 3), 0);
        give_deposit_shares(&mut account, 3, 7).unwrap();
        give_deposit_shares(&mut account, 3, 1).unwrap();
        assert_eq!(give_deposit_shares(&mut account, 3, u64::MAX), Err(RiskError::NumberOutOfRange));
        assert_eq!(take_all_deposit_shares(&mut account, 3), 8);
        assert!(account.is_empty());
        apply_delta(&mut account, 3, SignedAtoms::new(-5), &VIEW).unwrap();
        assert_eq!(give_deposit_shares(&mut account, 3, 1), Err(RiskError::TotalsRequired));
        assert_eq!(take_all_deposit_shares(&mut account, 3), 0);
        assert_eq!(debt_atoms(&account, 3, &VIEW).get(), 5);
    }

    #[test]
    fn fees_leave_a_bank_as_far_as_it_has_them() {
        let mut bank = Bank { fees_atoms: 5, ..Bank::zeroed() };
        assert_eq!(crate::interest::take_fees(&mut bank, Atoms::new(6)), Err(RiskError::BalanceInsufficient));
        assert_eq!((crate::interest::take_fees(&mut bank, Atoms::new(5)), bank.fees_atoms), (Ok(()), 0));
    }
}
