//! Changes what a venue may do, or stops it.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Ratcheted;
use plimsoll_state::{Engine, EngineAccount, Registry, Venue};

use crate::access::require_of_engine;
use crate::error::Result;
use crate::event::VenueSet;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::UpdateVenueArgs;

/// Owners' approvals stay as they are: they name their markets themselves.
#[derive(Accounts)]
pub struct UpdateVenue<'info> {
    /// The engine's authority or risk authority, or its executor.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
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
    fn validate(&self, args: &UpdateVenueArgs) -> Result<()> {
        let engine = read::<Engine>(&self.engine)?;
        // The registry is this engine's, and the venue is registered with it.
        let (registry, venue) = (read::<Registry>(&self.registry)?, read::<Venue>(&self.venue)?);
        require_of_engine(&*registry, self.engine.key.as_array())?;
        require_of_engine(&*venue, self.engine.key.as_array())?;
        permit(Action::UpdateVenue).in_engine(&registry)?;
        // What users would be worse off by has waited.
        let standing = permit(Action::UpdateVenue).standing_in(&engine, &registry, self.authority.key)?;
        ratchet::admit(standing, &UpdateVenueArgs::in_force(&venue).verdict(args))
    }
}

/// Replaces the permissions.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`.
pub fn handler(ctx: Context<UpdateVenue>, args: UpdateVenueArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
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
