//! Resolving a bankrupt account (BANKRUPT), on the layouts alone: program, keeper and simulator run the
//! same steps.
//!
//! | stage | status | calls | may be called when |
//! |---|---|---|---|
//! | (a) | `Seizing` | [`seize_token`], [`seize_pnl`] | gains before losses, losses before what is left of quote |
//! | (b) | becomes `Paying` | [`begin_paying`], part of the first paying call | no asset and no gain is left |
//! | (c) | `Paying` | [`pay_borrow`], [`pay_pnl`] | the quote borrow before the markets |
//! | end | `Active` | [`finish`], part of every paying call | nothing is left |
//!
//! A frozen account stays frozen at any price. Whatever prices do afterwards, what the account still holds pays those who stand
//! in for its loss; it becomes active again when nothing is left in it, and its owner gets back an empty account.
//!
//! Two divisions happen once for all legs and are stored on them, so that the order of calls changes no amount: what
//! the quote balance pays on each losing market (`reserved_atoms` while `Seizing`, at the losses in `fixed_debt_atoms`),
//! and what insurance pays on each quote leg (the same fields while `Paying`).

mod pay;
mod seize;
#[cfg(test)]
mod tests;

pub use pay::*;
pub use seize::*;

use plimsoll_risk::perp::deficit_share_ppm_up;
use plimsoll_risk::units::Atoms;
use plimsoll_risk::RiskResult;
use plimsoll_state::{
    AccountStatus, Bank, BooksMut, DerivativePosition, MarginAccount, Market, Registry, TokenPosition,
};

use crate::known;

/// Freezes the account: from now on only resolve and repay work (BANKRUPT-4), and what it owes is a known loss (KNOWN-1).
///
/// # Errors
/// `WrongStage` where it is frozen already; `NumberOutOfRange`.
pub fn freeze(account: &mut MarginAccount, quote: &Bank, books: &mut BooksMut<'_>) -> RiskResult<()> {
    account.require_status(AccountStatus::Active)?;
    account.status = AccountStatus::Seizing as u8;
    clear_marks(account);
    books.registry.frozen_accounts = books.registry.frozen_accounts.saturating_add(1);
    known::count_account(account, books)?;
    known::note_cover(books.registry, quote, books.now);
    Ok(())
}

fn clear_marks(account: &mut MarginAccount) {
    for token in &mut account.tokens {
        (token.reserved_atoms, token.fixed_debt_atoms) = (0, 0);
    }
    for leg in &mut account.derivatives {
        (leg.reserved_atoms, leg.fixed_debt_atoms, leg.known_loss_atoms) = (0, 0, 0);
    }
    (account.estate_reserved_atoms, account.estate_drawn_atoms) = (0, 0);
}

/// Makes an account with nothing left active again, its clocks as new (BANKRUPT-4).
fn thaw(account: &mut MarginAccount) {
    account.status = AccountStatus::Active as u8;
    clear_marks(account);
    account.under_water_secs = 0;
    account.wind_down_secs = 0;
    account.observed = 0;
    account.observed_at = 0;
    account.bypass_published_at = 0;
    account.bypass = 0;
}

/// Writes the registry's copy of what the deficit of a market with a touched pool takes of a claim.
#[inline(never)]
fn note_deficit(market: &Market, registry: &mut Registry) {
    if let Some(slot) = registry.markets.get_mut(market.index as usize) {
        slot.deficit_share_ppm = deficit_share_ppm_up(market.pool(), market.deficit()).get();
    }
}

/// Adds to a leg's cash.
fn credit_cash(position: &mut DerivativePosition, atoms: Atoms) -> RiskResult<()> {
    position.cash_atoms = position.cash().try_add(atoms.signed()?)?.get();
    Ok(())
}

/// Frees a balance that holds nothing and is not counted as a known loss.
fn free_if_zero(position: &mut TokenPosition) {
    if position.shares == 0 && position.fixed_debt_atoms == 0 {
        *position = TokenPosition::default();
    }
}
