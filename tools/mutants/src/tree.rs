//! A copy of the workspace in which the sources ask which break they run as.

use crate::mutant::Mutant;
use crate::rewrite::{rewrite, Leave};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The function that all of them ask. On a host the environment answers; in a program a number that is written into the
/// file, behind [`MARK`].
const QUESTION: &str = r#"

#[doc(hidden)]
#[cfg(not(target_os = "solana"))]
pub fn mutant_is(number: u32) -> bool {
    extern crate std;
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let read = || std::env::var("PLIMSOLL_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    *CHOSEN.get_or_init(read) == number
}

#[doc(hidden)]
#[cfg(target_os = "solana")]
#[allow(unsafe_code, reason = "a plain read would be folded; these bytes are written into the file")]
#[inline(never)]
pub fn mutant_is(number: u32) -> bool {
    static CHOSEN: [u8; 20] = *b"PLIMSOLL_MUTANT:\0\0\0\0";
    let mut bytes = [0; 4];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = unsafe { core::ptr::read_volatile(CHOSEN.as_ptr().add(16 + at)) };
    }
    u32::from_le_bytes(bytes) == number
}
"#;

/// What stands before the number in a program's file.
pub const MARK: &[u8] = b"PLIMSOLL_MUTANT:";

/// Directories whose sources are broken, and how they reach the question.
pub const CRATES: [(&str, &str); 6] = [
    ("crates/risk/src", "crate::mutant_is"),
    ("crates/state/src", "plimsoll_risk::mutant_is"),
    ("crates/ledger/src", "plimsoll_risk::mutant_is"),
    ("programs/plimsoll/src", "plimsoll_risk::mutant_is"),
    ("crates/oracle/src", "plimsoll_risk::mutant_is"),
    ("crates/interface/src/args/rules", "plimsoll_risk::mutant_is"),
];

/// The copy.
#[derive(Debug)]
pub struct Tree {
    /// Where the copy is.
    pub copy: PathBuf,
    /// Sources as they are, by path.
    originals: BTreeMap<String, String>,
}

impl Tree {
    /// Copies what version control knows, and what it would.
    ///
    /// # Errors
    /// Where git or the file system refuses.
    pub fn new(root: &Path, copy: &Path) -> Result<Self, String> {
        let output = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .output()
            .map_err(|error| format!("git: {error}"))?;
        let mut originals = BTreeMap::new();
        for file in String::from_utf8_lossy(&output.stdout).lines() {
            let (from, to) = (root.join(file), copy.join(file));
            if !from.is_file() {
                continue;
            }
            fs::create_dir_all(to.parent().ok_or("a file lies in a directory")?).map_err(|error| error.to_string())?;
            let content = fs::read(&from).map_err(|error| format!("{file}: {error}"))?;
            if CRATES.iter().any(|(directory, _)| file.starts_with(directory)) && file.ends_with(".rs") {
                originals.insert(file.to_owned(), String::from_utf8_lossy(&content).into_owned());
            }
            write_if_other(&to, &content)?;
        }
        Ok(Self { copy: copy.to_path_buf(), originals })
    }

    /// A source as it is.
    pub fn original(&self, file: &str) -> Option<&str> {
        self.originals.get(file).map(String::as_str)
    }

    /// Every source that may be broken.
    pub fn originals(&self) -> impl Iterator<Item = (&str, &str)> {
        self.originals.iter().map(|(file, text)| (file.as_str(), text.as_str()))
    }

    /// Writes every source with the breaks in it; returns the numbers that are in.
    ///
    /// # Errors
    /// Where a source does not parse or cannot be written.
    pub fn write(&self, mutants: &[Mutant], leave: &Leave) -> Result<BTreeSet<u32>, String> {
        let mut numbers = BTreeSet::new();
        for (file, source) in &self.originals {
            let (_, is) = CRATES.iter().find(|(directory, _)| file.starts_with(directory)).ok_or("a source of ours")?;
            let own: Vec<&Mutant> = mutants.iter().filter(|mutant| mutant.file == *file).collect();
            let mut rewritten = rewrite(source, &own, is, leave).map_err(|error| format!("{file}: {error}"))?;
            numbers.extend(rewritten.numbers);
            if file == "crates/risk/src/lib.rs" {
                let lines = rewritten.text.lines().filter(|line| !line.contains("unsafe_code"));
                rewritten.text = lines.collect::<Vec<_>>().join("\n") + QUESTION;
            }
            write_if_other(&self.copy.join(file), rewritten.text.as_bytes())?;
        }
        Ok(numbers)
    }

    /// Lets every property test of the light crates run at most this many cases.
    ///
    /// # Errors
    /// Where a source cannot be written.
    pub fn limit_cases(&self, cases: u32) -> Result<(), String> {
        for directory in ["crates/risk/tests", "crates/risk/src", "crates/state/src", "crates/ledger/src"] {
            limit(&self.copy.join(directory), cases)?;
        }
        Ok(())
    }
}

fn limit(directory: &Path, cases: u32) -> Result<(), String> {
    for entry in fs::read_dir(directory).map_err(|error| error.to_string())?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            limit(&path, cases)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
            let fewer = text
                .replace("with_cases(10_000)", &format!("with_cases({cases})"))
                .replace("const CASES: u32 = 10_000;", &format!("const CASES: u32 = {cases};"));
            write_if_other(&path, fewer.as_bytes())?;
        }
    }
    Ok(())
}

/// A file that stays the same keeps its time, so that nothing is compiled again for it.
fn write_if_other(path: &Path, content: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}
