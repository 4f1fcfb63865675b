//! Why a command stopped.

/// A command's failure.
#[derive(Debug)]
pub enum Failure {
    /// Something to tell the person.
    Message(String),
    /// What failed has already said why.
    Reported,
}

/// The result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

impl From<plimsoll_sbf::Error> for Failure {
    fn from(error: plimsoll_sbf::Error) -> Self {
        Failure::Message(error.to_string())
    }
}
