//! Builds Solana programs to sBPF from packages of the distribution, without downloads.
//!
//! Where Solana's own `cargo build-sbf` is installed it is used. Elsewhere a rustc with its library sources emits one
//! LLVM module, passes of this crate make it acceptable to LLVM's BPF backend, and the linker of this crate lays out
//! the result. See `README.md` for how, and for the limits.

mod bitcode;
mod build;
mod debian;
mod digest;
mod error;
mod install;
mod link;
mod llvm;
mod lower;
mod official;
mod peephole;
mod process;
mod report;
mod request;
mod sizes;
mod stdlib;
mod support;
mod toolchain;
mod workspace;

pub use build::build;
pub use debian::{install_packages, Install};
pub use error::{Error, Result};
pub use link::Frame;
pub use report::BuildReport;
pub use request::BuildRequest;
pub use sizes::{Size, Sizes};
pub use toolchain::{OwnToolchain, Toolchain, BUILDER_VARIABLE};

use std::fmt;
use std::str::FromStr;

/// A version of Solana's instruction set and file format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arch {
    /// The first version; clusters stop accepting new deployments of it.
    V0,
    /// What new deployments will require.
    #[default]
    V3,
}

impl fmt::Display for Arch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Arch::V0 => "v0",
            Arch::V3 => "v3",
        })
    }
}

impl FromStr for Arch {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "v0" => Ok(Arch::V0),
            "v3" => Ok(Arch::V3),
            other => Err(Error::Failed(format!("{other:?} is not an architecture: v3 or v0"))),
        }
    }
}
