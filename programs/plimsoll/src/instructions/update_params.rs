//! Replaces the engine's parameters, and with them the target weights and rates that follow from them.

use anchor_lang::prelude::*;
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{
    Engine, EngineAccount, PriceBoard, Registry, SlotStatus, StoredParams, StoredRates, StoredWeights,
};

use crate::access::require_of_engine;
use crate::error::Result;
use crate::event::ParamsUpdated;
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::UpdateParamsArgs;

/// The board is read for calibrations and for what parameters mean at today's prices.
#[derive(Accounts)]
pub struct UpdateParams<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// Its registry.
    #[account(mut)]
    pub registry: AccountLoader<'info, Registry>,
    /// Its prices.
    pub board: AccountLoader<'info, PriceBoard>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl UpdateParams<'_> {
    fn validate(&self, params: &GlobalParams) -> Result<()> {
        let (engine, registry) = (self.engine.key().to_bytes(), self.registry.load()?);
        // Parameters decide over everybody's money.
        permit(Action::UpdateParams).signed_in(&*self.engine.load()?, self.authority.key)?;
        // Registry and board are this engine's.
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*self.board.load()?, &engine)?;
        permit(Action::UpdateParams).in_engine(&registry)?;
        // Bounds of each parameter.
        Ok(params.validate()?)
    }
}

/// Replaces the parameters and derives every listed target from them.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds` where a parameter would be out of bounds, or
/// anything that is listed would not be accepted under the new parameters.
pub fn handler(ctx: Context<UpdateParams>, args: UpdateParamsArgs) -> Result<()> {
    let params = GlobalParams::from(args.params);
    ctx.accounts.validate(&params)?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        apply(&mut registry, &*ctx.accounts.board.load()?, params)?;
        registry.invariant()?;
    }
    crate::event::emit_event!(ctx, ParamsUpdated { engine: ctx.accounts.engine.key(), params: args.params });
    Ok(())
}

/// Writes parameters and targets; `ParameterOutOfBounds` where any listing would no longer be one.
#[inline(never)]
fn apply(registry: &mut Registry, board: &PriceBoard, params: GlobalParams) -> Result<()> {
    registry.params = StoredParams(params);
    for bank in registry.banks.iter_mut().filter(|bank| bank.status != SlotStatus::Empty as u8) {
        bank.weights = StoredWeights(bank.weights.0.with_targets(&params));
    }
    for market in registry.markets.iter_mut().filter(|market| market.status != SlotStatus::Empty as u8) {
        market.rates = StoredRates(market.rates.0.with_target(&params));
    }
    registry.check_listings(board)?;
    Ok(registry.check_units(board)?)
}
