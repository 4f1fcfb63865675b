//! Anchor's own builder, kept from touching anybody's toolchains.

use std::path::{Path, PathBuf};
use std::process::Command;

use anchor_lang_idl::build::IdlBuilder;
use anchor_lang_idl::types::Idl;
use anyhow::{bail, Context, Result};

/// Builds the interface description of a program of this repository.
///
/// # Errors
/// The program does not compile with the feature `idl-build`, or the builder changed what rustup has installed.
pub fn idl(root: &Path, program: &str) -> Result<Idl> {
    let program_path = root.join("programs").join(program);
    let program_path = program_path.canonicalize().with_context(|| format!("finding {}", program_path.display()))?;
    let cargo_args = features_of_dependencies(&program_path)?;
    let before = toolchains();
    isolate(root)?;
    let built = IdlBuilder::new().program_path(program_path).cargo_args(cargo_args).build();
    if toolchains() != before {
        bail!("rustup's toolchains are not the same after building the description of {program}");
    }
    built.with_context(|| format!("building the description of {program}"))
}

/// Once Anchor's feature is on anywhere, this repository's crates that a program depends on must describe themselves too.
fn features_of_dependencies(program: &Path) -> Result<Vec<String>> {
    let manifest = program.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let names = ["plimsoll", "plimsoll-state"].into_iter().filter(|name| {
        let names_it = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
        text.lines().any(names_it)
    });
    Ok(names.flat_map(|name| ["--features".to_owned(), format!("{name}/idl-build")]).collect())
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
fn toolchains() -> Option<Vec<String>> {
    let listed = Command::new("rustup").args(["toolchain", "list"]).output().ok()?;
    let text = String::from_utf8_lossy(&listed.stdout);
    // What follows a name marks the active and the default one, which depends on the environment.
    Some(text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}
