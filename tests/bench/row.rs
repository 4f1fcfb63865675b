//! One line of the table.

use serde_json::{json, Value};

use super::measure::Measured;

/// What a row is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// At most so many compute units.
    ComputeUnits(u64),
    /// At most so many bytes.
    Bytes(u64),
    /// At least so many a block.
    PerBlock(u64),
}

impl Goal {
    /// The number.
    pub const fn value(self) -> u64 {
        match self {
            Self::ComputeUnits(value) | Self::Bytes(value) | Self::PerBlock(value) => value,
        }
    }
}

/// Most bytes and keys of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// A packet.
    pub bytes: u64,
    /// Distinct keys.
    pub accounts: u64,
}

/// One line of the table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The instruction.
    pub operation: &'static str,
    /// Which of its paths.
    pub case: String,
    /// Token positions of the account it is about.
    pub tokens: Option<u8>,
    /// Its perp positions.
    pub perps: Option<u8>,
    /// Views of a margin check.
    pub views: Option<u8>,
    /// Compute units of the instruction alone.
    pub compute_units: Option<u64>,
    /// Bytes of its transaction, or of a file.
    pub bytes: u64,
    /// Distinct keys of its transaction.
    pub accounts: Option<u64>,
    /// How many fit a block.
    pub per_block: Option<u64>,
    /// What it is held against.
    pub goal: Option<Goal>,
    /// What its transaction is held against.
    pub envelope: Option<Envelope>,
}

impl Row {
    /// A row of one instruction.
    pub fn new(operation: &'static str, case: &str, measured: &Measured) -> Self {
        Self {
            operation,
            case: case.to_owned(),
            compute_units: Some(measured.compute_units),
            bytes: measured.bytes,
            accounts: Some(measured.accounts),
            ..Self::default()
        }
    }

    /// A row of a size.
    pub fn file(operation: &'static str, case: &str, bytes: u64, goal: u64) -> Self {
        Self { operation, case: case.to_owned(), bytes, goal: Some(Goal::Bytes(goal)), ..Self::default() }
    }

    /// Of an account of this size.
    pub fn sized(mut self, tokens: u8, perps: u8) -> Self {
        (self.tokens, self.perps) = (Some(tokens), Some(perps));
        self
    }

    /// At most so many compute units.
    pub fn at_most(mut self, compute_units: u64) -> Self {
        self.goal = Some(Goal::ComputeUnits(compute_units));
        self
    }

    /// The number that is held against the goal and the baseline.
    pub fn figure(&self) -> u64 {
        self.per_block.or(self.compute_units).unwrap_or(self.bytes)
    }

    /// Whether a larger figure is the better one.
    pub const fn more_is_better(&self) -> bool {
        self.per_block.is_some()
    }

    /// By how much the goal is missed; none where it is met or there is none.
    pub fn missed_by(&self) -> Option<u64> {
        let (figure, goal) = (self.figure(), self.goal?.value());
        let by = if self.more_is_better() { goal.saturating_sub(figure) } else { figure.saturating_sub(goal) };
        (by > 0).then_some(by)
    }

    /// What the transaction is too large by, in words.
    pub fn outside_envelope(&self) -> Option<String> {
        let (envelope, accounts) = (self.envelope?, self.accounts?);
        let bytes = self.bytes.saturating_sub(envelope.bytes);
        let keys = accounts.saturating_sub(envelope.accounts);
        (bytes + keys > 0).then(|| format!("{bytes} bytes and {keys} keys too many"))
    }

    /// What tells it from every other row.
    pub fn name(&self) -> String {
        let number = |value: Option<u8>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let (tokens, perps, views) = (number(self.tokens), number(self.perps), number(self.views));
        format!("{} | {} | {tokens} | {perps} | {views}", self.operation, self.case)
    }

    /// As `--json` writes it.
    pub fn to_json(&self) -> Value {
        json!({
            "operation": self.operation,
            "case": self.case,
            "tokens": self.tokens,
            "perps": self.perps,
            "views": self.views,
            "compute_units": self.compute_units,
            "bytes": self.bytes,
            "accounts": self.accounts,
            "per_block": self.per_block,
            "goal": self.goal.map(Goal::value),
            "missed_by": self.missed_by(),
            "most_bytes": self.envelope.map(|envelope| envelope.bytes),
            "most_accounts": self.envelope.map(|envelope| envelope.accounts),
        })
    }
}
