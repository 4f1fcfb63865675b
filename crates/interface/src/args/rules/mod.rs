//! What a listed token, market or price has to satisfy beside the bounds of its numbers: the program asks it, and whoever
//! checks a configuration before it is sent; and what replacing the one in force does to users.

mod bank;
mod in_force;
mod market;
mod price;

use plimsoll_risk::params::Contradiction;

use crate::EngineError;

/// Why a configuration is refused, in the caller's own errors: a condition between numbers, which the program names in its
/// log, or an error of the engine.
pub trait SettingError: From<Contradiction> + From<EngineError> {}

impl<E: From<Contradiction> + From<EngineError>> SettingError for E {}

/// Fails with an error of the engine unless something holds.
macro_rules! ensure {
    ($holds:expr, $error:expr $(,)?) => {
        if !($holds) {
            return Err($error.into());
        }
    };
}
use ensure;
