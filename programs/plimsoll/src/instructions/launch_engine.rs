//! Launches an engine: whoever sets it up is done, and from now on the ratchet protects those who use it.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, Registry};

use crate::access::require_of_engine;
use crate::error::{EngineError, Result};
use crate::event::EngineLaunched;
use crate::guard::{permit, Action};

/// Only the registry is written.
#[derive(Accounts)]
pub struct LaunchEngine<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// Its registry.
    #[account(mut)]
    pub registry: AccountLoader<'info, Registry>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl LaunchEngine<'_> {
    fn validate(&self) -> Result<()> {
        // Whoever sets the engine up says when it is done.
        permit(Action::LaunchEngine).signed_in(&*self.engine.load()?, self.authority.key)?;
        // The registry is this engine's.
        let registry = self.registry.load()?;
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        permit(Action::LaunchEngine).in_engine(&registry)?;
        // There is no way back.
        ensure!(registry.launched == 0, EngineError::AlreadyComplete);
        Ok(())
    }
}

/// Sets the flag.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `AlreadyComplete`.
pub fn handler(ctx: Context<LaunchEngine>) -> Result<()> {
    ctx.accounts.validate()?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        registry.launched = 1;
        registry.invariant()?;
    }
    let (engine, authority) = (ctx.accounts.engine.key(), ctx.accounts.authority.key());
    crate::event::emit_event!(ctx, EngineLaunched { engine, authority });
    Ok(())
}
