//! Closes an empty margin account and returns its rent.

use anchor_lang::prelude::*;
use plimsoll_state::{EngineAccount, MarginAccount};

use crate::error::{EngineError, Result};
use crate::event::AccountClosed;
use crate::growth::close;
use crate::guard::{permit, Action};
use crate::loader::read;

/// The rent goes to whoever paid it.
#[derive(Accounts)]
pub struct CloseAccount<'info> {
    /// The owner; a delegate never closes.
    pub owner: Signer<'info>,
    /// The margin account.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub margin_account: UncheckedAccount<'info>,
    /// Receives the rent: whoever paid it.
    /// CHECK: compared with the account's `rent_payer`; receives lamports only.
    #[account(mut)]
    pub rent_payer: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl CloseAccount<'_> {
    fn validate(&self) -> Result<()> {
        let account = read::<MarginAccount>(&self.margin_account)?;
        // Only the owner closes.
        permit(Action::CloseAccount).signed_for(&account, self.owner.key)?;
        // Nothing may be left in it.
        account.invariant()?;
        // A resolution that has begun ends first.
        permit(Action::CloseAccount).on(&account)?;
        // Nothing is lost with the account.
        ensure!(account.is_empty(), EngineError::AccountNotEmpty);
        // The rent goes back to its payer.
        ensure!(account.rent_payer == self.rent_payer.key().to_bytes(), EngineError::RentReceiverMismatch);
        Ok(())
    }
}

/// Closes the account.
///
/// # Errors
/// `NotOwner`, `AccountBankrupt`, `AccountNotEmpty`, `RentReceiverMismatch`.
pub fn handler(ctx: Context<CloseAccount>) -> Result<()> {
    ctx.accounts.validate()?;
    let engine = Pubkey::from(read::<MarginAccount>(&ctx.accounts.margin_account)?.engine);
    crate::event::emit_event!(
        ctx,
        AccountClosed {
            engine,
            account: ctx.accounts.margin_account.key(),
            owner: ctx.accounts.owner.key(),
            rent_payer: ctx.accounts.rent_payer.key(),
        }
    );
    close(&ctx.accounts.margin_account, &ctx.accounts.rent_payer)
}
