//! Which price of a recording is due: the recording's seconds against the clock on the wall.

use std::time::{Duration, Instant};

use crate::data::E8;

/// Prices of SOL and BTC over the recorded seconds, played `speed` times as fast as they were.
#[derive(Clone, Debug)]
pub struct Pace {
    series: [Vec<i64>; 2],
    step_secs: u32,
    speed: u32,
    began: Instant,
}

impl Pace {
    /// Starts to play; a price every `step_secs` of the recording, units of 1e-8 dollars.
    pub fn start(series: [Vec<i64>; 2], step_secs: u32, speed: u32) -> Self {
        Self { series, step_secs, speed, began: Instant::now() }
    }

    /// The recorded second that is due.
    pub fn recorded_secs(&self) -> u64 {
        self.secs_at(self.began.elapsed())
    }

    fn secs_at(&self, elapsed: Duration) -> u64 {
        (elapsed.as_millis() * self.speed as u128 / 1_000) as u64
    }

    /// How long it has been played.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The recorded second of the last price.
    pub fn length_secs(&self) -> u64 {
        (self.series[0].len().saturating_sub(1) * self.step_secs as usize) as u64
    }

    /// Whether the last price is due.
    pub fn is_over(&self) -> bool {
        self.step_at(self.recorded_secs()) + 1 >= self.series[0].len()
    }

    /// Prices of every bank that are due now: the settlement token's, SOL's, BTC's.
    pub fn prices(&self) -> Vec<i64> {
        let [sol, btc] = self.prices_at(self.recorded_secs());
        vec![E8, sol, btc]
    }

    /// SOL's and BTC's prices at a recorded second.
    pub fn prices_at(&self, secs: u64) -> [i64; 2] {
        let step = self.step_at(secs);
        [0, 1].map(|i: usize| self.series[i].get(step).copied().unwrap_or(E8))
    }

    fn step_at(&self, secs: u64) -> usize {
        ((secs / self.step_secs as u64) as usize).min(self.series[0].len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_played_at_its_speed_and_stands_at_its_last_price() {
        let pace = Pace::start([vec![10, 11, 12], vec![20, 21, 22]], 2, 10);
        assert_eq!(pace.secs_at(Duration::from_millis(350)), 3);
        assert_eq!([0, 1, 2, 3].map(|secs| pace.prices_at(secs)), [[10, 20], [10, 20], [11, 21], [11, 21]]);
        assert_eq!(pace.prices_at(1_000_000), [12, 22]);
        assert!(!pace.is_over());
    }
}
