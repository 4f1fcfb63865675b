//! A dependency that has other features for one program than for another is compiled for sBPF once for each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const ENGINE: &str = "plimsoll";
/// What is built beside the engine.
const OTHERS: [&str; 3] = ["example-venue", "mock-oracle", "testkit-hostile"];
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

/// Features of everything from a registry that a program is built from, by package and version.
fn features(program: &str) -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(["tree", "--locked", "-p", program]);
    command.args(["--edges", "normal", "--target", "all", "--prefix", "none", "--format", "{p}|{f}"]);
    let output = command.output().expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
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
