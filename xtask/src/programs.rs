//! The programs of this repository and their files.

use crate::failure::Result;
use plimsoll_sbf::{build, Arch, BuildReport, BuildRequest, Toolchain};
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
pub const PROGRAMS: [Program; 6] = [
    program("plimsoll", "plimsoll.so", "PLIMSOLL_SO", &[]),
    program("example-venue", "example_venue.so", "PLIMSOLL_VENUE_SO", &[]),
    program("mock-oracle", "mock_oracle.so", "PLIMSOLL_ORACLE_SO", &[]),
    program("example-treasury", "example_treasury.so", "PLIMSOLL_TREASURY_SO", &[]),
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

/// The engine, a venue and the mock oracle, for an engine that somebody tries.
pub const TO_TRY: &[Program] = PROGRAMS.split_at(3).0;

/// Builds every program and prints what came out; the reports stand in the order of `PROGRAMS`, the engine's first.
pub fn build_all(toolchain: &Toolchain, arch: Arch) -> Result<Vec<BuildReport>> {
    build_some(toolchain, arch, &PROGRAMS)
}

/// Builds these programs and prints what came out.
pub fn build_some(toolchain: &Toolchain, arch: Arch, programs: &[Program]) -> Result<Vec<BuildReport>> {
    println!("Building with {}", toolchain.describe());
    let mut reports = Vec::new();
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
        reports.push(report);
    }
    println!("{}", compiled(&reports));
    Ok(reports)
}

/// How many programs were compiled. What `replay` has built `test` finds, and what `test` has built `replay` finds.
fn compiled(reports: &[BuildReport]) -> String {
    match reports.iter().filter(|report| !report.cached).count() {
        0 => "Programs are up to date: nothing was compiled for sBPF.".to_owned(),
        built => format!("{built} of {} programs were compiled for sBPF, the rest is up to date.", reports.len()),
    }
}

/// A cargo command in the checkout that knows where the programs are.
pub fn cargo() -> Command {
    prepared(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), &workspace())
}

/// A command in a directory that knows where the programs are.
pub fn prepared(executable: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(executable);
    command.current_dir(directory);
    // What cargo tells this program about its own package: build scripts that look at it would run again, and everything
    // above them be compiled again, whenever cargo is called with and without this program in between.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_own_package(name)) {
        command.env_remove(name);
    }
    for program in &PROGRAMS {
        command.env(program.variable, program.path());
    }
    command
}

fn is_of_own_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// A command that compiles one of the workspace's binaries with these features, if need be, and runs it.
pub fn cargo_run(package: &str, binary: &str, features: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", package, "--bin", binary]);
    command.args(features.iter().flat_map(|feature| ["--features", feature])).arg("--");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_says_how_much_was_compiled() {
        let report = |cached| BuildReport { cached, ..BuildReport::default() };
        assert_eq!(compiled(&[report(true), report(true)]), "Programs are up to date: nothing was compiled for sBPF.");
        let some = compiled(&[report(true), report(false), report(true)]);
        assert_eq!(some, "1 of 3 programs were compiled for sBPF, the rest is up to date.");
    }

    #[test]
    fn what_the_replay_builds_is_the_first_of_what_the_tests_build() {
        let identity = |program: &Program| (program.package, program.file, program.features);
        assert_eq!(identity(&ENGINE_ONLY[0]), identity(&PROGRAMS[0]));
        assert_eq!((engine().package, engine().features), ("plimsoll", &[][..]));
    }

    #[test]
    fn who_tries_an_engine_has_it_with_a_venue_and_an_oracle() {
        assert_eq!(
            TO_TRY.iter().map(|program| program.package).collect::<Vec<_>>(),
            ["plimsoll", "example-venue", "mock-oracle"]
        );
    }

    #[test]
    fn cargo_is_called_as_a_person_calls_it() {
        // Cargo has set it for this test.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let command = cargo();
        let removed = command.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        let given = command.get_envs().any(|(name, value)| name == "PLIMSOLL_SO" && value.is_some());
        assert!(removed && given);
    }
}
