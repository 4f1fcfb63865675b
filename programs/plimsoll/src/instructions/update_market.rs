//! Changes a market's terms.

use anchor_lang::prelude::*;
use plimsoll_risk::params::MarketRates;
use plimsoll_state::{Engine, EngineAccount, Market, PriceBoard, Registry, SlotStatus};

use super::list_market::{listed, set_terms};
use crate::access::require_of_engine;
use crate::error::{EngineError, Failure, Result};
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::UpdateMarketArgs;

/// A market and its slot of the registry.
#[derive(Accounts)]
pub struct UpdateMarket<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// Its registry.
    #[account(mut)]
    pub registry: AccountLoader<'info, Registry>,
    /// Its prices.
    pub board: AccountLoader<'info, PriceBoard>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl UpdateMarket<'_> {
    fn validate(&self, args: &UpdateMarketArgs) -> Result<(u8, u8, MarketRates)> {
        // Only the authority changes terms.
        permit(Action::UpdateMarket).signed_in(&*self.engine.load()?, self.authority.key)?;
        // Registry, board and market of this engine.
        let (registry, board, market) = (self.registry.load()?, self.board.load()?, self.market.load()?);
        let engine = self.engine.key().to_bytes();
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        require_of_engine(&*market, &engine)?;
        permit(Action::UpdateMarket).in_engine(&registry)?;
        // A market is never terminal and never disappears: its positions can always be reduced.
        let status = SlotStatus::try_from(args.status).map_err(|_| EngineError::UnknownValue)?;
        ensure!(matches!(status, SlotStatus::Active | SlotStatus::ReduceOnly), EngineError::ParameterOutOfBounds);
        let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        let rates = args.terms.validate::<Failure>(slot.price_slot, &registry, &board)?;
        Ok((market.index, slot.price_slot, rates))
    }
}

/// Replaces rates, caps, fee and status. What is open stays open, whatever the new caps.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `SlotEmpty`, `PriceSlotEmpty`,
/// `ParameterOutOfBounds`.
#[expect(clippy::indexing_slicing, reason = "validated: the registry has a market at this index")]
pub fn handler(ctx: Context<UpdateMarket>, args: UpdateMarketArgs) -> Result<()> {
    let (index, price_slot, rates) = ctx.accounts.validate(&args)?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        let slot = &mut registry.markets[index as usize];
        slot.status = args.status;
        let mut market = ctx.accounts.market.load_mut()?;
        set_terms(&mut market, slot, rates, &args.terms);
        market.invariant()?;
        registry.invariant()?;
        registry.check_listings(&*ctx.accounts.board.load()?)?;
    }
    let (engine, market) = (ctx.accounts.engine.key(), ctx.accounts.market.key());
    crate::event::emit_event!(ctx, listed(engine, market, index, price_slot, args.status, rates, &args.terms));
    Ok(())
}
