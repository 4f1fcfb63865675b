//! Creates an engine's price board, 10,240 bytes a call; the last call writes the discriminator.

use anchor_lang::prelude::*;
use plimsoll_state::{seeds, Engine, EngineAccount, PriceBoard};

use crate::access::require_layout;
use crate::error::Result;
use crate::growth::Growth;
use crate::loader::{read, write};

/// Called until it answers `AlreadyComplete`, by anyone: an empty board decides nothing.
#[derive(Accounts)]
pub struct GrowBoard<'info> {
    /// Pays what rent is missing.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// The price board, which is created and grows to its size.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::BOARD, engine.key().as_ref()], bump)]
    pub board: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

/// Grows the board by one step.
///
/// # Errors
/// `VersionUnknown`, `AlreadyComplete`.
pub fn handler(ctx: Context<GrowBoard>) -> Result<()> {
    let accounts = &ctx.accounts;
    require_layout(read::<Engine>(&accounts.engine)?.version)?;
    let engine = accounts.engine.key();
    let growth = Growth {
        account: &accounts.board,
        payer: &accounts.payer,
        system_program: &accounts.system_program,
        seeds: &[seeds::BOARD, engine.as_ref()],
        bump: ctx.bumps.board,
    };
    let complete = growth.step::<PriceBoard>()?;
    if complete {
        let mut board = write::<PriceBoard>(&accounts.board)?;
        board.engine = engine.to_bytes();
        board.invariant()?;
    }
    let grown = growth.event(engine, complete);
    crate::event::emit_event!(ctx, grown);
    Ok(())
}
