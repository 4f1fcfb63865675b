//! What `plimsoll --json` prints, held against the schema that is committed beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use anyhow::{anyhow, ensure, Context, Result};
use boon::{Compiler, SchemaIndex, Schemas};
use plimsoll_validator_tests::tool::Answer;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../sdk/cli/schema/answers.json");
/// The standard error of a command that fails.
const FAULT: &str = "error";
/// Prints an engine's file, which the schema leaves to it.
const FILE: &str = "--toml";

/// Print an object a line.
const LINES: [&str; 2] = ["events", "history"];

/// What is not laid out for a page: files, scripts, help, what is watched live, a line an event.
const WIDE: [&str; 7] = [FILE, "completions", "help", "--help", "crash", "top", "events"];
/// Where there is no terminal.
const PAGE: usize = 80;

/// No line is wider than a page, unless it is one word that must not be broken: a signature, or an address behind its name.
fn fits(answer: &Answer, words: &[&str]) -> Result<()> {
    if words.iter().any(|word| WIDE.contains(word)) {
        return Ok(());
    }
    for line in answer.out.lines().filter(|line| line.chars().count() > PAGE) {
        let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        ensure!(longest > PAGE / 2, "`{}` prints a line of more than {PAGE}:\n{line}", answer.typed);
    }
    Ok(())
}

/// The schema, and which commands' answers have been held against it.
pub struct Answers {
    schemas: Schemas,
    commands: BTreeMap<String, SchemaIndex>,
    seen: Mutex<BTreeSet<String>>,
}

impl Answers {
    /// The committed schema.
    pub fn committed() -> Result<Self> {
        let schema: Value = serde_json::from_str(SCHEMA)?;
        let (mut schemas, mut compiler, mut commands) = (Schemas::new(), Compiler::new(), BTreeMap::new());
        compiler.add_resource("answers.json", schema.clone()).map_err(|error| anyhow!("{error}"))?;
        let definitions = schema["definitions"].as_object().context("a schema without definitions")?;
        // Commands are words, types begin with a capital.
        for name in definitions.keys().filter(|name| name.starts_with(|first: char| first.is_ascii_lowercase())) {
            let at = format!("answers.json#/definitions/{}", name.replace(' ', "%20"));
            let index = compiler.compile(&at, &mut schemas).map_err(|error| anyhow!("{name}: {error}"))?;
            commands.insert(name.clone(), index);
        }
        Ok(Self { schemas, commands, seen: Mutex::default() })
    }

    /// Holds what a command printed against the schema, where it was asked for JSON, and else against the width of a page.
    pub fn check(&self, answer: &Answer) -> Result<()> {
        let words: Vec<&str> = answer.typed.split_whitespace().collect();
        if !words.contains(&"--json") {
            return fits(answer, &words);
        }
        if words.contains(&FILE) {
            return Ok(());
        }
        let of_words = |name: &&String| words.starts_with(&name.split(' ').collect::<Vec<_>>());
        let command = self.commands.keys().find(of_words);
        if let Some(command) = command.filter(|_| !answer.out.trim().is_empty()) {
            let is_of_lines = LINES.contains(&command.as_str());
            let objects = if is_of_lines { answer.out.lines().collect() } else { vec![answer.out.as_str()] };
            objects.iter().try_for_each(|object| self.hold(command, object)).with_context(|| answer.typed.clone())?;
        }
        if answer.err.starts_with('{') {
            self.hold(FAULT, &answer.err).with_context(|| answer.typed.clone())?;
        }
        Ok(())
    }

    fn hold(&self, name: &str, printed: &str) -> Result<()> {
        let value: Value = serde_json::from_str(printed).with_context(|| printed.to_owned())?;
        let index = *self.commands.get(name).with_context(|| format!("no schema of {name}"))?;
        self.schemas.validate(&value, index).map_err(|error| anyhow!("{error:#}\n{value:#}"))?;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        Ok(())
    }

    /// Every command's answer has been held against the schema at least once; how many there are.
    pub fn all_were_seen(&self) -> Result<usize> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<&String> = self.commands.keys().filter(|name| !seen.contains(*name)).collect();
        ensure!(missing.is_empty(), "no JSON was printed by {missing:?}");
        Ok(seen.len())
    }
}
