//! Registers a program that may settle fills by CPI.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::Ratcheted;
use plimsoll_state::{seeds, Engine, EngineAccount, Registry, Venue};

use crate::access::require_of_engine;
use crate::error::{EngineError, Result};
use crate::event::VenueSet;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::RegisterVenueArgs;
use plimsoll_interface::args::UpdateVenueArgs;

/// Creates the venue's account.
#[derive(Accounts)]
#[instruction(args: RegisterVenueArgs)]
pub struct RegisterVenue<'info> {
    /// The engine's authority, or its executor.
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The venue, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::VENUE, engine.key().as_ref(), args.signer.as_ref()], bump)]
    pub venue: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl RegisterVenue<'_> {
    fn validate(&self, args: &RegisterVenueArgs) -> Result<()> {
        // The registry is this engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        permit(Action::RegisterVenue).in_engine(&registry)?;
        // Only the authority extends who may call.
        let standing = permit(Action::RegisterVenue).standing_in(
            &*read::<Engine>(&self.engine)?,
            &registry,
            self.authority.key,
        )?;
        ratchet::admit(standing, &UpdateVenueArgs::NEW.verdict(&args.permissions()))?;
        // The default address is the system program's; it signs nothing.
        ensure!(args.signer != Pubkey::default(), EngineError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Writes the venue, active.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`, `ParameterOutOfBounds`, `AlreadyComplete`.
pub fn handler(ctx: Context<RegisterVenue>, args: RegisterVenueArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let engine = ctx.accounts.engine.key();
    let growth = Growth {
        account: &ctx.accounts.venue,
        payer: &ctx.accounts.payer,
        system_program: &ctx.accounts.system_program,
        seeds: &[seeds::VENUE, engine.as_ref(), args.signer.as_ref()],
        bump: ctx.bumps.venue,
    };
    growth.step::<Venue>()?;
    let set = {
        let mut venue = write::<Venue>(&ctx.accounts.venue)?;
        venue.active = 1;
        venue.engine = engine.to_bytes();
        venue.signer = args.signer.to_bytes();
        venue.settle_markets = args.settle_markets;
        venue.premium_markets = args.premium_markets;
        venue.invariant()?;
        VenueSet::new(&ctx.accounts.venue.key(), &venue, ctx.accounts.authority.key())
    };
    crate::event::emit_event!(ctx, set);
    Ok(())
}
