//! Arguments that cannot be used.

use plimsoll_rpc::Error;

use crate::fault::Fault;

/// An argument that is not what it must be.
pub fn usage(text: impl Into<String>) -> Fault {
    Error::Configuration(text.into()).into()
}
