//! Switches a price to its standby source or back: a dead or wrong feed does not wait for a change.

use anchor_lang::prelude::*;
use plimsoll_oracle::{self as oracle, Moment};
use plimsoll_risk::oracle::SwitchedBy;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Engine, EngineAccount, Feed, FeedBook, PriceBoard, PriceSlot, Registry};

use crate::access::require_of_engine;
use crate::error::{fail, EngineError, Result};
use crate::event::SourceSwitched;
use crate::guard::{permit, Action};
use crate::instructions::require_sound;
use crate::loader::{read, write};
use crate::report::{decimal, line};

pub use plimsoll_interface::args::SwitchSourceArgs;

/// The account of the source that is switched to comes with it: nobody switches to one that is silent.
#[derive(Accounts)]
pub struct SwitchSource<'info> {
    /// The engine's authority or its risk authority.
    pub signer: Signer<'info>,
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
    /// The account of the source that is switched to.
    /// CHECK: compared with its pins by `oracle::read`.
    pub source: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl SwitchSource<'_> {
    /// Who switches.
    fn validate(&self) -> Result<SwitchedBy> {
        let (engine, registry) = (read::<Engine>(&self.engine)?, read::<Registry>(&self.registry)?);
        let key = self.engine.key().to_bytes();
        // Registry, board and feeds are this engine's.
        require_of_engine(&*registry, &key)?;
        require_of_engine(&*read::<PriceBoard>(&self.board)?, &key)?;
        require_of_engine(&*read::<FeedBook>(&self.feeds)?, &key)?;
        // It takes a price, as a refresh does.
        permit(Action::SwitchSource).in_engine(&registry)?;
        permit(Action::SwitchSource).switcher_in(&engine, self.signer.key)
    }
}

/// Switches, and takes the first price of the source that counts from now on (PRICE-10).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `Paused`, `NotAuthority`, `PriceSlotEmpty`; those of [`begin`] and
/// [`oracle::update_from_one`]; `PriceStale` where the source says nothing newer than the board has.
pub fn handler(ctx: Context<SwitchSource>, args: SwitchSourceArgs) -> Result<()> {
    let accounts = &ctx.accounts;
    let by = accounts.validate()?;
    let clock = Clock::get()?;
    let now = Moment { time: UnixSecs::new(clock.unix_timestamp), slot: clock.slot };
    let published_at = {
        let registry = read::<Registry>(&accounts.registry)?;
        let (mut board, mut feeds) = (write::<PriceBoard>(&accounts.board)?, write::<FeedBook>(&accounts.feeds)?);
        board.slot(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        // Also where it waits already: what the source before said is in no average of this one.
        board.restart(args.slot as usize);
        let slot = board.slots.get_mut(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        let feed = feeds.feeds.get_mut(args.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        begin(slot, feed, args.to_standby, by, now.time)?;
        let state = oracle::update_from_one(slot, feed, accounts.source.as_ref(), registry.params(), now)?;
        slot.store(feed, &state.ok_or(EngineError::PriceStale)?);
        require_sound(slot, feed)?;
        let published_at = slot.published_at;
        board.invariant()?;
        feeds.invariant()?;
        published_at
    };
    crate::event::emit_event!(
        ctx,
        SourceSwitched {
            engine: ctx.accounts.engine.key(),
            signer: ctx.accounts.signer.key(),
            by_risk_authority: by == SwitchedBy::RiskAuthority,
            slot: args.slot,
            on_standby: args.to_standby,
            published_at,
        }
    );
    Ok(())
}

/// From now on the other source counts.
///
/// # Errors
/// `StandbyMissing`, `SourceInUse`; `SwitchSpent`, after a line that says from when on this key may switch again.
#[inline(never)]
fn begin(slot: &PriceSlot, feed: &mut Feed, to_standby: bool, by: SwitchedBy, now: UnixSecs) -> Result<()> {
    ensure!(!to_standby || feed.has_standby(), EngineError::StandbyMissing);
    ensure!(u8::from(to_standby) != feed.on_standby, EngineError::SourceInUse);
    let switches = feed.switches().switched(by, now, slot.terms.slow()).map_err(|from| {
        line(&["this key may switch the price again from ", &decimal(from.get().unsigned_abs())]);
        fail(EngineError::SwitchSpent)
    })?;
    feed.set_switches(&switches);
    feed.on_standby = u8::from(to_standby);
    Ok(())
}
