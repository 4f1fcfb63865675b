//! The series of the charts.

use serde::{Deserialize, Serialize};

/// Upper ends of the margin-ratio classes of [`Sample::ratios`]; the last class is open.
pub const RATIO_CLASSES: [f64; 6] = [0.0, 0.5, 1.0, 1.25, 2.0, 4.0];

/// Names of the classes.
pub const RATIO_NAMES: [&str; 7] = ["insolvent", "0 to 0.5", "0.5 to 1", "1 to 1.25", "1.25 to 2", "2 to 4", "above 4"];

/// The state every few seconds, for the charts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the start of the replay.
    pub secs: i64,
    /// Recorded price, dollars: SOL, BTC.
    pub venue: [f64; 2],
    /// Price held on the board.
    pub oracle: [f64; 2],
    /// Fast moving average on the board.
    pub fast: [f64; 2],
    /// One sigma of the held price, dollars.
    pub sigma: [f64; 2],
    /// The held price is the secondary's.
    pub secondary: [bool; 2],
    /// Accounts with a margin requirement by ratio at spot, see [`RATIO_CLASSES`].
    pub ratios: [u32; 7],
    /// Accounts below maintenance at spot.
    pub under_water: u32,
    /// Insurance of the settlement token's bank, atoms.
    pub insurance: u64,
    /// Value of all insurance, dollars.
    pub insurance_usd: f64,
    /// Losses socialized so far, dollars.
    pub socialized_usd: f64,
}

/// A margin ratio within the range that the JSON uses.
pub fn bounded_ratio(nav: f64, mmr: f64) -> f64 {
    const BOUND: f64 = 1_000.0;
    if mmr <= 0.0 {
        if nav < 0.0 {
            -BOUND
        } else {
            BOUND
        }
    } else {
        (nav / mmr).clamp(-BOUND, BOUND)
    }
}

/// The class of a ratio, see [`RATIO_CLASSES`].
pub fn ratio_class(ratio: f64) -> usize {
    RATIO_CLASSES.iter().position(|&end| ratio < end).unwrap_or(RATIO_CLASSES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_fall_into_the_classes_of_their_names() {
        assert_eq!(RATIO_NAMES.len(), RATIO_CLASSES.len() + 1);
        for (ratio, name) in
            [(-0.1, "insolvent"), (0.0, "0 to 0.5"), (0.99, "0.5 to 1"), (1.0, "1 to 1.25"), (9.0, "above 4")]
        {
            assert_eq!(RATIO_NAMES[ratio_class(ratio)], name);
        }
        assert_eq!(bounded_ratio(1.0, 0.0), 1_000.0);
        assert_eq!(bounded_ratio(-3.0, 2.0), -1.5);
    }
}
