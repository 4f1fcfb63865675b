//! A path of the price that the calibration allows.

use super::Draw;

/// The fastest move of the calibration, ppm per second.
const FASTEST_PPM_PER_SEC: u64 = 2_100;
/// How often the calibration supposes a price, seconds.
const UPDATE_SECS: u64 = 2;
/// Prices that stand afterwards, and how far apart, seconds: long enough for an auction and a resolution.
const STANDING: (u64, i64) = (70, 5);

/// Prices up to the fastest that the calibration knows, with turns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// Seconds between two prices, and how many there are.
    tick_secs: i64,
    ticks: u64,
    /// Of the fastest move, ppm.
    speed_ppm: u64,
    /// A tick of so many goes the other way.
    turns: u64,
}

/// One price.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathTick {
    /// Seconds since the one before.
    pub secs: i64,
    /// The price moves, else it stands.
    pub moves: bool,
    /// It moves the other way.
    pub turns: bool,
    /// By so much.
    by_ppm: i64,
}

impl Path {
    /// A random one, of fifteen prices and up to `more`.
    pub(super) fn drawn(draw: &mut Draw, more: u64) -> Self {
        Self {
            tick_secs: 1 + draw.below(UPDATE_SECS) as i64,
            ticks: 15 + draw.below(more),
            speed_ppm: [1_000_000, 500_000 + draw.below(500_000)][draw.below(2) as usize],
            turns: 3 + draw.below(30),
        }
    }

    /// Every price in order, and then those that stand.
    pub(super) fn ticks(self) -> impl Iterator<Item = PathTick> {
        let by_ppm = (FASTEST_PPM_PER_SEC * self.tick_secs as u64 * self.speed_ppm / 1_000_000) as i64;
        let moving = (0..self.ticks).map(move |tick| {
            let turns = tick % self.turns == self.turns - 1;
            PathTick { secs: self.tick_secs, moves: true, turns, by_ppm }
        });
        let (count, secs) = STANDING;
        moving.chain((0..count).map(move |_| PathTick { secs, moves: false, turns: false, by_ppm: 0 }))
    }
}

impl PathTick {
    /// The next price of an underlying that falls on this path, or rises.
    pub(super) fn moved(&self, price_e8: i64, falls: bool) -> i64 {
        let by_ppm = if falls != self.turns { -self.by_ppm } else { self.by_ppm };
        price_e8 + price_e8 / 1_000_000 * by_ppm
    }
}
