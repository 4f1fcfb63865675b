//! Applies a side's index to a position, so that its epoch can be forgotten, and ends what rounding left of it.
//! Permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::perp;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Books, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{PoolState, PositionState, PositionTouched};
use crate::guard::{permit, Action};
use crate::loader::{read, write};

/// A margin account and a market in which it holds a position.
#[derive(Accounts)]
pub struct TouchPosition<'info> {
    /// The account, whatever its status.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Its engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its prices: a base that nobody is left to close is written off at spot.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// The market.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl TouchPosition<'_> {
    fn validate(&self) -> Result<()> {
        // All of one engine; anyone may call.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        require_same_engine(&*registry, &*read::<MarginAccount>(&self.margin_account)?)?;
        permit(Action::TouchPosition).in_engine(&registry)?;
        require_same_engine(&*registry, &*read::<Market>(&self.market)?)
    }

    #[expect(clippy::indexing_slicing, reason = "a place is one that a search of the same table has found")]
    fn touch(&self, now: UnixSecs) -> Result<PositionTouched> {
        let registry = read::<Registry>(&self.registry)?;
        let mut account = write::<MarginAccount>(&self.margin_account)?;
        let mut market = write::<Market>(&self.market)?;
        ensure!(registry.market(market.index as usize).is_some(), EngineError::SlotEmpty);
        let leg = account.perp_index(market.index).ok_or(EngineError::PositionMissing)?;
        let board = read::<PriceBoard>(&self.board)?;
        let books = Books { registry: &registry, board: &board, now };
        let rest = perp::touch_leg(&mut account, leg, &mut market, &books)?;
        account.invariant()?;
        market.invariant()?;
        Ok(PositionTouched {
            engine: Pubkey::new_from_array(registry.engine),
            market: market.index,
            account: self.margin_account.key(),
            written_off_units: rest.written_off.units.get(),
            forgone_atoms: rest.forgone_atoms.get(),
            position: PositionState::from(&account.derivatives[leg]),
            pool: PoolState::from(&*market),
        })
    }
}

/// Carries the position over to the current epoch, books its cash, and frees the leg where nothing is left of it.
///
/// A base is written off at spot where the other side holds not one unit: it is what rounding left, and nobody could
/// close it. A claim without a base that is worth no share of the pool becomes the market's own; of the market's last
/// claim, what exceeds everything that backs it is cancelled. A price that is not fresh only leaves the base where it is.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `PositionMissing`, `NumberOutOfRange`.
pub fn handler(ctx: Context<TouchPosition>) -> Result<()> {
    ctx.accounts.validate()?;
    let touched = ctx.accounts.touch(now()?)?;
    crate::event::emit_event!(ctx, touched);
    Ok(())
}
