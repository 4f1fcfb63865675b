//! First half of a hand-over: names who may accept a role.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Standing;
use plimsoll_state::{Engine, EngineAccount, EngineRole, Registry};

use crate::access::require_of_engine;
use crate::error::{EngineError, Result};
use crate::event::RoleProposed;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::{ProposeRoleArgs, RoleArg};

/// Whoever holds the role keeps it until the successor signs.
#[derive(Accounts)]
pub struct ProposeRole<'info> {
    /// The engine's authority before the launch; its executor after it.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::write`.
    #[account(mut)]
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ProposeRole<'_> {
    fn validate(&self, args: &ProposeRoleArgs) -> Result<Standing> {
        let registry = read::<Registry>(&self.registry)?;
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        permit(Action::ProposeRole).in_engine(&registry)?;
        // A role that nobody can sign for would be lost.
        ensure!(args.key != Some(Pubkey::default()), EngineError::ParameterOutOfBounds);
        // Whoever decides over everybody's money is replaced in public.
        permit(Action::ProposeRole).standing_in(&*read::<Engine>(&self.engine)?, &registry, self.authority.key)
    }
}

/// Records the proposal (KEY-4).
///
/// # Errors
/// `NotAuthority`; `ChangeWaits` once the engine is launched; `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds` for
/// the default address.
pub fn handler(ctx: Context<ProposeRole>, args: ProposeRoleArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let pending = args.key.unwrap_or_default();
    let holder = {
        let role = EngineRole::from(args.role);
        let mut engine = write::<Engine>(&ctx.accounts.engine)?;
        engine.propose(role, pending.to_bytes());
        engine.invariant()?;
        Pubkey::from(*engine.holder(role))
    };
    let engine = ctx.accounts.engine.key();
    crate::event::emit_event!(ctx, RoleProposed { engine, role: args.role, holder, pending });
    Ok(())
}
