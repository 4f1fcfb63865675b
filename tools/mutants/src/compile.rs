//! Compiling the copy, leaving out what does not compile until the rest does.

use crate::mutant::{Genre, Mutant};
use crate::rewrite::Leave;
use crate::tree::Tree;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Rounds of leaving out; each removes at least one break or function.
const ROUNDS: usize = 40;

/// What can be run.
#[derive(Debug)]
pub struct Compiled {
    /// Test binaries with the directories that they run in.
    pub binaries: Vec<(PathBuf, PathBuf)>,
    /// Breaks that are in them.
    pub numbers: BTreeSet<u32>,
    /// Breaks that do not compile, in this form.
    pub unviable: BTreeSet<u32>,
}

/// Compiles with the breaks that compile. `packages` are built with their tests; of a program alone, its library.
///
/// # Errors
/// Where something does not compile that has nothing to do with the breaks.
pub fn compile(tree: &Tree, mutants: &[Mutant], cargo: &[&str], cases: u32) -> Result<Compiled, String> {
    let memory = tree.copy.with_file_name("left-out.json");
    let mut leave = remembered(&memory, mutants);
    for _ in 0..ROUNDS {
        let numbers = tree.write(mutants, &leave)?;
        tree.limit_cases(cases)?;
        let (binaries, errors) = run(&tree.copy, cargo, &tree.copy.with_file_name("target"))?;
        if errors.is_empty() {
            remember(&memory, mutants, &leave)?;
            return Ok(Compiled { binaries, numbers, unviable: leave.unviable });
        }
        let before = leave.constant.len() + leave.unviable.len();
        for error in &errors {
            learn(error, tree, mutants, &mut leave);
        }
        if leave.constant.len() + leave.unviable.len() == before {
            return Err(errors.iter().map(|error| error.text.as_str()).collect::<Vec<_>>().join("\n"));
        }
    }
    Err("the copy does not compile after many rounds".to_owned())
}

/// What was left out by an earlier run: each round of finding out compiles everything again. Names tell line and column,
/// so that a source which changed is asked anew.
fn remembered(memory: &Path, mutants: &[Mutant]) -> Leave {
    let text = std::fs::read_to_string(memory).unwrap_or_default();
    let [constant, unviable]: [BTreeSet<String>; 2] = serde_json::from_str(&text).unwrap_or_default();
    let unviable = mutants.iter().filter(|mutant| unviable.contains(&mutant.name)).map(|mutant| mutant.number);
    Leave { constant, unviable: unviable.collect() }
}

fn remember(memory: &Path, mutants: &[Mutant], leave: &Leave) -> Result<(), String> {
    let unviable = mutants.iter().filter(|mutant| leave.unviable.contains(&mutant.number)).map(|mutant| &mutant.name);
    let text = serde_json::json!([leave.constant, unviable.collect::<Vec<_>>()]).to_string();
    std::fs::write(memory, text).map_err(|error| format!("{}: {error}", memory.display()))
}

/// The suite on the chain, compiled from the sources as they are.
///
/// # Errors
/// Where it does not compile.
pub fn suite(root: &Path) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let cargo = ["build", "-p", "plimsoll-tests", "--test", "suite"];
    let (binaries, errors) = run(root, &cargo, &root.join("target"))?;
    match errors.first() {
        Some(error) => Err(error.text.clone()),
        None => Ok(binaries),
    }
}

struct CompilerError {
    code: String,
    text: String,
    /// Files and lines that it is about.
    lines: Vec<(String, usize)>,
    /// Files and lines where the compiler proposes a change.
    proposed: Vec<(String, usize)>,
}

/// A function that is evaluated by the compiler keeps its `const`; else the breaks of the line are left out.
fn learn(error: &CompilerError, tree: &Tree, mutants: &[Mutant], leave: &mut Leave) {
    if error.code == "E0015" {
        if let Some(name) = error.text.split('`').nth(1) {
            let name = name.split('<').next().unwrap_or(name);
            leave.constant.extend(name.rsplit("::").next().map(str::to_owned));
        }
    }
    if error.code == "E0004" {
        // A match needs all of its arms: the error stands where it begins and proposes another arm where it ends.
        for (file, first) in &error.lines {
            let ends = error.proposed.iter().filter(|(of, line)| of == file && line >= first).map(|(_, line)| *line);
            let last = ends.max().unwrap_or(*first);
            let arms = mutants.iter().filter(|mutant| mutant.file == *file && mutant.genre == Genre::Arm);
            let within = arms.filter(|mutant| (*first..=last).contains(&mutant.start.0));
            leave.unviable.extend(within.map(|mutant| mutant.number));
        }
    }
    for (file, line) in &error.lines {
        let on_line = mutants.iter().filter(|mutant| mutant.file == *file && mutant.start.0 == *line);
        leave.unviable.extend(on_line.map(|mutant| mutant.number));
        // What a function returns at once stands where it begins, not where its body was broken.
        let opens = tree.original(file).and_then(|text| text.lines().nth(line - 1)).is_some_and(|l| l.ends_with('{'));
        if opens {
            let below = |mutant: &&Mutant| mutant.file == *file && mutant.genre == Genre::Function;
            // Comments may stand between the brace and what is replaced.
            let first = mutants.iter().filter(below).map(|m| m.start.0).filter(|start| start >= line).min();
            let below = |mutant: &&Mutant| below(mutant) && Some(mutant.start.0) == first;
            leave.unviable.extend(mutants.iter().filter(below).map(|mutant| mutant.number));
        }
    }
}

/// A binary of tests and the directory that it runs in.
type TestBinary = (PathBuf, PathBuf);

fn run(copy: &Path, cargo: &[&str], target: &Path) -> Result<(Vec<TestBinary>, Vec<CompilerError>), String> {
    let output = Command::new("cargo")
        .current_dir(copy)
        .args(cargo)
        .args(["--keep-going", "--message-format=json"])
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let (mut binaries, mut errors) = (Vec::new(), Vec::new());
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let manifest = message["manifest_path"].as_str().map(Path::new).and_then(Path::parent);
        if let (Some(file), Some(directory), Some(true)) =
            (message["executable"].as_str(), manifest, message["profile"]["test"].as_bool())
        {
            binaries.push((PathBuf::from(file), directory.to_path_buf()));
        }
        let said = &message["message"];
        if said["level"] == "error" && !said["spans"].as_array().is_none_or(Vec::is_empty) {
            errors.push(CompilerError {
                code: said["code"]["code"].as_str().unwrap_or_default().to_owned(),
                text: said["rendered"].as_str().unwrap_or_default().to_owned(),
                lines: places(&said["spans"]),
                proposed: said["children"].as_array().into_iter().flatten().flat_map(|c| places(&c["spans"])).collect(),
            });
        }
    }
    if errors.is_empty() && !output.status.success() {
        return Err("cargo failed without an error of the compiler".to_owned());
    }
    Ok((binaries, errors))
}

fn places(spans: &Value) -> Vec<(String, usize)> {
    spans.as_array().into_iter().flatten().filter_map(place).collect()
}

fn place(span: &Value) -> Option<(String, usize)> {
    Some((span["file_name"].as_str()?.to_owned(), span["line_start"].as_u64()? as usize))
}
