//! Stages (b) and (c): insurance is reserved for all quote legs at once, then each leg is paid and what is left of it
//! socialized.

use plimsoll_risk::bank::{debt_atoms_up, shares_up, ShareDelta};
use plimsoll_risk::lazy::Side;
use plimsoll_risk::num::to_i64;
use plimsoll_risk::waterfall::{divide_down, draw_room, pay_leg, Payment, MAX_QUOTE_LEGS};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{
    closing_price, leg_pnl_down, AccountStatus, Bank, Books, BooksMut, DerivativePosition, MarginAccount, Market,
    Registry, TokenPosition,
};

use super::{close_leg_base, credit_cash, note_deficit, thaw};
use crate::insurance::{draw, give_back, minus, plus};
use crate::interest::book_now;
use crate::loss::{cut_claims, socialize_on_deposits, socialize_on_side};
use crate::perp::{close_leg_if_zero, ClosedBase};
use crate::pool;
use crate::token::apply_totals;

/// Brings the bank to `now`.
fn prepare_to_pay(bank: &mut Bank, registry: &Registry, now: i64) -> RiskResult<()> {
    let slot = registry.bank(bank.index as usize).ok_or(RiskError::LegEmpty)?;
    book_now(bank, slot, now);
    Ok(())
}

/// What an event that has drawn `event_drawn_atoms` may still draw, of what waits for liquidity too.
fn room_to_draw(bank: &Bank, event_drawn_atoms: u64, now: i64) -> u64 {
    draw_room(
        bank.fund().worth_down(),
        bank.caps.draw_cap_event_atoms,
        event_drawn_atoms,
        bank.caps.draw_cap_hour_atoms,
        bank.drawn.total(now, Bank::DRAW_WINDOW_SECS),
    )
}

/// Debits what a leg is paid: it ends a debt or becomes a pool's deposit in the same call, so what waits for
/// liquidity needs none.
fn pay_out_insurance(bank: &mut Bank, payment: &Payment, now: i64) -> RiskResult<()> {
    bank.reserved_atoms = minus(bank.reserved_atoms, payment.from_reserved_atoms)?;
    draw(bank, payment.from_unreserved_atoms)?;
    if payment.from_unreserved_atoms > 0 {
        bank.drawn.spend(payment.from_unreserved_atoms, now, Bank::DRAW_WINDOW_SECS);
    }
    bank.insurance_out_atoms = bank.insurance_out_atoms.saturating_add(payment.covered_atoms());
    Ok(())
}

/// Books what a leg was paid against what the event has reserved and drawn. What a leg leaves of its reserve stays
/// out until the last quote leg is gone: put back at once, it would go to whichever leg is called next.
fn pay_out_estate(account: &mut MarginAccount, payment: &Payment) -> RiskResult<()> {
    account.estate_reserved_atoms = minus(account.estate_reserved_atoms, payment.from_reserved_atoms)?;
    account.estate_drawn_atoms = plus(account.estate_drawn_atoms, payment.from_unreserved_atoms)?;
    Ok(())
}

/// Stage (b): marks all quote legs (the borrow, negative PnL at spot) and reserves from the quote bank's insurance what
/// it pays on each, pro rata, debited at once (BANKRUPT-6). Returns what it reserved; none where already `Paying`.
///
/// # Errors
/// `AssetsRemain` where an asset is left, `WrongStage` where a gain is or the account is not frozen, `PriceStale`,
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; the quote bank is slot zero; the quote legs are the borrow and at least one more"
)]
pub fn begin_paying(account: &mut MarginAccount, quote: &mut Bank, books: &Books<'_>) -> RiskResult<Option<u64>> {
    if account.status == AccountStatus::Paying as u8 {
        return Ok(None);
    }
    account.require_status(AccountStatus::Seizing)?;
    if account.tokens.iter().any(|token| token.shares > 0) {
        return Err(RiskError::AssetsRemain);
    }
    let pnl = account.legs_pnl_down(books)?;
    if pnl.iter().any(|pnl| *pnl > 0) {
        return Err(RiskError::WrongStage);
    }
    prepare_to_pay(quote, books.registry, books.now)?;
    let borrow = account.token_index(Registry::QUOTE_BANK as u8);
    let mut owed = [0; MAX_QUOTE_LEGS];
    owed[0] = borrow.map_or(0, |place| debt_up(account.tokens[place].shares, quote));
    for (owed, pnl) in owed[1..].iter_mut().zip(&pnl) {
        *owed = pnl.min(&0).unsigned_abs();
    }
    let mut shares = [0; MAX_QUOTE_LEGS];
    let reserved = divide_down(room_to_draw(quote, 0, books.now), &owed, &mut shares)?;
    if let Some(place) = borrow {
        (account.tokens[place].fixed_debt_atoms, account.tokens[place].reserved_atoms) = (owed[0], shares[0]);
    }
    for ((leg, owed), share) in account.derivatives.iter_mut().zip(&owed[1..]).zip(&shares[1..]) {
        (leg.fixed_debt_atoms, leg.reserved_atoms) = (*owed, *share);
    }
    draw(quote, reserved)?;
    quote.reserved_atoms = plus(quote.reserved_atoms, reserved)?;
    quote.drawn.spend(reserved, books.now, Bank::DRAW_WINDOW_SECS);
    (account.estate_reserved_atoms, account.estate_drawn_atoms) = (reserved, reserved);
    account.status = AccountStatus::Paying as u8;
    Ok(Some(reserved))
}

fn debt_up(shares: i64, bank: &Bank) -> u64 {
    debt_atoms_up(shares.min(0).unsigned_abs(), bank.booked_borrow_index)
}

/// How a borrow ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaidBorrow {
    /// Borrow shares that were cancelled.
    pub shares: u64,
    /// What they owed, atoms.
    pub owed_atoms: u64,
    /// Who paid.
    pub payment: Payment,
    /// What deposits could not bear of the remainder, atoms.
    pub uncovered_atoms: u64,
}

/// Stage (c), a borrow: insurance of its bank pays, depositors bear the remainder, and the debt ends at zero. A debt in
/// another mint than quote has that mint's insurance to itself (BANKRUPT-7).
///
/// # Errors
/// `WrongStage`, `NothingOwed`, `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub fn pay_borrow(account: &mut MarginAccount, bank: &mut Bank, books: &mut BooksMut<'_>) -> RiskResult<PaidBorrow> {
    account.require_status(AccountStatus::Paying)?;
    let place = account.token_index(bank.index).ok_or(RiskError::NothingOwed)?;
    let position = account.tokens[place];
    if position.shares >= 0 {
        return Err(RiskError::NothingOwed);
    }
    prepare_to_pay(bank, books.registry, books.now)?;
    let is_quote = bank.index as usize == Registry::QUOTE_BANK;
    let owed_atoms = debt_up(position.shares, bank);
    let drawn = if is_quote { account.estate_drawn_atoms } else { 0 };
    let payment = pay_leg(owed_atoms, position.reserved_atoms, room_to_draw(bank, drawn, books.now), u64::MAX);
    pay_out_insurance(bank, &payment, books.now)?;
    if is_quote {
        pay_out_estate(account, &payment)?;
    }
    apply_totals(bank, ShareDelta { deposit_shares: 0, borrow_shares: position.shares })?;
    let slot = books.registry.banks.get_mut(bank.index as usize).ok_or(RiskError::LegEmpty)?;
    let index = bank.deposit_index;
    let borne = socialize_on_deposits(bank, slot, payment.remainder_atoms);
    if is_quote {
        cut_claims(books.registry, index, bank.deposit_index);
    }
    account.tokens[place] = TokenPosition::default();
    Ok(PaidBorrow {
        shares: position.shares.unsigned_abs(),
        owed_atoms,
        payment,
        uncovered_atoms: borne.uncovered_atoms,
    })
}

/// How a market's leg ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaidPnl {
    /// PnL at spot, quote atoms.
    pub pnl_atoms: i64,
    /// What insurance paid; up to a share of the pool's deposit more than it covers, by rounding.
    pub payment: Payment,
    /// What this covers of the loss, atoms.
    pub covered_atoms: u64,
    /// What the opposite side was charged, atoms.
    pub charged_atoms: u64,
    /// What became the market's deficit, its own claim set off first, atoms.
    pub deficit_atoms: u64,
    /// A gain since the mark, now the market's own claim, atoms.
    pub own_claim_atoms: u64,
    /// The base that was closed against the opposite side.
    pub closed: ClosedBase,
}

/// Stage (c), a market: insurance pays into its pool, the side opposite to the base last held is charged the remainder,
/// then the base is closed against it at spot, and the leg ends at zero. What the side cannot bear is the deficit.
///
/// # Errors
/// `WrongStage`, `QuoteBorrowFirst`, `LegEmpty` where there is no leg, `PriceStale`, `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; what is credited is at most the loss; a negative rest has returned"
)]
pub fn pay_pnl(
    account: &mut MarginAccount,
    market: &mut Market,
    quote: &mut Bank,
    books: &mut BooksMut<'_>,
) -> RiskResult<PaidPnl> {
    account.require_status(AccountStatus::Paying)?;
    if account.quote_shares() < 0 {
        return Err(RiskError::QuoteBorrowFirst);
    }
    let place = account.perp_index(market.index).ok_or(RiskError::LegEmpty)?;
    prepare_to_pay(quote, books.registry, books.now)?;
    pool::touch_pool(market, quote.deposit_index)?;
    let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
    let leg = account.derivatives[place];
    let pnl_atoms = leg_pnl_down(&leg, slot, &books.read())?;
    let loss = pnl_atoms.min(0).unsigned_abs();
    let mut paid = PaidPnl { pnl_atoms, ..PaidPnl::default() };
    let credited = insure_leg(account, leg.reserved_atoms, loss, market, quote, books.now, &mut paid)?;
    charge(&leg, loss - credited, market, books, &mut paid)?;
    credit_cash(&mut account.derivatives[place], loss)?;
    paid.closed = close_leg_base(account, place, market, books)?;
    let leg = &mut account.derivatives[place];
    let rest = core::mem::take(&mut leg.cash_atoms);
    (leg.reserved_atoms, leg.fixed_debt_atoms) = (0, 0);
    // A loss was made good above to the atom; what is left is a gain since the mark.
    if rest < 0 {
        return Err(RiskError::NumberOutOfRange);
    }
    paid.own_claim_atoms = rest as u64;
    pool::add_own_claim(market, paid.own_claim_atoms)?;
    close_leg_if_zero(account, place, market)?;
    note_deficit(market, books.registry);
    Ok(paid)
}

/// Insurance pays into the pool what it can of a loss; returns what that covers. The pool holds whole shares of a
/// deposit, so covering the whole loss may cost an atom more; where insurance does not have it, an atom is socialized.
#[inline(never)]
fn insure_leg(
    account: &mut MarginAccount,
    reserved_atoms: u64,
    loss_atoms: u64,
    market: &mut Market,
    quote: &mut Bank,
    now: i64,
    paid: &mut PaidPnl,
) -> RiskResult<u64> {
    let index = quote.deposit_index;
    let room = room_to_draw(quote, account.estate_drawn_atoms, now);
    let pay = |atoms| pay_leg(atoms, reserved_atoms, room, market.caps.draw_cap_event_atoms);
    let whole = pay(debt_atoms_up(shares_up(loss_atoms, index)?, index));
    let covered_atoms = if whole.remainder_atoms == 0 {
        loss_atoms
    } else {
        Market::credit_of_down(whole.covered_atoms(), index)?.min(loss_atoms)
    };
    if covered_atoms == 0 {
        return Ok(0);
    }
    let payment = pay(debt_atoms_up(shares_up(covered_atoms, index)?, index));
    let moved = pool::pay_in_up(market, covered_atoms, index)?;
    if moved.moved_atoms != payment.covered_atoms() {
        return Err(RiskError::NumberOutOfRange);
    }
    pay_out_insurance(quote, &payment, now)?;
    pay_out_estate(account, &payment)?;
    apply_totals(quote, ShareDelta { deposit_shares: to_i64(moved.shares)?, borrow_shares: 0 })?;
    (paid.payment, paid.covered_atoms) = (payment, covered_atoms);
    Ok(covered_atoms)
}

/// Sets the market's own claim off, then charges the side opposite to the base last held; what finds no position or
/// exceeds its bound is the deficit.
#[inline(never)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "what is set off is at most the own claim and the loss; a side bears at most the loss it is asked for"
)]
fn charge(
    leg: &DerivativePosition,
    loss_atoms: u64,
    market: &mut Market,
    books: &mut BooksMut<'_>,
    paid: &mut PaidPnl,
) -> RiskResult<()> {
    // What the market itself is owed by its pool is insurance that waits for the pool: nobody is charged before it.
    let set_off = loss_atoms.min(market.own_claim_atoms);
    market.own_claim_atoms -= set_off;
    paid.deficit_atoms = loss_atoms;
    let loss_atoms = loss_atoms - set_off;
    if loss_atoms == 0 {
        return Ok(());
    }
    let clock = books.read().funding();
    if let Some(held) = Side::of(leg.last_sign as i64) {
        let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
        let spot = closing_price(slot, &books.read())?;
        let slot = books.registry.markets.get_mut(market.index as usize).ok_or(RiskError::LegEmpty)?;
        paid.charged_atoms = socialize_on_side(slot, market, held.opposite(), loss_atoms, spot, clock)?;
    } else {
        pool::add_deficit(market, loss_atoms)?;
    }
    paid.deficit_atoms -= paid.charged_atoms;
    Ok(())
}

/// What the end of a resolution gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Reserved insurance that no leg needed, given back, atoms.
    pub returned_atoms: u64,
    /// Nothing is left and the account is active again.
    pub thawed: bool,
}

impl Finished {
    /// Whether a record of it is due: insurance came back, or the account is active again. The first happens alone where
    /// another mint's debt is left.
    pub const fn is_anything(&self) -> bool {
        self.thawed || self.returned_atoms > 0
    }
}

/// Gives back what is over once the last quote leg is gone, and makes the account active again once nothing is left. Part of every
/// paying call; also a call of its own, as somebody may have repaid the last leg (BANKRUPT-4).
///
/// `quote` may be absent in a call that pays another mint's debt; the account then becomes active only if nothing is reserved.
///
/// # Errors
/// `NumberOutOfRange`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a place is one that a search of the same table has found; the quote bank is slot zero"
)]
pub fn finish(account: &mut MarginAccount, quote: Option<&mut Bank>, books: &Books<'_>) -> RiskResult<Finished> {
    let mut finished = Finished::default();
    let quote_is_settled = account.quote_shares() == 0 && !account.has_legs();
    if let Some(quote) = quote.filter(|_| quote_is_settled) {
        let returned = core::mem::take(&mut account.estate_reserved_atoms);
        let slot = books.registry.bank(Registry::QUOTE_BANK).ok_or(RiskError::LegEmpty)?;
        book_now(quote, slot, books.now);
        give_back(quote, returned)?;
        finished.returned_atoms = returned;
        // A borrow that somebody repaid leaves its place taken as long as insurance is reserved for it.
        if let Some(place) = account.token_index(Registry::QUOTE_BANK as u8) {
            account.tokens[place] = TokenPosition::default();
        }
    }
    if account.is_empty() && account.estate_reserved_atoms == 0 {
        thaw(account);
        finished.thawed = true;
    }
    Ok(finished)
}
