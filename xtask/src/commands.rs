//! The short commands: build, replay, bench, mutants.

use crate::arguments::{Builder, Building, Passed};
use crate::failure::{Failure, Result};
use crate::programs::{build_all, build_some, cargo, cargo_run, engine, prepared, workspace, ENGINE_ONLY, TO_TRY};
use plimsoll_sbf::{install_packages, Arch, Install, Toolchain};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `cargo xtask build`
pub fn build(arguments: &Building) -> Result<()> {
    let arch = arguments.arch;
    let reports = build_all(&Toolchain::find(arguments.builder.install())?, arch)?;
    if let Some(engine) = reports.first().filter(|_| arguments.sizes) {
        println!("\n{} for {}: {}\n{}", engine.package, arch, engine.out.display(), engine.sizes_to_print());
    }
    Ok(())
}

/// `cargo xtask replay`
pub fn replay(arguments: Passed) -> Result<()> {
    let (install, arguments) = arguments.split();
    build_some(&Toolchain::find(install)?, Arch::default(), ENGINE_ONLY)?;
    // What speaks to a cluster is compiled for those who name one.
    let is_live = arguments.iter().any(|word| word == "--rpc" || word.starts_with("--rpc="));
    let features: &[&str] = if is_live { &["live"] } else { &[] };
    run(&mut replay_command(cargo_run(REPLAY.0, REPLAY.1, features), &arguments))
}

/// `cargo xtask localnet`
pub fn localnet(arguments: Passed) -> Result<()> {
    let (install, arguments) = arguments.split();
    build_some(&Toolchain::find(install)?, Arch::default(), TO_TRY)?;
    println!("Compiling the localnet and `plimsoll`: some minutes the first time.");
    run(cargo().args(["build", "--package", LOCALNET, "--package", "plimsoll-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    // Where it was called from is where a person expects relative paths to begin.
    let mut command = prepared(target.join("debug").join(LOCALNET), &std::env::current_dir().unwrap_or_default());
    command.args(arguments);
    become_it(&mut command)
}

/// Runs a command in the place of this process, so that what ends this one ends that one.
#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(Failure::Message(format!("cannot start {:?}: {error}", command.get_program())))
}

/// Runs a command and waits for it.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Result<()> {
    run(command)
}

/// `cargo xtask bench`
pub fn bench(arguments: Passed) -> Result<()> {
    let (install, arguments) = arguments.split();
    let toolchain = Toolchain::find(install)?;
    build_all(&toolchain, Arch::default())?;
    run(&mut bench_command(cargo_run(BENCH.0, BENCH.1, &[]), &toolchain, &arguments))?;
    let is_said = |option: &str| arguments.iter().any(|word| word == option);
    let keeper = || cargo_run(KEEPER_BENCH.0, KEEPER_BENCH.1, &[]);
    if is_said("--update-baseline") {
        run(keeper().arg("--update-baseline"))?;
    }
    run(&mut keeper_bench_command(keeper(), is_said("--check")))
}

/// `cargo xtask test-validator`
pub fn test_validator(builder: &Builder) -> Result<()> {
    let install = builder.install();
    build_all(&Toolchain::find(install)?, Arch::default())?;
    need_libclang(install)?;
    println!("Agave's validator is compiled with it: about 25 minutes on two cores the first time.");
    let mut command = cargo();
    command.args(["test", "-p", "plimsoll-validator-tests", "--features", "agave", "--test", "agave"]);
    command.args(["--", "--nocapture"]);
    run(&mut command)
}

/// `cargo xtask mutants`
pub fn mutants(arguments: Passed) -> Result<()> {
    const TOOL: &str = "cargo-mutants";
    let (install, arguments) = arguments.split();
    let answers = |program: &str| {
        let mut command = Command::new(program);
        command.args(["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !answers(TOOL) {
        if install == Install::Refused {
            return Err(Failure::Message(format!("{TOOL} is missing: cargo install {TOOL} --locked")));
        }
        println!("{TOOL} is missing and is installed now, which takes some minutes: cargo install {TOOL} --locked");
        run(cargo().args(["install", TOOL, "--locked"]))?;
    }
    let kinds: &[&[&str]] = match arguments
        .iter()
        .any(|word| ["--chain", "--host", "--list", "--report", "--help"].contains(&word.as_str()))
    {
        true => &[&[]],
        // The program's tests run on the program as it is built for a cluster.
        false => &[&["--host"], &["--chain"]],
    };
    let mut noticed = Ok(());
    for kind in kinds {
        noticed = run(cargo_run(MUTANTS.0, MUTANTS.1, &[]).args(*kind).args(&arguments)).and(noticed);
    }
    noticed
}

/// The validator keeps its ledger in RocksDB, whose binding is generated while it is compiled.
fn need_libclang(install: Install) -> Result<()> {
    if has_libclang() {
        return Ok(());
    }
    install_packages(install, &["libclang-dev"], "Agave's validator")?;
    if !has_libclang() {
        println!(
            "There is no libclang in the usual places, and Agave's validator cannot be compiled without one: install it \
             (Debian: apt-get install libclang-dev) or say where it is (LIBCLANG_PATH=/path/to/its/directory)."
        );
    }
    Ok(())
}

fn has_libclang() -> bool {
    let entries = |directory: &Path| std::fs::read_dir(directory).into_iter().flatten().flatten();
    let of_llvm = entries(Path::new("/usr/lib")).map(|entry| entry.path().join("lib"));
    let places = of_llvm.chain(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
    std::env::var_os("LIBCLANG_PATH").is_some()
        || places.map(|place| place.join("libclang.so")).any(|file| file.exists())
}

/// The replay: its binary, as `start` runs it, with these arguments.
pub fn replay_command(mut start: Command, arguments: &[String]) -> Command {
    start.arg("--program").arg(engine().path()).args(arguments);
    start
}

/// The benchmark: its binary, as `start` runs it, with these arguments. It names the builder, as figures hold for one
/// only.
pub fn bench_command(mut start: Command, toolchain: &Toolchain, arguments: &[String]) -> Command {
    start.env("PLIMSOLL_BUILDER", toolchain.builder()).env("PLIMSOLL_COMPILER", toolchain.compiler()).args(arguments);
    start
}

/// The benchmark of the keeper. Of a check only counts of instructions and that the work is done matter: other figures are
/// times.
pub fn keeper_bench_command(mut start: Command, is_check: bool) -> Command {
    start.args(is_check.then_some("--check"));
    start
}

/// Where the replay's binary is.
pub const REPLAY: (&str, &str) = ("plimsoll-sim", "plimsoll-replay");
/// The package of a whole engine to try, and its binary.
const LOCALNET: &str = "plimsoll-localnet";
/// Where the benchmark's binary is.
pub const BENCH: (&str, &str) = ("plimsoll-tests", "plimsoll-bench");
/// Where the binary that breaks the engine is.
const MUTANTS: (&str, &str) = ("plimsoll-mutants", "plimsoll-mutants");
/// Where the binary of the keeper's benchmark is.
pub const KEEPER_BENCH: (&str, &str) = ("plimsoll-keeper-bench", "plimsoll-keeper-bench");

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| Failure::Message(format!("cannot start cargo: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Reported)
    }
}
