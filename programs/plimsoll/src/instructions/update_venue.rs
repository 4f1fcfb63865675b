//! Changes what a venue may do, or stops it.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, Venue};

use crate::access::require_of_engine;
use crate::error::Result;
use crate::event::VenueSet;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::UpdateVenueArgs;

/// Owners' approvals stay as they are: they name their markets themselves.
#[derive(Accounts)]
pub struct UpdateVenue<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// The venue.
    /// CHECK: a [`Venue`] by `loader::write`.
    #[account(mut)]
    pub venue: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl UpdateVenue<'_> {
    fn validate(&self) -> Result<()> {
        // Only the authority.
        permit(Action::UpdateVenue).signed_in(&*read::<Engine>(&self.engine)?, self.authority.key)?;
        // The venue is registered with this engine.
        require_of_engine(&*read::<Venue>(&self.venue)?, self.engine.key.as_array())
    }
}

/// Replaces the permissions.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`.
pub fn handler(ctx: Context<UpdateVenue>, args: UpdateVenueArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let set = {
        let mut venue = write::<Venue>(&ctx.accounts.venue)?;
        venue.active = args.active as u8;
        venue.settle_markets = args.settle_markets;
        venue.premium_markets = args.premium_markets;
        venue.invariant()?;
        VenueSet::new(&ctx.accounts.venue.key(), &venue, ctx.accounts.authority.key())
    };
    crate::event::emit_event!(ctx, set);
    Ok(())
}
