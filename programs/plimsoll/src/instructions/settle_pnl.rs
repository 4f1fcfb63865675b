//! Turns PnL into quote: losers pay into the market's pool, winners are paid out of it. Permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::gate::is_healthy;
use plimsoll_ledger::settle::{collect_loss, pay_own_claim, pay_win, Settled};
use plimsoll_ledger::{interest, perp, pool};
use plimsoll_risk::liquidate::Assessment;
use plimsoll_risk::perp::settleable;
use plimsoll_risk::portfolio::Portfolio;
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, SignedAtoms, UnixSecs};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, Books, DerivativePosition, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{PnlSettled, PoolState, PositionState};
use crate::gate;
use crate::guard::{permit, Action};
use crate::known;
use crate::loader::{read, write};
use crate::margin_call;

/// A margin account with PnL in a market; without one, the market's own claim is paid to insurance.
#[derive(Accounts)]
pub struct SettlePnl<'info> {
    /// The account, anyone's; none for the market's own claim.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: Option<UncheckedAccount<'info>>,
    /// The engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The market.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// The bank of the settlement token.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub quote_bank: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl SettlePnl<'_> {
    fn validate(&self) -> Result<()> {
        let registry = read::<Registry>(&self.registry)?;
        permit(Action::SettlePnl).in_engine(&registry)?;
        validate_engine(&registry, &self.board, &self.market, &self.quote_bank)?;
        // An account that is being resolved settles in the resolution.
        if let Some(account) = &self.margin_account {
            let account = read::<MarginAccount>(account)?;
            require_same_engine(&*registry, &*account)?;
            permit(Action::SettlePnl).on(&account)?;
        }
        Ok(())
    }

    fn settle(&self, now: UnixSecs) -> Result<PnlSettled> {
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let (mut market, mut bank) = (write::<Market>(&self.market)?, write::<Bank>(&self.quote_bank)?);
        let books = Books { registry: &registry, board: &board, now };
        book(&registry, &mut market, &mut bank, now)?;
        let (settled, position) = match &self.margin_account {
            None => {
                known::require_market_covered(&market, &bank, &registry, now)?;
                (pay_own_claim(&mut market, &mut bank)?, DerivativePosition::default())
            }
            Some(account) => {
                let mut account = write::<MarginAccount>(account)?;
                let settled = settle_account(&mut account, &books, &mut market, &mut bank, &self.event_authority)?;
                account.invariant()?;
                (settled, leg_after(&account, market.index))
            }
        };
        market.invariant()?;
        bank.invariant()?;
        let account = self.margin_account.as_ref().map(|a| a.key()).unwrap_or_default();
        Ok(event(&registry, &market, account, &settled, &position))
    }
}

/// Board, market and quote bank belong to the registry's engine; the bank is the settlement token's.
pub(super) fn validate_engine(
    registry: &Registry,
    board: &UncheckedAccount<'_>,
    market: &UncheckedAccount<'_>,
    quote_bank: &UncheckedAccount<'_>,
) -> Result<()> {
    let bank = read::<Bank>(quote_bank)?;
    require_same_engine(registry, &*read::<PriceBoard>(board)?)?;
    require_same_engine(registry, &*read::<Market>(market)?)?;
    require_same_engine(registry, &*bank)?;
    ensure!(bank.index as usize == Registry::QUOTE_BANK, EngineError::BankMismatch);
    Ok(())
}

/// Brings the bank's interest and the pool's value to now.
pub(super) fn book(registry: &Registry, market: &mut Market, bank: &mut Bank, now: UnixSecs) -> Result<()> {
    let slot = registry.bank(Registry::QUOTE_BANK).ok_or(EngineError::SlotEmpty)?;
    interest::book_now(bank, slot, now);
    Ok(pool::touch_pool(market, bank.deposit_index)?)
}

/// The account's leg of a market; zero where it holds none any more.
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub(super) fn leg_after(account: &MarginAccount, market: u8) -> DerivativePosition {
    account.perp_index(market).map_or_else(DerivativePosition::default, |leg| account.derivatives[leg])
}

pub(super) fn event(
    registry: &Registry,
    market: &Market,
    account: Pubkey,
    settled: &Settled,
    position: &DerivativePosition,
) -> PnlSettled {
    PnlSettled {
        engine: Pubkey::new_from_array(registry.engine),
        market: market.index,
        account,
        quote_atoms: settled.quote_atoms.get(),
        pool_change_atoms: settled.pool_change_atoms.get(),
        forgone_atoms: settled.forgone_atoms.get(),
        position: PositionState::from(position),
        pool: PoolState::from(market),
    }
}

/// Applies the index to the account's leg; returns its place, the PnL that can be settled, and whether the account is
/// at or above maintenance at both prices.
///
/// # Errors
/// `PositionMissing`; `PriceStale` where a base is held and its price is not fresh.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
pub(super) fn assess_leg(
    account: &mut MarginAccount,
    books: &Books<'_>,
    market: &mut Market,
) -> Result<(usize, SignedAtoms, bool)> {
    let slot = books.registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
    let leg = account.perp_index(market.index).ok_or(EngineError::PositionMissing)?;
    perp::touch(&mut account.derivatives[leg], slot, Some(market), books.funding())?;
    if account.derivatives[leg].shares == 0 && account.derivatives[leg].cash_atoms >= 0 {
        // A claim without a base needs no price and no margin.
        return Ok((leg, account.derivatives[leg].cash(), true));
    }
    let views = Views { spot: true, fast: true, initial: true, edges: true };
    let buffer = gate::load(account, books, views)?;
    let portfolio: &Portfolio = &buffer.0;
    let perp = portfolio.perps().iter().find(|p| p.market == market.index).ok_or(EngineError::PositionMissing)?;
    ensure!(perp.units.is_zero() || !perp.prices.stale, EngineError::PriceStale);
    let price = books.board.slot(slot.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
    let pnl = settleable(perp, BasePrice::new_down(price.slow.get(), slot.scale.get()));
    Ok((leg, pnl, is_healthy(portfolio)))
}

#[inline(never)]
fn settle_account(
    account: &mut MarginAccount,
    books: &Books<'_>,
    market: &mut Market,
    bank: &mut Bank,
    event_authority: &AccountInfo<'_>,
) -> Result<Settled> {
    let (leg, pnl, healthy) = assess_leg(account, books, market)?;
    ensure!(!pnl.is_zero(), EngineError::NothingToSettle);
    let settled = if pnl.is_negative() {
        // A debt is lent like any other: what does not fit stays PnL, and winners wait.
        let room = if healthy { bank.lending_room_down(books.registry, books.now) } else { Atoms::ZERO };
        collect_loss(account, leg, market, bank, pnl.unsigned_abs(), room)?
    } else {
        // With a deficit a win costs the winner a part of it: `take_win` says who may decide that.
        ensure!(market.deficit_atoms == 0, EngineError::MarketInDeficit);
        known::require_market_covered(market, bank, books.registry, books.now)?;
        pay_win(account, leg, market, bank, pnl.unsigned_abs())?
    };
    perp::close_leg_if_zero(account, leg, market)?;
    observe(account, books, event_authority)?;
    Ok(settled)
}

/// Records what is seen of the account, as every instruction does that may write it.
pub(super) fn observe(
    account: &mut MarginAccount,
    books: &Books<'_>,
    event_authority: &AccountInfo<'_>,
) -> Result<Assessment> {
    let (portfolio, assessment) = gate::assess(account, books)?;
    margin_call::record(account, &assessment, &portfolio.0, books, Some(event_authority))?;
    Ok(assessment)
}

/// Settles the PnL nearest to zero among spot, both averages, the initial price and the favourable edges of
/// eligibility, so that it lowers no margin of anybody; or pays the market's own claim.
///
/// # Errors
/// `Paused`, `VersionUnknown`, `EngineMismatch`, `BankMismatch`, `AccountBankrupt`, `PositionMissing`, `PriceStale`,
/// `LossKnown`, `NothingToSettle` (where nothing of a loss can be paid too: no balance, and no room to borrow), `MarketInDeficit`.
pub fn handler(ctx: Context<SettlePnl>) -> Result<()> {
    ctx.accounts.validate()?;
    let settled = ctx.accounts.settle(now()?)?;
    crate::event::emit_event!(ctx, settled);
    Ok(())
}
