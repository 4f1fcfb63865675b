//! What happened: liquidations, bankruptcies, insurance, conservation.

use serde::{Deserialize, Serialize};

/// One liquidation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Liquidation {
    /// Unix seconds of the recording.
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
    /// Compute units; none where a node did not tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute_units: Option<u64>,
    /// The liquidator's plan, computed off chain by the program's own crate, came true to the atom; unknown on a
    /// cluster, where prices and clock move between plan and execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_planned: Option<bool>,
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
    /// When its resolution began, Unix seconds of the recording.
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
    pub socialized: u64,
    /// Of `socialized`: by depositors of a bank.
    pub socialized_by_depositors: u64,
    /// Of `socialized`: by the opposite side of a perp.
    pub socialized_by_positions: u64,
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
