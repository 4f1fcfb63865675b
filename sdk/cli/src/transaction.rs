//! What was sent, or would have been.

use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::Answer;
use crate::text::Text;

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Transaction {
    /// What it does, in words.
    pub what: String,
    /// Whether it was only simulated.
    pub dry_run: bool,
    /// By which the chain knows it; null where it was only simulated.
    pub signature: Option<String>,
    /// The slot that has it, or at which it was simulated.
    pub slot: u64,
    /// Compute units that it used when it was simulated.
    pub compute_units: u64,
}

/// What a command did that has nothing else to tell.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Transactions {
    /// In order; none where there was nothing to do.
    pub transactions: Vec<Transaction>,
    /// For people, where there was nothing to do.
    #[serde(skip)]
    pub nothing: &'static str,
}

impl Transaction {
    /// For people.
    pub fn text(&self) -> Text {
        let what = if self.dry_run { "would" } else { "done" };
        Text::default().facts(vec![
            (what, self.what.as_str().into()),
            ("signature", self.signature.as_deref().unwrap_or_default().into()),
            ("slot", self.slot.into()),
            ("compute units", self.compute_units.into()),
        ])
    }
}

impl From<Transaction> for Transactions {
    fn from(one: Transaction) -> Self {
        Self { transactions: vec![one], nothing: "" }
    }
}

impl Answer for Transactions {
    fn text(&self) -> Text {
        if self.transactions.is_empty() {
            return Text::default().note(self.nothing);
        }
        self.transactions.iter().fold(Text::default(), |text, transaction| text.and(transaction.text()))
    }
}
