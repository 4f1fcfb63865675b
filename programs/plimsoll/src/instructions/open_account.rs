//! Opens a margin account.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount, MarginAccount, Registry};

use crate::access::{require_layout, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::AccountOpened;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::instructions::delegate_args;
use crate::loader::{read, write};

pub use plimsoll_interface::args::OpenAccountArgs;

/// The payer need not be the owner.
#[derive(Accounts)]
#[instruction(args: OpenAccountArgs)]
pub struct OpenAccount<'info> {
    /// The owner: a seed of the account's address, so nobody can take that address first.
    pub owner: Signer<'info>,
    /// Pays the rent and gets it back when the account is closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// `["margin", engine, owner, id]`, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(
        mut,
        seeds = [seeds::MARGIN_ACCOUNT, engine.key().as_ref(), owner.key().as_ref(), &args.id.to_le_bytes()], bump,
    )]
    pub margin_account: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl OpenAccount<'_> {
    fn validate(&self) -> Result<()> {
        // The registry is this engine's; it also proves that the engine is complete. Loading checks the length.
        require_layout(read::<Engine>(&self.engine)?.version)?;
        let registry = read::<Registry>(&self.registry)?;
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        // Until the launch the authority sets everything at once.
        ensure!(registry.launched == 1, EngineError::NotLaunched);
        // Opening can be paused; existing accounts are not affected.
        permit(Action::OpenAccount).in_engine(&registry)
    }
}

/// Writes the empty account.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `NotLaunched`, `Paused`, `AlreadyComplete`; of the delegate those of `set_delegate`.
pub fn handler(ctx: Context<OpenAccount>, args: OpenAccountArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let (engine, owner) = (ctx.accounts.engine.key(), ctx.accounts.owner.key());
    let growth = Growth {
        account: &ctx.accounts.margin_account,
        payer: &ctx.accounts.payer,
        system_program: &ctx.accounts.system_program,
        seeds: &[seeds::MARGIN_ACCOUNT, engine.as_ref(), owner.as_ref(), &args.id.to_le_bytes()],
        bump: ctx.bumps.margin_account,
    };
    growth.step::<MarginAccount>()?;
    {
        let mut account = write::<MarginAccount>(&ctx.accounts.margin_account)?;
        #[cfg(feature = "next-layout")]
        {
            account.first_layout = account.version;
        }
        account.id = args.id;
        account.engine = engine.to_bytes();
        account.owner = owner.to_bytes();
        delegate_args::store(&mut account, args.delegate.as_ref())?;
        account.rent_payer = ctx.accounts.payer.key().to_bytes();
        account.invariant()?;
    }
    crate::event::emit_event!(
        ctx,
        AccountOpened {
            engine,
            account: ctx.accounts.margin_account.key(),
            owner,
            id: args.id,
            delegate: args.delegate,
            rent_payer: ctx.accounts.payer.key(),
        }
    );
    Ok(())
}
