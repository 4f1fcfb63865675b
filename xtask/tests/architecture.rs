//! Dependencies point one way: `risk` <- `state` <- `ledger` <- program, sdk <- rpc <- sim, keeper, migrations <- cli. The model, which the tests compare
//! everything with, stays apart from all of them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each package may use of this workspace, development dependencies aside.
const ALLOWED: &[(&str, &[&str])] = &[
    ("plimsoll-risk", &[]),
    ("plimsoll-state", &["plimsoll-risk"]),
    ("plimsoll-ledger", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-interface", &["plimsoll-state"]),
    ("plimsoll-wasm", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll", &["plimsoll-ledger", "plimsoll-risk", "plimsoll-state"]),
    ("example-venue", &["plimsoll", "plimsoll-interface", "plimsoll-risk", "plimsoll-state"]),
    ("mock-oracle", &[]),
    ("testkit-hostile", &[]),
    ("plimsoll-sdk", &["plimsoll", "plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-rpc", SDK),
    ("plimsoll-sim", ON_CLUSTERS),
    ("plimsoll-migrations", ON_CLUSTERS),
    (
        "plimsoll-keeper",
        &["plimsoll-rpc", "plimsoll-sdk", "plimsoll", "plimsoll-ledger", "plimsoll-risk", "plimsoll-state"],
    ),
    (
        "plimsoll-cli",
        &[
            "plimsoll-keeper",
            "plimsoll-migrations",
            "plimsoll-rpc",
            "plimsoll-sdk",
            "plimsoll",
            "plimsoll-risk",
            "plimsoll-state",
            "example-venue",
            "mock-oracle",
        ],
    ),
    ("plimsoll-model", &[]),
    ("plimsoll-idl", &["plimsoll-risk", "plimsoll-state"]),
    ("plimsoll-sbf", &[]),
    ("plimsoll-mutants", &["plimsoll-sbf"]),
    ("xtask", &["plimsoll-sbf"]),
];

const SDK: &[&str] = &["plimsoll-sdk", "plimsoll", "plimsoll-risk", "plimsoll-state"];

/// On test clusters prices come from the mock oracle.
const ON_CLUSTERS: &[&str] =
    &["plimsoll-rpc", "plimsoll-sdk", "plimsoll", "plimsoll-risk", "plimsoll-state", "mock-oracle"];

/// Packages in these directories are tests and may use everything.
const TEST_DIRECTORIES: [&str; 2] = ["tests", "tools/sbf-tests"];

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

fn is_test(package: &Package) -> bool {
    TEST_DIRECTORIES.iter().any(|directory| package.directory.starts_with(workspace().join(directory)))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace()).args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command.output().expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
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
