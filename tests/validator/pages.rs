//! Every command line that a page names is one: typed with `--help` behind it, the binary knows its commands and flags and takes
//! its values. What the commands do, the stories of this package tell.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{ensure, Context, Result};
use plimsoll_validator_tests::tool::{self, Tool};
use tempfile::TempDir;

/// Pages with command lines, and how many stand there at least, so that a page that is written in another way does not count
/// as one without any.
const PAGES: [(&str, usize); 6] = [
    ("README.md", 12),
    ("docs/runbook.md", 40),
    ("docs/powers.md", 2),
    ("sdk/keeper/README.md", 6),
    ("migrations/README.md", 4),
    ("CHANGELOG.md", 6),
];
/// Binaries by name, the variable that says where each is, and its package.
const BINARIES: [(&str, &str, &str); 3] = [
    ("plimsoll", "PLIMSOLL_CLI", "plimsoll-cli"),
    ("plimsoll-migrate", "PLIMSOLL_MIGRATE", "plimsoll-migrations"),
    ("plimsoll-keeper", "PLIMSOLL_KEEPER", "plimsoll-keeper"),
];
/// An address.
const SOMEBODY: &str = "Sysvar1111111111111111111111111111111111111";
/// What a page writes for a value, and one that could stand there.
const PLACEHOLDERS: [(&str, &str); 12] = [
    ("N", "1"),
    ("P", "200"),
    ("ACCOUNT", "0"),
    ("LIMIT", "1000"),
    ("AMOUNT", "10"),
    ("NAME=DOLLARS", "SOL=120"),
    ("ROLE", "guardian"),
    ("NAMES", "SOL-PERP"),
    ("ADDRESS", SOMEBODY),
    ("KEY", SOMEBODY),
    ("NEW", SOMEBODY),
    ("VENUE", SOMEBODY),
];

/// Command lines of a page: those in its indented blocks, and those in its sentences.
fn command_lines(page: &str) -> Vec<String> {
    let in_blocks = page.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned);
    let in_sentences = page.lines().filter(|line| !line.starts_with("    ")).flat_map(|line| {
        // What stands between marks is every second piece; a table separates alternatives by `\|`.
        line.split('`').skip(1).step_by(2).flat_map(alternatives).collect::<Vec<_>>()
    });
    let is_ours =
        |line: &String| BINARIES.iter().any(|(name, ..)| line.split(' ').next() == Some(name)) && line.contains(' ');
    in_blocks.chain(in_sentences).filter(is_ours).collect()
}

/// `plimsoll-migrate deploy \| apply` is two lines.
fn alternatives(code: &str) -> Vec<String> {
    let (first, others) = code.split_once(" \\| ").map_or((code, None), |(first, others)| (first, Some(others)));
    let binary = code.split(' ').next().unwrap_or_default();
    let others = others.into_iter().flat_map(|others| others.split(" \\| "));
    std::iter::once(first.to_owned()).chain(others.map(|other| format!("{binary} {other}"))).collect()
}

/// The words of a line before its comment, with values for what stands for one.
fn words(line: &str) -> Vec<String> {
    let typed = line.split_whitespace().take_while(|word| !word.starts_with(['#', '>']));
    let value = |word: &str| {
        let placeholder = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
        placeholder.map_or(word, |(_, value)| value).to_owned()
    };
    typed.filter(|word| *word != "…").map(value).collect()
}

#[tokio::test]
async fn every_command_that_a_page_names_is_one() -> Result<()> {
    let home = TempDir::new()?;
    let mut tools = BTreeMap::new();
    for (name, variable, package) in BINARIES {
        tools.insert(name, Tool::new(tool::binary(variable, package, name).await?, home.path()));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut wrong = Vec::new();
    for (page, least) in PAGES {
        let text = std::fs::read_to_string(root.join(page)).with_context(|| page.to_owned())?;
        let lines = command_lines(&text);
        ensure!(lines.len() >= least, "{page} has {} command lines: {lines:#?}", lines.len());
        for line in lines {
            let words = words(&line);
            let (binary, words) = words.split_first().context("no word")?;
            let typed: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
            let answer = tools[binary.as_str()].command(&typed).output().await?;
            if !answer.status.success() {
                wrong.push(format!("{page}: {line}\n{}", String::from_utf8_lossy(&answer.stderr)));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn command_lines_are_found_in_blocks_sentences_and_tables() {
    let page =
        "Type `plimsoll price set SOL 150` or\n\n    plimsoll account show N   # what it holds\n    cargo test\n\n\
                | `plimsoll-migrate deploy \\| apply` | `plimsoll` |\n";
    let found: Vec<Vec<String>> = command_lines(page).iter().map(|line| words(line)).collect();
    let expected =
        ["plimsoll account show 1", "plimsoll price set SOL 150", "plimsoll-migrate deploy", "plimsoll-migrate apply"];
    assert_eq!(found.iter().map(|words| words.join(" ")).collect::<Vec<_>>(), expected);
}
