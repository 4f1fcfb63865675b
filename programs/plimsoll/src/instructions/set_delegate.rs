//! Names, replaces or removes an account's delegate.

use anchor_lang::prelude::*;
use plimsoll_state::{EngineAccount, MarginAccount};

use crate::access::{require_active, require_owner};
use crate::error::IntoEngine;

/// The delegate.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct SetDelegateArgs {
    /// May trade, liquidate, deposit and repay; none removes the present one.
    pub delegate: Option<Pubkey>,
}

/// A delegate never changes delegates.
#[derive(Accounts)]
pub struct SetDelegate<'info> {
    /// The owner.
    pub owner: Signer<'info>,
    /// The account.
    #[account(mut)]
    pub margin_account: AccountLoader<'info, MarginAccount>,
}

impl SetDelegate<'_> {
    fn validate(&self) -> Result<()> {
        let account = self.margin_account.load()?;
        // Only the owner.
        require_owner(&account, self.owner.key)?;
        // A bankrupt account is frozen.
        require_active(&account)
    }
}

/// Replaces the delegate.
///
/// # Errors
/// `NotOwner`, `AccountBankrupt`.
pub fn handler(ctx: Context<SetDelegate>, args: SetDelegateArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let mut account = ctx.accounts.margin_account.load_mut()?;
    account.delegate = args.delegate.unwrap_or_default().to_bytes();
    account.invariant().engine()
}
