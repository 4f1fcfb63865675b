//! Takes newer prices from oracle accounts into the board, several feeds at once.

use anchor_lang::prelude::*;
use plimsoll_oracle::{self as oracle, Moment};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{EngineAccount, Feed, FeedBook, PriceBoard, PriceSlot, Registry, UNTIL_READY};

use crate::access::require_same_engine;
use crate::error::{EngineError, Result};
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::report::{decimal, line};

pub use plimsoll_interface::args::{RefreshEntry, RefreshPriceArgs};

/// Anyone may call it; the remaining accounts are the oracles' and are only read.
#[derive(Accounts)]
pub struct RefreshPrice<'info> {
    /// The engine's parameters.
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
}

fn validate(registry: &Registry, board: &PriceBoard, feeds: &FeedBook) -> Result<()> {
    // Parameters, prices and their sources are of one engine.
    require_same_engine(registry, board)?;
    require_same_engine(registry, feeds)?;
    // An engine may stop its prices, and with them everything that needs fresh ones.
    permit(Action::RefreshPrice).in_engine(registry)
}

/// Updates each slot, or leaves it as it is where the oracle has nothing newer (PRICE-8).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `Paused`, `PriceSlotEmpty`; `AccountNotEnoughKeys` and `AccountMismatch` where
/// the remaining accounts are fewer or more than the entries ask for; those of [`oracle::update_from_one`] and
/// [`oracle::update_from_pair`]. Any of them leaves every slot as it was.
pub fn handler<'info>(ctx: Context<'info, RefreshPrice<'info>>, args: RefreshPriceArgs) -> Result<()> {
    let registry = read::<Registry>(&ctx.accounts.registry)?;
    let mut board = write::<PriceBoard>(&ctx.accounts.board)?;
    let mut feeds = write::<FeedBook>(&ctx.accounts.feeds)?;
    validate(&registry, &board, &feeds)?;
    let clock = Clock::get()?;
    let now = Moment { time: UnixSecs::new(clock.unix_timestamp), slot: clock.slot };
    let mut oracles = ctx.remaining_accounts.iter();
    let mut stopped = board.stopped_until_at;
    for entry in &args.entries {
        let slot = board.slots.get_mut(entry.slot as usize).filter(|slot| slot.active == 1);
        let slot = slot.ok_or(EngineError::PriceSlotEmpty)?;
        let feed = feeds.feeds.get_mut(entry.slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        let primary = oracles.next().ok_or(ErrorCode::AccountNotEnoughKeys)?;
        let secondary = match entry.with_secondary {
            true => Some(oracles.next().ok_or(ErrorCode::AccountNotEnoughKeys)?),
            false => None,
        };
        if refresh(slot, feed, primary, secondary, registry.params(), now)? {
            stopped = stopped.max(report_trip(entry.slot, slot));
        }
    }
    // An account that nothing reads is a caller's mistake.
    ensure!(oracles.next().is_none(), EngineError::AccountMismatch);
    board.stopped_until_at = stopped;
    if stopped == UNTIL_READY {
        board.recount_stops();
    }
    board.invariant()?;
    Ok(feeds.invariant()?)
}

/// Updates one slot and its feed. Whether its breaker trips (LIMIT-2).
fn refresh(
    slot: &mut PriceSlot,
    feed: &mut Feed,
    primary: &AccountInfo,
    secondary: Option<&AccountInfo>,
    params: &GlobalParams,
    now: Moment,
) -> Result<bool> {
    let updated = match secondary {
        Some(secondary) => oracle::update_from_pair(slot, feed, primary, secondary, params, now)?,
        None => oracle::update_from_one(slot, feed, primary, params, now)?,
    };
    if let Some(state) = updated {
        slot.store(feed, &state);
        require_sound(slot, feed)?;
        if slot.awaits_averages() {
            slot.end_wait();
        }
        // Two sources are compared where the price asks for it, as reading the second costs as much as the first.
        let compared = secondary.filter(|_| slot.terms.sources_apart_ppm != u32::MAX);
        let apart = compared.is_some_and(|secondary| oracle::are_apart(slot, feed, primary, secondary, params, now));
        return Ok(slot.look(apart, now.time));
    }
    Ok(false)
}

/// Logs that a price's breaker has tripped. Returns when it ends, Unix seconds.
#[cold]
#[inline(never)]
fn report_trip(number: u8, slot: &PriceSlot) -> i64 {
    let until = slot.tripped_until_at;
    line(&["price ", &decimal(number as u64), " lets nobody add risk until ", &decimal(until.unsigned_abs())]);
    until
}

/// What holds of a slot and its feed after every instruction that wrote them.
///
/// # Errors
/// `InvariantBroken`.
#[inline(never)]
pub fn require_sound(slot: &PriceSlot, feed: &Feed) -> Result<()> {
    slot.invariant()?;
    Ok(feed.invariant(slot)?)
}
