//! What is broken where: the list of `cargo mutants`, and checks left out, which it does not do as they are macros.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

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
    for file in files {
        tool.args(["--file", file]);
    }
    let output = tool.output().map_err(|error| format!("cargo mutants: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo mutants: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let list: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo mutants: {error}"))?;
    let entries = list.as_array().ok_or("cargo mutants: no list")?;
    entries.iter().map(|entry| parsed(entry).ok_or_else(|| format!("cargo mutants: {entry}"))).collect()
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
}
