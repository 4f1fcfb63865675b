//! Anchor's own builder, kept from touching anybody's toolchains.

use std::path::{Path, PathBuf};
use std::process::Command;

use anchor_lang_idl::build::IdlBuilder;
use anchor_lang_idl::types::Idl;
use anyhow::{bail, Context, Result};

/// Builds the interface description of a program of this repository, with further features of its dependencies.
///
/// # Errors
/// The program does not compile with the feature `idl-build`, or the builder changed what rustup has installed.
pub fn idl(root: &Path, program: &str, features: &[&str]) -> Result<Idl> {
    let program_path = root.join("programs").join(program);
    let program_path = program_path.canonicalize().with_context(|| format!("finding {}", program_path.display()))?;
    let features = features.iter().flat_map(|feature| ["--features".to_owned(), (*feature).to_owned()]);
    let cargo_args: Vec<String> = features.collect();
    let before = toolchains();
    isolate(root)?;
    let built = IdlBuilder::new().program_path(program_path).cargo_args(cargo_args).build();
    if toolchains() != before {
        bail!("rustup's toolchains are not the same after building the description of {program}");
    }
    built.with_context(|| format!("building the description of {program}"))
}

/// Prepares the environment that the builder's `cargo` inherits.
///
/// With `RUSTUP_TOOLCHAIN` set, as it is inside any cargo command started through rustup, the builder has rustup
/// install that toolchain. Without it rustup's proxy would take the default one, so the cargo that runs this tool is
/// put before the proxy. A target directory of its own leaves the features of other builds alone.
fn isolate(root: &Path) -> Result<()> {
    std::env::remove_var("RUSTUP_TOOLCHAIN");
    std::env::set_var("CARGO_TARGET_DIR", root.join("target/idl"));
    let Some(cargo) = std::env::var_os("CARGO").map(PathBuf::from) else { return Ok(()) };
    let Some(folder) = cargo.parent() else { return Ok(()) };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_path_buf()).chain(std::env::split_paths(&path));
    std::env::set_var("PATH", std::env::join_paths(folders).context("putting cargo's folder into PATH")?);
    Ok(())
}

/// What rustup has installed; nothing where there is no rustup.
fn toolchains() -> Option<Vec<u8>> {
    let listed = Command::new("rustup").args(["toolchain", "list"]).output().ok()?;
    // The markers of the active and the default toolchain depend on the environment.
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    Some(names.join("\n").into_bytes())
}
