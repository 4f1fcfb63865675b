//! Ends a change that was proposed, without executing it.

use anchor_lang::prelude::*;
use plimsoll_interface::ProposeRole;
use plimsoll_risk::ratchet::Progress;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{same_address, Address, Engine, EngineRole, PendingChange};

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
        let expired = change.schedule().at(now) == Progress::Expired;
        ensure!(may || expired, EngineError::NotAuthority);
        // Of three keys two outvote the third.
        ensure!(expired || !is_outvoted(&engine, &change, key), EngineError::ReplacesCanceller);
        ensure!(same_address(&change.rent_payer, self.rent_payer.key.as_array()), EngineError::ChangeMismatch);
        Ok(change.id)
    }
}

/// Whether the risk authority proposed to replace this very key, and one of the three that is neither may still cancel
/// (POWER-4). Where one key holds two of the three roles nobody is outvoted: a single stolen key would be enough.
#[inline(never)]
fn is_outvoted(engine: &Engine, change: &PendingChange, key: &Address) -> bool {
    let Engine { authority, risk_authority, guardian, .. } = engine;
    let three = authority != risk_authority && risk_authority != guardian && guardian != authority;
    let by_another = same_address(&change.proposer, risk_authority) && !same_address(risk_authority, key);
    three && by_another && replaced(engine, change).is_some_and(|holder| same_address(holder, key))
}

/// Who holds the role of authority or guardian that the change gives to somebody else; none of a change that gives neither.
fn replaced<'a>(engine: &'a Engine, change: &PendingChange) -> Option<&'a Address> {
    let args = change.data().strip_prefix(&ProposeRole::DISCRIMINATOR)?;
    let role = EngineRole::try_from(*args.first()?).ok()?;
    matches!(role, EngineRole::Authority | EngineRole::Guardian).then(|| engine.holder(role))
}

/// Ends the change.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `NotAuthority`, `ReplacesCanceller`, `ChangeMismatch`.
pub fn handler(ctx: Context<CancelChange>) -> Result<()> {
    let id = ctx.accounts.validate(now()?)?;
    let (engine, signer) = (ctx.accounts.engine.key(), ctx.accounts.signer.key());
    crate::event::emit_event!(ctx, ChangeCancelled { engine, change: ctx.accounts.change.key(), id, signer });
    close(&ctx.accounts.change, &ctx.accounts.rent_payer)
}
