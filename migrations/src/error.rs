//! What can go wrong, and what to do about it.

use std::path::{Path, PathBuf};

use solana_pubkey::Pubkey;

/// Why something was not done. Every text names the fact; [`Error::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Of the cluster, or of what it refused.
    #[error(transparent)]
    Rpc(#[from] plimsoll_rpc::Error),
    /// A file that cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// A value of a configuration file.
    #[error("{}{at}: {reason}", file.as_ref().map(|file| format!("{}: ", file.display())).unwrap_or_default())]
    Config {
        /// The file, where it is known.
        file: Option<PathBuf>,
        /// Path of the value, such as `bank[1].asset_maint_ppm`.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What is on chain differs from the file in what can never be changed.
    #[error("differs on chain from the file, and nothing can change it there: {}", .0.join("; "))]
    Immutable(Vec<String>),
    /// A step was refused.
    #[error("{step}: {source}")]
    Step {
        /// The step.
        step: String,
        /// The refusal.
        source: plimsoll_rpc::Error,
    },
    /// A price that a listing needs did not come.
    #[error("{step} still waits after {waited_secs} s: {reason}")]
    PriceMissing {
        /// The step.
        step: String,
        /// How long it waited.
        waited_secs: u64,
        /// What the program says.
        reason: String,
    },
    /// Steps are left that another key has to sign.
    #[error("{} more step(s) need the signature of {signer}: {}", steps.len(), steps.join("; "))]
    OtherSigner {
        /// Whose.
        signer: Pubkey,
        /// Which.
        steps: Vec<String>,
    },
    /// A buffer, program or its data is not what it must be.
    #[error("{address}: {reason}")]
    Program {
        /// The account.
        address: Pubkey,
        /// What is wrong.
        reason: String,
    },
    /// The person said no, or could not be asked.
    #[error("not confirmed: {0}")]
    NotConfirmed(String),
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A value of a configuration.
    pub fn config(at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Config { file: None, at: at.into(), reason: reason.into() }
    }

    /// The same, with the file's name.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Config { at, reason, .. } => Self::Config { file: Some(path.to_path_buf()), at, reason },
            other => other,
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Rpc(error) | Self::Step { source: error, .. } => error.advice(),
            Self::Immutable(_) => {
                Some("make the file say what is on chain, or choose another [engine] id for a new engine")
            }
            Self::PriceMissing { .. } => Some(
                "post a fresh update of that feed (Pyth's push oracle and Switchboard's crank are permissionless), then \
                 run the command again: it continues where it stopped",
            ),
            Self::OtherSigner { .. } => Some("run the same command with --keypair of that key; nothing is done twice"),
            Self::NotConfirmed(_) => Some("answer yes, or pass --yes where nobody can be asked"),
            _ => None,
        }
    }
}
