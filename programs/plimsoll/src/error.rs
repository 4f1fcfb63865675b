//! Why an instruction was refused: the errors of [`plimsoll_interface`], as failures of this program.

mod failure;

pub use failure::{fail, Failure, Result};
pub use plimsoll_interface::EngineError;

/// The same errors as Anchor describes them: only the IDL is made of these.
#[cfg(feature = "idl-build")]
mod described {
    use anchor_lang::prelude::*;

    macro_rules! describe {
        ($(#[msg($text:tt)] $name:ident = $code:tt,)+) => {
            /// Why an instruction was refused.
            #[error_code(offset = 0)]
            pub enum EngineError { $(#[msg($text)] $name = $code),+ }
        };
    }

    plimsoll_interface::with_engine_errors!(describe);
}
