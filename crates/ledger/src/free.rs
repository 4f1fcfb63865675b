//! What an account may take out of a bank now: the program's own bookkeeping on copies, and the most that passes it.
//!
//! Prices' ages are not looked at, since whoever takes something out refreshes them in the same transaction; nor halts and
//! breakers of prices, which end by themselves.

use plimsoll_risk::margin::initial_margins;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{pause, Bank, BankSlot, Books, MarginAccount};

use crate::{interest, known, outflow, token};

/// How tokens leave a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// Out of a deposit, never more than that.
    Withdrawal,
    /// Out of a deposit first, then on credit.
    Borrow,
}

/// What keeps more from being taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The account's initial margin.
    Margin,
    /// The bank's free liquidity.
    Liquidity,
    /// Of the bank's debts much was liquidated lately: nobody who owes adds risk there.
    Breaker,
    /// A pure decision, by its name: the deposit itself (`BalanceInsufficient`), what may leave within an hour and a day
    /// (`OutflowLimited`), the borrow cap, a pause, a known loss.
    Refused(RiskError),
}

impl From<RiskError> for Bound {
    fn from(error: RiskError) -> Self {
        Self::Refused(error)
    }
}

/// The most that may be taken out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// So much passes; zero where nothing does.
    pub atoms: Atoms,
    /// Why one atom more does not.
    pub bound: Bound,
}

/// The account once so many atoms of a bank have come in, or gone out where they are negative.
///
/// # Errors
/// Those of [`token::apply_delta`].
pub fn moved(
    account: &MarginAccount,
    slot: &BankSlot,
    bank: u8,
    change: SignedAtoms,
    now: UnixSecs,
) -> RiskResult<MarginAccount> {
    let mut after = *account;
    token::apply_delta(&mut after, bank, change, &slot.indices_at(now))?;
    Ok(after)
}

/// The account once it has taken so many atoms out of a bank; `buffer` is room for its portfolio.
///
/// # Errors
/// What would keep the program from it, in the program's order.
pub fn taken_out(
    account: &MarginAccount,
    bank: &Bank,
    books: &Books<'_>,
    atoms: Atoms,
    taking: Taking,
    buffer: &mut Portfolio,
) -> Result<MarginAccount, Bound> {
    let (registry, now) = (books.registry, books.now);
    let slot = registry.bank(bank.index as usize).ok_or(RiskError::SlotEmpty)?;
    let (mut after, mut bank) = (*account, *bank);
    interest::book_now(&mut bank, slot, now);
    let (before, held) = (bank.deposits(), token::deposit_atoms(account, bank.index, &bank.indices()));
    if taking == Taking::Withdrawal && atoms > held {
        return Err(RiskError::BalanceInsufficient.into());
    }
    let delta = token::apply_delta(&mut after, bank.index, atoms.negative()?, &bank.indices())?;
    token::apply_totals(&mut bank, delta)?;
    if delta.deposit_shares < 0 && registry.is_paused(pause::WITHDRAW, now) {
        return Err(RiskError::Paused.into());
    }
    if delta.borrow_shares > 0 {
        token::require_lending_allowed(registry, slot, &bank, now)?;
    }
    if !bank.totals().is_liquid() {
        return Err(Bound::Liquidity);
    }
    known::require_bank_covered(&bank, registry, now)?;
    if bank.throughput.breaker.get().stands(now) && !after.is_debt_free() {
        return Err(Bound::Breaker);
    }
    outflow::pay_out(&mut bank, before, atoms, delta, now)?;
    if !after.is_debt_free() {
        books.load(&after, Views::INITIAL, buffer)?;
        let margins = initial_margins(buffer);
        if margins.saturated || margins.init_excess.is_negative() {
            return Err(Bound::Margin);
        }
    }
    Ok(after)
}

/// The most that an account may take out of a bank now, to the atom, found by bisection; `buffer` is room for its portfolio.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the middle of two numbers lies between them, and the ends differ by two"
)]
pub fn most_out(
    account: &MarginAccount,
    bank: &Bank,
    books: &Books<'_>,
    taking: Taking,
    buffer: &mut Portfolio,
) -> Free {
    let mut refusal = |atoms: u64| taken_out(account, bank, books, Atoms::new(atoms), taking, buffer).err();
    // No vault holds more than a token account can, and no signed amount.
    let (mut passes, mut refused, mut bound) = (0, i64::MAX.unsigned_abs(), Bound::Liquidity);
    while refused - passes > 1 {
        let middle = passes + (refused - passes) / 2;
        match refusal(middle) {
            // Less than a share: too little to be moved, and no bound.
            None | Some(Bound::Refused(RiskError::AmountZero)) => passes = middle,
            Some(by) => (refused, bound) = (middle, by),
        }
    }
    Free { atoms: Atoms::new(passes), bound }
}

#[cfg(test)]
mod tests;
