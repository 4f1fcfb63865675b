//! Stages (b) and (c): insurance is reserved for all quote legs at once, then each leg is paid and what is left of it
//! socialized.

use plimsoll_risk::bank::{debt_atoms_up, shares_up, ShareDelta};
use plimsoll_risk::draw::AtomCaps;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::num::to_i64;
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::waterfall::{divide_down, pay_leg, Payment, MAX_QUOTE_LEGS};
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{
    closing_price, leg_pnl_down, AccountStatus, Bank, Books, BooksMut, DerivativePosition, MarginAccount, Market,
    PositionKind, Registry, SpentAtoms, TokenPosition,
};

use super::{close_leg_base, credit_cash, note_deficit, thaw};
use crate::breakers::look_at_fund;
use crate::insurance::{draw, give_back};
use crate::interest::book_now;
use crate::known::{count_borrow, count_leg, free_repaid, note_cover};
use crate::loss::{cut_claims, socialize_on_deposits, socialize_on_side};
use crate::perp::{close_leg_if_zero, ClosedBase};
use crate::pool;
use crate::token::apply_totals;

/// Brings the bank to `now`.
fn prepare_to_pay(bank: &mut Bank, registry: &Registry, now: UnixSecs) -> RiskResult<()> {
    let slot = registry.bank(bank.index as usize).ok_or(RiskError::LegEmpty)?;
    book_now(bank, slot, now);
    Ok(())
}

/// What an event that has drawn so much may still draw, of what waits for liquidity too.
fn room_to_draw(bank: &Bank, event_drawn: Atoms, registry: &Registry, now: UnixSecs) -> Atoms {
    let caps = AtomCaps { event: bank.draw_cap_event(), hour: bank.draw_cap_hour() };
    bank.drawable(now).room_down(&registry.params().draws, caps, event_drawn)
}

/// What a market, or the bank's own debts, may still draw.
fn source_room(bank: &Bank, drawn: &SpentAtoms, registry: &Registry, now: UnixSecs) -> Atoms {
    let day_drawn = drawn.total(now, Bank::SOURCE_WINDOW_SECS);
    bank.drawable(now).source_room_down(&registry.params().draws, day_drawn)
}

/// Debits what a leg is paid: it ends a debt or becomes a pool's deposit in the same call, so what waits for
/// liquidity needs none.
fn pay_out_insurance(bank: &mut Bank, payment: &Payment, now: UnixSecs) -> RiskResult<()> {
    bank.reserved_atoms = bank.reserved().try_sub(payment.from_reserved_atoms)?.get();
    draw(bank, payment.from_unreserved_atoms)?;
    if !payment.from_unreserved_atoms.is_zero() {
        bank.drawn.spend(payment.from_unreserved_atoms, now, Bank::DRAW_WINDOW_SECS);
    }
    bank.insurance_out_atoms = bank.insurance_out_atoms.saturating_add(payment.covered_atoms().get());
    Ok(())
}

/// Books what a leg was paid against what the event has reserved and drawn. What a leg leaves of its reserve stays
/// out until the last quote leg is gone: put back at once, it would go to whichever leg is called next.
fn pay_out_estate(account: &mut MarginAccount, payment: &Payment) -> RiskResult<()> {
    account.estate_reserved_atoms = account.estate_reserved().try_sub(payment.from_reserved_atoms)?.get();
    account.estate_drawn_atoms = account.estate_drawn().try_add(payment.from_unreserved_atoms)?.get();
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
pub fn begin_paying(
    account: &mut MarginAccount,
    quote: &mut Bank,
    books: &mut BooksMut<'_>,
) -> RiskResult<Option<Atoms>> {
    if account.status == AccountStatus::Paying as u8 {
        return Ok(None);
    }
    account.require_status(AccountStatus::Seizing)?;
    if account.tokens.iter().any(|token| token.shares > 0) {
        return Err(RiskError::AssetsRemain);
    }
    let pnl = account.legs_pnl_down(&books.read())?;
    if pnl.iter().any(|pnl| pnl.is_positive()) {
        return Err(RiskError::WrongStage);
    }
    prepare_to_pay(quote, books.registry, books.now)?;
    let borrow = account.token_index(Registry::QUOTE_BANK as u8);
    let mut owed = [Atoms::ZERO; MAX_QUOTE_LEGS];
    owed[0] = borrow.map_or(Atoms::ZERO, |place| debt_up(account.tokens[place].shares, quote));
    for (owed, pnl) in owed[1..].iter_mut().zip(&pnl) {
        *owed = pnl.loss();
    }
    let mut shares = [Atoms::ZERO; MAX_QUOTE_LEGS];
    let reserved = divide_down(room_to_draw(quote, Atoms::ZERO, books.registry, books.now), &owed, &mut shares)?;
    if let Some(place) = borrow {
        let token = &mut account.tokens[place];
        token.reserved_atoms = shares[0].get();
        count_borrow(token, books.registry, owed[0]);
    }
    for ((leg, owed), share) in account.derivatives.iter_mut().zip(&owed[1..]).zip(&shares[1..]) {
        (leg.fixed_debt_atoms, leg.reserved_atoms) = (owed.get(), share.get());
        if leg.kind == PositionKind::Perp as u8 {
            count_leg(leg, books.registry, *owed);
        }
    }
    draw(quote, reserved)?;
    quote.reserved_atoms = quote.reserved().try_add(reserved)?.get();
    quote.drawn.spend(reserved, books.now, Bank::DRAW_WINDOW_SECS);
    (account.estate_reserved_atoms, account.estate_drawn_atoms) = (reserved.get(), reserved.get());
    account.status = AccountStatus::Paying as u8;
    look_at_fund(quote, books.registry, books.now);
    note_cover(books.registry, quote, books.now);
    Ok(Some(reserved))
}

fn debt_up(shares: i64, bank: &Bank) -> Atoms {
    debt_atoms_up(shares.min(0).unsigned_abs(), bank.booked_borrow_index)
}

/// How a borrow ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaidBorrow {
    /// Borrow shares that were cancelled.
    pub shares: u64,
    /// What they owed.
    pub owed_atoms: Atoms,
    /// Who paid.
    pub payment: Payment,
    /// What deposits could not bear of the remainder.
    pub uncovered_atoms: Atoms,
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
    let drawn = if is_quote { account.estate_drawn() } else { Atoms::ZERO };
    let room = room_to_draw(bank, drawn, books.registry, books.now);
    let most = source_room(bank, &bank.debts_drawn, books.registry, books.now);
    let mut payment = pay_leg(owed_atoms, position.reserved(), room, most);
    pay_out_insurance(bank, &payment, books.now)?;
    bank.debts_drawn.spend(payment.covered_atoms(), books.now, Bank::SOURCE_WINDOW_SECS);
    if is_quote {
        pay_out_estate(account, &payment)?;
    }
    apply_totals(bank, ShareDelta { deposit_shares: 0, borrow_shares: position.shares })?;
    let slot = books.registry.banks.get_mut(bank.index as usize).ok_or(RiskError::LegEmpty)?;
    let index = bank.deposit_index;
    let mut borne = socialize_on_deposits(bank, slot, payment.remainder_atoms);
    let last = pay_uncovered(bank, borne.uncovered_atoms, books.now)?;
    look_at_fund(bank, books.registry, books.now);
    borne.uncovered_atoms = borne.uncovered_atoms.try_sub(last)?;
    payment.from_unreserved_atoms = payment.from_unreserved_atoms.try_add(last)?;
    payment.remainder_atoms = payment.remainder_atoms.try_sub(last)?;
    if is_quote {
        cut_claims(books.registry, index, bank.deposit_index);
    }
    count_borrow(&mut account.tokens[place], books.registry, Atoms::ZERO);
    account.tokens[place] = TokenPosition::default();
    if is_quote {
        note_cover(books.registry, bank, books.now);
    }
    Ok(PaidBorrow {
        shares: position.shares.unsigned_abs(),
        owed_atoms,
        payment,
        uncovered_atoms: borne.uncovered_atoms,
    })
}

/// The last stage: what deposits cannot bear is paid by all that there is, whatever caps and floor keep for later losses.
#[inline(never)]
fn pay_uncovered(bank: &mut Bank, uncovered: Atoms, now: UnixSecs) -> RiskResult<Atoms> {
    let paid = uncovered.min(bank.fund().worth_down());
    if !paid.is_zero() {
        draw(bank, paid)?;
        bank.uncovered_atoms = bank.uncovered().try_sub(paid)?.get();
        bank.drawn.spend(paid, now, Bank::DRAW_WINDOW_SECS);
        bank.insurance_out_atoms = bank.insurance_out_atoms.saturating_add(paid.get());
    }
    Ok(paid)
}

/// How a market's leg ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaidPnl {
    /// PnL at spot, quote.
    pub pnl_atoms: SignedAtoms,
    /// What insurance paid; up to a share of the pool's deposit more than it covers, by rounding.
    pub payment: Payment,
    /// What this covers of the loss.
    pub covered_atoms: Atoms,
    /// What the opposite side was charged.
    pub charged_atoms: Atoms,
    /// What became the market's deficit, its own claim set off first.
    pub deficit_atoms: Atoms,
    /// A gain since the mark, now the market's own claim.
    pub own_claim_atoms: Atoms,
    /// The base that was closed against the opposite side.
    pub closed: ClosedBase,
}

/// Stage (c), a market: insurance pays into its pool, the side opposite to the base last held is charged the remainder,
/// then the base is closed against it at spot, and the leg ends at zero. What the side cannot bear is the deficit.
///
/// # Errors
/// `WrongStage`, `QuoteBorrowFirst`, `LegEmpty` where there is no leg, `PriceStale`, `NumberOutOfRange`.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
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
    let loss = pnl_atoms.loss();
    let mut paid = PaidPnl { pnl_atoms, ..PaidPnl::default() };
    let credited = insure_leg(account, leg.reserved(), loss, market, quote, &books.read(), &mut paid)?;
    let (_, rest) = loss.take(credited);
    charge(&leg, rest, market, books, &mut paid)?;
    credit_cash(&mut account.derivatives[place], loss)?;
    paid.closed = close_leg_base(account, place, market, books)?;
    let leg = &mut account.derivatives[place];
    let rest = leg.cash();
    (leg.cash_atoms, leg.reserved_atoms, leg.fixed_debt_atoms) = (0, 0, 0);
    // A loss was made good above to the atom; what is left is a gain since the mark.
    if rest.is_negative() {
        return Err(RiskError::NumberOutOfRange);
    }
    count_leg(leg, books.registry, Atoms::ZERO);
    paid.own_claim_atoms = rest.gain();
    pool::add_own_claim(market, paid.own_claim_atoms)?;
    close_leg_if_zero(account, place, market)?;
    note_deficit(market, books.registry);
    look_at_fund(quote, books.registry, books.now);
    note_cover(books.registry, quote, books.now);
    Ok(paid)
}

/// Insurance pays into the pool what it can of a loss; returns what that covers. The pool holds whole shares of a
/// deposit, so covering the whole loss may cost an atom more; where insurance does not have it, an atom is socialized.
#[inline(never)]
fn insure_leg(
    account: &mut MarginAccount,
    reserved: Atoms,
    loss: Atoms,
    market: &mut Market,
    quote: &mut Bank,
    books: &Books<'_>,
    paid: &mut PaidPnl,
) -> RiskResult<Atoms> {
    let (index, now) = (quote.deposit_index, books.now);
    let room = room_to_draw(quote, account.estate_drawn(), books.registry, now);
    let most = market.draw_cap_event().min(source_room(quote, &market.drawn, books.registry, now));
    let pay = |atoms| pay_leg(atoms, reserved, room, most);
    let whole = pay(debt_atoms_up(shares_up(loss, index)?, index));
    let covered_atoms = if whole.remainder_atoms.is_zero() {
        loss
    } else {
        Market::credit_of_down(whole.covered_atoms(), index)?.min(loss)
    };
    if covered_atoms.is_zero() {
        return Ok(Atoms::ZERO);
    }
    let payment = pay(debt_atoms_up(shares_up(covered_atoms, index)?, index));
    let moved = pool::pay_in_up(market, covered_atoms, index)?;
    if moved.moved_atoms != payment.covered_atoms() {
        return Err(RiskError::NumberOutOfRange);
    }
    pay_out_insurance(quote, &payment, now)?;
    pay_out_estate(account, &payment)?;
    market.drawn.spend(payment.covered_atoms(), now, Bank::SOURCE_WINDOW_SECS);
    apply_totals(quote, ShareDelta { deposit_shares: to_i64(moved.shares)?, borrow_shares: 0 })?;
    (paid.payment, paid.covered_atoms) = (payment, covered_atoms);
    Ok(covered_atoms)
}

/// Sets the market's own claim off, then charges the side opposite to the base last held; what finds no position or
/// exceeds its bound is the deficit.
#[inline(never)]
fn charge(
    leg: &DerivativePosition,
    loss: Atoms,
    market: &mut Market,
    books: &mut BooksMut<'_>,
    paid: &mut PaidPnl,
) -> RiskResult<()> {
    // What the market itself is owed by its pool is insurance that waits for the pool: nobody is charged before it.
    paid.deficit_atoms = loss;
    let (loss, own_claim) = loss.net(market.own_claim());
    market.own_claim_atoms = own_claim.get();
    if loss.is_zero() {
        return Ok(());
    }
    let clock = books.read().funding();
    if let Some(held) = Side::of(leg.last_sign as i64) {
        let slot = books.registry.market(market.index as usize).ok_or(RiskError::LegEmpty)?;
        let spot = closing_price(slot, &books.read())?;
        let slot = books.registry.markets.get_mut(market.index as usize).ok_or(RiskError::LegEmpty)?;
        paid.charged_atoms = socialize_on_side(slot, market, held.opposite(), loss, spot, clock)?;
    } else {
        pool::add_deficit(market, loss)?;
    }
    (_, paid.deficit_atoms) = paid.deficit_atoms.take(paid.charged_atoms);
    Ok(())
}

/// What the end of a resolution gave back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Reserved insurance that no leg needed, given back.
    pub returned_atoms: Atoms,
    /// Nothing is left and the account is active again.
    pub thawed: bool,
}

impl Finished {
    /// Whether a record of it is due: insurance came back, or the account is active again. The first happens alone where
    /// another mint's debt is left.
    pub const fn is_anything(&self) -> bool {
        self.thawed || !self.returned_atoms.is_zero()
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
pub fn finish(account: &mut MarginAccount, quote: Option<&mut Bank>, books: &mut BooksMut<'_>) -> RiskResult<Finished> {
    let mut finished = Finished::default();
    free_repaid(account, books.registry);
    let quote_is_settled = account.quote_shares() == 0 && !account.has_legs();
    if let Some(quote) = quote.filter(|_| quote_is_settled) {
        let returned = account.estate_reserved();
        account.estate_reserved_atoms = 0;
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
        books.registry.frozen_accounts = books.registry.frozen_accounts.saturating_sub(1);
        finished.thawed = true;
    }
    Ok(finished)
}
