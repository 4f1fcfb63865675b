//! Breaks the engine on purpose, one place at a time, and counts what its tests notice.
//!
//! `cargo mutants` says what would be broken; checks (`ensure!`, `require_…`) left out are added. It would compile and
//! test the workspace anew for each of thousands of breaks, days on two cores. Here all breaks of a run are compiled once,
//! each behind a question ([`rewrite`]), and the tests run once for each with another answer: on the host for the light
//! crates, for the program as one sBPF file into which the answer is written. The suite that judges a program is
//! compiled from the sources as they are, so its own use of the same crates is not broken with it.

mod compile;
mod mutant;
mod outcome;
mod rewrite;
mod run;
mod tree;

use clap::Parser;
use compile::compile;
use mutant::{listed, Mutant};
use plimsoll_sbf::{Arch, BuildRequest, Install, Toolchain};
use run::{Fate, Tests};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use tree::Tree;

/// What moves balances and decides about them, in the light crates.
const LIGHT: [&str; 3] = ["crates/risk/src", "crates/state/src", "crates/ledger/src"];
/// The program, and what it shares with clients.
const CHAIN: [&str; 3] = ["programs/plimsoll/src", "crates/oracle/src", "crates/interface/src/args/rules"];

/// Breaks the engine place by place and counts what its tests notice
#[derive(Debug, Parser)]
#[command(name = "plimsoll-mutants")]
struct Options {
    /// Only files whose path has this part; may be given several times
    #[arg(long = "file", value_name = "PART")]
    files: Vec<String>,
    /// The part of the places that this run takes, such as 2/8
    #[arg(long, default_value = "1/1", value_parser = shard)]
    shard: (usize, usize),
    /// Random cases of a property test
    #[arg(long, default_value_t = 300)]
    cases: u32,
    /// Break the program, and run its tests on the chain
    #[arg(long, overrides_with = "_host")]
    chain: bool,
    /// Break the light crates, and run their tests on the host
    #[arg(long = "host", overrides_with = "chain")]
    _host: bool,
    /// Only name the places
    #[arg(long)]
    list: bool,
    /// Only what an earlier run missed and is not accepted
    #[arg(long)]
    again: bool,
    /// Go on where a run ended
    #[arg(long)]
    resume: bool,
    /// Leave out tests that take long
    #[arg(long)]
    quick: bool,
    /// Only add up what is known
    #[arg(long)]
    report: bool,
    /// Leave out tests whose name has this part; may be given several times
    #[arg(long, value_name = "TEST")]
    skip: Vec<String>,
    /// The program that names places
    #[arg(long, default_value = "cargo-mutants", value_name = "PATH")]
    tool: PathBuf,
}

/// `2/8`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let (part, of) = text.split_once('/').ok_or("it takes 2/8")?;
    let number = |text: &str| text.parse::<usize>().map_err(|error| format!("{text}: {error}"));
    Ok((number(part)?, number(of)?.max(1)))
}

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(refused) => {
            // A closed terminal has nobody to tell.
            let _ = refused.print();
            return if refused.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match work(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("mutants: {message}");
            ExitCode::FAILURE
        }
    }
}

fn work(options: &Options) -> Result<bool, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.parent().and_then(Path::parent).ok_or("the tool lies in the workspace")?;
    let accepted = outcome::accepted(root)?;
    let place = root.join("target/mutants");
    let tree = Tree::new(root, &place.join("tree"))?;
    let findings = place.join("outcomes.jsonl");
    let mut mutants = chosen(options, root, &tree)?;
    if options.report {
        let known = outcome::known(&findings)?;
        let found: Vec<_> =
            mutants.into_iter().filter_map(|m| Some((m.clone(), known.get(&m.name)?.clone()))).collect();
        return Ok(outcome::summarise(&found, 0, &accepted));
    }
    if options.again {
        let known = outcome::known(&findings)?;
        mutants.retain(|m| known.get(&m.name) == Some(&Fate::Missed) && !accepted.contains_key(&m.stable_name()));
    }
    println!("{} places to break", mutants.len());
    let done = if options.resume { outcome::known(&findings)? } else { Default::default() };
    if options.list {
        mutants.iter().for_each(|mutant| println!("{}", mutant.name));
    }
    if options.list || mutants.is_empty() {
        return Ok(true);
    }
    let (tests, program, numbers, unviable) =
        if options.chain { on_chain(options, root, &tree, &mutants)? } else { on_host(options, &tree, &mutants)? };
    println!("one run unbroken takes {:.1?}; {} of them are in this form", tests.usual(), numbers.len());
    let (part, of) = options.shard;
    let mut found = Vec::new();
    let shard = mutants.iter().filter(|mutant| mutant.number as usize % of == part % of);
    for mutant in shard.filter(|mutant| numbers.contains(&mutant.number) && !done.contains_key(&mutant.name)) {
        let file = program.as_ref().map(|bytes| chosen_in(bytes, mutant.number, &place)).transpose()?;
        let fate = tests.fate(mutant, file.as_deref(), options.quick);
        outcome::keep(&findings, mutant, &fate)?;
        if fate == Fate::Missed {
            println!("missed: {}", mutant.name);
        }
        found.push((mutant.clone(), fate));
    }
    Ok(outcome::summarise(&found, unviable, &accepted))
}

/// Everything in the files that were asked for, numbered.
fn chosen(options: &Options, root: &Path, tree: &Tree) -> Result<Vec<Mutant>, String> {
    let is_of = |directories: &[&str], file: &str| directories.iter().any(|directory| file.starts_with(directory));
    // On the chain the light crates are broken where that is asked for: their own tests are the quicker judges.
    let anywhere = options.report || options.chain && (!options.files.is_empty() || options.again);
    let wanted = |file: &str| {
        let asked = options.files.is_empty() || options.files.iter().any(|part| file.contains(part.as_str()));
        asked && (anywhere || is_of(if options.chain { &CHAIN } else { &LIGHT }, file))
    };
    let mut command = Command::new(&options.tool);
    let mut mutants = listed(&mut command, root, &[])?;
    for directory in LIGHT.iter().chain(&CHAIN) {
        for (file, text) in tree.originals().filter(|(file, _)| file.starts_with(directory)) {
            mutants.extend(rewrite::checks(text, file).map_err(|error| format!("{file}: {error}"))?);
        }
    }
    mutants.retain(|mutant| wanted(&mutant.file));
    mutants.sort_by(|a, b| (&a.file, a.start).cmp(&(&b.file, b.start)));
    mutants.iter_mut().zip(1..).for_each(|(mutant, number)| mutant.number = number);
    Ok(mutants)
}

type Ready = (Tests, Option<Vec<u8>>, std::collections::BTreeSet<u32>, usize);

fn on_host(options: &Options, tree: &Tree, mutants: &[Mutant]) -> Result<Ready, String> {
    let cargo = ["build", "--tests", "-p", "plimsoll-risk", "-p", "plimsoll-state", "-p", "plimsoll-ledger"];
    let compiled = compile(tree, mutants, &cargo, options.cases)?;
    let tests = Tests::measured(&compiled.binaries, &options.skip, None)?;
    Ok((tests, None, compiled.numbers, compiled.unviable.len()))
}

fn on_chain(options: &Options, root: &Path, tree: &Tree, mutants: &[Mutant]) -> Result<Ready, String> {
    let compiled = compile(tree, mutants, &["build", "-p", "plimsoll", "--tests"], options.cases)?;
    let toolchain = Toolchain::find(Install::Refused).map_err(|error| error.to_string())?;
    let out = tree.copy.with_file_name("plimsoll.so");
    let request = BuildRequest {
        workspace: tree.copy.clone(),
        package: "plimsoll".to_owned(),
        arch: Arch::default(),
        features: Vec::new(),
        out: out.clone(),
    };
    println!("{}", plimsoll_sbf::build(&toolchain, &request).map_err(|error| error.to_string())?);
    let program = std::fs::read(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    // The program's own tests run on the host, in the broken copy, like those of the light crates.
    let suite: Vec<_> = compile::suite(root)?.into_iter().chain(compiled.binaries).collect();
    let unbroken = chosen_in(&program, 0, &tree.copy.with_file_name(""))?;
    let tests = Tests::measured(&suite, &options.skip, Some(&unbroken))?;
    Ok((tests, Some(program), compiled.numbers, compiled.unviable.len()))
}

/// A copy of the program's file that runs as this break.
fn chosen_in(program: &[u8], number: u32, place: &Path) -> Result<PathBuf, String> {
    let at = program.windows(tree::MARK.len()).position(|bytes| bytes == tree::MARK);
    let at = at.ok_or("the program's file does not ask")? + tree::MARK.len();
    let mut bytes = program.to_vec();
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    let file = place.join("plimsoll-broken.so");
    std::fs::write(&file, bytes).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}
