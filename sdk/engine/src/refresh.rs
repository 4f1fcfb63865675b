//! Takes a newer price into the board.

use std::sync::Arc;

use plimsoll_risk::breaker::is_beyond;
use plimsoll_risk::oracle::{choose, update, Choice, MaxAge, Observation, PriceSource, PriceState};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_state::{Feed, PriceSlot, UNTIL_READY};

use crate::accounts::{require_sound, sound};
use crate::{Engine, EngineError, Result};

/// What the sources of a price say now, each with the error of a reader whose account is broken or missing.
#[derive(Clone, Copy, Debug)]
pub struct Readings {
    /// Of the primary; of the standby while the price is switched to that.
    pub in_use: Result<Observation>,
    /// Of the secondary, where it is shown too: it counts only if the primary is silent (PRICE-5).
    pub secondary: Option<Result<Observation>>,
}

impl Engine {
    /// Updates a price, or leaves it as it is where its source has nothing newer (PRICE-8).
    ///
    /// # Errors
    /// `PriceSlotEmpty`; the readings' own; `PriceStale`, `PriceFromFuture`, `PriceNotFirstOfSecond`; with a secondary
    /// `OnStandby` and `PrimaryNotStale`.
    pub fn refresh_price(&mut self, slot: u8, readings: &Readings) -> Result<()> {
        let place = slot as usize;
        let mut slot = *self.board.slot(place).ok_or(EngineError::PriceSlotEmpty)?;
        let mut feed = *self.feeds.feeds.get(place).ok_or(EngineError::PriceSlotEmpty)?;
        let params = self.registry.params();
        let updated = match &readings.secondary {
            Some(secondary) => from_pair(&slot, &feed, readings.in_use.ok(), *secondary, params, self.now)?,
            None => update(&slot.state(&feed), feed.in_use(), &readings.in_use?, params, self.now)?,
        };
        let Some(state) = updated else { return Ok(()) };
        slot.store(&mut feed, &state);
        sound(slot.invariant())?;
        sound(feed.invariant(&slot))?;
        if slot.awaits_averages() {
            slot.end_wait();
        }
        let tripped = slot.look(are_apart(&slot, readings, params, self.now), self.now);
        let mut board = *self.board;
        if tripped {
            board.stopped_until_at = board.stopped_until_at.max(slot.tripped_until_at);
        }
        *board.slots.get_mut(place).ok_or(EngineError::PriceSlotEmpty)? = slot;
        if board.stopped_until_at == UNTIL_READY {
            board.recount_stops();
        }
        require_sound(&board)?;
        self.board = Arc::new(board);
        if let Some(kept) = Arc::make_mut(&mut self.feeds).feeds.get_mut(place) {
            *kept = feed;
        }
        Ok(())
    }
}

/// What a slot becomes where both sources are shown: the secondary counts only if the primary is silent.
fn from_pair(
    slot: &PriceSlot,
    feed: &Feed,
    shown: Option<Observation>,
    secondary: Result<Observation>,
    params: &GlobalParams,
    now: UnixSecs,
) -> Result<Option<PriceState>> {
    ensure!(feed.on_standby == 0, EngineError::OnStandby);
    let state = slot.state(feed);
    let (source, observation) = match (choose(&state, shown.as_ref(), params, now), shown) {
        (Choice::Primary, Some(observation)) => (PriceSource::Primary, observation),
        (Choice::Secondary, _) => (PriceSource::Secondary, secondary?),
        _ => return Err(EngineError::PrimaryNotStale),
    };
    Ok(update(&state, source, &observation, params, now)?)
}

/// Whether both sources are valid and young, and further apart than the slot lets them be (LIMIT-2).
fn are_apart(slot: &PriceSlot, readings: &Readings, params: &GlobalParams, now: UnixSecs) -> bool {
    let apart = slot.terms.sources_apart_ppm;
    let young = MaxAge::new(params.prices.read_age(), now);
    let fresh = |seen: &Observation| !seen.overdue && young.admits(seen.published_at);
    let shown = readings.in_use.ok().filter(fresh);
    let other = readings.secondary.and_then(Result::ok).filter(fresh);
    let both = shown.zip(other).filter(|_| apart != u32::MAX);
    both.is_some_and(|(one, other)| is_beyond(one.price, other.price, Ppm::new(apart)))
}
