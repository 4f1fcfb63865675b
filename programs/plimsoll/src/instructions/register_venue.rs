//! Registers a program that may settle fills by CPI.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount, Venue};

use crate::error::{EngineError, Result};
use crate::event::VenueSet;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::write;

pub use plimsoll_interface::args::RegisterVenueArgs;

/// Creates the venue's account.
#[derive(Accounts)]
#[instruction(args: RegisterVenueArgs)]
pub struct RegisterVenue<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
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
        // Only the authority extends who may call.
        permit(Action::RegisterVenue).signed_in(&*self.engine.load()?, self.authority.key)?;
        // The default address is the system program's; it signs nothing.
        ensure!(args.signer != Pubkey::default(), EngineError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Writes the venue, active.
///
/// # Errors
/// `NotAuthority`, `ParameterOutOfBounds`, `AlreadyComplete`.
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
