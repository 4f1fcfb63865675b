//! Changes what a venue may do, or stops it.

use anchor_lang::prelude::*;
use plimsoll_state::{Engine, EngineAccount, Venue};

use crate::access::{require_authority, require_of_engine};
use crate::error::IntoEngine;
use crate::event::VenueSet;

/// The whole set of permissions.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct UpdateVenueArgs {
    /// Whether it may settle and report at all.
    pub active: bool,
    /// Markets it may settle, a bit each.
    pub settle_markets: u32,
    /// Markets whose premium it reports, a bit each.
    pub premium_markets: u32,
}

/// Owners' approvals stay as they are: they name their markets themselves.
#[event_cpi]
#[derive(Accounts)]
pub struct UpdateVenue<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// The venue.
    #[account(mut)]
    pub venue: AccountLoader<'info, Venue>,
}

impl UpdateVenue<'_> {
    fn validate(&self) -> Result<()> {
        // Only the authority.
        require_authority(&*self.engine.load()?, self.authority.key)?;
        // The venue is registered with this engine.
        require_of_engine(&*self.venue.load()?, &self.engine.key().to_bytes())
    }
}

/// Replaces the permissions.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`.
pub fn handler(ctx: Context<UpdateVenue>, args: UpdateVenueArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let set = {
        let mut venue = ctx.accounts.venue.load_mut()?;
        venue.active = args.active as u8;
        venue.settle_markets = args.settle_markets;
        venue.premium_markets = args.premium_markets;
        venue.invariant().engine()?;
        VenueSet::new(&ctx.accounts.venue.key(), &venue, ctx.accounts.authority.key())
    };
    crate::event::emit_event!(ctx, set);
    Ok(())
}
