//! How a minute bar becomes a price every few seconds.

use crate::data::Bar;

/// The order in which a bar's prices are visited: open, low, high, close where it closes higher, else open, high,
/// low, close.
pub fn waypoints(bar: &Bar) -> [i64; 4] {
    if bar.close > bar.open {
        [bar.open, bar.low, bar.high, bar.close]
    } else {
        [bar.open, bar.high, bar.low, bar.close]
    }
}

/// Prices of one minute, the first at its start: straight lines between the waypoints at a constant speed, except
/// that every waypoint but the close is met by a step (the close is met by the next bar's first).
///
/// `steps` is at least 4.
pub fn walk(bar: &Bar, steps: usize) -> Vec<i64> {
    let points = waypoints(bar);
    let lengths: Vec<u64> = points.windows(2).map(|w| w[0].abs_diff(w[1])).collect();
    let total: u64 = lengths.iter().sum();
    if total == 0 {
        return vec![bar.open; steps];
    }
    // One step for each leg that moves at all; the others in proportion to distance, the rest to the longest leg.
    let mut counts: Vec<usize> = lengths.iter().map(|&d| (d > 0) as usize).collect();
    let free = steps - counts.iter().sum::<usize>();
    for (count, &length) in counts.iter_mut().zip(&lengths) {
        *count += (free as u128 * length as u128 / total as u128) as usize;
    }
    let longest = (0..3).max_by_key(|&i| lengths[i]).unwrap_or(0);
    counts[longest] += steps - counts.iter().sum::<usize>();
    let mut prices = Vec::with_capacity(steps);
    for (leg, &count) in counts.iter().enumerate() {
        let (from, to) = (points[leg] as i128, points[leg + 1] as i128);
        prices.extend((0..count as i128).map(|i| (from + (to - from) * i / count as i128) as i64));
    }
    prices
}

/// The whole series of a window, one price each `step_secs`; the last price is the last close.
pub fn series(bars: &[Bar], step_secs: u32) -> Vec<i64> {
    let steps = (60 / step_secs) as usize;
    let mut prices: Vec<i64> = bars.iter().flat_map(|bar| walk(bar, steps)).collect();
    prices.extend(bars.last().map(|bar| bar.close));
    prices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    #[test]
    fn a_rising_bar_visits_its_low_first_and_a_falling_one_its_high() {
        let rising = Bar { open: 100, high: 130, low: 90, close: 120 };
        let falling = Bar { open: 120, high: 130, low: 90, close: 100 };
        assert_eq!(waypoints(&rising), [100, 90, 130, 120]);
        assert_eq!(waypoints(&falling), [120, 130, 90, 100]);
    }

    #[test]
    fn the_walk_meets_both_extremes_and_never_leaves_the_bar() {
        for text in [data::SOL_2025_10_10, data::BTC_2025_10_10, data::BTC_2020_03_12, data::BTC_2021_05_19] {
            for bar in data::parse(text).unwrap().bars {
                for steps in [6, 12, 15, 30, 60] {
                    let prices = walk(&bar, steps);
                    assert_eq!(prices.len(), steps);
                    assert_eq!(prices[0], bar.open);
                    let (low, high) = (*prices.iter().min().unwrap(), *prices.iter().max().unwrap());
                    assert!(low >= bar.low && high <= bar.high);
                    // An extreme that is the close itself is the next bar's first step.
                    assert!(low == bar.low || bar.close == bar.low, "{bar:?}");
                    assert!(high == bar.high || bar.close == bar.high, "{bar:?}");
                }
            }
        }
    }

    #[test]
    fn speed_is_constant_within_a_bar_up_to_the_grid() {
        let bar = Bar { open: 17_502, high: 17_503, low: 15_338, close: 15_516 };
        let prices = walk(&bar, 30);
        let fastest = prices.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap();
        // 2,344 in 30 steps is 78 a step; two legs take at least one step each.
        assert!(fastest <= 95, "{fastest}");
    }

    #[test]
    fn a_flat_bar_stands_still() {
        assert_eq!(walk(&Bar { open: 7, high: 7, low: 7, close: 7 }, 30), vec![7; 30]);
    }
}
