//! Installs the builder's packages where that is allowed: Debian 12 and 13, as root or with sudo that asks nothing.

use crate::error::{Error, Result};
use crate::process::{command, describe, text};
use crate::toolchain::Rustc;
use std::process::{Command, Stdio};

const RUST_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
/// The LLVM that Debian's `rustc-web` is built with.
const DEBIAN_LLVM: u32 = 22;

/// Whether packages may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Install {
    /// Install what is missing, where the system and the user's rights allow it.
    Allowed,
    /// Install nothing.
    Refused,
}

/// Installs what the search found missing. Does nothing where it must not, leaving the error to the second search.
pub(crate) fn missing_packages(install: Install, without_llvm: &[Rustc], reasons: &[String]) -> Result<()> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if install == Install::Refused || !is_supported_debian(&release) || std::env::var_os("LLVM_PREFIX").is_some() {
        return Ok(());
    }
    let packages: Vec<String> = wanted(without_llvm).into_iter().filter(|package| !is_installed(package)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let Some(privileged) = privilege() else {
        return Err(Error::NoToolchain(format!(
            "{}\nTo install what is missing:\n    sudo apt-get install --no-remove {}",
            instruction(reasons),
            packages.join(" ")
        )));
    };
    if let Err(first) = simulate(&packages) {
        run(&privileged, &["update"])?;
        simulate(&packages).map_err(|second| conflict(&packages, &first, &second))?;
    }
    let mut arguments = vec!["install", "-y", "--no-remove", "--no-install-recommends"];
    arguments.extend(packages.iter().map(String::as_str));
    run(&privileged, &arguments)
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

fn wanted(without_llvm: &[Rustc]) -> Vec<String> {
    // A rustc that lacks only its LLVM is completed before another one is brought in.
    let complete = without_llvm.iter().any(|rustc| rustc.llvm_major == DEBIAN_LLVM);
    let rust: &[&str] = if complete { &[] } else { &RUST_PACKAGES };
    let mut packages: Vec<String> = rust.iter().map(|&package| package.to_owned()).collect();
    packages.extend([format!("llvm-{DEBIAN_LLVM}-dev"), format!("clang-{DEBIAN_LLVM}")]);
    packages
}

fn is_supported_debian(release: &str) -> bool {
    let value = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(|value| value.trim_matches('"').to_owned()).unwrap_or_default()
    };
    value("ID") == "debian" && matches!(value("VERSION_ID").as_str(), "12" | "13")
}

fn is_installed(package: &str) -> bool {
    let query = text(command("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]));
    query.is_ok_and(|status| status.trim() == "installed")
}

/// How to become root without asking: not at all, or through sudo.
fn privilege() -> Option<Vec<&'static str>> {
    if text(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        return Some(Vec::new());
    }
    text(command("sudo").args(["-n", "true"])).ok().map(|_| vec!["sudo", "-n"])
}

fn simulate(packages: &[String]) -> Result<String> {
    let mut command = command("apt-get");
    command.env("LC_ALL", "C").args(["install", "-s", "--no-remove", "--no-install-recommends"]).args(packages);
    text(&mut command)
}

fn conflict(packages: &[String], first: &Error, second: &Error) -> Error {
    let mut plan = command("apt-get");
    plan.env("LC_ALL", "C").args(["install", "-s", "--no-install-recommends"]).args(packages);
    let removed = text(&mut plan).map(|plan| removals(&plan)).unwrap_or_default();
    let packages = packages.join(" ");
    Error::NoToolchain(if removed.is_empty() {
        format!("apt-get cannot install {packages}:\n{second}\n(before apt-get update: {first})")
    } else {
        format!(
            "{packages} cannot be installed without removing {}, which is yours to decide. Either remove it and run \
             again, or install Solana's official tools: cargo install cargo-build-sbf",
            removed.join(", ")
        )
    })
}

/// The packages that a simulated installation would take away.
fn removals(plan: &str) -> Vec<String> {
    plan.lines().filter_map(|line| line.strip_prefix("Remv ")?.split(' ').next().map(str::to_owned)).collect()
}

fn run(privileged: &[&str], arguments: &[&str]) -> Result<()> {
    let mut words: Vec<&str> = privileged.to_vec();
    // sudo drops the environment, so the variable is set on its far side.
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    words.extend(arguments);
    let mut command: Command = command(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(std::io::stderr());
    eprintln!("plimsoll-sbf: installing what the builder needs: {}", describe(&command));
    let status = command.status().map_err(|error| crate::process::not_started(&command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::NoToolchain(format!("{} failed ({status})", describe(&command))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn packages_are_installed_on_debian_12_and_13_only() {
        assert!(is_supported_debian("ID=debian\nVERSION_ID=\"12\"\n"));
        assert!(is_supported_debian("VERSION_ID=\"13\"\nID=debian\n"));
        assert!(!is_supported_debian("ID=debian\nVERSION_ID=\"11\"\n"));
        assert!(!is_supported_debian("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"13\"\n"));
        assert!(!is_supported_debian(""));
    }

    #[test]
    fn a_conflict_is_reported_by_the_name_of_what_would_be_removed() {
        let plan = "Remv rustc [1.63.0+dfsg1-2]\nInst rustc-web (1.96.0 Debian-Security:12)\nRemv cargo [0.66]\n";
        assert_eq!(removals(plan), ["rustc", "cargo"]);
    }

    #[test]
    fn a_rustc_that_lacks_only_its_llvm_is_not_replaced() {
        let rustc = Rustc {
            path: PathBuf::from("/toolchain/bin/rustc"),
            version: String::new(),
            llvm_major: 22,
            library: PathBuf::new(),
        };
        assert_eq!(wanted(&[rustc]), ["llvm-22-dev", "clang-22"]);
        assert_eq!(wanted(&[]), ["rustc-web", "rust-web-src", "llvm-22-dev", "clang-22"]);
    }

    #[test]
    fn the_instruction_gives_every_reason_and_the_one_line_that_helps_most_people() {
        let text = instruction(&["/usr/bin/rustc has no rust-src".to_owned()]);
        assert!(text.contains("/usr/bin/rustc has no rust-src") && text.contains("cargo install cargo-build-sbf"));
    }
}
