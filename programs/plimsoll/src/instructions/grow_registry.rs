//! Creates an engine's registry, 10,240 bytes a call; the last call writes parameters and discriminator.

use anchor_lang::prelude::*;
use plimsoll_risk::params::{Contradiction, GlobalParams};
use plimsoll_state::{seeds, Engine, EngineAccount, Registry, StoredParams};

use crate::error::Result;
use crate::event::ParamsUpdated;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::GrowRegistryArgs;

/// Called until it answers `AlreadyComplete`.
#[derive(Accounts)]
pub struct GrowRegistry<'info> {
    /// The engine's authority, who chooses the parameters.
    pub authority: Signer<'info>,
    /// Pays what rent is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// The registry, which is created and grows to its size.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::REGISTRY, engine.key().as_ref()], bump)]
    pub registry: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl GrowRegistry<'_> {
    fn validate(&self, params: &GlobalParams) -> Result<()> {
        // The parameters decide over everybody's money from the first deposit on.
        let engine = read::<Engine>(&self.engine)?;
        permit(Action::GrowRegistry).signed_in(&engine, self.authority.key)?;
        params.validate()?;
        Ok(Contradiction::DELAY.unless(params.changes.delay_is_allowed(engine.test_cluster == 1))?)
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
    let engine = accounts.engine.key();
    let growth = Growth {
        account: &accounts.registry,
        payer: &accounts.payer,
        system_program: &accounts.system_program,
        seeds: &[seeds::REGISTRY, engine.as_ref()],
        bump: ctx.bumps.registry,
    };
    let complete = growth.step::<Registry>()?;
    if complete {
        let mut registry = write::<Registry>(&accounts.registry)?;
        registry.engine = engine.to_bytes();
        registry.test_cluster = read::<Engine>(&accounts.engine)?.test_cluster;
        registry.params = StoredParams(params);
        registry.invariant()?;
    }
    let grown = growth.event(engine, complete);
    crate::event::emit_event!(ctx, grown);
    if complete {
        crate::event::emit_event!(ctx, ParamsUpdated { engine, params: args.params });
    }
    Ok(())
}
