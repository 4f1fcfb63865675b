//! Second half of a hand-over: the proposed key signs and holds the role.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, EngineRole};

use crate::error::Result;
use crate::event::RoleAccepted;
use crate::guard::require_pending;

pub use plimsoll_interface::args::AcceptRoleArgs;

/// A key that cannot sign would be lost with its role, so the successor signs.
#[derive(Accounts)]
pub struct AcceptRole<'info> {
    /// The proposed key.
    pub signer: Signer<'info>,
    /// The engine.
    #[account(mut)]
    pub engine: AccountLoader<'info, Engine>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl AcceptRole<'_> {
    fn validate(&self, role: EngineRole) -> Result<()> {
        // The role was proposed to the signer.
        require_pending(&*self.engine.load()?, role, self.signer.key)
    }
}

/// Replaces the holder and clears the proposal (KEY-4).
///
/// # Errors
/// `NotPendingAuthority`, `VersionUnknown`.
pub fn handler(ctx: Context<AcceptRole>, args: AcceptRoleArgs) -> Result<()> {
    let role = EngineRole::from(args.role);
    ctx.accounts.validate(role)?;
    let previous = {
        let mut engine = ctx.accounts.engine.load_mut()?;
        let previous = engine.accept(role);
        engine.invariant()?;
        Pubkey::from(previous)
    };
    let (engine, holder) = (ctx.accounts.engine.key(), ctx.accounts.signer.key());
    crate::event::emit_event!(ctx, RoleAccepted { engine, role: args.role, previous, holder });
    Ok(())
}
