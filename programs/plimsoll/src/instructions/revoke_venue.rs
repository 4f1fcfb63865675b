//! Takes a venue's approval away, at once and whatever state account and venue are in.

use anchor_lang::prelude::*;
use plimsoll_state::{EngineAccount, MarginAccount, VenueApproval};

use crate::error::{EngineError, Result};
use crate::event::VenueRevoked;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::RevokeVenueArgs;

/// Nothing but the owner's signature is needed.
#[derive(Accounts)]
pub struct RevokeVenue<'info> {
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

impl RevokeVenue<'_> {
    fn validate(&self) -> Result<()> {
        // Only the owner. Neither a pause nor a bankruptcy is a reason to keep a power that he withdraws.
        permit(Action::RevokeVenue).signed_for(&*read::<MarginAccount>(&self.margin_account)?, self.owner.key)?;
        Ok(())
    }
}

/// Removes the approval.
///
/// # Errors
/// `NotOwner`, `VenueNotApproved`.
pub fn handler(ctx: Context<RevokeVenue>, args: RevokeVenueArgs) -> Result<()> {
    ctx.accounts.validate()?;
    // A free entry has the address zero, which is not a venue.
    ensure!(args.venue != Pubkey::default(), EngineError::VenueNotApproved);
    let engine = {
        let mut account = write::<MarginAccount>(&ctx.accounts.margin_account)?;
        let venue = args.venue.to_bytes();
        let approval = account.venues.iter_mut().find(|approval| approval.venue == venue);
        *approval.ok_or(EngineError::VenueNotApproved)? = VenueApproval::default();
        account.invariant()?;
        Pubkey::from(account.engine)
    };
    crate::event::emit_event!(
        ctx,
        VenueRevoked {
            engine,
            account: ctx.accounts.margin_account.key(),
            owner: ctx.accounts.owner.key(),
            venue: args.venue,
        }
    );
    Ok(())
}
