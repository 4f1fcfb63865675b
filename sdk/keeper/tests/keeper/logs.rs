//! What is logged is written for people and for programs that search it, not for the debugger.

use std::path::{Path, PathBuf};

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What Rust's debug form would be written by in a line: `{:?}`, `{name:?}`, or `?value` in a macro of `tracing`.
fn debug_form(line: &str) -> bool {
    let captured = |start: &str| {
        line.split(start).skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '_'))
    };
    line.contains(":?}") || captured(" = ?") || captured("(?") || captured(", ?") || line.trim_start().starts_with('?')
}

#[test]
fn no_debug_form_of_rust_is_written_to_a_log_or_an_error() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let is_test = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "tests.rs" || name.ends_with("_tests.rs")
    };
    files.retain(|path| !is_test(path));
    assert!(files.len() > 50, "{} sources", files.len());
    let mut bad = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).expect("a source");
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in own.lines().enumerate().filter(|(_, line)| debug_form(line)) {
            bad.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_forms_that_are_looked_for_are_recognised() {
    for line in
        ["tracing::info!(%account, ?step, \"x\")", "leg = ?offer.leg,", "format!(\"{error:?}\")", "warn!(?way)", "{:?}"]
    {
        assert!(debug_form(line), "{line}");
    }
    for line in ["let found = read(key)?;", "if a == b? {", "x.ok()?.len()", "tracing::info!(%account, \"what now?\")"]
    {
        assert!(!debug_form(line), "{line}");
    }
}
