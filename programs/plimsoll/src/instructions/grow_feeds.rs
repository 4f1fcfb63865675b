//! Creates an engine's feed book, 10,240 bytes a call; the last call writes the discriminator.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount, FeedBook};

use crate::access::require_layout;
use crate::error::Result;
use crate::growth::Growth;
use crate::loader::{read, write};

/// Called until it answers `AlreadyComplete`, by anyone: an empty book decides nothing.
#[derive(Accounts)]
pub struct GrowFeeds<'info> {
    /// Pays what rent is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// The feed book, which is created and grows to its size.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::FEEDS, engine.key().as_ref()], bump)]
    pub feeds: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

/// Grows the book by one step.
///
/// # Errors
/// `VersionUnknown`, `AlreadyComplete`.
pub fn handler(ctx: Context<GrowFeeds>) -> Result<()> {
    let accounts = &ctx.accounts;
    require_layout(read::<Engine>(&accounts.engine)?.version)?;
    let engine = accounts.engine.key();
    let growth = Growth {
        account: &accounts.feeds,
        payer: &accounts.payer,
        system_program: &accounts.system_program,
        seeds: &[seeds::FEEDS, engine.as_ref()],
        bump: ctx.bumps.feeds,
    };
    let complete = growth.step::<FeedBook>()?;
    if complete {
        let mut feeds = write::<FeedBook>(&accounts.feeds)?;
        feeds.engine = engine.to_bytes();
        feeds.invariant()?;
    }
    let grown = growth.event(engine, complete);
    crate::event::emit_event!(ctx, grown);
    Ok(())
}
