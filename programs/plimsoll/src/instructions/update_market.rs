//! Changes a market's terms.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::{Ratcheted, Standing};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Engine, EngineAccount, Market, PriceBoard, Registry, SlotStatus};

use super::list_market::{listed, unit_in_dollars};
use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::MarketListed;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::UpdateMarketArgs;

/// A market and its slot of the registry.
#[derive(Accounts)]
pub struct UpdateMarket<'info> {
    /// The engine's authority or risk authority, or its executor.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
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

impl UpdateMarket<'_> {
    /// Moves what ramps to now: that is in force before the change.
    #[inline(never)]
    fn bring_to(&self, now: UnixSecs) -> Result<()> {
        let mut registry = write::<Registry>(&self.registry)?;
        let params = *registry.params();
        let index = read::<Market>(&self.market)?.index as usize;
        registry.markets.get_mut(index).ok_or(EngineError::SlotEmpty)?.advance_ramps(&params, now);
        Ok(())
    }

    /// In whose name the terms are set, and when the cap was last raised if it is.
    #[inline(never)]
    fn validate(&self, args: &UpdateMarketArgs, now: UnixSecs) -> Result<(Standing, UnixSecs)> {
        // Registry, board and market of this engine.
        let (registry, board, market) =
            (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?, read::<Market>(&self.market)?);
        let engine = self.engine.key().to_bytes();
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        require_of_engine(&*market, &engine)?;
        permit(Action::UpdateMarket).in_engine(&registry)?;
        // A rate decides who may be liquidated.
        let standing =
            permit(Action::UpdateMarket).standing_in(&*read::<Engine>(&self.engine)?, &registry, self.authority.key)?;
        // A market is never terminal and never disappears: its positions can always be reduced.
        let status = SlotStatus::try_from(args.status).map_err(|_| EngineError::UnknownValue)?;
        ensure!(matches!(status, SlotStatus::Active | SlotStatus::ReduceOnly), EngineError::ParameterOutOfBounds);
        // What users would be worse off by has waited.
        let slot = registry.market(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        let in_force = UpdateMarketArgs::in_force(&market, slot);
        ratchet::admit(standing, &in_force.verdict(args))?;
        args.terms.validate::<Failure>(slot.price_slot, &registry, &board)?;
        // What a wrong listing can take is bounded by its cap.
        let unit = unit_in_dollars(&board, slot.price_slot, slot.base_decimals)?;
        let change = args.terms.cap_change(&in_force.terms, unit);
        let (params, raised_at) = (registry.params(), UnixSecs::new(market.cap_raised_at));
        let raised_at = ratchet::caps(standing, &[change], &params.changes, raised_at, now)?;
        Ok((standing, raised_at))
    }

    #[inline(never)]
    fn apply(
        &self,
        args: &UpdateMarketArgs,
        standing: Standing,
        raised_at: UnixSecs,
        now: UnixSecs,
    ) -> Result<MarketListed> {
        let (mut registry, board) = (write::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let mut market = write::<Market>(&self.market)?;
        let params = *registry.params();
        let slot = registry.markets.get_mut(market.index as usize).ok_or(EngineError::SlotEmpty)?;
        slot.status = args.status;
        args.terms.write(standing.ramps(), &params, &mut market, slot, now);
        market.cap_raised_at = raised_at.get();
        let event = listed((self.engine.key(), self.market.key()), &market, slot, &args.terms);
        market.invariant()?;
        registry.invariant()?;
        // Now, and where all ramps end.
        registry.check_listings(&board)?;
        registry.check_goals(&board)?;
        Ok(event)
    }
}

/// Replaces rates, caps, fee and status. What is open stays open, whatever the new caps. What tightens and can liquidate
/// goes there by a ramp.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `SlotEmpty`, `PriceSlotEmpty`; `ChangeWaits`,
/// `CapGrowthLimited`; `ParameterOutOfBounds`.
pub fn handler(ctx: Context<UpdateMarket>, args: UpdateMarketArgs) -> Result<()> {
    let now = now()?;
    ctx.accounts.bring_to(now)?;
    let (standing, raised_at) = ctx.accounts.validate(&args, now)?;
    let event = ctx.accounts.apply(&args, standing, raised_at, now)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}
