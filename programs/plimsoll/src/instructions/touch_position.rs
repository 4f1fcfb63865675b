//! Applies a side's index to a position, so that its epoch can be forgotten. Permissionless.

use anchor_lang::prelude::*;
use plimsoll_state::{touch, EngineAccount, MarginAccount, Market, Registry};

use crate::access::{now_secs, require_same_engine};
use crate::error::{EngineError, IntoEngine};
use crate::event::{PositionState, PositionTouched};

/// A margin account and a market in which it holds a position.
#[event_cpi]
#[derive(Accounts)]
pub struct TouchPosition<'info> {
    /// The account, whatever its status.
    #[account(mut)]
    pub margin_account: AccountLoader<'info, MarginAccount>,
    /// Its engine's registry.
    pub registry: AccountLoader<'info, Registry>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
}

impl TouchPosition<'_> {
    fn validate(&self) -> Result<()> {
        // All of one engine; anyone may call.
        let registry = self.registry.load()?;
        require_same_engine(&*registry, &*self.margin_account.load()?)?;
        require_same_engine(&*registry, &*self.market.load()?)
    }

    fn touch(&self, now: i64) -> Result<(u8, PositionState)> {
        let registry = self.registry.load()?;
        let mut account = self.margin_account.load_mut()?;
        let mut market = self.market.load_mut()?;
        let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        let leg = account.perp_index(market.index).ok_or(EngineError::PositionMissing)?;
        let max_secs = registry.params().funding_max_secs;
        touch(&mut account.derivatives[leg], slot, Some(&mut market), now, max_secs).engine()?;
        account.close_leg_if_zero(leg, &mut market).engine()?;
        account.invariant().engine()?;
        market.invariant().engine()?;
        Ok((market.index, PositionState::from(&account.derivatives[leg])))
    }
}

/// Carries the position over to the current epoch, books its cash and frees the leg where nothing is left of it.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `PositionMissing`, `NumberOutOfRange`.
pub fn handler(ctx: Context<TouchPosition>) -> Result<()> {
    ctx.accounts.validate()?;
    let (market, position) = ctx.accounts.touch(now_secs()?)?;
    let engine = Pubkey::new_from_array(ctx.accounts.registry.load()?.engine);
    let account = ctx.accounts.margin_account.key();
    crate::event::emit_event!(ctx, PositionTouched { engine, market, account, position });
    Ok(())
}
