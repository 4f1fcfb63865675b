//! What the programs are built from: with which features, since a dependency that has other ones for one program than for another
//! is compiled for sBPF once for each, and by which compilers.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

const ENGINE: &str = "plimsoll";
/// What is built beside the engine.
const OTHERS: [&str; 4] = ["example-venue", "example-treasury", "mock-oracle", "testkit-hostile"];
/// Cargo lists them with what only other platforms ask for.
const OF_OTHER_PLATFORMS: [&str; 1] = ["zerocopy"];

#[test]
fn every_program_is_built_from_the_engines_dependencies_with_the_same_features() {
    let engine = features(ENGINE);
    for program in OTHERS {
        let own = features(program);
        let shared = own.iter().filter(|(package, _)| engine.contains_key(*package));
        let other: Vec<_> = shared.clone().filter(|(package, features)| engine[*package] != **features).collect();
        assert!(other.is_empty(), "{program} is built from these with other features than {ENGINE}: {other:?}");
        assert!(shared.count() > 50, "{program} has its dependencies");
    }
}

/// The oldest compiler that Anchor takes, which Solana's tools from version 1.52 on bring.
const OLDEST_RUST: &str = "1.89";
/// Whose locked version needs a newer compiler, with which other version of it an older one does.
const WITH_ANOTHER_VERSION: [(&str, &str); 1] = [("fixed", "1.30")];

/// `cargo build-sbf` and `anchor build` refuse where one package of a program asks for more than their compiler. That nothing
/// newer is called is clippy's `incompatible_msrv` to say.
#[test]
fn programs_ask_for_no_newer_compiler_than_anchor() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--locked", "--format-version", "1"])).expect("JSON");
    let of_list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        of_list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let needs: BTreeMap<String, Vec<String>> = of_list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let built = |needed: &&Value| of_list(&needed["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            let needed = of_list(&node["deps"]).iter().filter(built).map(|needed| text(&needed["pkg"])).collect();
            (text(&node["id"]), needed)
        })
        .collect();
    let is_program = |package: &&Value| [ENGINE].iter().chain(&OTHERS).any(|name| package["name"] == *name);
    let mut left: Vec<String> = packages.values().filter(is_program).map(|package| text(&package["id"])).collect();
    assert_eq!(left.len(), 1 + OTHERS.len());
    let mut seen = BTreeSet::new();
    while let Some(id) = left.pop() {
        if seen.insert(id.clone()) {
            left.extend(needs[&id].clone());
        }
    }
    let anchor = seen.iter().find(|id| packages[*id]["name"] == "anchor-lang").expect("programs use Anchor");
    assert_eq!(packages[anchor]["rust_version"], OLDEST_RUST, "Anchor asks for another compiler");
    let mut refused = BTreeSet::new();
    for package in seen.iter().map(|id| &packages[id]) {
        let (name, asks) = (text(&package["name"]), text(&package["rust_version"]));
        if package["source"].is_null() {
            assert_eq!(asks, OLDEST_RUST, "{name}, which programs are built from");
        } else if minor(&asks) > minor(OLDEST_RUST) {
            refused.insert(name);
        }
    }
    let known: BTreeSet<String> = WITH_ANOTHER_VERSION.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(refused, known, "asks for a newer compiler");
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("there is a Cargo.toml");
    for (name, version) in WITH_ANOTHER_VERSION {
        assert!(manifest.contains(&format!("\n{name} = {{ version = \"{version}\"")), "{name} {version} is admitted");
    }
}

/// The second number of a version of Rust; none asks for nothing.
fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// What cargo prints.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).current_dir(root()).args(arguments).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints text")
}

/// Features of everything from a registry that a program is built from, by package and version.
fn features(program: &str) -> BTreeMap<String, Vec<String>> {
    let printed = cargo(
        &[
            &["tree", "--locked", "-p", program, "--edges", "normal", "--target", "all"][..],
            &["--prefix", "none", "--format", "{p}|{f}"],
        ]
        .concat(),
    );
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for line in printed.lines() {
        let (package, features) = line.split_once('|').expect("a package and its features");
        // What lies in this checkout has its path behind its version.
        let of_a_registry = !package.contains('/');
        if of_a_registry && !OF_OTHER_PLATFORMS.iter().any(|name| package.starts_with(&format!("{name} "))) {
            let features = features.trim_end_matches(" (*)").to_owned();
            let all = found.entry(package.to_owned()).or_default();
            // A package that also runs while others are compiled appears with a second set.
            if let Err(place) = all.binary_search(&features) {
                all.insert(place, features);
            }
        }
    }
    found
}
