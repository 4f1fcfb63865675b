//! Which oracle updates arrive when: confidence that widens with speed, late updates, an outage and a second source.
//!
//! Pyth (the primary) publishes every step of the replay; its updates are sometimes delayed, in which case an older
//! price stays on chain and an update that a newer one has overtaken never arrives. Switchboard (the secondary)
//! publishes a smoothed price every few seconds, all the time.

use crate::rng::Rng;
use crate::scenario::{Outage, Underlying};
use crate::world::Tick;

/// Share of updates that are late.
const LATE_SHARE: f64 = 0.06;
/// Longest delay of a late update, seconds; beyond the write age of 5 s an update is refused.
const LATE_MOST_SECS: u64 = 7;
/// One sigma of a price that stands still, parts per million.
const CALM_SIGMA_PPM: i64 = 400;
/// Share of the last ten seconds' move that is added to the sigma, percent.
const MOVE_SHARE_PERCENT: i64 = 12;
/// Largest sigma, parts per million.
const MOST_SIGMA_PPM: i64 = 20_000;
/// Seconds between two updates of the secondary.
pub const SECONDARY_SECS: i64 = 4;

/// What is posted at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posting {
    /// The primary's new account state, if any arrives.
    pub primary: Option<Tick>,
    /// The secondary's.
    pub secondary: Option<Tick>,
}

/// Postings of one underlying, by step.
#[derive(Clone, Debug)]
pub struct FeedPlan {
    /// One per step of the series.
    pub postings: Vec<Posting>,
    /// Updates that arrived late.
    pub late: usize,
    /// Updates that were overtaken and never arrived.
    pub overtaken: usize,
    /// Updates that the outage swallowed.
    pub missing: usize,
}

/// Plans the postings of a price series.
pub fn plan(
    underlying: Underlying,
    series: &[i64],
    start: i64,
    step_secs: u32,
    outage: &Outage,
    seed: u64,
) -> FeedPlan {
    let mut rng = Rng::stream(seed, underlying.name());
    let step = step_secs as i64;
    let mut plan = FeedPlan { postings: vec![Posting::default(); series.len()], late: 0, overtaken: 0, missing: 0 };
    let mut arrivals: Vec<Option<Tick>> = vec![None; series.len()];
    for (i, &price) in series.iter().enumerate() {
        let elapsed = i as i64 * step;
        let silent = outage.underlying == underlying && (outage.from_secs..outage.until_secs).contains(&elapsed);
        let delay = if rng.chance(LATE_SHARE) && i > 0 { 1 + (rng.next_u64() % LATE_MOST_SECS) as i64 } else { 0 };
        if silent {
            plan.missing += 1;
            continue;
        }
        let quote = Tick { published_at: start + elapsed, price_e8: price, conf_e8: sigma(series, i, step) };
        let arrival = i + (delay as usize).div_ceil(step_secs as usize);
        let Some(slot) = arrivals.get_mut(arrival) else { continue };
        plan.late += (delay > 0) as usize;
        // Of two that arrive together the newer stays.
        if slot.is_some_and(|there| there.published_at > quote.published_at) {
            plan.overtaken += 1;
        } else {
            plan.overtaken += slot.is_some() as usize;
            *slot = Some(quote);
        }
    }
    let mut newest = i64::MIN;
    for (i, arrival) in arrivals.into_iter().enumerate() {
        if let Some(quote) = arrival {
            if quote.published_at > newest {
                newest = quote.published_at;
                plan.postings[i].primary = Some(quote);
            } else {
                plan.overtaken += 1;
            }
        }
        if (i as i64 * step) % SECONDARY_SECS < step {
            plan.postings[i].secondary = Some(secondary(series, i, start, step));
        }
    }
    plan
}

/// A median of several exchanges lags a single one: the mean of the last three steps, at twice the sigma.
fn secondary(series: &[i64], i: usize, start: i64, step: i64) -> Tick {
    let last = &series[i.saturating_sub(2)..=i];
    let price_e8 = last.iter().sum::<i64>() / last.len() as i64;
    Tick { published_at: start + i as i64 * step, price_e8, conf_e8: 2 * sigma(series, i, step) }
}

/// Confidence: calm sigma plus a share of the move of the last ten seconds.
fn sigma(series: &[i64], i: usize, step: i64) -> u64 {
    let past = series[i.saturating_sub((10 / step) as usize)];
    let moved_ppm = (series[i].abs_diff(past) as i128 * 1_000_000 / past.max(1) as i128) as i64;
    let ppm = (CALM_SIGMA_PPM + moved_ppm * MOVE_SHARE_PERCENT / 100).min(MOST_SIGMA_PPM);
    (series[i] as i128 * ppm as i128 / 1_000_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTAGE: Outage = Outage { underlying: Underlying::Sol, from_secs: 200, until_secs: 320 };

    fn falling() -> Vec<i64> {
        (0..600).map(|i| 20_000_000_000 - i * 8_000_000).collect()
    }

    #[test]
    fn publish_times_on_chain_strictly_increase_and_never_lie_ahead() {
        let plan = plan(Underlying::Sol, &falling(), 1_000, 2, &OUTAGE, 1);
        let (mut newest, mut posted) = (i64::MIN, 0);
        for (i, posting) in plan.postings.iter().enumerate() {
            if let Some(quote) = posting.primary {
                assert!(quote.published_at > newest && quote.published_at <= 1_000 + 2 * i as i64);
                (newest, posted) = (quote.published_at, posted + 1);
            }
        }
        assert!(posted > 400, "{posted} of {}", plan.postings.len());
        assert!(plan.late > 10 && plan.overtaken > 0);
    }

    #[test]
    fn the_primary_is_silent_during_the_outage_and_the_secondary_is_not() {
        let plan = plan(Underlying::Sol, &falling(), 0, 2, &OUTAGE, 2);
        assert_eq!(plan.missing, 60);
        let during = &plan.postings[105..160];
        assert!(during.iter().all(|p| p.primary.is_none()));
        assert!(during.iter().filter(|p| p.secondary.is_some()).count() >= 27);
        assert_eq!(self::plan(Underlying::Btc, &falling(), 0, 2, &OUTAGE, 2).missing, 0);
    }

    #[test]
    fn confidence_widens_when_the_price_moves_fast() {
        let mut series = vec![10_000_000_000; 50];
        series.extend((0..50).map(|i| 10_000_000_000 - i * 40_000_000));
        assert!(sigma(&series, 80, 2) > 4 * sigma(&series, 40, 2));
        assert!(series.iter().enumerate().all(|(i, &p)| sigma(&series, i, 2) < p as u64 / 20));
    }
}
