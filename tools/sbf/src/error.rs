//! The one error type of the builder.

use std::fmt;

/// Why a build stopped. Every message names the fact and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No way to build sBPF was found on this machine.
    NoToolchain(String),
    /// The program was compiled, but the runtime would reject it.
    Refused(String),
    /// A step of the build failed.
    Failed(String),
}

/// The result of every step of the builder.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoToolchain(text) | Error::Refused(text) | Error::Failed(text) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

/// Attaches a path to an I/O error, which by itself never says which file it was about.
pub(crate) trait AtPath<T> {
    fn at(self, doing: &str, path: &std::path::Path) -> Result<T>;
}

impl<T> AtPath<T> for std::io::Result<T> {
    fn at(self, doing: &str, path: &std::path::Path) -> Result<T> {
        self.map_err(|error| Error::Failed(format!("cannot {doing} {}: {error}", path.display())))
    }
}
