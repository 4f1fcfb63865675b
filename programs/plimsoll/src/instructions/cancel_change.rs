//! Ends a change that was proposed, without executing it.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{same_address, Engine, PendingChange};

use crate::access::{now, require_layout, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::ChangeCancelled;

/// The rent goes to whoever paid it.
#[derive(Accounts)]
pub struct CancelChange<'info> {
    /// Who ends it: its proposer, the engine's authority or its guardian; anyone once it has expired.
    pub signer: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// The change, which ends.
    #[account(mut, close = rent_payer)]
    pub change: AccountLoader<'info, PendingChange>,
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
        let (engine, change) = (self.engine.load()?, self.change.load()?);
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
    Ok(())
}
