//! Guards, moving averages and variance of one price slot (PRICE).
//!
//! [`Observation`] is what one account says, [`update`] what a slot becomes by it, [`edge_ppm_up`] how far the result
//! may be doubted in an account's favour. The program and the simulator call the same functions.

mod age;
mod average;
mod edge;
mod guard;
mod observation;
mod signed;
mod span;
mod switch;
#[cfg(test)]
mod tests;
mod variance;

pub use age::MaxAge;
pub use average::{bounds, integrate_down, STEP_CAP_SECS};
pub use edge::edge_ppm_up;
pub use guard::{admit, choose, Admission, Choice, PriceSource};
pub use observation::Observation;
pub use signed::Signed;
pub use span::{span, Span};
pub use switch::{SwitchedBy, Switches, REST_TIME_CONSTANTS, SWITCHES_IN_A_ROW};
pub use variance::{
    prior_up, sample_up, volatility_up, DEFAULT_PRIOR_PICO_PER_SEC, HALF_LIFE_SECS, RETURN_CAP, SAMPLE_CAP_SECS,
    SAMPLE_SECS,
};

use crate::error::RiskResult;
use crate::fixed_checked::Fixed;
use crate::params::GlobalParams;
use crate::price::Price;
use crate::units::{Ppm, PpmPerRootSec, Secs, UnixSecs};

/// Default time constant of the fast average, seconds; shorter ones are for test clusters.
pub const DEFAULT_FAST_SECS: u32 = 15;
/// Default time constant of the slow average, seconds; shorter ones are for test clusters.
pub const DEFAULT_SLOW_SECS: u32 = 3_600;
/// Fewest updates before an average is ready.
pub const READY_UPDATES: u32 = 5;
/// Time constants that must have passed since the first update before an average is ready.
pub const READY_TIME_CONSTANTS: u32 = 2;

/// State of one price slot, as plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct PriceState {
    /// Where the held price comes from.
    pub source: PriceSource,
    /// One sigma of the held price, rounded up.
    pub sigma_ppm: Ppm,
    /// Standard deviation per square root of a second, rounded up.
    pub vol_ppm_per_sqrt_sec: PpmPerRootSec,
    /// Accepted updates, saturating.
    pub update_count: u32,
    /// Publish time of the held price; never ahead of the clock, strictly increasing.
    pub published_at: UnixSecs,
    /// Publish time of the first update.
    pub first_published_at: UnixSecs,
    /// The held price, dollars per whole unit.
    pub spot: Price,
    /// Fast average.
    pub fast: Price,
    /// Slow average.
    pub slow: Price,
    /// Lowest of spot less z sigma and the averages.
    pub low: Price,
    /// Highest of spot plus z sigma and the averages.
    pub high: Price,
    /// Price at the last variance sample.
    pub sample: Price,
    /// Its publish time.
    pub sampled_at: UnixSecs,
    /// Variance per second.
    pub variance: Fixed,
    /// Time constant of the fast average.
    pub fast_secs: Secs,
    /// Time constant of the slow average.
    pub slow_secs: Secs,
    /// Publish time of the last update taken from each source, as the source states it; primary, secondary, standby.
    pub source_published_at: [UnixSecs; PriceSource::COUNT],
}

impl PriceState {
    /// A slot before its first update, with the listed prior of its variance.
    pub fn listed(fast_secs: Secs, slow_secs: Secs, prior_pico_per_sec: u32) -> Self {
        let variance = prior_up(prior_pico_per_sec);
        Self { vol_ppm_per_sqrt_sec: volatility_up(variance), variance, fast_secs, slow_secs, ..Self::default() }
    }

    /// Whether risk may be added: both averages have seen [`READY_UPDATES`] and [`READY_TIME_CONSTANTS`].
    pub const fn is_ready(&self) -> bool {
        averages_are_ready(self.update_count, self.first_published_at, self.published_at, self.slow_secs)
    }
}

/// Whether both averages have seen enough updates and enough time for adding risk (RISK-2).
///
/// The slow average's time constant is never below the fast one's, which `PriceSlot::invariant` of the layouts checks.
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "twice a 32-bit number in 64 bits")]
pub const fn averages_are_ready(update_count: u32, first: UnixSecs, last: UnixSecs, slow: Secs) -> bool {
    update_count >= READY_UPDATES
        && last.elapsed_since(first).get() >= READY_TIME_CONSTANTS as u64 * slow.stored() as u64
}

/// What `state` becomes by an observation of `source`; none where it is not newer, which is not an error.
///
/// The averages integrate the price held until now over the time since its publication; the new price gets no weight
/// yet. Widths are stored, never refused. The caller has verified the account that the observation was read from.
///
/// # Errors
/// See [`admit`]; `NumberOutOfRange` for a time constant of zero.
#[expect(clippy::indexing_slicing, reason = "a source is below three, and the list has three places")]
pub fn update(
    state: &PriceState,
    source: PriceSource,
    observation: &Observation,
    params: &GlobalParams,
    now: UnixSecs,
) -> RiskResult<Option<PriceState>> {
    let Admission::Accept(published_at) = admit(state, source, observation, params, now)? else {
        return Ok(None);
    };
    let mut next = if state.update_count == 0 {
        first(state, observation.price, published_at)
    } else {
        following(state, observation.price, published_at)?
    };
    next.source = source;
    next.source_published_at[source.index()] = observation.published_at;
    next.sigma_ppm = observation.sigma_ppm;
    next.update_count = state.update_count.saturating_add(1);
    next.published_at = published_at;
    next.spot = observation.price;
    let sigmas = params.prices.confidence_sigmas();
    (next.low, next.high) = bounds(next.spot, next.fast, next.slow, next.sigma_ppm, sigmas)?;
    Ok(Some(next))
}

/// Both averages and the variance start at the first price.
fn first(state: &PriceState, price: Price, published_at: UnixSecs) -> PriceState {
    PriceState {
        first_published_at: published_at,
        fast: price,
        slow: price,
        sample: price,
        sampled_at: published_at,
        ..*state
    }
}

/// Integrates the held price and takes a variance sample where one is due.
fn following(state: &PriceState, price: Price, published_at: UnixSecs) -> RiskResult<PriceState> {
    let mut next = *state;
    let elapsed = published_at.elapsed_since(state.published_at);
    next.fast = integrate_down(state.fast, state.spot, elapsed, state.fast_secs)?;
    next.slow = integrate_down(state.slow, state.spot, elapsed, state.slow_secs)?;
    let since_sample = published_at.elapsed_since(state.sampled_at);
    if since_sample >= SAMPLE_SECS {
        next.variance = sample_up(state.variance, state.sample, price, since_sample)?;
        next.vol_ppm_per_sqrt_sec = volatility_up(next.variance);
        next.sample = price;
        next.sampled_at = published_at;
    }
    Ok(next)
}
