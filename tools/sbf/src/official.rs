//! Building with Solana's own tools, where they are installed.

use crate::error::{AtPath, Error, Result};
use crate::process::{command, describe, not_started};
use crate::request::{recreate, BuildRequest};
use crate::toolchain::BUILDER_VARIABLE;
use crate::workspace::Program;
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// Runs `cargo build-sbf` and returns the program.
pub(crate) fn build(cargo_build_sbf: &Path, program: &Program, request: &BuildRequest, work: &Path) -> Result<Vec<u8>> {
    recreate(work)?;
    let mut command = command(cargo_build_sbf);
    command.current_dir(&program.workspace).args(["--arch", &request.arch.to_string(), "--manifest-path"]);
    command.arg(&program.manifest).arg("--sbf-out-dir").arg(work).stdin(Stdio::null()).stdout(std::io::stderr());
    if !request.features.is_empty() {
        command.args(["--features", &request.features.join(",")]);
    }
    let status = command.status().map_err(|error| not_started(&command, &error))?;
    if !status.success() {
        return Err(Error::Failed(format!(
            "{} failed ({status}). To build with the distribution's packages instead: {BUILDER_VARIABLE}=own",
            describe(&command)
        )));
    }
    let built = work.join(format!("{}.so", program.library));
    fs::read(&built).at("read", &built)
}
