//! Launches an engine: whoever sets it up is done, and from now on the ratchet protects those who use it.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, Registry};

use crate::access::require_of_engine;
use crate::error::{EngineError, Result};
use crate::event::EngineLaunched;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

/// Only the registry is written.
#[derive(Accounts)]
pub struct LaunchEngine<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
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
        permit(Action::LaunchEngine).signed_in(&*read::<Engine>(&self.engine)?, self.authority.key)?;
        // The registry is this engine's.
        let registry = read::<Registry>(&self.registry)?;
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
        let mut registry = write::<Registry>(&ctx.accounts.registry)?;
        registry.launched = 1;
        registry.invariant()?;
    }
    let (engine, authority) = (ctx.accounts.engine.key(), ctx.accounts.authority.key());
    crate::event::emit_event!(ctx, EngineLaunched { engine, authority });
    Ok(())
}
