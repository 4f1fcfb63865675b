//! Creates an engine's registry, 10,240 bytes a call; the last call writes parameters and discriminator.

use anchor_lang::prelude::*;
use plimsoll_risk::params::GlobalParams;
use plimsoll_state::{seeds, Engine, EngineAccount, Registry, StoredParams, LAYOUT_VERSION};

use crate::access::require_authority;
use crate::error::IntoEngine;
use crate::event::{AccountGrown, ParamsUpdated};
use crate::growth;
use crate::instructions::GlobalParamsArgs;

/// The engine's parameters; only those of the call that completes the account are written.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct GrowRegistryArgs {
    /// Parameters.
    pub params: GlobalParamsArgs,
}

/// Called until it answers `AlreadyComplete`.
#[derive(Accounts)]
pub struct GrowRegistry<'info> {
    /// The engine's authority, who chooses the parameters.
    pub authority: Signer<'info>,
    /// Pays what rent is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// CHECK: its address is verified by its seeds, its owner and state by `growth::grow_step`.
    #[account(mut, seeds = [seeds::REGISTRY, engine.key().as_ref()], bump)]
    pub registry: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// CHECK: signs events; compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// CHECK: this program, which events call; the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl GrowRegistry<'_> {
    fn validate(&self, params: &GlobalParams) -> Result<()> {
        // The parameters decide over everybody's money from the first deposit on.
        require_authority(&*self.engine.load()?, self.authority.key)?;
        params.validate().engine()
    }
}

/// Grows the registry by one step.
///
/// # Errors
/// `NotAuthority`, `ParameterOutOfBounds`, `AlreadyComplete`.
pub fn handler(ctx: Context<GrowRegistry>, args: GrowRegistryArgs) -> Result<()> {
    let params = GlobalParams::from(args.params);
    let accounts = &ctx.accounts;
    accounts.validate(&params)?;
    let (engine, bump) = (accounts.engine.key(), ctx.bumps.registry);
    let signer = [seeds::REGISTRY, engine.as_ref(), &[bump]];
    let complete =
        growth::grow_step::<Registry>(&accounts.registry, &accounts.payer, &accounts.system_program, &signer)?;
    if complete {
        let test_cluster = accounts.engine.load()?.test_cluster;
        growth::complete(&accounts.registry, |registry: &mut Registry| {
            registry.version = LAYOUT_VERSION;
            registry.bump = bump;
            registry.test_cluster = test_cluster;
            registry.engine = engine.to_bytes();
            registry.params = StoredParams(params);
            registry.invariant().engine()
        })?;
    }
    crate::event::emit_event!(ctx, AccountGrown::new(engine, &accounts.registry, &accounts.payer, complete));
    if complete {
        crate::event::emit_event!(ctx, ParamsUpdated { engine, params: args.params });
    }
    Ok(())
}
