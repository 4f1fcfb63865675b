//! Errors of the engine that the suite provokes nowhere.

use crate::programs::workspace;
use std::path::PathBuf;

/// Where the errors are defined, one `Name = code,` a line.
const ERRORS: &str = include_str!("../../../crates/interface/src/error.rs");

/// The directory in which the suite leaves a file for each error that the program returned.
#[derive(Debug)]
pub struct Provoked {
    directory: PathBuf,
    text: String,
}

impl Provoked {
    /// An empty directory.
    pub fn empty() -> Self {
        let directory = workspace().join("target/provoked");
        let _ = std::fs::remove_dir_all(&directory);
        let _ = std::fs::create_dir_all(&directory);
        Self { text: directory.to_string_lossy().into_owned(), directory }
    }

    /// What tells the suite of the directory.
    pub fn variable(&self) -> (&'static str, &str) {
        ("PLIMSOLL_PROVOKED", &self.text)
    }

    /// Whether the program returned every error it has; names those that it did not.
    pub fn is_every_error(&self) -> bool {
        let missing: Vec<&str> = defined(ERRORS)
            .into_iter()
            .filter(|(_, code)| !self.directory.join(code).exists())
            .map(|(name, _)| name)
            .collect();
        if !missing.is_empty() {
            println!("errors that no test of the suite provokes: {}", missing.join(", "));
        }
        missing.is_empty()
    }
}

/// Names and codes.
fn defined(text: &str) -> Vec<(&str, &str)> {
    let entries = text.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    entries.filter(|(_, code)| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_program_is_known_by_name_and_code() {
        let all = defined(ERRORS);
        assert_eq!(all.len(), ERRORS.matches("#[msg(\"").count());
        assert!(all.contains(&("NotAuthority", "6000")) && all.contains(&("UnknownValue", "6707")));
    }

    #[test]
    fn an_error_without_a_file_is_missing() {
        let directory = std::env::temp_dir().join(format!("plimsoll-provoked-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let provoked = Provoked { directory: directory.clone(), text: String::new() };
        assert!(!provoked.is_every_error());
        for (_, code) in defined(ERRORS) {
            std::fs::write(directory.join(code), "").unwrap();
        }
        assert!(provoked.is_every_error());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
