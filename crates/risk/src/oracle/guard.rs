//! Which reading may become the held price, and when (PRICE-4). Everything in seconds.

use super::{MaxAge, Observation, PriceState};
use crate::error::{RiskError, RiskResult};
use crate::params::GlobalParams;
use crate::units::UnixSecs;

/// One of a slot's sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceSource {
    /// Wins whenever it is valid.
    #[default]
    Primary,
    /// Counts only while the primary is silent.
    Secondary,
    /// Counts alone, instead of both, while the price is switched to it (PRICE-10).
    Standby,
}

impl PriceSource {
    /// How many a slot has.
    pub const COUNT: usize = 3;

    /// Place in a slot's list of sources.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// What the clocks say about a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It becomes the held price, published at this time: its own, or the clock's where it is slightly ahead.
    Accept(UnixSecs),
    /// Nothing changes, and that is not an error.
    NotNewer,
}

/// Applies every rule of time to a reading of `source` (PRICE-4).
///
/// 1. Not newer than the last one taken from this source, however old: [`Admission::NotNewer`].
/// 2. More than `future_secs` ahead of the clock is refused; less is taken as now.
/// 3. Older than the write age is refused, and so is what was signed longer ago than its date says.
/// 4. Where the caller chose the account, only the first update of its second counts: otherwise he could walk among
///    several valid prices.
/// 5. Not newer than the held price, which another source or an update ahead of the clock may have brought:
///    [`Admission::NotNewer`]. So the held time strictly increases, also where averages begin anew, and one second of the
///    clock has one price.
///
/// # Errors
/// `PriceFromFuture`, `PriceStale`, `PriceNotFirstOfSecond`.
#[expect(clippy::indexing_slicing, reason = "a source is below three, and the list has three places")]
pub fn admit(
    state: &PriceState,
    source: PriceSource,
    observation: &Observation,
    params: &GlobalParams,
    now: UnixSecs,
) -> RiskResult<Admission> {
    let published_at = observation.published_at;
    if published_at <= state.source_published_at[source.index()] {
        return Ok(Admission::NotNewer);
    }
    if published_at > now.plus(params.prices.future()) {
        return Err(RiskError::PriceFromFuture);
    }
    if observation.overdue || !MaxAge::new(params.prices.write_age(), now).admits(published_at) {
        return Err(RiskError::PriceStale);
    }
    if observation.previous_at.is_some_and(|previous| previous >= published_at) {
        return Err(RiskError::PriceNotFirstOfSecond);
    }
    let effective = published_at.min(now);
    if state.published_at.is_set() && effective <= state.published_at {
        return Ok(Admission::NotNewer);
    }
    Ok(Admission::Accept(effective))
}

/// Which source counts when both accounts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The primary is valid now.
    Primary,
    /// The primary has been silent for `primary_stale_secs`.
    Secondary,
    /// The primary is not valid, but has not been silent for long enough either.
    Neither,
}

/// Decides between the sources from what the pinned primary shows (PRICE-5).
///
/// `primary` is its reading, none where its account holds no valid one (closed, partially verified, not positive).
/// Then, and where it lies in the future or was signed longer ago than it says, the last valid one that the board has
/// taken tells how long it is silent: a broken primary must not block the secondary permanently.
#[expect(clippy::indexing_slicing, reason = "a source is below three, and the list has three places")]
pub fn choose(state: &PriceState, primary: Option<&Observation>, params: &GlobalParams, now: UnixSecs) -> Choice {
    let horizon = now.plus(params.prices.future());
    let shown = primary.filter(|seen| !seen.overdue).map(|seen| seen.published_at).filter(|at| *at <= horizon);
    if shown.is_some_and(|published_at| MaxAge::new(params.prices.write_age(), now).admits(published_at)) {
        return Choice::Primary;
    }
    let taken = state.source_published_at[PriceSource::Primary.index()];
    let last = shown.map_or(taken, |published_at| published_at.max(taken));
    if now.elapsed_since(last) >= params.prices.primary_stale() {
        Choice::Secondary
    } else {
        Choice::Neither
    }
}
