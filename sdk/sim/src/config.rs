//! The settings of a replay, and how often it does what.

use crate::scenario::Scenario;

/// What the command line chooses.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The crash.
    pub scenario: &'static Scenario,
    /// Minutes of it.
    pub minutes: usize,
    /// Margin accounts.
    pub accounts: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Seconds between two prices.
    pub step_secs: u32,
}

/// Seconds between two samples for the charts.
pub const SAMPLE_SECS: i64 = 6;
/// Seconds between two rounds of cranks.
pub const CRANK_SECS: i64 = 60;
/// Under-water accounts are observed at least this often, well within the observation gap.
pub const OBSERVE_SECS: i64 = 6;
