//! Second half of a hand-over: the proposed key signs and holds the role.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, EngineRole};

use crate::error::Result;
use crate::event::RoleAccepted;
use crate::guard::require_pending;
use crate::loader::{read, write};

pub use plimsoll_interface::args::AcceptRoleArgs;

/// A key that cannot sign would be lost with its role, so the successor signs.
#[derive(Accounts)]
pub struct AcceptRole<'info> {
    /// The proposed key.
    pub signer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::write`.
    #[account(mut)]
    pub engine: UncheckedAccount<'info>,
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
        require_pending(&*read::<Engine>(&self.engine)?, role, self.signer.key)
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
        let mut engine = write::<Engine>(&ctx.accounts.engine)?;
        let previous = engine.accept(role);
        engine.invariant()?;
        Pubkey::from(previous)
    };
    let (engine, holder) = (ctx.accounts.engine.key(), ctx.accounts.signer.key());
    crate::event::emit_event!(ctx, RoleAccepted { engine, role: args.role, previous, holder });
    Ok(())
}
