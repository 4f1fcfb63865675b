//! Compute units, bytes and accounts of every transaction, by instruction.

use std::collections::BTreeMap;

use crate::result::{Footprint, Spread};

#[derive(Clone, Debug, Default)]
struct Series {
    compute_units: Vec<u64>,
    bytes: Vec<u64>,
    accounts: Vec<u64>,
    refused: u64,
}

/// Collects what transactions cost.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    series: BTreeMap<String, Series>,
    refusals: BTreeMap<String, u64>,
}

impl Meter {
    /// A transaction succeeded. `instruction` is the one it was sent for; its compute-budget instruction is included.
    pub fn succeeded(&mut self, instruction: &str, compute_units: u64, bytes: usize, accounts: usize) {
        let series = self.series.entry(instruction.to_owned()).or_default();
        series.compute_units.push(compute_units);
        series.bytes.push(bytes as u64);
        series.accounts.push(accounts as u64);
    }

    /// A transaction was refused with `error`.
    pub fn refused(&mut self, instruction: &str, error: &str) {
        self.series.entry(instruction.to_owned()).or_default().refused += 1;
        *self.refusals.entry(format!("{instruction}: {error}")).or_default() += 1;
    }

    /// Transactions that succeeded so far.
    pub fn total(&self) -> u64 {
        self.series.values().map(|s| s.compute_units.len() as u64).sum()
    }

    /// Transactions of one instruction that succeeded so far.
    pub fn count(&self, instruction: &str) -> u64 {
        self.series.get(instruction).map_or(0, |s| s.compute_units.len() as u64)
    }

    /// Compute units by instruction.
    pub fn compute_units(&self) -> BTreeMap<String, Spread> {
        let measured = self.series.iter().filter(|(_, s)| !s.compute_units.is_empty());
        measured.map(|(name, s)| (name.clone(), Spread::of(s.compute_units.clone()))).collect()
    }

    /// Sizes by instruction.
    pub fn transactions(&self) -> BTreeMap<String, Footprint> {
        let footprint = |s: &Series| Footprint {
            count: s.compute_units.len() as u64,
            refused: s.refused,
            bytes: Spread::of(s.bytes.clone()),
            accounts: Spread::of(s.accounts.clone()),
        };
        self.series.iter().map(|(name, s)| (name.clone(), footprint(s))).collect()
    }

    /// Errors by instruction and name.
    pub fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_measured_apart_and_refusals_only_counted() {
        let mut meter = Meter::default();
        meter.succeeded("deposit", 10, 300, 9);
        meter.succeeded("deposit", 30, 310, 9);
        meter.refused("deposit", "CapExceeded");
        meter.refused("borrow", "Paused");
        assert_eq!(meter.compute_units()["deposit"], Spread { min: 10, median: 10, max: 30 });
        assert!(!meter.compute_units().contains_key("borrow"));
        assert_eq!(meter.transactions()["deposit"].refused, 1);
        assert_eq!(meter.refusals()["borrow: Paused"], 1);
        assert_eq!(meter.total(), 2);
    }
}
