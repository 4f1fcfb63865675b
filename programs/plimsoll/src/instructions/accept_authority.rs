//! Second half of a hand-over: the proposed authority signs and becomes the authority.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount};

use crate::error::Result;
use crate::event::AuthorityAccepted;
use crate::guard::{permit, Action};

/// An authority that cannot sign would lock the engine, so the successor signs.
#[derive(Accounts)]
pub struct AcceptAuthority<'info> {
    /// The proposed authority.
    pub pending_authority: Signer<'info>,
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

impl AcceptAuthority<'_> {
    fn validate(&self) -> Result<()> {
        permit(Action::AcceptAuthority).signed_in(&*self.engine.load()?, self.pending_authority.key)
    }
}

/// Replaces the authority and clears the proposal (KEY-4).
///
/// # Errors
/// `NotPendingAuthority`.
pub fn handler(ctx: Context<AcceptAuthority>) -> Result<()> {
    ctx.accounts.validate()?;
    let previous = {
        let mut engine = ctx.accounts.engine.load_mut()?;
        let previous = engine.authority;
        engine.authority = engine.pending_authority;
        engine.pending_authority = [0; 32];
        engine.invariant()?;
        Pubkey::from(previous)
    };
    crate::event::emit_event!(
        ctx,
        AuthorityAccepted {
            engine: ctx.accounts.engine.key(),
            previous,
            authority: ctx.accounts.pending_authority.key(),
        }
    );
    Ok(())
}
