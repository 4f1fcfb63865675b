//! First half of a hand-over: names who may accept it.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount};

use crate::error::{EngineError, Result};
use crate::event::AuthorityProposed;
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::ProposeAuthorityArgs;

/// The authority stays the authority until its successor signs.
#[derive(Accounts)]
pub struct ProposeAuthority<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
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

impl ProposeAuthority<'_> {
    fn validate(&self, args: &ProposeAuthorityArgs) -> Result<()> {
        // Only the authority hands over.
        permit(Action::ProposeAuthority).signed_in(&*self.engine.load()?, self.authority.key)?;
        // There is always somebody who can stop the engine.
        ensure!(args.pause_authority != Some(Pubkey::default()), EngineError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Records the proposal.
///
/// # Errors
/// `NotAuthority`; `ParameterOutOfBounds` for the default address as pause authority.
pub fn handler(ctx: Context<ProposeAuthority>, args: ProposeAuthorityArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let pause_authority = {
        let mut engine = ctx.accounts.engine.load_mut()?;
        engine.pending_authority = args.authority.unwrap_or_default().to_bytes();
        if let Some(pause_authority) = args.pause_authority {
            engine.pause_authority = pause_authority.to_bytes();
        }
        engine.invariant()?;
        Pubkey::from(engine.pause_authority)
    };
    crate::event::emit_event!(
        ctx,
        AuthorityProposed {
            engine: ctx.accounts.engine.key(),
            authority: ctx.accounts.authority.key(),
            pending_authority: args.authority.unwrap_or_default(),
            pause_authority,
        }
    );
    Ok(())
}
