//! What the builder's tests share: building a test program, running it, and inputs that find edges.

mod inputs;
mod machine;

pub use inputs::inputs;
pub use machine::Machine;

use plimsoll_sbf::{build, Arch, BuildReport, BuildRequest, Install, Result, Toolchain};
use std::path::{Path, PathBuf};

/// The versions of the instruction set that programs are built for.
pub const ARCHS: [Arch; 2] = [Arch::V0, Arch::V3];

/// Builds a test program with this repository's builder, or with the official tools where those are installed.
///
/// # Errors
/// What the builder says.
pub fn build_program(package: &str, arch: Arch, features: &[&str]) -> Result<BuildReport> {
    let toolchain = Toolchain::find(Install::Refused)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = [&[package], features, &[&arch.to_string()]].concat().join("-");
    let request = BuildRequest {
        out: root.join("target/sbf/tests").join(format!("{file}.so")),
        workspace: root,
        package: package.to_owned(),
        arch,
        features: features.iter().map(|&feature| feature.to_owned()).collect(),
    };
    build(&toolchain, &request)
}

/// The file of a test program that must build.
///
/// # Panics
/// Where it does not build.
pub fn built_program(package: &str, arch: Arch) -> PathBuf {
    build_program(package, arch, &[]).unwrap_or_else(|error| panic!("{package} does not build for {arch}: {error}")).out
}
