//! `docs/architecture.md` names files, functions and types of the code, and files that do not exist yet: it names them as
//! they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/architecture.md";
/// What begins a row of files that do not exist yet.
const NEW: &str = "| new |";
/// Where the names of the page are defined.
const CODE: [&str; 11] = [
    "crates/risk/src",
    "crates/state/src",
    "crates/ledger/src",
    "crates/interface/src",
    "crates/wasm/src",
    "programs/plimsoll/src",
    "sdk/rust/src",
    "sdk/keeper/src",
    "sdk/engine/src",
    "sdk/sim/src",
    "xtask/tests",
];

/// A file of the code.
struct Source {
    /// The names of its module path, the crate's directories among them.
    modules: Vec<String>,
    text: String,
    words: BTreeSet<String>,
}

impl Source {
    fn new(path: &Path, text: String) -> Self {
        let path = path.with_extension("");
        let modules = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').map(str::to_owned);
        Self { modules: modules.collect(), words: words.collect(), text }
    }

    /// Whether the module or type can be this file's.
    fn is_of(&self, owner: &str) -> bool {
        let defines = |before: &str| {
            let mut ends = self.text.split(before).skip(1).filter_map(|rest| rest.strip_prefix(owner));
            ends.any(|end| !end.starts_with(is_of_a_word))
        };
        let words = ["struct ", "enum ", "trait ", "mod ", "impl ", "impl<'info> "];
        let is_module = self.modules.iter().any(|module| module == owner);
        // A macro defines it indented, without a word before.
        is_module || words.into_iter().any(defines) || self.text.contains(&format!("    {owner} {{"))
    }

    /// Whether it defines a function, type, constant, field or variant.
    fn defines(&self, name: &str) -> bool {
        if !self.words.contains(name) {
            return false;
        }
        let starts = |rest: &str| rest.strip_prefix(name).is_some_and(|end| !end.starts_with(is_of_a_word));
        let keywords = ["fn ", "struct ", "enum ", "trait ", "type ", "const ", "mod ", "macro_rules! "];
        let defined = |line: &str| keywords.iter().any(|word| line.split(word).skip(1).any(starts));
        let listed = |line: &str| starts(line) && line[name.len()..].trim_start().starts_with([',', '{', '(', '=']);
        self.text.lines().map(str::trim).any(|line| !line.starts_with("//") && (defined(line) || listed(line)))
    }
}

fn is_of_a_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// What is wrong with a name, if anything is.
fn complaint(name: &str, is_new: bool, sources: &[Source]) -> Option<String> {
    let is_path = name.contains('/');
    if is_new {
        return (is_path && workspace().join(name).exists()).then(|| format!("{name} is there already"));
    }
    if is_path {
        return (!workspace().join(name).exists()).then(|| format!("there is no {name}"));
    }
    if let Some(module) = name.strip_suffix(".rs") {
        let found = sources.iter().any(|source| source.modules.iter().any(|of| of == module));
        return (!found).then(|| format!("no file is named {name}"));
    }
    let name = name.trim_end_matches("()");
    if !name.split("::").all(|part| !part.is_empty() && part.chars().all(is_of_a_word)) {
        return None;
    }
    let found = match name.rsplit_once("::") {
        Some((owner, last)) => {
            let owner = owner.rsplit("::").next().unwrap_or(owner);
            sources.iter().any(|source| source.is_of(owner) && source.defines(last))
        }
        None => sources.iter().any(|source| source.words.contains(name)),
    };
    (!found).then(|| format!("the code has no {name}"))
}

/// What stands between single backticks, line by line; drawings are left out.
fn names(page: &str) -> Vec<(usize, bool, &str)> {
    let (mut drawing, mut names) = (false, Vec::new());
    for (number, line) in (1..).zip(page.lines()) {
        if line.starts_with("```") {
            drawing = !drawing;
        } else if !drawing {
            let quoted = line.split('`').skip(1).step_by(2);
            names.extend(quoted.map(|name| (number, line.starts_with(NEW), name)));
        }
    }
    names
}

#[test]
fn what_the_page_names_is_there_and_what_is_new_is_not() {
    let (page, sources) = (page(), sources());
    let names = names(&page);
    let count = |wanted: &dyn Fn(&str) -> bool| names.iter().filter(|(_, _, name)| wanted(name)).count();
    assert!(count(&|name| name.contains("::")) > 60, "the page names few functions");
    assert!(count(&|name| name.contains('/')) > 60, "the page names few files");
    let wrong: Vec<String> = names
        .iter()
        .filter_map(|(line, is_new, name)| Some(format!("{PAGE}:{line}: {}", complaint(name, *is_new, &sources)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_page_links_is_there() {
    let page = page();
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let headings: BTreeSet<String> = page.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    for target in targets {
        let (file, part) = target.split_once('#').unwrap_or((target, ""));
        let found =
            if file.is_empty() { headings.contains(part) } else { workspace().join("docs").join(file).exists() };
        assert!(found, "{PAGE} links {target}");
    }
}

#[test]
fn a_name_that_is_not_there_is_noticed() {
    let file = |path: &str, text: &str| Source::new(Path::new(path), text.to_owned());
    let sources = [
        file("crates/hull/src/keel.rs", "pub fn lay(depth: u8) {}\n/// Stops.\npub enum Rope {\n    Thin,\n}\n"),
        file("crates/hull/src/sail/mod.rs", "impl Sail<'_> {\n    fn hoist(&self) { lay(1) }\n}\n"),
    ];
    let wrong = |name: &str| complaint(name, false, &sources).is_some();
    for name in
        ["keel::lay", "Rope::Thin", "Sail::hoist", "sail::hoist", "keel.rs", "hoist()", "NAV - MMR", "xtask/tests"]
    {
        assert!(!wrong(name), "{name}");
    }
    for name in ["keel::la", "sail::lay", "Rope::Thick", "mast.rs", "lower()", "xtask/masts", "Sail::lay"] {
        assert!(wrong(name), "{name}");
    }
    assert!(complaint("xtask/tests", true, &sources).is_some());
    assert!(complaint("xtask/masts", true, &sources).is_none());
}

/// How a page's heading is linked.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == ' ')
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn page() -> String {
    std::fs::read_to_string(workspace().join(PAGE)).expect("the page can be read")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

fn sources() -> Vec<Source> {
    let (root, mut files) = (workspace(), Vec::new());
    for directory in CODE {
        walk(&root.join(directory), &mut files);
    }
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("sources are text");
        Source::new(path.strip_prefix(&root).expect("it lies in the workspace"), text)
    };
    files.into_iter().map(read).collect()
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}
