//! What a replay found: the JSON, the table and the report all show this and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// One liquidation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Unix seconds.
    pub time: i64,
    /// Number of the liquidated account.
    pub account: usize,
    /// Number of the liquidator.
    pub liquidator: usize,
    /// `SOL/USDC` (collateral sold / debt repaid) or a market.
    pub product: String,
    /// `cure` or `wind_down`.
    pub regime: String,
    /// NAV / MMR at spot before it.
    pub ratio_before: f64,
    /// After it.
    pub ratio_after: f64,
    /// Debt repaid, or notional of the position taken.
    pub notional_closed: u64,
    /// What the penalty is of it.
    pub penalty_ppm: u32,
    /// What the account paid above the price.
    pub penalty: u64,
    /// The liquidator's part of it.
    pub liquidator_gain: u64,
    /// The part of insurance (or, for a perp, of the market's own claim).
    pub insurance_fee: u64,
    /// What the liquidator expected to pay for selling what he took.
    pub expected_cost: u64,
    /// Compute units.
    pub compute_units: u64,
    /// The liquidator's plan, computed off chain by the program's own crate, came true to the atom.
    pub as_planned: bool,
}

/// Insurance of one bank, its own atoms. `before + fees - debits = after`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankInsurance {
    /// Token.
    pub bank: String,
    /// When the crash began.
    pub before: u64,
    /// Paid in during the replay: shares of penalties and fills, seized assets of bankrupt accounts.
    pub fees: u64,
    /// Paid out for bad debt.
    pub debits: u64,
    /// At the end, reserved amounts included.
    pub after: u64,
    /// Bad debt that deposits had to bear.
    pub socialized: u64,
    /// Bad debt that exceeded what deposits can bear.
    pub uncovered: u64,
}

/// Insurance of the settlement token's bank, and of every bank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurance {
    /// When the crash began.
    pub before: u64,
    /// Paid in during the replay.
    pub fees: u64,
    /// Paid out for bad debt.
    pub debits: u64,
    /// At the end.
    pub after: u64,
    /// Least it held at any sample in between.
    pub lowest: u64,
    /// Every bank in its own atoms.
    pub banks: Vec<BankInsurance>,
}

/// One account that could not pay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bankruptcy {
    /// When its resolution began, Unix seconds.
    pub time: i64,
    /// When its resolution ended; none if it had not by the end of the replay.
    pub resolved_at: Option<i64>,
    /// Number of the account.
    pub account: usize,
    /// NAV when its resolution began, micro-dollars.
    pub nav: i64,
    /// Paid by insurance.
    pub insurance_paid: u64,
    /// Borne by depositors and by the opposite side of its perps.
    pub socialised: u64,
    /// Of `socialised`: by depositors of a bank.
    pub socialised_by_depositors: u64,
    /// Of `socialised`: by the opposite side of a perp.
    pub socialised_by_positions: u64,
    /// Recorded as a deficit of a market.
    pub deficit: u64,
    /// Calls of `resolve_bankruptcy` it took.
    pub calls: u32,
}

/// Whether every atom is accounted for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conservation {
    /// Every check of every minute held.
    pub ok: bool,
    /// Largest difference that no rounding rule explains, atoms (zero where `ok`).
    pub max_error_atoms: u64,
    /// Largest surplus that roundings have left in a vault, atoms; at most one per leg and instruction.
    pub max_rounding_kept_atoms: u64,
    /// Single comparisons made.
    pub checks: u64,
    /// The first few that failed.
    pub failures: Vec<String>,
}

/// What a transaction weighs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Transactions that succeeded.
    pub count: u64,
    /// Transactions that were refused.
    pub refused: u64,
    /// Whole size, signatures included.
    pub bytes: Spread,
    /// Distinct accounts.
    pub accounts: Spread,
}

/// What one liquidator made of the crash; dollars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiquidatorResult {
    /// Capital at the start.
    pub capital_usd: f64,
    /// Liquidations won.
    pub won: u64,
    /// Races lost: the call found nothing left to do and changed nothing.
    pub lost: u64,
    /// Penalties received.
    pub penalties_usd: f64,
    /// Spread, impact and fees paid to sell what was taken.
    pub costs_usd: f64,
    /// NAV at the end less capital.
    pub profit_usd: f64,
}

/// How a feed behaved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedResult {
    /// Underlying.
    pub underlying: String,
    /// Where its prices were recorded.
    pub source: String,
    /// Updates of the primary that reached the chain.
    pub primary_posted: usize,
    /// Of them late.
    pub late: usize,
    /// Overtaken by a newer one.
    pub overtaken: usize,
    /// Not published because the feed was down.
    pub missing: usize,
    /// Updates of the secondary that were posted.
    pub secondary_posted: usize,
    /// Refreshes after which the held price was the secondary's.
    pub secondary_used: usize,
    /// Refreshes the program refused (`PriceStale` and the like).
    pub refused: usize,
    /// Refreshes that found nothing newer and changed nothing.
    pub unchanged: usize,
    /// Longest age of the held price, seconds.
    pub oldest_secs: i64,
}

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
    /// Losses socialised so far, dollars.
    pub socialized_usd: f64,
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
    /// Liquidations whose plan, computed off chain, came true to the atom.
    pub as_planned: usize,
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
    /// Losses socialised in all, atoms of the settlement token.
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
    /// Every liquidator.
    pub liquidators: Vec<LiquidatorResult>,
    /// Both feeds.
    pub feeds: Vec<FeedResult>,
    /// The series of the charts.
    pub samples: Vec<Sample>,
}

impl RunResult {
    /// What the numbers of the JSON are counted in.
    pub fn units() -> BTreeMap<String, String> {
        [
            ("time", "Unix seconds"),
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
    fn the_median_is_a_value_that_occurred() {
        assert_eq!(Spread::of(vec![5, 1, 9, 7]), Spread { min: 1, median: 5, max: 9 });
        assert_eq!(Spread::of(vec![3]), Spread { min: 3, median: 3, max: 3 });
        assert_eq!(Spread::of(vec![]), Spread::default());
    }

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
