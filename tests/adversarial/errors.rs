//! Every error is one that a test expects by name. That the program also returns each is checked by the test run, which
//! collects them over the whole suite.

use std::path::Path;

use plimsoll_tests::EngineError;

/// All sources of the suite but this file.
fn sources(directory: &Path, into: &mut String) {
    for entry in std::fs::read_dir(directory).expect("the suite's directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("adversarial/errors.rs") {
            into.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_error_is_expected_by_name_somewhere() {
    let mut text = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in ["adversarial", "composition", "instructions", "scenarios"] {
        sources(&root.join(part), &mut text);
    }
    let names = EngineError::ALL.iter().map(|error| error.text().0);
    let unnamed: Vec<&str> = names.filter(|name| !is_named(&text, name)).collect();
    assert!(unnamed.is_empty(), "no test expects {unnamed:?}");
}

/// As `EngineError::Name`, or alone in quotes as the tables have it.
fn is_named(text: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    let variant = format!("EngineError::{name}");
    text.contains(&format!("\"{name}\"")) || text.split(&variant).skip(1).any(ends)
}
