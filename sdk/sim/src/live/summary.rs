//! What a replay on a cluster prints.

use std::fmt::{Display, Formatter, Result};

use super::Turn;
use crate::result::Conservation;

/// Figures of a replay on a cluster.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Name of the scenario.
    pub scenario: String,
    /// Address of the engine.
    pub engine: String,
    /// Margin accounts of the population.
    pub accounts: usize,
    /// Recorded seconds in a second.
    pub speed: u32,
    /// Recorded seconds that were played.
    pub recorded_secs: u64,
    /// Opening transactions that the program refused: an account at the edge of its initial margin may be.
    pub opening_refused: u64,
    /// Rounds of prices posted, and rounds that failed.
    pub rounds: (u64, u64),
    /// Times that the liquidator went through all accounts.
    pub turns: u64,
    /// What came of them.
    pub turn: Turn,
    /// Insurance of the quote bank at the start and at the end, atoms.
    pub insurance_atoms: [u64; 2],
    /// Insurance of the quote bank paid in and out, atoms.
    pub insurance_moved_atoms: [u64; 2],
    /// Loss that depositors of the quote bank and the other sides of markets bore, quote atoms.
    pub socialized_atoms: u64,
    /// Deficits of markets and uncovered debt of the quote bank at the end, quote atoms.
    pub deficit_atoms: u64,
    /// Transactions sent.
    pub transactions: u64,
    /// Lamports that the authority spent, rent included.
    pub spent_lamports: u64,
    /// Whether every atom is accounted for at the end.
    pub conservation: Conservation,
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let usd = |atoms: u64| format!("${:.2}", atoms as f64 / 1e6);
        writeln!(f, "{} at {} times its speed, engine {}\n", self.scenario, self.speed, self.engine)?;
        let [before, after] = self.insurance_atoms;
        let [paid_in, paid_out] = self.insurance_moved_atoms;
        let rows = [
            ("accounts", self.accounts.to_string()),
            ("recorded seconds played", self.recorded_secs.to_string()),
            ("openings refused", self.opening_refused.to_string()),
            ("rounds of prices posted / failed", format!("{} / {}", self.rounds.0, self.rounds.1)),
            ("turns of the liquidator", self.turns.to_string()),
            ("accounts under water at some time", self.turn.under_water.len().to_string()),
            ("accounts liquidated", self.turn.liquidated.len().to_string()),
            ("liquidations", self.turn.liquidations.to_string()),
            ("bankruptcies (calls)", format!("{} ({})", self.turn.bankruptcies, self.turn.calls)),
            ("insurance before / after", format!("{} / {}", usd(before), usd(after))),
            ("insurance paid in / paid out", format!("{} / {}", usd(paid_in), usd(paid_out))),
            ("loss socialised", usd(self.socialized_atoms)),
            ("deficits and uncovered debt", usd(self.deficit_atoms)),
            ("transactions", self.transactions.to_string()),
            ("spent, rent included", format!("{:.4} SOL", self.spent_lamports as f64 / 1e9)),
            ("conservation", conservation(&self.conservation)),
        ];
        rows.iter().try_for_each(|(name, value)| writeln!(f, "  {name:<36} {value}"))?;
        self.turn.refusals.iter().try_for_each(|(reason, count)| writeln!(f, "  refused  {reason:<60} {count:>6}"))
    }
}

fn conservation(found: &Conservation) -> String {
    if found.ok {
        format!("exact ({} comparisons, roundings kept at most {} atoms)", found.checks, found.max_rounding_kept_atoms)
    } else {
        format!("broken by {} atoms: {:?}", found.max_error_atoms, found.failures)
    }
}
