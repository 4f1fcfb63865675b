//! Registers a program that may settle fills by CPI.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount, Venue, LAYOUT_VERSION};

use crate::access::require_authority;
use crate::error::{EngineError, IntoEngine};
use crate::event::VenueSet;

/// What it may do, on top of which each owner still has to approve it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct RegisterVenueArgs {
    /// The PDA of the venue's program that signs its calls.
    pub signer: Pubkey,
    /// Markets it may settle, a bit each.
    pub settle_markets: u32,
    /// Markets whose premium it reports, a bit each.
    pub premium_markets: u32,
}

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
    /// `["venue", engine, signer]`.
    #[account(
        init, payer = payer, space = Venue::SPACE,
        seeds = [seeds::VENUE, engine.key().as_ref(), args.signer.as_ref()], bump,
    )]
    pub venue: AccountLoader<'info, Venue>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// CHECK: signs events; compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// CHECK: this program, which events call; the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl RegisterVenue<'_> {
    fn validate(&self, args: &RegisterVenueArgs) -> Result<()> {
        // Only the authority extends who may call.
        require_authority(&*self.engine.load()?, self.authority.key)?;
        // The default address is the system program's; it signs nothing.
        ensure!(args.signer != Pubkey::default(), EngineError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Writes the venue, active.
///
/// # Errors
/// `NotAuthority`, `ParameterOutOfBounds`.
pub fn handler(ctx: Context<RegisterVenue>, args: RegisterVenueArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let set = {
        let mut venue = ctx.accounts.venue.load_init()?;
        venue.version = LAYOUT_VERSION;
        venue.bump = ctx.bumps.venue;
        venue.active = 1;
        venue.engine = ctx.accounts.engine.key().to_bytes();
        venue.signer = args.signer.to_bytes();
        venue.settle_markets = args.settle_markets;
        venue.premium_markets = args.premium_markets;
        venue.invariant().engine()?;
        VenueSet::new(&ctx.accounts.venue.key(), &venue, ctx.accounts.authority.key())
    };
    crate::event::emit_event!(ctx, set);
    Ok(())
}
