//! What a replay found: the JSON, the table and the report all show this and nothing else.
//!
//! A replay in process and one on a cluster fill the same fields. What one of them cannot know is absent, and named in
//! [`RunResult::left_out`].

mod cluster;
mod events;
mod parties;
mod series;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::Config;

pub use cluster::ClusterRun;
pub use events::{BankInsurance, Bankruptcy, Conservation, Insurance, Liquidation};
pub use parties::{FeedResult, Footprint, LiquidatorResult};
pub use series::{bounded_ratio, ratio_class, Sample, RATIO_CLASSES, RATIO_NAMES};

/// Smallest, middle and largest of some whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Smallest.
    pub min: u64,
    /// Middle; of an even number of values the lower one of the two.
    pub median: u64,
    /// Largest.
    pub max: u64,
}

impl Spread {
    /// Of some values; all zero without any.
    pub fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let Some((&min, &max)) = values.first().zip(values.last()) else { return Self::default() };
        Self { min, median: values[(values.len() - 1) / 2], max }
    }
}

/// The figures of the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Accounts that had a debt or a position when the crash began.
    pub accounts_at_risk: usize,
    /// Accounts that were below maintenance at spot at some time.
    pub accounts_under_water: usize,
    /// Accounts that were liquidated at least once.
    pub accounts_liquidated: usize,
    /// Of them: some of their debts and positions were left.
    pub accounts_partially: usize,
    /// Of them: nothing was left of their debts and positions.
    pub accounts_fully: usize,
    /// Accounts that went through bankruptcy.
    pub accounts_bankrupt: usize,
    /// Liquidations to the target margin.
    pub cures: usize,
    /// Liquidations of accounts with too little left for a cure.
    pub wind_downs: usize,
    /// Notional closed in all, dollars.
    pub closed_usd: f64,
    /// Penalties paid in all, dollars.
    pub penalties_usd: f64,
    /// Penalty per dollar repaid or closed, ppm.
    pub penalty_per_dollar_ppm: f64,
    /// Share of each liquidated account closed: median and largest, ppm of its debts and notional before.
    pub share_closed_ppm: Spread,
    /// Seconds under water, of every account that was: smallest, median, largest.
    pub under_water_secs: Spread,
    /// Liquidations whose plan, computed off chain, came true to the atom; unknown on a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_planned: Option<usize>,
}

/// A whole replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Name of the scenario.
    pub scenario: String,
    /// One sentence about it.
    pub summary: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Margin accounts, liquidators not counted.
    pub accounts: usize,
    /// Minutes replayed.
    pub minutes: usize,
    /// Seconds between two price updates.
    pub step_secs: u32,
    /// Start of the recording, Unix seconds.
    pub start_time: i64,
    /// What the numbers are counted in.
    pub units: BTreeMap<String, String>,
    /// The table.
    pub figures: Figures,
    /// Every liquidation in order.
    pub liquidations: Vec<Liquidation>,
    /// Insurance before and after.
    pub insurance: Insurance,
    /// Losses socialized in all, atoms of the settlement token.
    pub socialized_atoms: u64,
    /// Every bankruptcy.
    pub bankruptcies: Vec<Bankruptcy>,
    /// Conservation of every atom.
    pub conservation: Conservation,
    /// Compute units by instruction.
    pub compute_units: BTreeMap<String, Spread>,
    /// Size of the transactions by instruction.
    pub transactions: BTreeMap<String, Footprint>,
    /// Errors by instruction and name, with their number.
    pub refusals: BTreeMap<String, u64>,
    /// Liquidations that came too late, asked not to fail and changed nothing, by instruction and reason.
    pub no_ops: BTreeMap<String, u64>,
    /// Every liquidator.
    pub liquidators: Vec<LiquidatorResult>,
    /// Both feeds.
    pub feeds: Vec<FeedResult>,
    /// The series of the charts.
    pub samples: Vec<Sample>,
    /// Where it ran, if on a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterRun>,
    /// Fields that this kind of replay cannot know, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, String>,
}

impl RunResult {
    /// A run of this configuration whose first price is of `start_time`, before anything happened in it.
    pub fn of(config: &Config, start_time: i64) -> Self {
        Self {
            scenario: config.scenario.name.to_owned(),
            summary: config.scenario.summary.to_owned(),
            seed: config.seed,
            accounts: config.accounts,
            minutes: config.minutes,
            step_secs: config.step_secs,
            start_time,
            units: Self::units(),
            ..Self::default()
        }
    }

    /// What the numbers of the JSON are counted in.
    pub fn units() -> BTreeMap<String, String> {
        [
            ("time", "Unix seconds of the recording"),
            ("notional_closed, penalty, liquidator_gain, insurance_fee, expected_cost", "micro-dollars"),
            ("ratio_before, ratio_after", "NAV / MMR at spot, within -1000 to 1000; 1000 without a requirement"),
            ("insurance", "atoms of the settlement token (1e-6 USDC); insurance.banks in each bank's own atoms"),
            ("socialized_atoms", "atoms of the settlement token; other tokens' at the price of the moment"),
            ("bankruptcies", "micro-dollars at the price of the moment"),
            ("samples", "dollars, seconds since the start; insurance in atoms of the settlement token"),
        ]
        .map(|(name, unit)| (name.to_owned(), unit.to_owned()))
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_occurred() {
        assert_eq!(Spread::of(vec![5, 1, 9, 7]), Spread { min: 1, median: 5, max: 9 });
        assert_eq!(Spread::of(vec![3]), Spread { min: 3, median: 3, max: 3 });
        assert_eq!(Spread::of(vec![]), Spread::default());
    }

    #[test]
    fn the_json_has_the_fields_that_others_rely_on() {
        let json = serde_json::to_value(RunResult::default()).unwrap();
        for field in [
            "scenario",
            "seed",
            "accounts",
            "liquidations",
            "insurance",
            "socialized_atoms",
            "bankruptcies",
            "conservation",
            "compute_units",
        ] {
            assert!(json.get(field).is_some(), "{field}");
        }
        for field in ["before", "fees", "debits", "after"] {
            assert!(json["insurance"].get(field).is_some(), "{field}");
        }
        assert!(json["conservation"]["ok"].is_boolean() && json["conservation"]["max_error_atoms"].is_u64());
    }
}
