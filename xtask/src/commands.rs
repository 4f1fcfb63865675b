//! The short commands: build, replay, bench.

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::programs::{build_all, build_some, cargo, engine, ENGINE_ONLY};
use plimsoll_sbf::{Arch, Toolchain};
use std::process::Command;

/// `cargo xtask build`
pub fn build(mut arguments: Arguments) -> Result<()> {
    let install = arguments.install();
    let arch = arguments.option("--arch")?.map_or(Ok(Arch::default()), |text| text.parse())?;
    arguments.finish()?;
    build_all(&Toolchain::find(install)?, arch)
}

/// `cargo xtask replay`
pub fn replay(mut arguments: Arguments) -> Result<()> {
    let install = arguments.install();
    build_some(&Toolchain::find(install)?, Arch::default(), ENGINE_ONLY)?;
    run(&mut replay_command(&arguments.rest()))
}

/// `cargo xtask bench`
pub fn bench(mut arguments: Arguments) -> Result<()> {
    let install = arguments.install();
    let toolchain = Toolchain::find(install)?;
    build_all(&toolchain, Arch::default())?;
    let arguments = arguments.rest();
    run(&mut bench_command(&toolchain, &arguments))?;
    let is_check = arguments.iter().any(|word| word == "--check");
    run(&mut keeper_bench_command(is_check))
}

/// `cargo xtask test-validator`
pub fn test_validator(mut arguments: Arguments) -> Result<()> {
    let install = arguments.install();
    arguments.finish()?;
    build_all(&Toolchain::find(install)?, Arch::default())?;
    println!("Agave's validator is compiled with it: about 25 minutes on two cores the first time.");
    let mut command = cargo();
    command.args([
        "test",
        "-p",
        "plimsoll-validator-tests",
        "--features",
        "agave",
        "--test",
        "agave",
        "--",
        "--nocapture",
    ]);
    run(&mut command)
}

/// The replay with these arguments.
pub fn replay_command(arguments: &[String]) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", "plimsoll-sim", "--bin", "plimsoll-replay", "--", "--program"]);
    command.arg(engine().path()).args(arguments);
    command
}

/// The benchmark with these arguments. It names the builder, as figures hold for one only.
pub fn bench_command(toolchain: &Toolchain, arguments: &[String]) -> Command {
    let mut command = cargo();
    command.env("PLIMSOLL_BUILDER", toolchain.builder()).env("PLIMSOLL_COMPILER", toolchain.compiler());
    command.args(["run", "--quiet", "-p", "plimsoll-tests", "--bin", "plimsoll-bench", "--"]).args(arguments);
    command
}

/// The benchmark of the keeper. Of a check only that the work is done counts: its figures are times.
pub fn keeper_bench_command(is_check: bool) -> Command {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", "plimsoll-keeper-bench", "--"]);
    command.args(is_check.then_some("--check"));
    command
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| Failure::Message(format!("cannot start cargo: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Reported)
    }
}
