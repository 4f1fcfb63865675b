//! Ends a change that was proposed, without executing it.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{same_address, Engine, PendingChange};

use crate::access::{now, require_layout, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::ChangeCancelled;
use crate::growth::close;
use crate::loader::read;

/// The rent goes to whoever paid it.
#[derive(Accounts)]
pub struct CancelChange<'info> {
    /// Who ends it: its proposer, the engine's authority or its guardian; anyone once it has expired.
    pub signer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// The change, which ends.
    /// CHECK: a [`PendingChange`] by `loader::write`.
    #[account(mut)]
    pub change: UncheckedAccount<'info>,
    /// Gets the change's rent.
    /// CHECK: compared with the change.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl CancelChange<'_> {
    #[inline(never)]
    fn validate(&self, now: UnixSecs) -> Result<u64> {
        let (engine, change) = (read::<Engine>(&self.engine)?, read::<PendingChange>(&self.change)?);
        require_layout(engine.version)?;
        require_of_engine(&*change, self.engine.key().as_array())?;
        // Whoever can stop it; what has expired is cleared away by anyone.
        let key = self.signer.key.as_array();
        let may = [&change.proposer, &engine.authority, &engine.guardian].iter().any(|who| same_address(who, key));
        ensure!(may || change.schedule().at(now) == Progress::Expired, EngineError::NotAuthority);
        ensure!(same_address(&change.rent_payer, self.rent_payer.key.as_array()), EngineError::ChangeMismatch);
        Ok(change.id)
    }
}

/// Ends the change.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `NotAuthority`, `ChangeMismatch`.
pub fn handler(ctx: Context<CancelChange>) -> Result<()> {
    let id = ctx.accounts.validate(now()?)?;
    let (engine, signer) = (ctx.accounts.engine.key(), ctx.accounts.signer.key());
    crate::event::emit_event!(ctx, ChangeCancelled { engine, change: ctx.accounts.change.key(), id, signer });
    close(&ctx.accounts.change, &ctx.accounts.rent_payer)
}
