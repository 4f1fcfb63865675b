//! Stage (a): gains are collected, the quote balance pays losses, and what is left goes to insurance in kind (BANKRUPT-5).

use plimsoll_risk::bank::{credit, debit, deposit_atoms_down, ShareDelta};
use plimsoll_risk::num::to_i64;
use plimsoll_risk::params::MAX_DERIVATIVE_POSITIONS;
use plimsoll_risk::perp::claim_payout_down;
use plimsoll_risk::units::{Atoms, SignedAtoms};
use plimsoll_risk::waterfall::divide_down;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{
    closing_price, leg_pnl_down, AccountStatus, Bank, Books, BooksMut, LegPnl, MarginAccount, Market, Registry,
    TokenPosition,
};

use super::{credit_cash, free_if_zero, note_deficit};
use crate::insurance::receive_waiting;
use crate::interest::book_now;
use crate::known::{count_borrow, count_leg, note_cover};
use crate::perp::{close_base, close_leg_if_zero, touch, ClosedBase};
use crate::pool;
use crate::token::{apply_totals, open_token};

/// A balance that went to insurance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeizedToken {
    /// Deposit shares, whatever their size.
    pub shares: u64,
    /// What they are worth by the bank's index.
    pub atoms: Atoms,
}

/// Moves a whole asset to its bank's insurance, as a waiting deposit: totals stay, no price is asked.
///
/// Of quote only what losses have left: every gain has been seized, and every market has been paid what it was promised.
///
/// # Errors
/// `LegEmpty` where nothing is held, `WrongStage`, `PriceStale`, `NumberOutOfRange`.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn seize_token(account: &mut MarginAccount, bank: &mut Bank, books: &Books<'_>) -> RiskResult<SeizedToken> {
    account.require_status(AccountStatus::Seizing)?;
    let place = account.token_index(bank.index).ok_or(RiskError::LegEmpty)?;
    let shares = u64::try_from(account.tokens[place].shares).map_err(|_| RiskError::LegEmpty)?;
    if shares == 0 {
        return Err(RiskError::LegEmpty);
    }
    let atoms = deposit_atoms_down(shares, bank.deposit_index);
    // A share worth less than an atom pays nothing on any loss, so it waits for none.
    if bank.index as usize == Registry::QUOTE_BANK && !atoms.is_zero() {
        check_quote_is_free(account, books)?;
    }
    receive_waiting(bank, shares)?;
    account.tokens[place] = TokenPosition::default();
    Ok(SeizedToken { shares, atoms })
}

/// No part of the quote balance is still promised to a market, and no market waits for a promise.
fn check_quote_is_free(account: &MarginAccount, books: &Books<'_>) -> RiskResult<()> {
    if account.derivatives.iter().any(|leg| leg.reserved_atoms != 0) {
        return Err(RiskError::WrongStage);
    }
    if is_marked(account) || account.legs_pnl_down(books)?.iter().all(|pnl| pnl.is_zero()) {
        Ok(())
    } else {
        Err(RiskError::WrongStage)
    }
}

/// Whether the quote balance has been divided between the losing markets.
fn is_marked(account: &MarginAccount) -> bool {
    account.derivatives.iter().any(|leg| leg.fixed_debt_atoms != 0)
}

/// What happened to one market's leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeizedPnl {
    /// PnL at spot before, quote.
    pub pnl_atoms: SignedAtoms,
    /// The base that was closed; nothing of a losing leg.
    pub closed: ClosedBase,
    /// Paid out of the pool into the quote balance.
    pub from_pool_atoms: Atoms,
    /// Taken off the market's deficit.
    pub forgone_atoms: Atoms,
    /// Became the market's own claim (set off against its deficit first).
    pub own_claim_atoms: Atoms,
    /// Paid by the quote balance into the pool.
    pub into_pool_atoms: Atoms,
}

/// Seizes one market's PnL.
///
/// A gain: what the pool can pay now goes to the quote balance (while the market has a deficit, by the payout that every winner gets),
/// the rest is the market's own claim, and the base is closed against the opposite side in the same call. A loss: the
/// quote balance pays its share. The first such call, which needs every gain to be gone, fixes all shares pro rata of the losses.
///
/// # Errors
/// `LegEmpty` where there is no leg, `WrongStage`, `PriceStale`, `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn seize_pnl(
    account: &mut MarginAccount,
    market: &mut Market,
    quote: &mut Bank,
    books: &mut BooksMut<'_>,
) -> RiskResult<SeizedPnl> {
    account.require_status(AccountStatus::Seizing)?;
    let place = account.perp_index(market.index).ok_or(RiskError::LegEmpty)?;
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
    let pnl_atoms = leg_pnl_down(&account.derivatives[place], slot, &books.read())?;
    let quote_slot = books.registry.bank(Registry::QUOTE_BANK).ok_or(RiskError::LegEmpty)?;
    book_now(quote, quote_slot, books.now);
    pool::touch_pool(market, quote.deposit_index)?;
    if pnl_atoms.is_negative() {
        let into_pool_atoms = pay_loss(account, place, market, quote, books)?;
        note_deficit(market, books.registry);
        note_cover(books.registry, quote, books.now);
        return Ok(SeizedPnl { pnl_atoms, into_pool_atoms, ..SeizedPnl::default() });
    }
    let seized = seize_gain(account, place, market, quote, books)?;
    note_deficit(market, books.registry);
    note_cover(books.registry, quote, books.now);
    Ok(seized)
}

#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
fn seize_gain(
    account: &mut MarginAccount,
    place: usize,
    market: &mut Market,
    quote: &mut Bank,
    books: &mut BooksMut<'_>,
) -> RiskResult<SeizedPnl> {
    let quote_place = open_quote(account)?;
    let closed = close_leg_base(account, place, market, books)?;
    let pnl_atoms = account.derivatives[place].cash();
    let claim = pnl_atoms.gain();
    let mut seized = SeizedPnl { pnl_atoms, closed, ..SeizedPnl::default() };
    let mut left = claim;
    if !claim.is_zero() && !market.pool().is_zero() {
        let payout = claim_payout_down(claim, market.pool(), market.deficit())?;
        let paid = pool::pay_out_down(market, payout.paid_atoms, quote.deposit_index)?;
        // By rounding of shares less may leave the pool than the payout says; that part is not forgone but stays a claim.
        market.deficit_atoms = market.deficit().try_sub(payout.forgone_atoms)?.get();
        credit_quote(account, quote_place, quote, paid.moved_atoms, paid.shares)?;
        left = left.try_sub(paid.pool_atoms)?.try_sub(payout.forgone_atoms)?;
        (seized.from_pool_atoms, seized.forgone_atoms) = (paid.moved_atoms, payout.forgone_atoms);
    }
    if account.tokens[quote_place].shares >= 0 {
        count_borrow(&mut account.tokens[quote_place], books.registry, Atoms::ZERO);
    }
    free_if_zero(&mut account.tokens[quote_place]);
    pool::add_own_claim(market, left)?;
    seized.own_claim_atoms = left;
    let leg = &mut account.derivatives[place];
    (leg.cash_atoms, leg.reserved_atoms, leg.fixed_debt_atoms) = (0, 0, 0);
    count_leg(leg, books.registry, Atoms::ZERO);
    close_leg_if_zero(account, place, market)?;
    Ok(seized)
}

/// Closes a leg's base at spot; a leg without one is only brought up to date, without any price.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub(super) fn close_leg_base(
    account: &mut MarginAccount,
    place: usize,
    market: &mut Market,
    books: &mut BooksMut<'_>,
) -> RiskResult<ClosedBase> {
    let clock = books.read().funding();
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
    let (units, _) = slot.holding(&account.derivatives[place], clock)?;
    if units.is_zero() {
        touch(&mut account.derivatives[place], slot, Some(market), clock)?;
        return Ok(ClosedBase::default());
    }
    let spot = closing_price(slot, &books.read())?;
    let slot = books.registry.markets.get_mut(market.index as usize).ok_or(RiskError::LegEmpty)?;
    close_base(slot, market, &mut account.derivatives[place], spot, clock)
}

/// The place of the account's quote balance, opened where there is none: a table always has one for it.
#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
fn open_quote(account: &mut MarginAccount) -> RiskResult<usize> {
    let held = account.token_index(Registry::QUOTE_BANK as u8);
    held.or_else(|| open_token(account, Registry::QUOTE_BANK as u8)).ok_or(RiskError::NumberOutOfRange)
}

/// Adds atoms that left a pool to the quote balance: repays the borrow first. Atoms too few for a share stay with the bank.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; the negative of a non-negative number always fits"
)]
fn credit_quote(
    account: &mut MarginAccount,
    place: usize,
    quote: &mut Bank,
    atoms: Atoms,
    pool_shares: u64,
) -> RiskResult<()> {
    let (shares, delta) = credit(account.tokens[place].shares, atoms, &quote.indices())?;
    account.tokens[place].shares = shares;
    free_if_zero(&mut account.tokens[place]);
    apply_totals(quote, delta.plus(ShareDelta { deposit_shares: -to_i64(pool_shares)?, borrow_shares: 0 })?)
}

/// The quote balance pays a losing leg its share, at most its loss now. Returns what it paid.
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; the quote bank is slot zero; shares held are not negative"
)]
fn pay_loss(
    account: &mut MarginAccount,
    place: usize,
    market: &mut Market,
    quote: &mut Bank,
    books: &mut BooksMut<'_>,
) -> RiskResult<Atoms> {
    let quote_place = account.token_index(Registry::QUOTE_BANK as u8).ok_or(RiskError::WrongStage)?;
    let held = account.tokens[quote_place].shares.max(0);
    if !is_marked(account) {
        let pnl = account.legs_pnl_down(&books.read())?;
        mark_losses(account, &pnl, deposit_atoms_down(held as u64, quote.deposit_index))?;
    }
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
    let loss = leg_pnl_down(&account.derivatives[place], slot, &books.read())?.loss();
    let available = deposit_atoms_down(held as u64, quote.deposit_index);
    let promised: Atoms = account.derivatives.iter().map(|leg| leg.reserved()).sum();
    let leg = &mut account.derivatives[place];
    let share = leg.reserved();
    leg.reserved_atoms = 0;
    if share.is_zero() {
        return Err(RiskError::WrongStage);
    }
    touch(leg, slot, Some(market), books.read().funding())?;
    // Whole shares may cost an atom more than they credit; it is paid from what nobody was promised.
    let budget = share.saturating_add(available.saturating_sub(promised)).min(available);
    let credited = share.min(loss).min(Market::credit_of_down(budget, quote.deposit_index)?);
    if credited.is_zero() {
        return Ok(Atoms::ZERO);
    }
    let moved = pool::pay_in_up(market, credited, quote.deposit_index)?;
    credit_cash(leg, credited)?;
    let (shares, delta) = debit(held, moved.moved_atoms, &quote.indices())?;
    account.tokens[quote_place].shares = shares;
    free_if_zero(&mut account.tokens[quote_place]);
    apply_totals(quote, delta.plus(ShareDelta { deposit_shares: to_i64(moved.shares)?, borrow_shares: 0 })?)?;
    let leg = &mut account.derivatives[place];
    if leg.shares == 0 && leg.cash_atoms == 0 {
        count_leg(leg, books.registry, Atoms::ZERO);
    }
    close_leg_if_zero(account, place, market)?;
    Ok(moved.moved_atoms)
}

/// Divides the quote balance between the losing markets, pro rata of the losses at this moment (BANKRUPT-5).
fn mark_losses(account: &mut MarginAccount, pnl: &LegPnl, quote: Atoms) -> RiskResult<()> {
    if quote.is_zero() || pnl.iter().any(|pnl| pnl.is_positive()) {
        return Err(RiskError::WrongStage);
    }
    let losses = pnl.map(SignedAtoms::loss);
    let mut shares = [Atoms::ZERO; MAX_DERIVATIVE_POSITIONS];
    divide_down(quote, &losses, &mut shares)?;
    for ((leg, loss), share) in account.derivatives.iter_mut().zip(losses).zip(shares) {
        (leg.fixed_debt_atoms, leg.reserved_atoms) = (loss.get(), share.get());
    }
    Ok(())
}
