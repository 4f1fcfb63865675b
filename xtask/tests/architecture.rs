//! Dependencies point one way: `risk` <- `state` <- `ledger`, `interface` <- `oracle` <- program, `ledger`, `interface` <- engine <- sim, and sdk <- rpc <- sim, keeper, migrations <- cli,
//! localnet beside it. The model, which the tests compare everything with, stays apart from all of them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each package may use of this workspace, development dependencies aside.
const ALLOWED: &[(&str, &[&str])] = &[
    ("plimsoll-risk", &[]),
    ("plimsoll-state", &["plimsoll-risk"]),
    ("plimsoll-ledger", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-interface", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-oracle", &["plimsoll-interface", "plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-wasm", &["plimsoll-risk", "plimsoll-state", "plimsoll-ledger"]),
    ("plimsoll", &["plimsoll-interface", "plimsoll-ledger", "plimsoll-oracle", "plimsoll-risk", "plimsoll-state"]),
    ("example-venue", &["plimsoll-interface", "plimsoll-risk", "plimsoll-state"]),
    ("example-treasury", &["plimsoll-interface"]),
    ("plimsoll-declared", &[]),
    ("mock-oracle", &[]),
    ("testkit-hostile", &[]),
    ("plimsoll-sdk", &["plimsoll-interface", "plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-rpc", SDK),
    ("plimsoll-crashes", &[]),
    ("plimsoll-engine", &["plimsoll-interface", "plimsoll-ledger", "plimsoll-risk", "plimsoll-state"]),
    (
        "plimsoll-sim",
        &[
            "plimsoll-crashes",
            "plimsoll-engine",
            "plimsoll-rpc",
            "plimsoll-sdk",
            "plimsoll-ledger",
            "plimsoll-risk",
            "plimsoll-state",
        ],
    ),
    ("plimsoll-migrations", ON_CLUSTERS),
    (
        "plimsoll-keeper",
        &["plimsoll-rpc", "plimsoll-sdk", "plimsoll-ledger", "plimsoll-oracle", "plimsoll-risk", "plimsoll-state"],
    ),
    (
        "plimsoll-cli",
        &[
            "plimsoll-crashes",
            "plimsoll-keeper",
            "plimsoll-ledger",
            "plimsoll-migrations",
            "plimsoll-rpc",
            "plimsoll-sdk",
            "plimsoll-oracle",
            "plimsoll-risk",
            "plimsoll-state",
            "example-venue",
        ],
    ),
    (
        "plimsoll-localnet",
        &["plimsoll-keeper", "plimsoll-migrations", "plimsoll-rpc", "plimsoll-sdk", "plimsoll-state", "example-venue"],
    ),
    ("plimsoll-model", &[]),
    ("plimsoll-idl", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-sbf", &[]),
    ("plimsoll-mutants", &["plimsoll-sbf"]),
    ("xtask", &["plimsoll-sbf"]),
];

const SDK: &[&str] = &["plimsoll-sdk", "plimsoll-risk", "plimsoll-state"];

const ON_CLUSTERS: &[&str] = &["plimsoll-rpc", "plimsoll-sdk", "plimsoll-risk", "plimsoll-state"];

/// What is no program, and why it links Anchor all the same.
const CLIENTS: &[(&str, Option<&str>)] = &[
    ("plimsoll-risk", None),
    ("plimsoll-state", None),
    ("plimsoll-ledger", None),
    ("plimsoll-interface", None),
    ("plimsoll-wasm", None),
    ("plimsoll-sdk", None),
    ("plimsoll-rpc", None),
    ("plimsoll-crashes", None),
    ("plimsoll-engine", None),
    ("plimsoll-sim", None),
    ("plimsoll-migrations", None),
    ("plimsoll-oracle", Some("reads Pyth's account by Pyth's own SDK, whose types are Anchor's")),
    ("plimsoll-keeper", Some("posts to Pyth with the same SDK")),
    ("plimsoll-cli", Some("has the keeper in it, and the example venue's own client")),
    ("plimsoll-localnet", Some("has the keeper in it, and the example venue's own client")),
];

/// Packages in these directories are tests and may use everything.
const TEST_DIRECTORIES: [&str; 2] = ["tests", "tools/sbf-tests"];

/// Fields that hold balances and positions, and what they are counted by.
const BALANCES: [&str; 27] = [
    "tokens",
    "derivatives",
    "shares",
    "k_entry",
    "cash_atoms",
    "epoch",
    "last_sign",
    "reserved_atoms",
    "fixed_debt_atoms",
    "deposit_shares",
    "borrow_shares",
    "deposit_index",
    "borrow_index",
    "booked_borrow_index",
    "fees_atoms",
    "insurance_atoms",
    "waiting_shares",
    "uncovered_atoms",
    "sides",
    "pool_shares",
    "pool_atoms",
    "deficit_atoms",
    "own_claim_atoms",
    "leg_count",
    "rounding_units",
    "estate_reserved_atoms",
    "estate_drawn_atoms",
];

/// Where the program and what stands beside it is, the ledger apart.
const OUTSIDE_THE_LEDGER: [&str; 12] = [
    "crates/state/src",
    "crates/wasm/src",
    "crates/interface/src",
    "programs/plimsoll/src",
    "migrations/src",
    "sdk/rust/src",
    "sdk/engine/src",
    "sdk/rpc/src",
    "sdk/keeper/src",
    "sdk/cli/src",
    "sdk/localnet/src",
    "sdk/sim/src",
];

/// Files that may assign to such fields all the same, the fields, and why.
const MAY_ASSIGN: &[(&str, &[&str], &str)] = &[
    (
        "programs/plimsoll/src/instructions/list_bank.rs",
        &["deposit_index", "booked_borrow_index", "borrow_index"],
        "a bank begins at indices of one, before anybody holds anything in it",
    ),
    (
        "programs/plimsoll/src/instructions/list_market.rs",
        &["sides"],
        "a market begins at the start of its index, before anybody holds anything in it",
    ),
    ("crates/state/src/index.rs", &["shares", "k_entry", "cash_atoms"], "a projection: a copy that nobody stores"),
    ("crates/state/src/snapshot.rs", &["cash_atoms"], "a leg of the portfolio that is loaded, not of an account"),
];

/// What writes balances and positions as events say, in copies that nobody stores, and calls the ledger for what follows.
const READER_OF_EVENTS: &str = "sdk/sim/src/rebuild/";

struct Package {
    name: String,
    directory: PathBuf,
    dependencies: BTreeSet<String>,
}

#[test]
fn every_package_uses_only_the_packages_below_it() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in packages().iter().filter(|package| !is_test(package)) {
        let allowed = allowed.get(package.name.as_str()).unwrap_or_else(|| {
            panic!("{} has no place in the architecture yet: say in this file what it may use", package.name)
        });
        for dependency in &package.dependencies {
            assert!(allowed.contains(&dependency.as_str()), "{} must not depend on {dependency}", package.name);
        }
    }
}

/// Whatever way it comes: a client that links the program compiles the whole of it, and is as far from it as its features
/// happen to be. The clients have the program's rules, errors and readers from the crates that it has them from.
#[test]
fn no_client_links_the_program_and_anchor_comes_with_pyths_sdk_only() {
    let allowed: BTreeSet<&str> = ALLOWED.iter().map(|(package, _)| *package).collect();
    for (client, reason) in CLIENTS {
        assert!(allowed.contains(client), "{client} is no package of this workspace");
        let linked = linked(client);
        assert!(linked.contains(*client), "cargo tree says nothing of {client}");
        assert!(!linked.contains("plimsoll"), "{client} links the program's crate");
        match reason {
            None => assert!(!linked.contains("anchor-lang"), "{client} links Anchor"),
            Some(_) => assert!(linked.contains("anchor-lang"), "{client} links Anchor no longer: it needs no reason"),
        }
    }
}

#[test]
fn only_tests_use_the_model() {
    for package in packages().iter().filter(|package| !is_test(package)) {
        assert!(!package.dependencies.contains("plimsoll-model"), "{} must not use the model", package.name);
    }
}

#[test]
fn anchor_toml_names_the_program_ids_that_the_programs_declare() {
    let text = std::fs::read_to_string(workspace().join("Anchor.toml")).expect("Anchor.toml can be read");
    const PROGRAMS: [(&str, &str); 4] = [
        ("plimsoll", "programs/plimsoll"),
        ("example_venue", "programs/example-venue"),
        ("mock_oracle", "programs/mock-oracle"),
        ("testkit_hostile", "programs/testkit-hostile"),
    ];
    for (name, source) in PROGRAMS {
        let source =
            std::fs::read_to_string(workspace().join(source).join("src/lib.rs")).expect("a program has a lib.rs");
        let declared = source.split("declare_id!(\"").nth(1).and_then(|rest| rest.split('"').next());
        let Some(declared) = declared else { continue };
        let lines: Vec<&str> = text.lines().filter(|line| line.split(" = ").next() == Some(name)).collect();
        assert!(!lines.is_empty(), "Anchor.toml does not name {name}");
        for line in lines {
            assert!(
                line.ends_with(&format!("\"{declared}\"")),
                "Anchor.toml has {line}, the program declares {declared}"
            );
        }
    }
}

/// Cargo merges nothing of a package's own into the workspace's lints, so these stand in each crate.
#[test]
fn every_crate_where_money_is_has_the_strict_lints() {
    const CRATES: [&str; 7] = [
        "crates/risk",
        "crates/state",
        "crates/ledger",
        "crates/interface",
        "crates/oracle",
        "programs/plimsoll",
        "sdk/engine",
    ];
    let heads = CRATES.map(|directory| {
        let text =
            std::fs::read_to_string(workspace().join(directory).join("src/lib.rs")).expect("a crate has a lib.rs");
        let strict = text.split("#![cfg_attr(\n    not(test),\n    warn(\n").nth(1);
        strict.and_then(|rest| rest.split("\n    )\n)]").next()).unwrap_or_default().to_owned()
    });
    assert!(heads[0].contains("clippy::arithmetic_side_effects"), "{} has no strict lints", CRATES[0]);
    for (head, directory) in heads.iter().zip(CRATES) {
        assert_eq!(*head, heads[0], "the lints of {directory} are not those of {}", CRATES[0]);
    }
}

/// What writes a field by name is found, in whatever struct it is; a whole account that is overwritten, a reference that is
/// handed on and an assignment to several fields over several lines are not.
#[test]
fn only_the_ledger_assigns_to_balances_and_positions() {
    let (mut files, mut of_reader, mut used) = (0, 0, BTreeSet::new());
    for directory in OUTSIDE_THE_LEDGER {
        for path in sources(&workspace().join(directory)) {
            let name = path.strip_prefix(workspace()).expect("it lies in the workspace").display().to_string();
            if name.ends_with("tests.rs") || name.contains("/tests/") {
                continue;
            }
            files += 1;
            if name.starts_with(READER_OF_EVENTS) {
                of_reader += 1;
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("sources are text");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for (number, line) in (1..).zip(code.lines()) {
                for field in assigned(line) {
                    let excused = MAY_ASSIGN.iter().any(|(file, fields, _)| *file == name && fields.contains(&field));
                    assert!(excused, "{name}:{number} writes {field}, which is the ledger's: {}", line.trim());
                    used.insert((name.clone(), field));
                }
            }
        }
    }
    assert!(files > 150 && of_reader > 3, "{files} files were read, {of_reader} in {READER_OF_EVENTS}");
    for (file, fields, _) in MAY_ASSIGN {
        for field in *fields {
            assert!(used.contains(&((*file).to_owned(), *field)), "{file} need not be excused for {field}");
        }
    }
}

#[test]
fn assignments_to_balances_are_told_from_what_only_reads_them() {
    for (line, fields) in [
        ("bank.fees_atoms = 0;", vec!["fees_atoms"]),
        ("        account.tokens[place].shares += 1;", vec!["tokens", "shares"]),
        ("position.k_entry.set(0);", vec!["k_entry"]),
        ("(leg.cash_atoms, leg.kind) = (0, 0);", vec!["cash_atoms"]),
        ("let shares = account.tokens[place].shares;", vec![]),
        ("if market.pool_atoms == 0 {", vec![]),
        ("if market.pool_atoms <= most.pool_atoms {", vec![]),
        ("let Some(leg) = account.derivatives.get(0) else {", vec![]),
        ("account.tokens[place] =", vec!["tokens"]),
        ("total = bank.fees_atoms;", vec![]),
        ("// bank.fees_atoms = 0;", vec![]),
    ] {
        assert_eq!(assigned(line), fields, "{line}");
    }
}

/// The balances that a line of code assigns to.
fn assigned(line: &str) -> Vec<&'static str> {
    // Formatting ends a line with the sign where what is assigned is long.
    let line = format!("{} ", line.trim());
    if line.starts_with("//") || ["let ", "if let ", "while let "].iter().any(|word| line.starts_with(word)) {
        return Vec::new();
    }
    let written =
        [" = ", " += ", " -= ", ".set("].iter().filter_map(|sign| line.split_once(sign)).map(|(left, _)| left);
    let Some(left) = written.min_by_key(|left| left.len()) else { return Vec::new() };
    let words: BTreeSet<&str> = left.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let is_field = |field: &&&str| words.contains(**field) && left.contains(&format!(".{field}"));
    BALANCES.iter().filter(is_field).copied().collect()
}

/// The Rust files below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn is_test(package: &Package) -> bool {
    TEST_DIRECTORIES.iter().any(|directory| package.directory.starts_with(workspace().join(directory)))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// What cargo prints.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).current_dir(workspace()).args(arguments).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints text")
}

/// Names of all packages that one is linked with, itself among them: in its fullest form, its tests aside.
fn linked(package: &str) -> BTreeSet<String> {
    // Features of `interface` and `state` are what programs and the IDL ask of them.
    let features: &[&str] = if package == "plimsoll-sim" { &["--features", "live"] } else { &[] };
    let tree = cargo(&[&["tree", "--edges", "normal", "--prefix", "none", "--package", package], features].concat());
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn packages() -> Vec<Package> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"]))
        .expect("cargo metadata prints JSON");
    metadata["packages"].as_array().expect("packages are a list").iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let manifest = PathBuf::from(text(&value["manifest_path"]));
    let dependencies = value["dependencies"].as_array().expect("dependencies are a list").iter();
    Package {
        name: text(&value["name"]),
        directory: manifest.parent().expect("a manifest lies in a directory").to_path_buf(),
        dependencies: dependencies
            .filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    }
}
