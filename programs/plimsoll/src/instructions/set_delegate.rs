//! Names, replaces or removes an account's delegate, and says which rights it has.

use anchor_lang::prelude::*;
use plimsoll_state::{EngineAccount, MarginAccount};

use crate::error::Result;
use crate::event::DelegateSet;
use crate::guard::{permit, Action};
use crate::instructions::delegate_args;
use crate::loader::{read, write};

pub use plimsoll_interface::args::SetDelegateArgs;

/// A delegate never changes delegates.
#[derive(Accounts)]
pub struct SetDelegate<'info> {
    /// The owner.
    pub owner: Signer<'info>,
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl SetDelegate<'_> {
    fn validate(&self) -> Result<()> {
        let account = read::<MarginAccount>(&self.margin_account)?;
        // Only the owner.
        permit(Action::SetDelegate).signed_for(&account, self.owner.key)?;
        // A bankrupt account is frozen.
        permit(Action::SetDelegate).on(&account)
    }
}

/// Replaces the delegate and all of its rights. Its daily limit starts again: only the owner signs here.
///
/// # Errors
/// `NotOwner`, `AccountBankrupt`, `ParameterOutOfBounds` for the default address, `DelegateRightUnknown`,
/// `DelegateRightsEmpty`, `DelegateLimitMismatch`, `AmountTooLarge`.
pub fn handler(ctx: Context<SetDelegate>, args: SetDelegateArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let engine = {
        let mut account = write::<MarginAccount>(&ctx.accounts.margin_account)?;
        delegate_args::store(&mut account, args.delegate.as_ref())?;
        account.invariant()?;
        Pubkey::from(account.engine)
    };
    crate::event::emit_event!(
        ctx,
        DelegateSet {
            engine,
            account: ctx.accounts.margin_account.key(),
            owner: ctx.accounts.owner.key(),
            delegate: args.delegate,
        }
    );
    Ok(())
}
