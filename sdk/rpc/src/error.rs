//! What goes wrong between a client and a cluster, and what to do about it.

use plimsoll_sdk::EngineError;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::client_error::{reqwest, Error as ClientError, ErrorKind};
use solana_transaction_error::TransactionError;

use crate::foreign;
use crate::history::HistoryError;

/// Why something over RPC failed. Every text names the fact; [`Error::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, an argument or an environment is not what it must be.
    #[error("{0}")]
    Configuration(String),
    /// The node belongs to another cluster.
    #[error("the node belongs to {found}, not to {expected}")]
    WrongCluster {
        /// What was asked for.
        expected: String,
        /// What the genesis hash says.
        found: String,
    },
    /// Nothing is at this address.
    #[error("there is no {what} at {address}")]
    Missing {
        /// What should be there.
        what: &'static str,
        /// The address.
        address: Pubkey,
    },
    /// An account holds something else than this client can read.
    #[error("{address} is not a {what} that this client can read: {reason}")]
    Undecodable {
        /// What it should be.
        what: &'static str,
        /// The address.
        address: Pubkey,
        /// Owner, length, discriminator or version.
        reason: String,
    },
    /// The node asks to slow down (HTTP 429).
    #[error("the node limits the rate of requests")]
    RateLimited,
    /// The node could not be reached or gave no usable answer in time.
    #[error("the node did not answer: {0}")]
    Unreachable(String),
    /// The node answered with an error.
    #[error("the node refused: {0}")]
    Node(String),
    /// The transaction fails in simulation or on chain.
    #[error("{}", rejection_text(.code, .transaction, .logs))]
    Rejected {
        /// The custom code, where a program gave one.
        code: Option<u32>,
        /// The runtime's error.
        transaction: TransactionError,
        /// What programs logged.
        logs: Vec<String>,
    },
    /// The blockhash expired before the transaction was confirmed.
    #[error("the transaction was not confirmed before its blockhash expired")]
    Expired,
    /// Whoever sends was stopped before this was sent.
    #[error("not sent: the sender is being stopped")]
    Stopped,
    /// A formula of the risk crate refused.
    #[error("{} ({:?})", EngineError::from(*.0).text().1, .0)]
    Risk(plimsoll_risk::RiskError),
    /// The history of events cannot be read on without a gap.
    #[error("{0}")]
    History(#[from] HistoryError),
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The engine's error, where the engine refused.
    pub fn engine(&self) -> Option<EngineError> {
        match self {
            Self::Rejected { code, logs, .. } => refusal(*code, logs),
            _ => None,
        }
    }

    /// A short name for counters and logs.
    pub fn reason(&self) -> String {
        match self {
            Self::Configuration(_) => "configuration".into(),
            Self::WrongCluster { .. } => "wrong_cluster".into(),
            Self::Missing { .. } => "missing".into(),
            Self::Undecodable { .. } => "undecodable".into(),
            Self::RateLimited => "rate_limited".into(),
            Self::Unreachable(_) => "unreachable".into(),
            Self::Node(_) => "node".into(),
            Self::Expired => "expired".into(),
            Self::Stopped => "stopped".into(),
            Self::Risk(error) => format!("{error:?}"),
            Self::History(error) => error.reason().to_owned(),
            Self::Rejected { code, transaction, .. } => match (code.and_then(engine_error), code) {
                (Some(error), _) => error.text().0.to_owned(),
                (None, Some(code)) => format!("custom_{code}"),
                (None, None) => {
                    format!("{transaction:?}").split(['(', ' ', '{']).next().unwrap_or("rejected").to_owned()
                }
            },
        }
    }

    /// Whether trying the same again may help.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited | Self::Unreachable(_) | Self::Expired => true,
            Self::History(error) => error.may_pass(),
            _ => false,
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::WrongCluster { .. } => "name the right node with --url, or set it with `solana config set --url`",
            Self::Missing { what: "program", .. } => "deploy it first: `plimsoll-migrate deploy`",
            Self::Missing { what: "engine", .. } => "create it first: `plimsoll engine create`, or check --engine",
            Self::Undecodable { .. } => "the program on this cluster may be of another version than this client",
            Self::RateLimited => "wait, or use a node of your own with --url",
            Self::Unreachable(_) => "check --url and that the node is running",
            Self::Node(text) if text.contains("HTTP 401") || text.contains("HTTP 403") => {
                "the node wants a key, or does not allow this method: check --url, or use another node"
            }
            Self::Node(text) if text.contains("HTTP 404") || text.contains("not JSON-RPC") => {
                "nothing speaks JSON-RPC there: check the path of --url"
            }
            Self::Expired => "send it again; a higher --priority-fee makes it land sooner",
            Self::History(HistoryError::CursorInvalid(_)) => {
                "name a file that `plimsoll events --from` has written, or remove it to begin with the oldest event"
            }
            Self::History(HistoryError::HistoryEnds(_) | HistoryError::SlotGone { .. }) => {
                "use a node that keeps more history (--url), or begin again with what this one has"
            }
            Self::History(HistoryError::CursorUnknown(_) | HistoryError::SignatureUnknown(_)) => {
                "check --url: the cursor may be of another cluster, or of another account"
            }
            Self::History(HistoryError::InnerInstructionsMissing(_)) => {
                "use a node that keeps inner instructions (--url)"
            }
            Self::History(_) => "wait, or use another node with --url: nothing is skipped, so it goes on from here",
            Self::Rejected { transaction: TransactionError::InsufficientFundsForFee, .. }
            | Self::Rejected { transaction: TransactionError::AccountNotFound, .. } => {
                "the fee payer has no lamports here: fund it, on a test cluster with `solana airdrop 1`"
            }
            _ => return None,
        })
    }
}

/// The engine's error of a code.
pub fn engine_error(code: u32) -> Option<EngineError> {
    EngineError::from_code(code)
}

/// The engine's error, where the logs do not say that it was another program that failed: codes of programs overlap. A
/// program that fails fails its callers with the same code, so the first that failed is the one that refused.
fn refusal(code: Option<u32>, logs: &[String]) -> Option<EngineError> {
    let is_engine = failed_first(logs).is_none_or(|program| program == plimsoll_sdk::pda::PROGRAM_ID.to_string());
    code.filter(|_| is_engine).and_then(engine_error)
}

/// The program that failed first.
fn failed_first(logs: &[String]) -> Option<&str> {
    logs.iter().find_map(|line| Some(line.strip_prefix("Program ")?.split_once(" failed")?.0))
}

fn rejection_text(code: &Option<u32>, transaction: &TransactionError, logs: &[String]) -> String {
    match refusal(*code, logs) {
        Some(error) => {
            let (name, text) = error.text();
            format!("the engine refused: {text} ({name}, {})", error as u32)
        }
        None => match code.map(|code| (code, foreign::words(failed_first(logs), code))) {
            Some((code, Some((who, text)))) => format!("{who} refused: {text} ({code})"),
            Some((code, None)) => format!("the transaction failed: a program's error {code} (0x{code:x})"),
            None => format!("the transaction failed: {transaction}"),
        },
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        match error.kind() {
            ErrorKind::Reqwest(inner) => over_http(inner),
            ErrorKind::Io(inner) => Self::Unreachable(inner.to_string()),
            ErrorKind::TransactionError(inner) => Self::rejected(inner.clone(), Vec::new()),
            other => {
                let text = other.to_string();
                if text.contains("429") {
                    Self::RateLimited
                } else {
                    Self::Node(text)
                }
            }
        }
    }
}

/// A request without an answer, or whose answer is not JSON-RPC: a refusal where the status says that the client erred.
fn over_http(error: &reqwest::Error) -> Error {
    let from = node_of(error);
    match error.status() {
        Some(status) if status.as_u16() == 429 => Error::RateLimited,
        Some(status) if status.is_client_error() => Error::Node(format!("HTTP {status}{from}")),
        Some(status) => Error::Unreachable(format!("HTTP {status}{from}")),
        None if error.is_timeout() => Error::Unreachable(format!("no answer in time{from}")),
        None if is_of_json(error) => Error::Node(format!("the answer{from} is not JSON-RPC")),
        None => Error::Unreachable(format!("{}{from}", innermost(error))),
    }
}

/// The node that an error is from, without the path and the query: keys are often part of them.
fn node_of(error: &reqwest::Error) -> String {
    let host = error.url().and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!(" from {}://{}{port}", url.scheme(), url.host_str()?))
    });
    host.unwrap_or_default()
}

/// Whether the answer came in whole and is not what it should be.
fn is_of_json(error: &reqwest::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<serde_json::Error>())
}

/// What it comes down to: the outer errors only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

impl From<plimsoll_risk::RiskError> for Error {
    fn from(error: plimsoll_risk::RiskError) -> Self {
        Self::Risk(error)
    }
}

impl Error {
    /// A rejection with the programs' code taken out of the runtime's error.
    pub fn rejected(transaction: TransactionError, logs: Vec<String>) -> Self {
        use solana_instruction::error::InstructionError;
        let code = match &transaction {
            TransactionError::InstructionError(_, InstructionError::Custom(code)) => Some(*code),
            _ => None,
        };
        Self::Rejected { code, transaction, logs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_instruction::error::InstructionError;

    #[test]
    fn a_rejection_names_the_engines_fact_and_its_code() {
        let custom = InstructionError::Custom(EngineError::AccountHealthy as u32);
        let error = Error::rejected(TransactionError::InstructionError(0, custom), Vec::new());
        assert_eq!(error.engine(), Some(EngineError::AccountHealthy));
        assert_eq!(error.reason(), "AccountHealthy");
        assert!(error.to_string().contains("AccountHealthy"), "{error}");
    }

    #[test]
    fn other_programs_errors_keep_their_number() {
        let error = Error::rejected(TransactionError::InstructionError(1, InstructionError::Custom(1)), Vec::new());
        assert_eq!((error.engine(), error.reason().as_str()), (None, "custom_1"));
    }

    #[test]
    fn a_code_of_the_engines_from_another_program_is_not_the_engines_error() {
        let custom = InstructionError::Custom(EngineError::AccountHealthy as u32);
        let of = |programs: &[&str]| {
            let logs = programs.iter().map(|id| format!("Program {id} failed: custom program error: 0x1779")).collect();
            Error::rejected(TransactionError::InstructionError(0, custom.clone()), logs).engine()
        };
        let (engine, venue) = (plimsoll_sdk::pda::PROGRAM_ID.to_string(), "11111111111111111111111111111112");
        assert_eq!(of(&[venue]), None);
        assert_eq!(of(&[&engine, venue]), Some(EngineError::AccountHealthy));
    }

    #[test]
    fn only_what_may_pass_by_itself_is_worth_another_try() {
        assert!(Error::RateLimited.is_transient() && Error::Expired.is_transient());
        assert!(!Error::rejected(TransactionError::AccountNotFound, Vec::new()).is_transient());
    }
}
