//! Child processes, with a command's own words in the error when it fails.

use crate::error::{Error, Result};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A command that can never make rustup install or switch a toolchain.
pub(crate) fn command(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    command.env_remove("RUSTUP_TOOLCHAIN").env("RUSTUP_AUTO_INSTALL", "0");
    command
}

/// Runs to the end and returns standard output, or fails with standard error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Error::Failed(format!("{} failed ({}):\n{}", describe(command), done.status, said.trim_end())))
}

/// As [`output`], for commands that print text.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&output(command)?).into_owned())
}

/// The first executable of this name on the path or among cargo's own commands.
pub(crate) fn find_executable(name: &str) -> Option<PathBuf> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = cargo_home.map(|home| home.join("bin")).into_iter().chain(std::env::split_paths(&path));
    directories
        .map(|directory| directory.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|candidate| candidate.is_file())
}

/// The program and its arguments, for messages.
pub(crate) fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Error {
    Error::Failed(format!("cannot start {}: {error}", command.get_program().to_string_lossy()))
}
