//! Replaces the engine's parameters, and with them the target weights and rates that follow from them.

use anchor_lang::prelude::*;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_state::{
    BankSlot, Engine, EngineAccount, MarketSlot, PriceBoard, Registry, SlotStatus, StoredParams, StoredRates,
    StoredWeights,
};

use crate::access::{require_authority, require_of_engine};
use crate::error::{EngineError, IntoEngine};
use crate::event::ParamsUpdated;
use crate::instructions::GlobalParamsArgs;

/// The whole set.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct UpdateParamsArgs {
    /// Parameters.
    pub params: GlobalParamsArgs,
}

/// The board is read for the calibration of each market's price.
#[event_cpi]
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
}

impl UpdateParams<'_> {
    fn validate(&self, params: &GlobalParams) -> Result<()> {
        let (engine, registry) = (self.engine.key().to_bytes(), self.registry.load()?);
        // Parameters decide over everybody's money.
        require_authority(&*self.engine.load()?, self.authority.key)?;
        // Registry and board are this engine's.
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*self.board.load()?, &engine)?;
        // Bounds of each parameter.
        params.validate().engine()
    }
}

/// Replaces the parameters and derives every listed target from them.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds` where a parameter, or a listed bank or
/// market under the new parameters, would be out of bounds.
pub fn handler(ctx: Context<UpdateParams>, args: UpdateParamsArgs) -> Result<()> {
    let params = GlobalParams::from(args.params);
    ctx.accounts.validate(&params)?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        apply(&mut registry, &*ctx.accounts.board.load()?, params)?;
        registry.invariant().engine()?;
    }
    crate::event::emit_event!(ctx, ParamsUpdated { engine: ctx.accounts.engine.key(), params: args.params });
    Ok(())
}

/// Writes parameters and targets; `ParameterOutOfBounds` where any listing would no longer be one.
#[inline(never)]
fn apply(registry: &mut Registry, board: &PriceBoard, params: GlobalParams) -> Result<()> {
    registry.params = StoredParams(params);
    for bank in registry.banks.iter_mut().filter(|bank| bank.status != SlotStatus::Empty as u8) {
        derive_weights(bank, &params)?;
    }
    let quote = registry.banks[Registry::QUOTE_BANK];
    if quote.status == SlotStatus::Empty as u8 {
        // Without a settlement token nothing else is listed.
        return Ok(());
    }
    // w_pnl is at most the quote's asset weight at maintenance (DESIGN 1).
    ensure!(params.pnl_weight_ppm <= quote.weights.0.asset_maint_ppm, EngineError::ParameterOutOfBounds);
    for market in registry.markets.iter_mut().filter(|market| market.status != SlotStatus::Empty as u8) {
        derive_rates(market, board, &quote.weights.0, &params)?;
    }
    Ok(())
}

fn derive_weights(bank: &mut BankSlot, params: &GlobalParams) -> Result<()> {
    let old = bank.weights.0;
    let new = TokenWeights::new(
        old.asset_maint_ppm,
        old.asset_init_ppm,
        old.liability_maint_ppm,
        old.liability_init_ppm,
        params,
    );
    bank.weights = StoredWeights(new.engine()?);
    Ok(())
}

fn derive_rates(
    market: &mut MarketSlot,
    board: &PriceBoard,
    quote: &TokenWeights,
    params: &GlobalParams,
) -> Result<()> {
    let price = board.slot(market.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
    let (maint, init) = (market.rates.0.maint_ppm, market.rates.0.init_ppm);
    let new = MarketRates::new(maint, init, price.fastest_fall_ppm_per_sec, price.update_secs, quote, params);
    market.rates = StoredRates(new.engine()?);
    Ok(())
}
