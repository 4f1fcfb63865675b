//! Finds what can build sBPF on this machine.

use crate::debian::Install;
use crate::error::{Error, Result};
use crate::install;
use crate::llvm::{self, Llvm};
use crate::process::{command, find_executable, text};
use crate::stdlib;
use std::path::{Path, PathBuf};

/// The environment variable that forces one of the two builders: `official` or `own`.
pub const BUILDER_VARIABLE: &str = "PLIMSOLL_SBF_BUILDER";

/// What will build the programs.
#[derive(Debug, Clone)]
pub enum Toolchain {
    /// Solana's own `cargo build-sbf`.
    Official {
        /// The executable.
        program: PathBuf,
        /// What it says its version is.
        version: String,
    },
    /// A rustc with its library sources, and an LLVM of the same major version.
    Own(OwnToolchain),
}

/// The parts of this repository's builder.
#[derive(Debug, Clone)]
pub struct OwnToolchain {
    pub(crate) rustc: PathBuf,
    pub(crate) rustc_version: String,
    pub(crate) library: PathBuf,
    pub(crate) llvm: Llvm,
}

/// A rustc that could take part, whether or not an LLVM fits it.
#[derive(Debug, Clone)]
struct Rustc {
    path: PathBuf,
    version: String,
    llvm_major: u32,
    library: PathBuf,
}

impl Toolchain {
    /// One line that says what will build.
    pub fn describe(&self) -> String {
        match self {
            Toolchain::Official { version, .. } => format!("cargo build-sbf ({version})"),
            Toolchain::Own(own) => {
                let release = own.rustc_version.lines().next().unwrap_or_default();
                format!("{release} at {} with LLVM {}", own.rustc.display(), own.llvm.version)
            }
        }
    }

    /// Which builder this is, without where it is.
    pub fn builder(&self) -> String {
        match self {
            Toolchain::Official { .. } => "cargo build-sbf".to_owned(),
            Toolchain::Own(own) => format!("plimsoll-sbf with LLVM {}", own.llvm.version),
        }
    }

    /// Which compiler it runs, without where it is.
    pub fn compiler(&self) -> String {
        match self {
            Toolchain::Official { version, .. } => version.clone(),
            Toolchain::Own(own) => own.rustc_version.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// The official tools where they are installed, else this repository's builder, else its missing packages.
    pub fn find(install: Install) -> Result<Self> {
        let wanted = std::env::var(BUILDER_VARIABLE).unwrap_or_default();
        match wanted.as_str() {
            "" => find_official().map_or_else(|| find_own(install), Ok),
            "official" => find_official().ok_or_else(|| {
                Error::NoToolchain(format!(
                    "{BUILDER_VARIABLE}=official, but cargo-build-sbf is not installed: cargo install cargo-build-sbf"
                ))
            }),
            "own" => find_own(install),
            other => Err(Error::NoToolchain(format!("{BUILDER_VARIABLE} is {other:?}: it may be official or own"))),
        }
    }
}

fn find_official() -> Option<Toolchain> {
    let program = find_executable("cargo-build-sbf")?;
    let said = text(command(&program).arg("--version")).ok()?;
    let version = said.lines().collect::<Vec<_>>().join(", ");
    Some(Toolchain::Official { program, version })
}

fn find_own(install: Install) -> Result<Toolchain> {
    let (first, without_llvm) = match search() {
        Ok(found) => return Ok(Toolchain::Own(found)),
        Err(missing) => missing,
    };
    install::missing_packages(install, &without_llvm, &first)?;
    match search() {
        Ok(found) => Ok(Toolchain::Own(found)),
        Err((reasons, _)) => Err(Error::NoToolchain(install::instruction(&reasons))),
    }
}

/// The first rustc that has an LLVM, or why none has and the versions of LLVM that are all some lack.
fn search() -> std::result::Result<OwnToolchain, (Vec<String>, Vec<u32>)> {
    let llvms = llvm::installed();
    let mut reasons = Vec::new();
    let mut without_llvm = Vec::new();
    for candidate in rustc_candidates() {
        let rustc = match inspect(&candidate) {
            Ok(rustc) => rustc,
            Err(error) => {
                reasons.push(error.to_string());
                continue;
            }
        };
        match llvm::fitting(&llvms, rustc.llvm_major) {
            Ok(llvm) => {
                return Ok(OwnToolchain {
                    rustc: rustc.path,
                    rustc_version: rustc.version,
                    library: rustc.library,
                    llvm: llvm.clone(),
                })
            }
            Err(error) => {
                reasons.push(format!("{}: {error}", rustc.path.display()));
                without_llvm.push(rustc.llvm_major);
            }
        }
    }
    Err((reasons, without_llvm))
}

/// The toolchain in use comes before the distribution's.
fn rustc_candidates() -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    if let Some(active) = find_executable("rustc") {
        // Through rustup's proxy this prints the real toolchain, which is then used without the proxy.
        if let Ok(sysroot) = text(command(&active).args(["--print", "sysroot"])) {
            candidates.push(Path::new(sysroot.trim()).join("bin/rustc"));
        }
    }
    candidates.push(PathBuf::from("/usr/bin/rustc"));
    candidates.dedup();
    candidates.retain(|candidate| candidate.is_file());
    candidates
}

fn inspect(rustc: &Path) -> Result<Rustc> {
    let version = text(command(rustc).arg("-vV"))?;
    let sysroot = text(command(rustc).args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
    if !library.join("std/build.rs").is_file() {
        let release = version.lines().next().unwrap_or_default();
        return Err(Error::Failed(format!("{} ({release}) has no rust-src", rustc.display())));
    }
    stdlib::check(&library)?;
    let llvm_major = llvm_major(&version)
        .ok_or_else(|| Error::Failed(format!("{} does not say which LLVM it has", rustc.display())))?;
    Ok(Rustc { path: rustc.to_path_buf(), version, llvm_major, library })
}

fn llvm_major(version: &str) -> Option<u32> {
    let line = version.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    line.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::llvm_major;

    #[test]
    fn the_llvm_major_version_is_read_from_what_rustc_prints() {
        assert_eq!(llvm_major("rustc 1.96.0\nhost: x\nLLVM version: 22.1.8\n"), Some(22));
        assert_eq!(llvm_major("rustc 1.96.0\nhost: x\n"), None);
    }
}
