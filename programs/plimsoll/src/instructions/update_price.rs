//! Changes the sources, averages or calibration of a listed price.

use anchor_lang::prelude::*;
use plimsoll_risk::ratchet::{Ratcheted, Standing};
use plimsoll_state::{Engine, EngineAccount, FeedBook, PriceBoard, PriceSlot, Registry};

use crate::access::require_of_engine;
use crate::error::{EngineError, Failure, Result};
use crate::event::PriceUpdated;
use crate::guard::{permit, Action};
use crate::instructions::require_sound;
use crate::loader::{read, write};
use crate::ratchet;

use plimsoll_interface::args::PriceConfigArgs;
pub use plimsoll_interface::args::UpdatePriceArgs;

/// The registry is read for what relies on the calibration.
#[derive(Accounts)]
pub struct UpdatePrice<'info> {
    /// The engine's authority or risk authority, or its executor.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::write`.
    #[account(mut)]
    pub board: UncheckedAccount<'info>,
    /// Where its prices come from.
    /// CHECK: a [`FeedBook`] by `loader::write`.
    #[account(mut)]
    pub feeds: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl UpdatePrice<'_> {
    /// In whose name the configuration is set.
    fn validate(&self, args: &UpdatePriceArgs) -> Result<Standing> {
        let (engine, key) = (read::<Engine>(&self.engine)?, self.engine.key().to_bytes());
        // Registry, board and feeds are this engine's.
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        require_of_engine(&*registry, &key)?;
        permit(Action::UpdatePrice).in_engine(&registry)?;
        // Who names the oracle decides over everybody's money.
        let standing = permit(Action::UpdatePrice).standing_in(&engine, &registry, self.authority.key)?;
        require_of_engine(&*board, &key)?;
        let feeds = read::<FeedBook>(&self.feeds)?;
        require_of_engine(&*feeds, &key)?;
        // Something is listed there.
        let slot = board.slot(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        let feed = feeds.feeds.get(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        // What users would be worse off by has waited.
        ratchet::admit(standing, &PriceConfigArgs::in_force(feed, slot).verdict(&args.config))?;
        // Pins, time constants, calibration.
        args.config.validate::<Failure>(registry.params(), engine.test_cluster == 1)?;
        Ok(standing)
    }
}

/// Replaces the configuration.
///
/// Where a source is another one, averages begin anew: until they are ready the price's legs count as stale, so that nobody
/// is liquidated at what one new source says, and nobody adds risk beside it (PRICE-9). Held price and variance stay. While an
/// engine is set up they stay too, as nobody has an account.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`, `PriceSlotEmpty`; those of [`PriceConfigArgs::validate`](crate::instructions::PriceConfigArgs::validate);
/// `ParameterOutOfBounds` where something that is listed would no longer survive the calibration.
pub fn handler(ctx: Context<UpdatePrice>, args: UpdatePriceArgs) -> Result<()> {
    let standing = ctx.accounts.validate(&args)?;
    {
        let (mut board, mut feeds) =
            (write::<PriceBoard>(&ctx.accounts.board)?, write::<FeedBook>(&ctx.accounts.feeds)?);
        let slot: &mut PriceSlot = board.slots.get_mut(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        let feed = feeds.feeds.get_mut(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        let renamed = args.config.write(slot, feed);
        require_sound(slot, feed)?;
        if renamed && standing.ramps() {
            board.restart(args.slot as usize);
        }
        board.invariant()?;
        feeds.invariant()?;
        // Whatever is listed on this price still survives the fall that the calibration names.
        read::<Registry>(&ctx.accounts.registry)?.check_listings(&board)?;
    }
    crate::event::emit_event!(
        ctx,
        PriceUpdated { engine: ctx.accounts.engine.key(), slot: args.slot, config: args.config }
    );
    Ok(())
}
