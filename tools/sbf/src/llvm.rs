//! Installed LLVMs, and which of them can read what a rustc writes.

use crate::error::{Error, Result};
use crate::process::{command, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the one LLVM to use.
pub(crate) const PREFIX_VARIABLE: &str = "LLVM_PREFIX";

const TOOLS: [&str; 7] = ["opt", "llc", "llvm-mc", "llvm-link", "llvm-config", "clang", "clang++"];

/// An LLVM with every tool the builder calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Llvm {
    pub(crate) prefix: PathBuf,
    pub(crate) version: String,
}

/// A place that was looked at: an LLVM, or why it is not one.
pub(crate) type Found = std::result::Result<Llvm, String>;

impl Llvm {
    /// One of this LLVM's programs, ready for arguments.
    pub(crate) fn tool(&self, name: &str) -> Command {
        command(self.prefix.join("bin").join(name))
    }

    fn major(&self) -> Option<u32> {
        self.version.split('.').next()?.parse().ok()
    }
}

/// `LLVM_PREFIX` alone where it is set, since whoever sets it means it; else the distribution's.
pub(crate) fn installed() -> Vec<Found> {
    if let Some(prefix) = std::env::var_os(PREFIX_VARIABLE) {
        return vec![inspect(Path::new(&prefix))];
    }
    let mut prefixes: Vec<PathBuf> = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("llvm-")))
        .filter(|path| path.join("bin/llvm-config").is_file())
        .collect();
    prefixes.sort();
    prefixes.iter().map(|prefix| inspect(prefix)).collect()
}

/// The LLVM of this major version, or a message that names the versions that differ.
pub(crate) fn fitting(found: &[Found], major: u32) -> Result<&Llvm> {
    if let Some(llvm) = found.iter().flatten().find(|llvm| llvm.major() == Some(major)) {
        return Ok(llvm);
    }
    let mut others: Vec<String> = Vec::new();
    for place in found {
        others.push(match place {
            Ok(llvm) => format!("LLVM {} at {} cannot be used with it", llvm.version, llvm.prefix.display()),
            Err(reason) => reason.clone(),
        });
    }
    if others.is_empty() {
        others.push(format!("none is installed under /usr/lib, and {PREFIX_VARIABLE} is not set"));
    }
    Err(Error::Failed(format!("it writes bitcode of LLVM {major} and needs an LLVM {major}; {}", others.join("; "))))
}

fn inspect(prefix: &Path) -> Found {
    let missing: Vec<&str> = TOOLS.into_iter().filter(|tool| !prefix.join("bin").join(tool).is_file()).collect();
    if !missing.is_empty() {
        return Err(format!("{} lacks {}", prefix.display(), missing.join(", ")));
    }
    let said = text(command(prefix.join("bin/llvm-config")).arg("--version")).map_err(|error| error.to_string())?;
    let headers =
        text(command(prefix.join("bin/llvm-config")).arg("--includedir")).map_err(|error| error.to_string())?;
    if !Path::new(headers.trim()).join("llvm/Passes/PassBuilder.h").is_file() {
        return Err(format!("{} lacks LLVM's headers", prefix.display()));
    }
    Ok(Llvm { prefix: prefix.to_path_buf(), version: said.trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn llvm(version: &str) -> Found {
        Ok(Llvm { prefix: PathBuf::from("/opt/llvm"), version: version.to_owned() })
    }

    #[test]
    fn an_llvm_of_another_major_version_is_refused_and_both_versions_are_named() {
        let error = fitting(&[llvm("21.1.0")], 22).unwrap_err().to_string();
        assert!(error.contains("LLVM 22") && error.contains("LLVM 21.1.0 at /opt/llvm"), "{error}");
    }

    #[test]
    fn an_llvm_of_the_same_major_version_is_taken() {
        let found = [llvm("14.0.6"), llvm("22.1.3")];
        assert_eq!(fitting(&found, 22).unwrap().version, "22.1.3");
    }

    #[test]
    fn an_incomplete_llvm_is_named_with_what_it_lacks() {
        let error = fitting(&[inspect(Path::new("/nowhere"))], 22).unwrap_err().to_string();
        assert!(error.contains("/nowhere lacks opt"), "{error}");
    }
}
