//! Halts a price that is not to be trusted: its legs count as stale at once, and the halt ends by itself.

use anchor_lang::prelude::*;
use plimsoll_risk::breaker::Pauser;
use plimsoll_state::{Engine, EngineAccount, PriceBoard};

use super::set_pause::{lasting, paused};
use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::PriceHalted;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::HaltPriceArgs;

/// Either authority signs.
#[derive(Accounts)]
pub struct HaltPrice<'info> {
    /// The engine's authority or its guardian.
    pub signer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::write`.
    #[account(mut)]
    pub board: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

/// Halts the price of a slot for the asked time or the longest that the signer may ask for, or ends its halt (KEY-6).
///
/// # Errors
/// `VersionUnknown`, `NotAuthority`, `EngineMismatch`, `PriceSlotEmpty`, `PauseOnly`, `ParameterOutOfBounds`, `PauseSpent`.
pub fn handler(ctx: Context<HaltPrice>, args: HaltPriceArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    require_of_engine(&*read::<PriceBoard>(&accounts.board)?, &accounts.engine.key().to_bytes())?;
    let pauser = permit(Action::HaltPrice).pauser_in(&*read::<Engine>(&accounts.engine)?, accounts.signer.key)?;
    ensure!(pauser == Pauser::Authority || args.halted, EngineError::PauseOnly);
    let (now, lasts) = (now()?, lasting(pauser, args.lasts_secs)?);
    let until = {
        let mut board = write::<PriceBoard>(&accounts.board)?;
        let held = board.slot(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?.halt.get();
        let halt = if args.halted { paused(held, "this price", pauser, now, lasts)? } else { held.ended(now) };
        board.set_halt(args.slot as usize, halt);
        board.invariant()?;
        halt.until()
    };
    crate::event::emit_event!(
        ctx,
        PriceHalted {
            engine: accounts.engine.key(),
            signer: accounts.signer.key(),
            by_guardian: pauser == Pauser::Guardian,
            slot: args.slot,
            until_at: until.get(),
        }
    );
    Ok(())
}
