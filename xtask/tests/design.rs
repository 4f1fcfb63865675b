//! `docs/design.md` defines every requirement once by a tag, which stands in code that enforces it and in a test that
//! checks it. What is cited anywhere is defined there, and nothing cites a page that the repository does not have.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where requirements are defined, each at the beginning of a line between two pairs of asterisks.
const PAGE: &str = "docs/design.md";
/// The page's section of what is not built: it has no tags.
const PLANNED: &str = "\n## Planned, not built\n";
/// Directories of what is built or downloaded; those whose names begin with a dot are left out too.
const SKIPPED: [&str; 3] = ["target", "node_modules", "dist"];
/// Kinds of files that people write.
const WRITTEN: [&str; 12] = ["rs", "md", "toml", "ts", "mjs", "py", "c", "cpp", "h", "css", "yml", "json"];
/// What begins the unit tests at the end of a file.
const UNIT_TESTS: &str = "#[cfg(test)]\nmod tests {";
/// Pages that are not in the repository; in two parts each, so that this list is not found itself.
const ELSEWHERE: [&str; 7] = [
    concat!("DES", "IGN"),
    concat!("rese", "arch/"),
    concat!("risk-", "design"),
    concat!("trust", ".md"),
    concat!("ecosystem", ".md"),
    concat!("craft", ".md"),
    concat!("anchors-", "solana"),
];

/// A file of the repository.
struct Source {
    /// From the root, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// What enforces requirements, and what checks them. The model does neither: tests compare the engine with it.
    fn code_and_tests(&self) -> (&str, &str) {
        let (path, text) = (self.path.as_str(), self.text.as_str());
        if !path.ends_with(".rs") || path.starts_with("crates/model/") || path.starts_with("xtask/") {
            return ("", "");
        }
        if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("tests.rs") {
            return ("", text);
        }
        let (code, tests) = text.split_at(text.find(UNIT_TESTS).unwrap_or(text.len()));
        let enforces = path.starts_with("crates/") || path.starts_with("programs/");
        (if enforces { code } else { "" }, tests)
    }
}

#[test]
fn every_requirement_is_defined_once_and_nothing_planned_is_one() {
    let page = page();
    let (built, planned) = page.split_once(PLANNED).expect("the page ends with what is planned");
    let tags = defined(built);
    assert!(tags.len() > 60, "{} requirements", tags.len());
    assert_eq!(tags.len(), tags.iter().collect::<BTreeSet<_>>().len(), "a tag is defined twice: {tags:?}");
    assert_eq!(defined(planned), Vec::<&str>::new());
}

#[test]
fn every_requirement_is_cited_in_code_and_in_a_test() {
    let (page, sources) = (page(), sources());
    let tags = defined(&page);
    let (mut in_code, mut in_tests) = (BTreeSet::<&str>::new(), BTreeSet::<&str>::new());
    for source in &sources {
        let (code, tests) = source.code_and_tests();
        in_code.extend(cited(code, &subjects(&tags)));
        in_tests.extend(cited(tests, &subjects(&tags)));
    }
    let (no_code, no_test) = (missing(&tags, &in_code), missing(&tags, &in_tests));
    assert!(no_code.is_empty(), "requirements that no code cites: {no_code:?}");
    assert!(no_test.is_empty(), "requirements that no test cites: {no_test:?}");
}

#[test]
fn every_tag_that_is_cited_is_defined() {
    let page = page();
    let tags = defined(&page);
    for source in &sources() {
        for tag in cited(&source.text, &subjects(&tags)) {
            assert!(tags.contains(&tag), "{} cites {tag}, which {PAGE} does not define", source.path);
        }
    }
}

#[test]
fn nothing_cites_a_page_that_the_repository_does_not_have() {
    for source in &sources() {
        for (number, line) in source.text.lines().enumerate() {
            for name in ELSEWHERE {
                assert!(!line.contains(name), "{}:{} cites {name}", source.path, number + 1);
            }
        }
    }
}

#[test]
fn every_page_and_decision_that_is_cited_exists() {
    let sources = sources();
    let (mut links, mut decisions) = (0, 0);
    for source in &sources {
        let folder = workspace().join(&source.path).parent().expect("a file lies in a folder").to_path_buf();
        for page in linked(&source.text).into_iter().filter(|_| source.path.ends_with(".md")) {
            assert!(folder.join(page).exists(), "{} links {page}", source.path);
            links += 1;
        }
        for number in source.text.split("ADR ").skip(1).filter_map(leading_number) {
            let name = format!("docs/adr/{number:04}-");
            assert!(sources.iter().any(|page| page.path.starts_with(&name)), "{} cites ADR {number}", source.path);
            decisions += 1;
        }
    }
    assert!(links > 100 && decisions > 50, "{links} links, {decisions} decisions");
}

#[test]
fn a_tag_is_found_as_a_word_of_its_own() {
    let subjects = BTreeSet::from(["SAIL"]);
    let text = "(SAIL-1, ROPE-2) `SAIL-12`. SAIL-x, SAIL-3b, sail-4, TOPSAIL-5, X-SAIL-6; **SAIL-7**";
    assert_eq!(cited(text, &subjects), BTreeSet::from(["SAIL-1", "SAIL-12", "SAIL-7"]));
    assert_eq!(defined("**SAIL-1** A.\n\nSee **SAIL-2**.\n\n**Sail** B.\n"), vec!["SAIL-1"]);
}

#[test]
fn unit_tests_are_told_from_the_code_above_them() {
    let source = |path: &str| Source { path: path.to_owned(), text: format!("code\n{UNIT_TESTS}}}\n") };
    let tests = format!("{UNIT_TESTS}}}\n");
    assert_eq!(source("crates/risk/src/hull.rs").code_and_tests(), ("code\n", tests.as_str()));
    assert_eq!(source("sdk/sim/src/hull.rs").code_and_tests(), ("", tests.as_str()));
    assert_eq!(source("crates/model/src/hull.rs").code_and_tests(), ("", ""));
    for path in ["tests/hull.rs", "crates/risk/tests/hull.rs", "crates/risk/src/hull/tests.rs"] {
        let source = source(path);
        assert_eq!(source.code_and_tests(), ("", source.text.as_str()));
    }
}

/// Tags in the order in which a page defines them.
fn defined(page: &str) -> Vec<&str> {
    let first = page.lines().filter_map(|line| Some(line.strip_prefix("**")?.split_once("**")?.0));
    first.filter(|word| subject(word).is_some()).collect()
}

/// The words before the numbers.
fn subjects<'a>(tags: &[&'a str]) -> BTreeSet<&'a str> {
    tags.iter().copied().filter_map(subject).collect()
}

/// What of a word stands before its number; none where the word is not a tag.
fn subject(word: &str) -> Option<&str> {
    let (subject, number) = word.split_once('-')?;
    let named = !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_uppercase());
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (named && numbered).then_some(subject)
}

/// The tags of these subjects in a text.
fn cited<'a>(text: &'a str, subjects: &BTreeSet<&str>) -> BTreeSet<&'a str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    words.filter(|word| subject(word).is_some_and(|subject| subjects.contains(subject))).collect()
}

/// Files of this repository that a page links, without the places within them.
fn linked(page: &str) -> Vec<&str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    let files = links.filter(|link| !link.contains("://") && !link.contains(char::is_whitespace));
    files.map(|link| link.split('#').next().unwrap_or_default()).filter(|file| !file.is_empty()).collect()
}

/// The number that a text begins with.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// The tags that were not found.
fn missing<'a>(tags: &[&'a str], found: &BTreeSet<&str>) -> Vec<&'a str> {
    tags.iter().copied().filter(|tag| !found.contains(tag)).collect()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

fn page() -> String {
    std::fs::read_to_string(workspace().join(PAGE)).expect("the page can be read")
}

/// Everything that people have written.
fn sources() -> Vec<Source> {
    let (root, mut files) = (workspace(), Vec::new());
    walk(&root, &mut files);
    let source = |file: PathBuf| Source {
        path: file.strip_prefix(&root).expect("files lie in the workspace").to_string_lossy().replace('\\', "/"),
        text: std::fs::read_to_string(&file).expect("sources are text"),
    };
    files.into_iter().map(source).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                walk(&path, files);
            }
        } else if path.extension().is_some_and(|kind| WRITTEN.iter().any(|written| kind == *written)) {
            files.push(path);
        }
    }
}
