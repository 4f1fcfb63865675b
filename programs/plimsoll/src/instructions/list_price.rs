//! Lists an underlying: its price sources, averages and calibration.

use anchor_lang::prelude::*;
use plimsoll_risk::oracle::{PriceState, DEFAULT_PRIOR_PICO_PER_SEC};
use plimsoll_risk::params::MAX_PRICES;
use plimsoll_risk::ratchet::Standing;
use plimsoll_risk::units::Secs;
use plimsoll_state::{Engine, EngineAccount, Feed, FeedBook, PriceBoard, PriceSlot, Registry};

use crate::access::require_of_engine;
use crate::error::{EngineError, Failure, Result};
use crate::event::PriceListed;
use crate::guard::{permit, Action};
use crate::instructions::require_sound;
use crate::loader::{read, write};

pub use plimsoll_interface::args::{ListPriceArgs, OracleSourceArgs, PriceConfigArgs};

/// Largest prior of a variance, units of 1e-12 per second: 1e-3 is 3 % in a second.
const MAX_PRIOR_PICO_PER_SEC: u32 = 1_000_000_000;

/// Only the board and the feed book are written.
#[derive(Accounts)]
pub struct ListPrice<'info> {
    /// The engine's executor; before the launch its authority.
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

impl ListPrice<'_> {
    /// In whose name it is listed.
    fn validate(&self, args: &ListPriceArgs) -> Result<Standing> {
        let (engine, key) = (read::<Engine>(&self.engine)?, self.engine.key().to_bytes());
        // Registry, board and feeds are this engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_of_engine(&*registry, &key)?;
        permit(Action::ListPrice).in_engine(&registry)?;
        // Who names the oracle decides over everybody's money.
        let standing = permit(Action::ListPrice).standing_in(&engine, &registry, self.authority.key)?;
        require_of_engine(&*read::<FeedBook>(&self.feeds)?, &key)?;
        let board = read::<PriceBoard>(&self.board)?;
        require_of_engine(&*board, &key)?;
        // Slots are used in order, so that a listing sent twice cannot take two.
        ensure!((board.count as usize) < MAX_PRICES, EngineError::SlotsFull);
        ensure!(args.slot == board.count, EngineError::SlotTaken);
        // Pins, time constants, calibration.
        args.config.validate::<Failure>(registry.params(), engine.test_cluster == 1)?;
        let prior = prior(args);
        ensure!(prior > 0 && prior <= MAX_PRIOR_PICO_PER_SEC, EngineError::ParameterOutOfBounds);
        Ok(standing)
    }
}

fn prior(args: &ListPriceArgs) -> u32 {
    args.variance_prior_pico_per_sec.unwrap_or(DEFAULT_PRIOR_PICO_PER_SEC)
}

/// Fills the next slot; it has no price yet.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`; those of
/// [`PriceConfigArgs::validate`].
#[expect(clippy::arithmetic_side_effects, reason = "the slot was found, so its number is below 64")]
pub fn handler(ctx: Context<ListPrice>, args: ListPriceArgs) -> Result<()> {
    let standing = ctx.accounts.validate(&args)?;
    {
        let (mut board, mut feeds) =
            (write::<PriceBoard>(&ctx.accounts.board)?, write::<FeedBook>(&ctx.accounts.feeds)?);
        let slot = board.slots.get_mut(args.slot as usize).ok_or(EngineError::SlotsFull)?;
        let feed = feeds.feeds.get_mut(args.slot as usize).ok_or(EngineError::SlotsFull)?;
        fill(slot, feed, &args);
        require_sound(slot, feed)?;
        board.count = args.slot + 1;
        if standing.ramps() {
            board.restart(args.slot as usize);
        }
        board.invariant()?;
        feeds.invariant()?;
    }
    crate::event::emit_event!(
        ctx,
        PriceListed {
            engine: ctx.accounts.engine.key(),
            slot: args.slot,
            config: args.config,
            variance_prior_pico_per_sec: prior(&args),
        }
    );
    Ok(())
}

/// A slot and a feed that nothing has been read into.
#[inline(never)]
fn fill(slot: &mut PriceSlot, feed: &mut Feed, args: &ListPriceArgs) {
    slot.active = 1;
    let (fast, slow) = (Secs::new(args.config.fast_secs()), Secs::new(args.config.slow_secs()));
    slot.store(feed, &PriceState::listed(fast, slow, prior(args)));
    args.config.write(slot, feed);
}
