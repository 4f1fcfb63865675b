//! Arguments that cannot be used.

use plimsoll_rpc::Error;

/// An argument that is not what it must be.
pub fn usage(text: impl Into<String>) -> plimsoll_migrations::Error {
    Error::Configuration(text.into()).into()
}
