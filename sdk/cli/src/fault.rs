//! What stops a command, for people and for programs.

use plimsoll_migrations::Error;
use plimsoll_risk::RiskError;
use plimsoll_rpc::Local;
use schemars::JsonSchema;
use serde::Serialize;

use crate::advice;
use crate::quantity::{spliced, Amount};

/// Result of a command.
pub type Result<T> = std::result::Result<T, Fault>;

/// What stopped a command, and what is known beside it.
#[derive(Debug)]
pub struct Fault(Box<Known>);

#[derive(Debug)]
struct Known {
    error: Error,
    hint: Option<String>,
    free: Option<Free>,
}

/// What may be taken out instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Free {
    /// The bank.
    pub bank: String,
    /// The most that may be taken out now.
    pub most: Amount,
    /// What keeps more from it: `initial_margin`, `liquidity`, `breaker`, `deposit`, or the name of the engine's error.
    pub bound: String,
    /// The same in words.
    #[serde(skip)]
    pub words: &'static str,
}

/// A fault as programs read it, on the standard error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Told {
    /// The program's code, where a program refused.
    code: Option<u32>,
    /// A name that stays the same: the engine's error, else what kind of fault it is.
    name: String,
    /// The fact.
    message: String,
    /// What a person can do about it.
    hint: Option<String>,
    /// Of a refused withdrawal or borrow: what may be taken out instead.
    free: Option<Free>,
    /// Of a transaction that was sent and whose fate is not known: its signature.
    signature: Option<String>,
}

impl Free {
    fn text(&self) -> String {
        let Self { bank, most, words, .. } = self;
        if most.is_zero() {
            return format!("nothing of {bank} may be taken out now: {words}");
        }
        format!("at most {} {bank} may be taken out now: {words}; `max` takes as much", most.text())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(Box::new(Known { error, hint: None, free: None }))
    }
}

impl From<plimsoll_rpc::Error> for Fault {
    fn from(error: plimsoll_rpc::Error) -> Self {
        Error::from(error).into()
    }
}

impl Fault {
    /// A formula's refusal.
    pub fn of_risk(error: RiskError) -> Self {
        plimsoll_rpc::Error::from(error).into()
    }

    /// What went wrong.
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// The same with something that a person can do, instead of what is said of every such error.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same with what may be taken out instead.
    pub fn with_free(mut self, free: Free) -> Self {
        self.0.free = Some(free);
        self
    }

    /// Whether a program refused.
    pub fn is_refusal(&self) -> bool {
        matches!(self.rpc(), Some(plimsoll_rpc::Error::Rejected { .. }))
    }

    fn rpc(&self) -> Option<&plimsoll_rpc::Error> {
        match &self.0.error {
            Error::Rpc(error) | Error::Step { source: error, .. } => Some(error),
            _ => None,
        }
    }

    /// What a person can do; `local` is the file that named the cluster, where one did.
    pub fn hint(&self, local: Option<&Local>) -> Option<String> {
        let free = self.0.free.as_ref().map(Free::text);
        let general = || advice::of(&self.0.error, local);
        match (free, self.0.hint.clone().or_else(general)) {
            (Some(free), Some(other)) => Some(format!("{free}\n{other}")),
            (free, other) => free.or(other),
        }
    }

    /// As programs read it.
    pub fn told(&self, local: Option<&Local>) -> serde_json::Value {
        let code = match self.rpc() {
            Some(plimsoll_rpc::Error::Rejected { code, .. }) => *code,
            _ => None,
        };
        told(Told {
            code,
            name: name(&self.0.error),
            message: self.0.error.to_string(),
            hint: self.hint(local),
            free: self.0.free.clone(),
            signature: None,
        })
    }
}

/// Of a person who ended the waiting for a transaction, or a command before it sent one.
pub fn interrupted(signature: Option<String>) -> Told {
    let (message, hint) = match &signature {
        Some(signature) => (
            format!("ended while {signature} was on its way: it may still land"),
            Some(format!("`solana confirm -v {signature}` says what became of it")),
        ),
        None => ("ended; nothing was on its way".to_owned(), None),
    };
    Told { code: None, name: "interrupted".to_owned(), message, hint, free: None, signature }
}

impl Told {
    /// For people: the fact, and below it what to do.
    pub fn lines(&self) -> String {
        let hint = self.hint.iter().map(|hint| format!("\n  -> {hint}"));
        format!("{}{}", self.message, hint.collect::<String>())
    }
}

/// A fault as JSON.
pub fn told(fault: Told) -> serde_json::Value {
    spliced(serde_json::to_value(fault).unwrap_or_default())
}

fn name(error: &Error) -> String {
    match error {
        Error::Rpc(error) | Error::Step { source: error, .. } => {
            error.engine().map_or_else(|| error.reason(), |error| error.text().0.to_owned())
        }
        Error::File { .. } => "file".to_owned(),
        Error::Config { .. } => "config".to_owned(),
        Error::Immutable(_) => "immutable".to_owned(),
        Error::PriceMissing { .. } => "price_missing".to_owned(),
        Error::OtherSigner { .. } => "other_signer".to_owned(),
        Error::Program { .. } => "program".to_owned(),
        Error::NotConfirmed(_) => "not_confirmed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_sdk::EngineError;
    use solana_instruction::error::InstructionError;
    use solana_transaction_error::TransactionError;

    use super::*;

    fn refused() -> Fault {
        let code = InstructionError::Custom(EngineError::InitialMarginInsufficient as u32);
        plimsoll_rpc::Error::rejected(TransactionError::InstructionError(0, code), Vec::new()).into()
    }

    #[test]
    fn a_program_reads_code_name_message_and_hint() {
        let told = refused().told(None);
        assert_eq!(told["code"], EngineError::InitialMarginInsufficient as u32);
        assert_eq!(told["name"], "InitialMarginInsufficient");
        assert!(told["message"].as_str().is_some_and(|text| text.contains("the engine refused")), "{told}");
        assert!(told["hint"].as_str().is_some_and(|text| text.contains("plimsoll account show")), "{told}");
        let own = crate::usage::usage("a word").told(None);
        assert_eq!((&own["code"], &own["name"], &own["hint"]), (&().into(), &"configuration".into(), &().into()));
    }

    #[test]
    fn a_refusal_says_what_may_be_taken_out_instead() {
        let free = Free {
            bank: "USDC".into(),
            most: Amount::of(1_234_500_000, 6),
            bound: "initial_margin".into(),
            words: "initial margin bounds it",
        };
        let none = Free { most: Amount::of(0, 6), ..free.clone() };
        assert_eq!(none.text(), "nothing of USDC may be taken out now: initial margin bounds it");
        let refused = refused().with_free(free);
        let hint = refused.hint(None).unwrap();
        assert!(
            hint.starts_with("at most 1,234.5 USDC may be taken out now: initial margin bounds it; `max`"),
            "{hint}"
        );
        let told = refused.told(None);
        assert_eq!(
            (&told["free"]["most_atoms"], &told["free"]["most_decimal"]),
            (&"1234500000".into(), &"1234.5".into())
        );
    }

    #[test]
    fn whoever_ends_the_waiting_is_told_that_the_transaction_may_still_land() {
        let ended = interrupted(Some("5xyz".into()));
        assert!(ended.lines().contains("5xyz was on its way: it may still land\n  -> `solana confirm -v 5xyz`"));
        assert_eq!(told(ended)["signature"], "5xyz");
        assert_eq!(interrupted(None).lines(), "ended; nothing was on its way");
    }
}
