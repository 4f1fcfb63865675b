//! Compute units, bytes and accounts of every transaction, by instruction.

use std::collections::BTreeMap;

use plimsoll_sdk::LiquidationOutcome;

use crate::host::Cost;
use crate::order;
use crate::result::{Footprint, Spread};
use crate::world::BUDGET_INSTRUCTION_UNITS;

#[derive(Clone, Debug, Default)]
struct Series {
    landed: u64,
    compute_units: Vec<u64>,
    bytes: Vec<u64>,
    accounts: Vec<u64>,
    refused: u64,
}

/// What is known of a transaction's cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownCost {
    /// Compute units, those of the compute budget not counted.
    pub compute_units: Option<u64>,
    /// Bytes on the wire, signatures included.
    pub bytes: Option<usize>,
    /// Distinct accounts.
    pub accounts: Option<usize>,
}

impl From<Cost> for KnownCost {
    fn from(cost: Cost) -> Self {
        Self {
            compute_units: Some(cost.compute_units.saturating_sub(BUDGET_INSTRUCTION_UNITS)),
            bytes: Some(cost.bytes),
            accounts: Some(cost.accounts),
        }
    }
}

/// Collects what transactions cost.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    series: BTreeMap<String, Series>,
    refusals: BTreeMap<String, u64>,
    no_ops: BTreeMap<String, u64>,
}

impl Meter {
    /// A transaction succeeded. `instruction` is the one it was sent for; its compute-budget instructions are included
    /// in bytes and accounts, not in compute units. What is not known of its cost is none. A liquidation whose outcome
    /// says that nothing was left to do is measured apart.
    pub fn landed(&mut self, instruction: &str, outcome: Option<LiquidationOutcome>, cost: KnownCost) {
        let name = order::measured_name(instruction, outcome.as_ref());
        if let Some(lost) = outcome.filter(|_| name != instruction) {
            *self.no_ops.entry(format!("{instruction}: {}", order::reason(&lost))).or_default() += 1;
        }
        let series = self.series.entry(name).or_default();
        series.landed += 1;
        series.compute_units.extend(cost.compute_units);
        series.bytes.extend(cost.bytes.map(|bytes| bytes as u64));
        series.accounts.extend(cost.accounts.map(|accounts| accounts as u64));
    }

    /// A transaction was refused with `error`.
    pub fn refused(&mut self, instruction: &str, error: &str) {
        self.series.entry(instruction.to_owned()).or_default().refused += 1;
        *self.refusals.entry(format!("{instruction}: {error}")).or_default() += 1;
    }

    /// Transactions that succeeded so far.
    pub fn total(&self) -> u64 {
        self.series.values().map(|s| s.landed).sum()
    }

    /// Transactions of one instruction that succeeded so far.
    pub fn count(&self, instruction: &str) -> u64 {
        self.series.get(instruction).map_or(0, |s| s.landed)
    }

    /// Calls of resolutions that have closed positions against their opposite side.
    pub fn closings(&self) -> u64 {
        self.count("resolve_bankruptcy (seize PnL)") + self.count("resolve_bankruptcy (pay PnL)")
    }

    /// Transactions that succeeded and whose compute units are unknown.
    pub fn unmeasured(&self) -> u64 {
        self.series.values().map(|s| s.landed - s.compute_units.len() as u64).sum()
    }

    /// Compute units by instruction.
    pub fn compute_units(&self) -> BTreeMap<String, Spread> {
        let measured = self.series.iter().filter(|(_, s)| !s.compute_units.is_empty());
        measured.map(|(name, s)| (name.clone(), Spread::of(s.compute_units.clone()))).collect()
    }

    /// Sizes by instruction.
    pub fn transactions(&self) -> BTreeMap<String, Footprint> {
        let spread = |known: &[u64]| (!known.is_empty()).then(|| Spread::of(known.to_vec()));
        let footprint = |s: &Series| Footprint {
            count: s.landed,
            refused: s.refused,
            bytes: spread(&s.bytes),
            accounts: spread(&s.accounts),
        };
        self.series.iter().map(|(name, s)| (name.clone(), footprint(s))).collect()
    }

    /// Errors by instruction and name.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.clone()
    }

    /// Liquidations that found nothing left to do, by instruction and reason.
    pub fn no_ops(&self) -> BTreeMap<String, u64> {
        self.no_ops.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_sdk::EngineError;

    fn cost(compute_units: Option<u64>) -> KnownCost {
        KnownCost { compute_units, bytes: Some(452), accounts: Some(9) }
    }

    #[test]
    fn instructions_are_measured_apart_and_refusals_only_counted() {
        let mut meter = Meter::default();
        meter.landed("deposit", None, cost(Some(10)));
        meter.landed("deposit", None, cost(Some(30)));
        meter.refused("deposit", "CapExceeded");
        meter.refused("borrow", "Paused");
        assert_eq!(meter.compute_units()["deposit"], Spread { min: 10, median: 10, max: 30 });
        assert!(!meter.compute_units().contains_key("borrow"));
        assert_eq!(meter.transactions()["deposit"].refused, 1);
        assert_eq!(meter.refusals()["borrow: Paused"], 1);
        assert_eq!(meter.total(), 2);
    }

    #[test]
    fn what_costs_nothing_that_is_known_is_counted_all_the_same() {
        let mut meter = Meter::default();
        meter.landed("accrue", None, KnownCost::default());
        assert_eq!((meter.total(), meter.unmeasured()), (1, 1));
        let footprint = &meter.transactions()["accrue"];
        assert_eq!((footprint.count, footprint.bytes, footprint.accounts), (1, None, None));
    }

    #[test]
    fn a_lost_race_is_counted_by_its_reason_and_measured_apart() {
        let lost = LiquidationOutcome { reason: EngineError::AccountHealthy as u32, ..Default::default() };
        let mut meter = Meter::default();
        meter.landed("liquidate_position", Some(lost), cost(Some(6_000)));
        meter.landed("liquidate_position", Some(LiquidationOutcome { size: 1, ..lost }), cost(None));
        let won = LiquidationOutcome { reason: 0, size: 5, ..lost };
        meter.landed("liquidate_position", Some(won), cost(Some(19_000)));
        assert_eq!(meter.no_ops()["liquidate_position: AccountHealthy"], 2);
        assert_eq!((meter.count("liquidate_position"), meter.count("liquidate_position (no-op)")), (1, 2));
        assert_eq!(meter.unmeasured(), 1);
    }
}
