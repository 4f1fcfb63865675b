//! Losses of frozen accounts that are not booked yet: by bank and by side of a market, from the freeze until each leg
//! has ended (KNOWN-1). While insurance does not cover them, nobody leaves what they will fall on (KNOWN-2, KNOWN-3).
//!
//! The counters stand in the registry, so a freeze writes no bank and no market. Each leg remembers what it was counted
//! with, and is not freed before that is taken off.

use plimsoll_risk::bank::{debt_atoms_up, deposit_atoms_down};
use plimsoll_risk::draw::AtomCaps;
use plimsoll_risk::lazy::Side;
use plimsoll_risk::params::MAX_DERIVATIVE_POSITIONS;
use plimsoll_risk::portfolio::PerpLeg;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_risk::waterfall::divide_down;
use plimsoll_risk::{RiskError, RiskResult};
use plimsoll_state::{
    Bank, Books, BooksMut, DerivativePosition, MarginAccount, Market, MarketSlot, PositionKind, Registry, TokenPosition,
};

/// Counts a borrow with `atoms` instead of what it was counted with.
pub(crate) fn count_borrow(position: &mut TokenPosition, registry: &mut Registry, atoms: Atoms) {
    if let Some(slot) = registry.banks.get_mut(position.bank as usize) {
        let others = slot.known_loss().saturating_sub(position.fixed_debt());
        slot.known_loss_atoms = others.saturating_add(atoms).get();
        position.fixed_debt_atoms = atoms.get();
    }
}

/// Counts a leg with `atoms` instead of what it was counted with.
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub(crate) fn count_leg(leg: &mut DerivativePosition, registry: &mut Registry, atoms: Atoms) {
    if let Some(slot) = registry.markets.get_mut(leg.market as usize) {
        let known = &mut slot.known_loss_atoms[bearing(leg) as usize];
        *known = Atoms::new(*known).saturating_sub(leg.known_loss()).saturating_add(atoms).get();
        leg.known_loss_atoms = atoms.get();
    }
}

/// The side that is charged what insurance does not pay of a leg's loss: opposite to the base last held.
fn bearing(leg: &DerivativePosition) -> Side {
    Side::of(leg.last_sign as i64).map_or(Side::Long, Side::opposite)
}

/// Counts everything that a frozen account owes, at the last prices however old: each borrow whole, and of each market's
/// loss what the quote balance does not pay. Gains count nothing, since their pools may have nothing to pay them with.
///
/// # Errors
/// `NumberOutOfRange`.
#[inline(never)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the quote bank is slot zero; shares held are not negative"
)]
pub(crate) fn count_account(account: &mut MarginAccount, books: &mut BooksMut<'_>) -> RiskResult<()> {
    let mut quote = Atoms::ZERO;
    for token in account.tokens.iter_mut().filter(|token| token.used == 1) {
        let Some(slot) = books.registry.bank(token.bank as usize) else { continue };
        let view = slot.indices_at(books.now);
        if token.shares < 0 {
            let owed = debt_atoms_up(token.shares.unsigned_abs(), view.borrow_index);
            count_borrow(token, books.registry, owed);
        } else if token.bank == Registry::QUOTE_BANK as u8 {
            quote = deposit_atoms_down(token.shares as u64, view.deposit_index);
        }
    }
    let (mut losses, mut paid) = ([Atoms::ZERO; MAX_DERIVATIVE_POSITIONS], [Atoms::ZERO; MAX_DERIVATIVE_POSITIONS]);
    for (leg, loss) in account.derivatives.iter().zip(&mut losses) {
        *loss = last_pnl_down(leg, &books.read())?.loss();
    }
    divide_down(quote, &losses, &mut paid)?;
    for ((leg, loss), paid) in account.derivatives.iter_mut().zip(losses).zip(paid) {
        if leg.kind == PositionKind::Perp as u8 {
            count_leg(leg, books.registry, loss.saturating_sub(paid));
        }
    }
    Ok(())
}

/// PnL at the last price, rounded against the holder; of an empty place zero.
fn last_pnl_down(leg: &DerivativePosition, books: &Books<'_>) -> RiskResult<SignedAtoms> {
    let slot = books.registry.market(leg.market as usize).filter(|_| leg.kind == PositionKind::Perp as u8);
    let Some(slot) = slot else { return Ok(SignedAtoms::ZERO) };
    let (units, cash_atoms) = slot.holding(leg, books.funding())?;
    let price = books.board.slot(slot.price_slot as usize).ok_or(RiskError::LegPriceInvalid)?;
    let price = BasePrice::new_down(price.spot.get(), slot.scale.get());
    Ok(PerpLeg { units, cash_atoms, ..PerpLeg::default() }.pnl_at(price))
}

/// Frees balances that somebody repaid while they were counted.
pub(crate) fn free_repaid(account: &mut MarginAccount, registry: &mut Registry) {
    for token in account.tokens.iter_mut().filter(|token| token.shares == 0 && token.fixed_debt_atoms != 0) {
        count_borrow(token, registry, Atoms::ZERO);
        if token.reserved_atoms == 0 {
            *token = TokenPosition::default();
        }
    }
}

/// What insurance of quote may still pay on all resolutions under way, and what they claim of it.
fn cover(bank: &Bank, registry: &Registry, now: UnixSecs) -> (Atoms, Atoms) {
    let caps = AtomCaps { event: bank.draw_cap_event(), hour: bank.draw_cap_hour() };
    let fund = bank.drawable(now);
    // As if one event had drawn all of the hour: what is said to be covered will be.
    let room = fund.room_down(&registry.params().draws, caps, fund.hour_drawn);
    let own = registry.bank(bank.index as usize).map_or(Atoms::ZERO, |slot| slot.known_loss());
    let claims = if bank.index as usize == Registry::QUOTE_BANK {
        let markets = registry.markets.iter().take(registry.market_count as usize);
        own.saturating_add(markets.map(MarketSlot::known_loss).sum())
    } else {
        own
    };
    (room.saturating_add(bank.reserved()), claims)
}

/// Nothing leaves the bank while debts of frozen accounts in it, which its depositors would bear, exceed what its insurance may
/// pay of them (KNOWN-2). `bank` is booked.
///
/// # Errors
/// `LossKnown`.
#[inline(never)]
pub fn require_bank_covered(bank: &Bank, registry: &Registry, now: UnixSecs) -> RiskResult<()> {
    let known = registry.bank(bank.index as usize).map_or(Atoms::ZERO, |slot| slot.known_loss());
    if known.is_zero() {
        return Ok(());
    }
    let (cover, claims) = cover(bank, registry, now);
    let day_drawn = bank.debts_drawn.total(now, Bank::SOURCE_WINDOW_SECS);
    let source = bank.drawable(now).source_room_down(&registry.params().draws, day_drawn);
    if claims > cover || known > source {
        return Err(RiskError::LossKnown);
    }
    Ok(())
}

/// No gain leaves a market while losses of frozen accounts in it exceed what insurance may pay of them (KNOWN-3).
///
/// # Errors
/// `LossKnown`.
#[inline(never)]
pub fn require_market_covered(market: &Market, quote: &Bank, registry: &Registry, now: UnixSecs) -> RiskResult<()> {
    let Some(slot) = registry.market(market.index as usize) else { return Ok(()) };
    if !slot.known_loss().is_zero() && exceeds(slot, market, market_cover(quote, registry, now), now) {
        return Err(RiskError::LossKnown);
    }
    Ok(())
}

/// No fill changes a position of the side that will be charged, by what was last seen of insurance (KNOWN-3).
///
/// # Errors
/// `LossKnown`.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a side is 0 or 1, and there are two")]
pub fn require_side_covered(slot: &MarketSlot, market: &Market, side: Side, now: UnixSecs) -> RiskResult<()> {
    if slot.known_loss_atoms[side as usize] != 0 && exceeds(slot, market, slot.loss_cover(), now) {
        return Err(RiskError::LossKnown);
    }
    Ok(())
}

/// Whether losses of the market exceed `cover`, of which what it has drawn within the day is not left, or its own cap.
#[inline(never)]
fn exceeds(slot: &MarketSlot, market: &Market, cover: Atoms, now: UnixSecs) -> bool {
    let left = cover.saturating_sub(market.drawn.total(now, Bank::SOURCE_WINDOW_SECS));
    slot.known_loss() > left.min(market.draw_cap_event())
}

/// What insurance pays on a market within a day; nothing while all claims exceed what it may pay.
fn market_cover(quote: &Bank, registry: &Registry, now: UnixSecs) -> Atoms {
    let (cover, claims) = cover(quote, registry, now);
    if claims > cover {
        return Atoms::ZERO;
    }
    quote.drawable(now).share_down(registry.params().draws.draw_source())
}

/// Notes for fills, which have no bank at hand, what insurance pays on each market with a known loss.
#[inline(never)]
pub(crate) fn note_cover(registry: &mut Registry, quote: &Bank, now: UnixSecs) {
    let cover = market_cover(quote, registry, now).get();
    for slot in registry.markets.iter_mut().take(registry.market_count as usize) {
        slot.loss_cover_atoms = if slot.known_loss().is_zero() { 0 } else { cover };
    }
}
