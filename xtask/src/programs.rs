//! The programs of this repository and their files.

use crate::failure::Result;
use plimsoll_sbf::{build, Arch, BuildRequest, Toolchain};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, its file in `target/deploy`, the variable that tells tests where that is, and what it is built with beside
/// the default features.
#[derive(Debug)]
pub struct Program {
    package: &'static str,
    file: &'static str,
    variable: &'static str,
    features: &'static [&'static str],
}

/// Everything that is built.
pub const PROGRAMS: [Program; 5] = [
    program("plimsoll", "plimsoll.so", "PLIMSOLL_SO", &[]),
    program("example-venue", "example_venue.so", "PLIMSOLL_VENUE_SO", &[]),
    program("mock-oracle", "mock_oracle.so", "PLIMSOLL_ORACLE_SO", &[]),
    program("testkit-hostile", "testkit_hostile.so", "PLIMSOLL_HOSTILE_SO", &[]),
    // The engine with the layout after the present one: what a migration is tested with.
    program("plimsoll", "plimsoll_next.so", "PLIMSOLL_NEXT_SO", &["next-layout"]),
];

const fn program(
    package: &'static str,
    file: &'static str,
    variable: &'static str,
    features: &'static [&'static str],
) -> Program {
    Program { package, file, variable, features }
}

/// The root of the checkout.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Where programs go, as `anchor` and `cargo build-sbf` have it.
pub fn deploy_directory() -> PathBuf {
    workspace().join("target/deploy")
}

impl Program {
    /// The program's file.
    pub fn path(&self) -> PathBuf {
        deploy_directory().join(self.file)
    }
}

/// The engine itself.
pub fn engine() -> &'static Program {
    &PROGRAMS[0]
}

/// The engine alone, for what needs no other program.
pub const ENGINE_ONLY: &[Program] = PROGRAMS.split_at(1).0;

/// Builds every program and prints what came out.
pub fn build_all(toolchain: &Toolchain, arch: Arch) -> Result<()> {
    build_some(toolchain, arch, &PROGRAMS)
}

/// Builds these programs and prints what came out.
pub fn build_some(toolchain: &Toolchain, arch: Arch, programs: &[Program]) -> Result<()> {
    println!("Building with {}", toolchain.describe());
    for program in programs {
        let report = build(
            toolchain,
            &BuildRequest {
                workspace: workspace(),
                package: program.package.to_owned(),
                arch,
                features: program.features.iter().map(|feature| (*feature).to_owned()).collect(),
                out: program.path(),
            },
        )?;
        println!("{report}");
    }
    Ok(())
}

/// A cargo command in the checkout that knows where the programs are.
pub fn cargo() -> Command {
    prepared(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), &workspace())
}

/// A command in a directory that knows where the programs are.
pub fn prepared(executable: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(executable);
    command.current_dir(directory);
    for program in &PROGRAMS {
        command.env(program.variable, program.path());
    }
    command
}

/// A command that compiles one of the workspace's binaries with these features, if need be, and runs it.
pub fn cargo_run(package: &str, binary: &str, features: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", package, "--bin", binary]);
    command.args(features.iter().flat_map(|feature| ["--features", feature])).arg("--");
    command
}
