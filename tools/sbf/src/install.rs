//! What the builder needs on Debian, and what to tell a person elsewhere.

use crate::debian::{install_packages, Install};
use crate::error::{Error, Result};

const RUST_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
/// The LLVM that Debian's `rustc-web` is built with.
const DEBIAN_LLVM: u32 = 22;

/// Installs what the search found missing; `without_llvm` are the LLVM versions that a rustc waits for. Does nothing where it must not, leaving the error to the second search.
pub(crate) fn missing_packages(install: Install, without_llvm: &[u32], reasons: &[String]) -> Result<()> {
    if std::env::var_os("LLVM_PREFIX").is_some() {
        return Ok(());
    }
    let wanted = wanted(without_llvm);
    let packages: Vec<&str> = wanted.iter().map(String::as_str).collect();
    install_packages(install, &packages, "the builder").map_err(|error| match error {
        Error::NoToolchain(text) => Error::NoToolchain(format!("{}\n{text}", instruction(reasons))),
        other => other,
    })
}

/// What a person can do, after the reasons nothing was found.
pub(crate) fn instruction(reasons: &[String]) -> String {
    let mut text = String::from("Nothing on this machine can build Solana programs.\n");
    for reason in reasons {
        text.push_str(&format!("  - {reason}\n"));
    }
    text.push_str(
        "Install Solana's official tools (they download their compiler on first use):\n    cargo install cargo-build-sbf\n\
         or, without that download, a rustc 1.95 or 1.96 with rust-src and an LLVM of its major version \
         (LLVM_PREFIX=/path/to/llvm);\non Debian 12 and 13: apt-get install --no-remove rustc-web rust-web-src llvm-22-dev clang-22",
    );
    text
}

fn wanted(without_llvm: &[u32]) -> Vec<String> {
    // A rustc that lacks only its LLVM is completed before another one is brought in.
    let complete = without_llvm.contains(&DEBIAN_LLVM);
    let rust: &[&str] = if complete { &[] } else { &RUST_PACKAGES };
    let mut packages: Vec<String> = rust.iter().map(|&package| package.to_owned()).collect();
    packages.extend([format!("llvm-{DEBIAN_LLVM}-dev"), format!("clang-{DEBIAN_LLVM}")]);
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rustc_that_lacks_only_its_llvm_is_not_replaced() {
        assert_eq!(wanted(&[DEBIAN_LLVM]), ["llvm-22-dev", "clang-22"]);
        assert_eq!(wanted(&[]), ["rustc-web", "rust-web-src", "llvm-22-dev", "clang-22"]);
    }

    #[test]
    fn the_instruction_gives_every_reason_and_the_one_line_that_helps_most_people() {
        let text = instruction(&["/usr/bin/rustc has no rust-src".to_owned()]);
        assert!(text.contains("/usr/bin/rustc has no rust-src") && text.contains("cargo install cargo-build-sbf"));
    }
}
