//! Packages of Debian 12 and 13, installed where that is allowed: as root or with sudo that asks nothing.

use crate::error::{Error, Result};
use crate::process::{command, describe, text};
use std::process::{Command, Stdio};

/// Whether packages may be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Install {
    /// Install what is missing, where the system and the user's rights allow it.
    Allowed,
    /// Install nothing.
    Refused,
}

/// Installs those of the packages that are missing; `why` says who needs them. Does nothing where it must not, on other
/// systems than Debian 12 and 13 too: whether what was wanted is there now, the caller sees by looking again.
///
/// # Errors
/// `NoToolchain`, with the command that a person can run: there is no right to install, the packages would remove
/// others, or apt-get failed.
pub fn install_packages(install: Install, packages: &[&str], why: &str) -> Result<()> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if install == Install::Refused || !is_supported_debian(&release) {
        return Ok(());
    }
    let packages: Vec<&str> = packages.iter().copied().filter(|package| !is_installed(package)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let Some(privileged) = privilege() else {
        return Err(Error::NoToolchain(format!(
            "{why} needs packages that only root can install:\n    sudo apt-get install --no-remove {}",
            packages.join(" ")
        )));
    };
    if let Err(first) = simulate(&packages) {
        run(&privileged, &["update"], why)?;
        simulate(&packages).map_err(|second| conflict(&packages, &first, &second))?;
    }
    let mut arguments = vec!["install", "-y", "--no-remove", "--no-install-recommends"];
    arguments.extend(&packages);
    run(&privileged, &arguments, why)
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

fn simulate(packages: &[&str]) -> Result<String> {
    let mut command = command("apt-get");
    command.env("LC_ALL", "C").args(["install", "-s", "--no-remove", "--no-install-recommends"]).args(packages);
    text(&mut command)
}

fn conflict(packages: &[&str], first: &Error, second: &Error) -> Error {
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

fn run(privileged: &[&str], arguments: &[&str], why: &str) -> Result<()> {
    let mut words: Vec<&str> = privileged.to_vec();
    // sudo drops the environment, so the variable is set on its far side.
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    words.extend(arguments);
    let mut command: Command = command(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(std::io::stderr());
    eprintln!("installing what {why} needs: {}", describe(&command));
    let status = command.status().map_err(|error| crate::process::not_started(&command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::NoToolchain(format!("{} failed ({status})", describe(&command))))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
