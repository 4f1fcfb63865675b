//! Why an instruction failed: what the pure crates, the layouts, Anchor and the program itself say, as one error.
//!
//! A handler passes every error on with `?`; the list of instructions hands the failure to Anchor.

use anchor_lang::error::{AnchorError, Error, ErrorCode};
use anchor_lang::prelude::ProgramError;
use plimsoll_risk::params::Contradiction;
use plimsoll_risk::RiskError;
use plimsoll_state::InvariantViolation;

use super::EngineError;

/// The failure of an instruction, in Anchor's form.
#[derive(Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Failure(Error);

/// What the program's functions return.
pub type Result<T> = core::result::Result<T, Failure>;

/// The failure that an error is; in one place, since constructing it takes more code than what leads to it.
#[cold]
#[inline(never)]
pub fn fail(error: EngineError) -> Failure {
    let (name, text) = error.text();
    Failure(Error::AnchorError(Box::new(AnchorError {
        error_name: name.to_string(),
        error_code_number: error as u32,
        error_msg: text.to_string(),
        error_origin: None,
        compared_values: None,
    })))
}

impl From<Failure> for Error {
    #[inline(always)]
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl From<Failure> for ProgramError {
    fn from(failure: Failure) -> Self {
        failure.0.into()
    }
}

/// Of Anchor: an account that is not what it should be.
impl From<Error> for Failure {
    #[inline(always)]
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<ErrorCode> for Failure {
    #[cold]
    #[inline(never)]
    fn from(code: ErrorCode) -> Self {
        Self(code.into())
    }
}

/// Of the runtime, a token program's included.
impl From<ProgramError> for Failure {
    #[cold]
    #[inline(never)]
    fn from(error: ProgramError) -> Self {
        Self(error.into())
    }
}

impl From<EngineError> for Failure {
    #[inline(always)]
    fn from(error: EngineError) -> Self {
        fail(error)
    }
}

/// Of a pure decision: the [`EngineError`] of the same name.
impl From<RiskError> for Failure {
    #[cold]
    #[inline(never)]
    fn from(error: RiskError) -> Self {
        fail(EngineError::from(error))
    }
}

/// Names the condition that does not hold.
impl From<Contradiction> for Failure {
    #[cold]
    #[inline(never)]
    fn from(condition: Contradiction) -> Self {
        crate::report::line(&["condition: ", condition.0]);
        fail(EngineError::ParameterOutOfBounds)
    }
}

/// Names the invariant that does not hold; an account of another layout has an error of its own.
impl From<InvariantViolation> for Failure {
    #[cold]
    #[inline(never)]
    fn from(violation: InvariantViolation) -> Self {
        if violation == InvariantViolation::VERSION {
            return fail(EngineError::VersionUnknown);
        }
        crate::report::line(&["invariant: ", violation.0]);
        fail(EngineError::InvariantBroken)
    }
}
