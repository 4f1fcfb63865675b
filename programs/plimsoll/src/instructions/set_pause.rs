//! Sets what is paused. The guardian can add a pause at once; only the authority can end one.

use anchor_lang::prelude::*;
use plimsoll_state::{pause, Engine, EngineAccount, Registry};

use crate::access::{require_layout, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::PauseSet;
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::SetPauseArgs;

/// Either authority signs.
#[derive(Accounts)]
pub struct SetPause<'info> {
    /// The engine's authority or its guardian.
    pub signer: Signer<'info>,
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

impl SetPause<'_> {
    fn validate(&self, args: &SetPauseArgs) -> Result<()> {
        let (engine, registry) = (self.engine.load()?, self.registry.load()?);
        require_layout(engine.version)?;
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        permit(Action::SetPause).in_engine(&registry)?;
        // A bit without a meaning would suggest a protection that does not exist.
        ensure!(args.pause_bits & !pause::ALL == 0, EngineError::UnknownValue);
        // The authority may do anything here.
        let signer = self.signer.key().to_bytes();
        if signer == engine.authority {
            return Ok(());
        }
        // The guardian may only add bits.
        ensure!(signer == engine.guardian, EngineError::NotAuthority);
        ensure!(registry.pause_bits & !args.pause_bits == 0, EngineError::PauseOnly);
        Ok(())
    }
}

/// Replaces the pause bits (KEY-4).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `NotAuthority`, `PauseOnly`.
pub fn handler(ctx: Context<SetPause>, args: SetPauseArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        registry.pause_bits = args.pause_bits;
        registry.invariant()?;
    }
    crate::event::emit_event!(
        ctx,
        PauseSet { engine: ctx.accounts.engine.key(), signer: ctx.accounts.signer.key(), pause_bits: args.pause_bits }
    );
    Ok(())
}
