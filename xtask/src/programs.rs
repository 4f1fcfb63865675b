//! The programs of this repository and their files.

use crate::failure::Result;
use plimsoll_sbf::{build, Arch, BuildRequest, Toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, its file in `target/deploy`, and the variable that tells tests where that is.
#[derive(Debug)]
pub struct Program {
    package: &'static str,
    file: &'static str,
    variable: &'static str,
}

/// Everything that is built.
pub const PROGRAMS: [Program; 4] = [
    Program { package: "plimsoll", file: "plimsoll.so", variable: "PLIMSOLL_SO" },
    Program { package: "example-venue", file: "example_venue.so", variable: "PLIMSOLL_VENUE_SO" },
    Program { package: "mock-oracle", file: "mock_oracle.so", variable: "PLIMSOLL_ORACLE_SO" },
    Program { package: "testkit-hostile", file: "testkit_hostile.so", variable: "PLIMSOLL_HOSTILE_SO" },
];

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

/// Builds every program and prints what came out.
pub fn build_all(toolchain: &Toolchain, arch: Arch) -> Result<()> {
    println!("Building with {}", toolchain.describe());
    for program in &PROGRAMS {
        let report = build(
            toolchain,
            &BuildRequest {
                workspace: workspace(),
                package: program.package.to_owned(),
                arch,
                features: Vec::new(),
                out: program.path(),
            },
        )?;
        println!("{report}");
    }
    Ok(())
}

/// A cargo command in the checkout that knows where the programs are.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    for program in &PROGRAMS {
        command.env(program.variable, program.path());
    }
    command
}
