//! The stages of `cargo xtask test`, in order.

use super::built::Built;
use super::counts::Counts;
use super::errors::Provoked;
use super::stream::{count, count_tests};
use super::Run;
use crate::commands::{bench_command, keeper_bench_command, replay_command, BENCH, KEEPER_BENCH, REPLAY};
use crate::failure::Failure;
use crate::programs::{build_all, cargo, deploy_directory, workspace};
use plimsoll_sbf::Arch;
use std::process::{Command, Stdio};

/// What became of a stage.
#[derive(Debug)]
pub enum Outcome {
    /// It ran.
    Ran(Counts),
    /// It could not, and why.
    Skipped(String),
}

/// A part of the test run.
#[derive(Debug)]
pub struct Stage {
    /// The name for `--only`.
    pub name: &'static str,
    /// What it checks.
    pub about: &'static str,
    /// Whether it runs programs that the stage `build` has built.
    pub needs_programs: bool,
    /// Runs it.
    pub run: fn(&Run) -> Outcome,
}

const fn stage(name: &'static str, about: &'static str, run: fn(&Run) -> Outcome) -> Stage {
    Stage { name, about, needs_programs: false, run }
}

const fn on_programs(name: &'static str, about: &'static str, run: fn(&Run) -> Outcome) -> Stage {
    Stage { name, about, needs_programs: true, run }
}

/// In an order that finds cheap mistakes first and builds the programs before anything needs them.
pub const STAGES: [Stage; 16] = [
    stage("format", "every file is formatted", format),
    stage("compile", "the whole workspace compiles, at once", compile),
    stage("lints", "what clippy finds in the light packages and the program", lints),
    stage("architecture", "dependencies point one way only, code and tests cite the design", architecture),
    stage("units", "unit and property tests", units),
    stage("build", "the programs build for v3", build),
    on_programs("suite", "instructions, scenarios and attacks in an in-process chain", suite),
    stage("builder", "the builder's output agrees with the host", builder),
    on_programs("clients", "keeper, command line, migrations and what other programs link", clients),
    on_programs("program-test", "the programs in the validator's bank, every feature active", program_test),
    on_programs("bench", "compute units stay within their limits", bench),
    on_programs("replay", "a short replay of a recorded crash", replay),
    on_programs("validator", "the story of an engine and its keeper on a local validator", validator),
    on_programs("idl", "interface descriptions and the WebAssembly module are those of the sources", idl),
    stage("examples", "the examples in the documentation", examples),
    stage("typescript", "the TypeScript client", typescript),
];

/// Enough accounts for every path of the replay, few enough for a minute.
const REPLAY_SMOKE: [&str; 2] = ["--accounts", "60"];
/// Where money is, what computes with it elsewhere, and the tools: none of them compiles a chain.
const LINTED: [&str; 17] = [
    "plimsoll-risk",
    "plimsoll-state",
    "plimsoll-ledger",
    "plimsoll-interface",
    "plimsoll-oracle",
    "plimsoll",
    "example-venue",
    "example-treasury",
    "mock-oracle",
    "testkit-hostile",
    "plimsoll-wasm",
    "plimsoll-model",
    "plimsoll-sdk",
    "plimsoll-engine",
    "plimsoll-sbf",
    "plimsoll-mutants",
    "xtask",
];
/// What the validator's tests start as processes, and the variables that say where it is; they compile what they are
/// not told of.
const PROCESSES: [(&str, &str); 4] = [
    ("plimsoll-keeper", "PLIMSOLL_KEEPER"),
    ("plimsoll", "PLIMSOLL_CLI"),
    ("plimsoll-migrate", "PLIMSOLL_MIGRATE"),
    ("plimsoll-localnet", "PLIMSOLL_LOCALNET"),
];
/// Seed of the property tests outside the nightly form.
const FIXED_SEED: &str = "20251010";
/// Property tests run this many cases in a nightly run, unless the environment says otherwise.
const NIGHTLY_CASES: &str = "20000";

fn format(_: &Run) -> Outcome {
    let mut command = cargo();
    Outcome::Ran(count(command.args(["fmt", "--all", "--check"])))
}

fn compile(run: &Run) -> Outcome {
    let (built, succeeded) = Built::compile();
    let _ = run.built.set(built);
    Outcome::Ran(Counts::default().with_status(succeeded))
}

/// Clippy compiles what it needs of the dependencies once more, as metadata only; nothing else makes use of that.
fn lints(_: &Run) -> Outcome {
    let installed = cargo().args(["clippy", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        return Outcome::Skipped("there is no clippy; `rustup component add clippy` installs it".to_owned());
    }
    let mut command = cargo();
    command.args(["clippy", "--quiet", "--no-deps", "--lib", "--bins"]);
    for package in LINTED {
        command.args(["-p", package]);
    }
    Outcome::Ran(count(command.args(["--", "-D", "warnings"])))
}

fn architecture(run: &Run) -> Outcome {
    tests(run, &["xtask"], &[])
}

fn units(run: &Run) -> Outcome {
    let mut counts =
        tests_of(run, &["plimsoll-risk", "plimsoll-state", "plimsoll-ledger", "plimsoll-model", "plimsoll-sbf"], &[]);
    // The layout after the present one, and how accounts come there.
    let mut next = cargo();
    next.args(["test", "-p", "plimsoll-state", "--lib", "--features", "next-layout", "migrate"]);
    counts += count(&mut next);
    Outcome::Ran(counts)
}

fn build(run: &Run) -> Outcome {
    let toolchain = match &run.toolchain {
        Ok(toolchain) => toolchain,
        Err(_) => return no_builder(),
    };
    let built = build_all(toolchain, Arch::V3);
    if let Err(Failure::Message(message)) = &built {
        println!("{message}");
    }
    Outcome::Ran(Counts::default().with_status(built.is_ok()))
}

fn suite(run: &Run) -> Outcome {
    if run.toolchain.is_err() {
        println!("Without a builder only what needs no built program runs here.");
        return tests(run, &["plimsoll", "example-venue", "plimsoll-sdk"], &[]);
    }
    let provoked = Provoked::empty();
    let packages = ["plimsoll-tests", "plimsoll-sim", "plimsoll-sdk", "plimsoll", "example-venue"];
    let counts = tests_of(run, &packages, &[provoked.variable()]);
    Outcome::Ran(counts.with_status(provoked.is_every_error()))
}

fn builder(run: &Run) -> Outcome {
    if run.toolchain.is_err() {
        return no_builder();
    }
    tests(run, &["plimsoll-sbf-tests"], &[])
}

fn program_test(run: &Run) -> Outcome {
    if run.toolchain.is_ok() {
        let directory = deploy_directory();
        return tests(run, &["plimsoll-program-test"], &[("SBF_OUT_DIR", &directory.to_string_lossy())]);
    }
    println!(
        "\n  !!  NATIVE MODE: without a builder the programs run as host code.\n  \
         !!  NOT checked: compute units, the 4 KiB stack frames, the 32 KiB heap, what the compiler makes of the code,\n  \
         !!  and return data to a calling program.\n"
    );
    tests(run, &["plimsoll-program-test"], &[])
}

fn bench(run: &Run) -> Outcome {
    let Ok(toolchain) = &run.toolchain else { return no_builder() };
    let mut counts = count(&mut bench_command(run.binary(BENCH.0, BENCH.1), toolchain, &["--check".to_owned()]));
    counts += count(&mut keeper_bench_command(run.binary(KEEPER_BENCH.0, KEEPER_BENCH.1), true));
    Outcome::Ran(counts)
}

fn clients(run: &Run) -> Outcome {
    const NEED_PROGRAMS: [&str; 2] = ["plimsoll-keeper", "plimsoll-cli"];
    let mut packages = vec![
        "plimsoll-rpc",
        "plimsoll-crashes",
        "plimsoll-localnet",
        "plimsoll-keeper-bench",
        "plimsoll-interface",
        "plimsoll-oracle",
        "plimsoll-declared",
        "plimsoll-migrations",
        "plimsoll-wasm",
        "mock-oracle",
        "testkit-hostile",
    ];
    if run.toolchain.is_ok() {
        packages.extend(NEED_PROGRAMS);
    } else {
        println!("Without a builder the keeper and the command line are not tested.");
    }
    tests(run, &packages, &[])
}

fn validator(run: &Run) -> Outcome {
    if run.toolchain.is_err() {
        return no_builder();
    }
    if !answers("node") {
        return Outcome::Skipped("there is no Node.js, which surfpool runs in".to_owned());
    }
    let prepare = |command: &mut Command| {
        if run.nightly {
            command.env("PLIMSOLL_NIGHTLY", "1");
        }
        // What a test skips it prints.
        command.arg("--nocapture");
    };
    if let Some(built) = run.built.get() {
        return Outcome::Ran(built.tests(&["plimsoll-validator-tests"], |command| {
            let files = PROCESSES.iter().filter_map(|(binary, variable)| Some((variable, built.file(binary)?)));
            command.envs(files);
            prepare(command);
        }));
    }
    let mut command = cargo();
    command.args(["test", "-p", "plimsoll-validator-tests", "--"]);
    prepare(&mut command);
    Outcome::Ran(count(&mut command))
}

fn replay(run: &Run) -> Outcome {
    if run.toolchain.is_err() {
        return no_builder();
    }
    let arguments: &[&str] = if run.nightly { &[] } else { &REPLAY_SMOKE };
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    Outcome::Ran(count(&mut replay_command(run.binary(REPLAY.0, REPLAY.1), &arguments)))
}

fn idl(run: &Run) -> Outcome {
    if run.toolchain.is_err() {
        // Its tests record what the built program answers.
        return no_builder();
    }
    let mut counts = tests_of(run, &["plimsoll-idl"], &[]);
    for words in [&["--check"][..], &["wasm", "--check"]] {
        counts += count(run.binary("plimsoll-idl", "plimsoll-idl").args(words));
    }
    Outcome::Ran(counts)
}

/// Installs what the lock file names into the client's own directory, runs its tests and its build, and those of the packed
/// package in an application; without a browser vitest names the test that it skips.
fn typescript(_: &Run) -> Outcome {
    if !answers("node") || !answers("npm") {
        return Outcome::Skipped("there is no Node.js with npm".to_owned());
    }
    let directory = workspace().join("sdk/ts");
    let npm = |words: &[&str]| {
        let mut command = Command::new("npm");
        command.current_dir(&directory).args(words);
        command
    };
    let mut counts = Counts::default();
    for words in [&["ci", "--no-audit", "--no-fund"][..], &["test"], &["run", "build"], &["run", "test:package"]] {
        counts += count(&mut npm(words));
        if counts.failed > 0 {
            break;
        }
    }
    Outcome::Ran(counts)
}

/// Whether a program is there and tells its version.
fn answers(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn tests(run: &Run, packages: &[&str], environment: &[(&str, &str)]) -> Outcome {
    Outcome::Ran(tests_of(run, packages, environment))
}

fn tests_of(run: &Run, packages: &[&str], environment: &[(&str, &str)]) -> Counts {
    let prepare = |command: &mut Command| {
        command.envs(environment.iter().copied());
        choose_cases(run, command);
    };
    if let Some(built) = run.built.get() {
        return built.tests(packages, prepare);
    }
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]);
    for package in packages {
        command.args(["-p", package]);
    }
    prepare(&mut command);
    count(&mut command)
}

/// Which inputs the property tests draw, and how many.
fn choose_cases(run: &Run, command: &mut Command) {
    if run.nightly {
        command.env("PLIMSOLL_NIGHTLY", "1");
        if std::env::var_os("PROPTEST_CASES").is_none() {
            command.env("PROPTEST_CASES", NIGHTLY_CASES);
        }
    } else if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        // The same cases each time, so that a change is judged by what it changed; the nightly form draws new ones.
        command.env("PROPTEST_RNG_SEED", FIXED_SEED);
    }
}

/// Runs the whole test command with a name that only documentation's examples have. Cargo's own `--doc` would compile
/// the dependencies again, without what tests need of them.
fn examples(_: &Run) -> Outcome {
    Outcome::Ran(count_tests(cargo().args(["test", "--workspace", "--quiet", "--", "(line"])))
}

fn no_builder() -> Outcome {
    Outcome::Skipped("nothing on this machine builds sBPF (the instruction stands at the top)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::STAGES;

    #[test]
    fn stages_have_different_names() {
        let names: std::collections::BTreeSet<_> = STAGES.iter().map(|stage| stage.name).collect();
        assert_eq!(names.len(), STAGES.len());
    }
}
