//! Which counts of instructions are meant, and whether one is larger.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::count::Scenario;
use crate::rows::thousands;

/// By how much a count may exceed the one that was recorded.
pub const TOLERANCE_PERCENT: u64 = 3;

/// What was recorded: the compiler, then a count a scenario.
const FILE: &str = "counts.txt";
const COMPILER: &str = "compiler";

type Counts<'a> = Option<&'a [(Scenario, u64)]>;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(FILE)
}

/// The compiler that builds the workspace; counts of another one differ.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = std::process::Command::new(rustc).arg("--version").output();
    output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(String::new, |text| text.trim().into())
}

fn recorded() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The counts as a table.
pub fn table(counts: Counts<'_>) -> String {
    let Some(counts) = counts else {
        return "Not counted: there is no valgrind (Debian: `apt-get install valgrind`).\n".to_owned();
    };
    let mut text = String::from("| instructions for | counted |\n|---|--:|\n");
    for (scenario, count) in counts {
        text += &format!("| {} | {} |\n", scenario.what(), thousands(*count));
    }
    text
}

/// Records counts as meant.
///
/// # Errors
/// Where there are none, or the file cannot be written.
pub fn record(counts: Counts<'_>) -> Result<(), String> {
    let counts = counts.ok_or("nothing is counted without valgrind, so nothing is recorded")?;
    let mut text = format!("{COMPILER} {}\n", compiler());
    counts.iter().for_each(|(scenario, count)| text += &format!("{} {count}\n", scenario.name()));
    std::fs::write(path(), text).map_err(|error| format!("cannot write {}: {error}", path().display()))
}

/// Compares counts with those that were recorded; without valgrind, or by another compiler, says that it does not.
///
/// # Errors
/// Which count is larger than it may be, or was never recorded.
pub fn compare(counts: Counts<'_>) -> Result<(), String> {
    let (recorded, compiler) = (recorded(), compiler());
    let Some(counts) = counts else {
        println!("skipped: instructions are not counted without valgrind");
        return Ok(());
    };
    let of = recorded.get(COMPILER).cloned().unwrap_or_default();
    if of != compiler {
        println!("skipped: instructions were recorded with {of}, this is {compiler}");
        return Ok(());
    }
    let larger = larger(counts, &recorded);
    if larger.is_empty() {
        return Ok(());
    }
    Err(larger.join("\n"))
}

fn larger(counts: &[(Scenario, u64)], recorded: &BTreeMap<String, String>) -> Vec<String> {
    let judge = |(scenario, count): &(Scenario, u64)| {
        let name = scenario.name();
        let Some(meant) = recorded.get(name).and_then(|meant| meant.parse::<u64>().ok()) else {
            return Some(format!("{name}: {count} instructions, and nothing is recorded"));
        };
        let most = meant + meant * TOLERANCE_PERCENT / 100;
        (*count > most).then(|| format!("{name}: {count} instructions, {meant} are recorded, {most} at most"))
    };
    counts.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_larger_than_its_tolerance_or_was_never_recorded_is_named() {
        let recorded: BTreeMap<String, String> = [("signed".to_owned(), "1000".to_owned())].into();
        let judged = |count| larger(&[(Scenario::Signed, count)], &recorded);
        assert!(judged(1_030).is_empty() && judged(10).is_empty());
        assert!(judged(1_031)[0].contains("1031 instructions, 1000 are recorded, 1030 at most"));
        assert!(larger(&[(Scenario::Changed, 1)], &recorded)[0].contains("nothing is recorded"));
    }

    #[test]
    fn every_scenario_has_a_recorded_count_and_a_name_of_its_own() {
        let recorded = recorded();
        assert!(recorded.contains_key(COMPILER));
        for scenario in Scenario::ALL {
            assert!(recorded.get(scenario.name()).is_some_and(|count| count.parse::<u64>().is_ok()), "{scenario:?}");
            assert_eq!(Scenario::named(scenario.name()), Some(scenario));
        }
    }
}
