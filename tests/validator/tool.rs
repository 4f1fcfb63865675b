//! A command-line binary as a process: what it prints, how it ends, and which of its commands and flags have been typed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use anyhow::{bail, ensure, Context, Result};
use serde_json::Value;
use tokio::process::Command;

use crate::validator::target;

/// A binary of the workspace: what an environment variable names, else what cargo builds now.
///
/// # Errors
/// Where cargo does not build it.
pub async fn binary(variable: &str, package: &str, name: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(std::path::absolute(path)?);
    }
    // Cargo builds no other package's binary for a test.
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "-p", package, "--bin", name]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let status = build.status().await.with_context(|| format!("building {name}"))?;
    ensure!(status.success(), "`cargo build -p {package}` failed");
    Ok(std::path::absolute(target().join("debug").join(name))?)
}

/// How a process ended.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was typed.
    pub typed: String,
    /// Exit status; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// It ended with success.
    ///
    /// # Errors
    /// Where it did not, with everything that it said.
    pub fn done(self) -> Result<Self> {
        self.ended(0)
    }

    /// It ended with this status.
    ///
    /// # Errors
    /// Where it did not, with everything that it said.
    pub fn ended(self, code: i32) -> Result<Self> {
        let Self { typed, code: found, out, err } = &self;
        ensure!(*found == Some(code), "`{typed}` ended with {found:?}, not {code}\n{out}\n{err}");
        Ok(self)
    }

    /// It failed, and every one of these stands in what it says about that.
    ///
    /// # Errors
    /// Where it did not.
    pub fn failed_with(self, texts: &[&str]) -> Result<Self> {
        let answer = self.ended(1)?;
        for text in texts {
            ensure!(answer.err.contains(text), "`{}` does not say {text:?}:\n{}", answer.typed, answer.err);
        }
        Ok(answer)
    }

    /// Every one of these stands in what it prints.
    ///
    /// # Errors
    /// Where one does not.
    pub fn shows(self, texts: &[&str]) -> Result<Self> {
        for text in texts {
            ensure!(self.out.contains(text), "`{}` does not show {text:?}:\n{}", self.typed, self.out);
        }
        Ok(self)
    }

    /// What it prints, as JSON.
    ///
    /// # Errors
    /// Where it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.out).with_context(|| format!("`{}` printed\n{}\n{}", self.typed, self.out, self.err))
    }
}

/// A binary, its surroundings, and what was typed so far.
#[derive(Debug)]
pub struct Tool {
    binary: PathBuf,
    home: PathBuf,
    environment: Mutex<BTreeMap<String, String>>,
    typed: Mutex<Vec<(Vec<String>, bool)>>,
}

impl Tool {
    /// A binary that takes `home` for the home directory and sees nothing else of the surroundings.
    pub fn new(binary: PathBuf, home: &Path) -> Self {
        Self { binary, home: home.to_owned(), environment: Mutex::default(), typed: Mutex::default() }
    }

    /// Sets an environment variable for everything typed from now on.
    pub fn set(&self, name: &str, value: impl ToString) {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.to_string());
    }

    /// Takes a variable back.
    pub fn unset(&self, name: &str) {
        self.environment.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The binary's file.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The variables that a process of this tool sees.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut all = self.environment.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.insert("HOME".into(), self.home.display().to_string());
        all.insert("PATH".into(), std::env::var("PATH").unwrap_or_default());
        all
    }

    /// A process that has not begun, with nobody at its input; see [`Tool::note`].
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(words).env_clear().envs(self.environment()).current_dir(&self.home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a command line, words between spaces.
    ///
    /// # Errors
    /// Where the process does not start.
    pub async fn run(&self, line: &str) -> Result<Answer> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let output = self.command(&words).output().await.with_context(|| self.binary.display().to_string())?;
        self.note(&words, output.status.success());
        Ok(Answer {
            typed: line.to_owned(),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Remembers a command line that was run in another way, and whether it succeeded.
    pub fn note(&self, words: &[&str], succeeded: bool) {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.typed.lock().unwrap_or_else(PoisonError::into_inner).push((words, succeeded));
    }

    /// Compares what was typed with what the binary's own help offers: every command has succeeded at least once, and
    /// every flag of it has been used.
    ///
    /// # Errors
    /// What is left, or a help that cannot be read.
    pub async fn everything_was_typed(&self) -> Result<usize> {
        let offered = self.offered().await?;
        let general = offered.get(&Vec::new()).map(|offer| offer.flags.clone()).unwrap_or_default();
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut used: BTreeMap<Vec<String>, (bool, BTreeSet<String>)> = BTreeMap::new();
        for (words, succeeded) in typed {
            let (path, flags) = parse(&words, &offered);
            if !path.is_empty() {
                let found = used.entry(path).or_default();
                found.0 |= succeeded;
                found.1.extend(flags.clone());
            }
            used.entry(Vec::new()).or_default().1.extend(flags);
        }
        let mut missing = Vec::new();
        for (path, offer) in &offered {
            let (succeeded, flags) = used.get(path).cloned().unwrap_or_default();
            if offer.commands.is_empty() && !succeeded {
                missing.push(path.join(" "));
            }
            let own = offer.flags.iter().filter(|flag| path.is_empty() || !general.contains(*flag));
            missing.extend(own.filter(|flag| !flags.contains(*flag)).map(|flag| format!("{} {flag}", path.join(" "))));
        }
        ensure!(missing.is_empty(), "never typed, or never with success:\n  {}", missing.join("\n  "));
        Ok(offered.values().filter(|offer| offer.commands.is_empty()).count())
    }

    /// Every command by its words, as the binary's help tells.
    async fn offered(&self) -> Result<BTreeMap<Vec<String>, Offer>> {
        let (mut found, mut left) = (BTreeMap::new(), vec![Vec::<String>::new()]);
        while let Some(path) = left.pop() {
            let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
            words.push("--help");
            let output = self.command(&words).output().await?;
            let offer = Offer::of_help(&String::from_utf8_lossy(&output.stdout));
            if offer.flags.is_empty() {
                bail!("`{} --help` offers not even --help", path.join(" "));
            }
            left.extend(offer.commands.iter().map(|name| [path.as_slice(), std::slice::from_ref(name)].concat()));
            found.insert(path, offer);
        }
        Ok(found)
    }
}

/// What a page of help offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Offer {
    commands: Vec<String>,
    flags: BTreeSet<String>,
}

impl Offer {
    fn of_help(help: &str) -> Self {
        let (mut offer, mut in_commands) = (Self::default(), false);
        for line in help.lines() {
            let (text, indent) = (line.trim_start(), line.len() - line.trim_start().len());
            if indent == 0 {
                in_commands = text == "Commands:";
            } else if in_commands && indent == 2 {
                offer.commands.extend(text.split(' ').next().filter(|name| *name != "help").map(str::to_owned));
            } else if !in_commands && text.starts_with('-') {
                let words = text.split([' ', ',', '[', '=']).filter(|word| word.starts_with("--"));
                offer.flags.extend(words.take(1).map(str::to_owned));
            }
        }
        offer
    }
}

/// The command and the flags of a command line. Flags of every command may stand anywhere.
fn parse(words: &[String], offered: &BTreeMap<Vec<String>, Offer>) -> (Vec<String>, BTreeSet<String>) {
    let mut path = Vec::new();
    for word in words {
        let next = [path.as_slice(), std::slice::from_ref(word)].concat();
        if offered.contains_key(&next) {
            path = next;
        } else if offered.get(&path).is_some_and(|offer| offer.commands.is_empty()) {
            break;
        }
    }
    let flags = words.iter().filter(|word| word.starts_with("--"));
    (path, flags.map(|word| word.split('=').next().unwrap_or(word).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_flags_are_read_from_help() {
        let help = "Does things\n\nUsage: tool [OPTIONS] <COMMAND>\n\nCommands:\n  list  Lists,\n        --really\n  help  \
                    Helps\n\nOptions:\n  -u, --url <URL>  Where\n      --dry-run    Sends --nothing\n  -h, --help     Helps\n";
        let offer = Offer::of_help(help);
        assert_eq!(offer.commands, ["list"]);
        assert_eq!(offer.flags.iter().map(String::as_str).collect::<Vec<_>>(), ["--dry-run", "--help", "--url"]);
    }

    #[test]
    fn a_command_line_is_its_command_and_its_flags_wherever_they_stand() {
        let offer = |commands: &[&str]| Offer {
            commands: commands.iter().map(|name| (*name).to_owned()).collect(),
            flags: BTreeSet::new(),
        };
        let path = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let offered = BTreeMap::from([
            (path(""), offer(&["bank"])),
            (path("bank"), offer(&["show"])),
            (path("bank show"), offer(&[])),
        ]);
        let (found, flags) = parse(&path("--url bank bank show bank --json"), &offered);
        assert_eq!(found, path("bank show"), "a value of a flag is not told from a command here: flags come last");
        assert_eq!(flags.into_iter().collect::<Vec<_>>(), ["--json", "--url"]);
    }
}
