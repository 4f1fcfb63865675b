//! What is broken where: the list of `cargo mutants`, and checks left out, which it does not do as they are macros.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Packages that are broken.
const PACKAGES: [&str; 6] =
    ["plimsoll-risk", "plimsoll-state", "plimsoll-ledger", "plimsoll", "plimsoll-oracle", "plimsoll-interface"];

/// Line and column, both from one, in characters.
pub type Place = (usize, usize);

/// One break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What chooses it when the tests run; from one.
    pub number: u32,
    /// The source, from the root of the workspace.
    pub file: String,
    /// `file:line:column: what`
    pub name: String,
    /// Of what kind it is.
    pub genre: Genre,
    /// Where what it replaces begins.
    pub start: Place,
    /// What comes instead.
    pub replacement: String,
}

/// Kinds of breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Genre {
    /// A function returns something at once.
    Function,
    /// An operator between two operands is another.
    Binary,
    /// A negation is left out.
    Unary,
    /// An arm of a match is left out.
    Arm,
    /// The guard of an arm is always true, or never.
    Guard,
    /// A check is left out.
    Check,
    /// A field takes the value that the rest of the literal gives it.
    Field,
}

impl Mutant {
    /// Without line and column, which move: `file: what`.
    pub fn stable_name(&self) -> String {
        let what = self.name.split_once(": ").map_or(self.name.as_str(), |(_, what)| what);
        format!("{}: {what}", self.file)
    }
}

/// What `cargo mutants` would do to these files.
///
/// # Errors
/// Where it does not run, or says something else than it used to.
pub fn listed(tool: &mut Command, root: &Path, files: &[String]) -> Result<Vec<Mutant>, String> {
    tool.current_dir(root).args(["mutants", "--list", "--json"]);
    // Unnamed, it takes the default members of the workspace, which the program is none of.
    tool.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    for file in files {
        tool.args(["--file", file]);
    }
    let output = tool.output().map_err(|error| format!("cargo mutants: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo mutants: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let list: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo mutants: {error}"))?;
    let entries = list.as_array().ok_or("cargo mutants: no list")?;
    let mutants: Result<Vec<Mutant>, String> =
        entries.iter().map(|entry| parsed(entry).ok_or_else(|| format!("cargo mutants: {entry}"))).collect();
    let mut seen = BTreeSet::new();
    let in_words = mutants?.into_iter().filter_map(in_own_results);
    // Several of them may have become the same one.
    Ok(in_words.filter(|m| seen.insert((m.file.clone(), m.start, m.genre as u8, m.replacement.clone()))).collect())
}

/// `cargo mutants` takes the name of our results for that of a container: what it would make of one becomes `Ok`, how else
/// a container is made is no break.
fn in_own_results(mut mutant: Mutant) -> Option<Mutant> {
    const OWN: &str = "RiskResult::";
    let Some(made) = mutant.replacement.strip_prefix(OWN) else { return Some(mutant) };
    let made = format!("Ok{}", made.strip_prefix("from")?.strip_prefix('(').map(|rest| format!("({rest}"))?);
    mutant.name = mutant.name.replace(&mutant.replacement, &made);
    mutant.replacement = made;
    Some(mutant)
}

fn parsed(entry: &Value) -> Option<Mutant> {
    let at = &entry["span"]["start"];
    Some(Mutant {
        number: 0,
        file: entry["file"].as_str()?.to_owned(),
        name: entry["name"].as_str()?.to_owned(),
        genre: match entry["genre"].as_str()? {
            "FnValue" => Genre::Function,
            "BinaryOperator" => Genre::Binary,
            "UnaryOperator" => Genre::Unary,
            "MatchArm" => Genre::Arm,
            "MatchArmGuard" => Genre::Guard,
            "StructField" => Genre::Field,
            _ => return None,
        },
        start: (at["line"].as_u64()? as usize, at["column"].as_u64()? as usize),
        replacement: entry["replacement"].as_str()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_of_the_list_is_read_and_its_name_survives_a_moved_line() {
        let entry = serde_json::json!({
            "file": "crates/risk/src/perp.rs", "genre": "BinaryOperator", "replacement": "%",
            "name": "crates/risk/src/perp.rs:15:53: replace / with %",
            "span": { "start": { "line": 15, "column": 53 }, "end": { "line": 15, "column": 54 } },
        });
        let mutant = parsed(&entry).unwrap();
        assert_eq!((mutant.genre, mutant.start), (Genre::Binary, (15, 53)));
        assert_eq!(mutant.stable_name(), "crates/risk/src/perp.rs: replace / with %");
    }

    #[test]
    fn results_of_our_own_name_are_made_with_ok() {
        let of = |replacement: &str| Mutant {
            number: 0,
            file: "file".into(),
            name: format!("file:1:1: replace f with {replacement}"),
            genre: Genre::Function,
            start: (1, 1),
            replacement: replacement.into(),
        };
        let made = in_own_results(of("RiskResult::from((1, 0))")).unwrap();
        assert_eq!(
            (made.replacement.as_str(), made.name.as_str()),
            ("Ok((1, 0))", "file:1:1: replace f with Ok((1, 0))")
        );
        assert_eq!(in_own_results(of("RiskResult::from_iter([1])")), None);
        assert_eq!(in_own_results(of("RiskResult::new()")), None);
        assert_eq!(in_own_results(of("Ok(())")).unwrap().replacement, "Ok(())");
    }
}
