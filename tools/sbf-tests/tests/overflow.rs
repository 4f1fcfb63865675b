//! Arithmetic that overflows ends a program ([ADR 18](../../../docs/adr/0018-building-without-downloads.md)).

use plimsoll_sbf_arithmetic::{Input, Output, GROUPS};
use plimsoll_sbf_tests::{built_program, Machine, ARCHS};
use serde_json::Value;
use solana_pubkey::Pubkey;
use std::collections::BTreeSet;
use std::process::Command;

/// The one crate that is compiled without: it reads what the runtime has serialised (`Cargo.toml`).
const WITHOUT_CHECKS: [&str; 1] = ["solana_program_entrypoint"];

#[test]
fn arithmetic_that_overflows_ends_the_program() {
    let group = GROUPS.iter().position(|(group, _)| *group == "overflow").expect("the group exists");
    let [fits, overflows] = [1, 2].map(|c| Input { c, ..Input::default() });
    for arch in ARCHS {
        let mut machine = Machine::load(Pubkey::new_unique(), &built_program("plimsoll-sbf-arithmetic", arch));
        for (index, (operation, function)) in GROUPS[group].1.iter().enumerate() {
            let mut expected = Output::default();
            function(&fits, &mut expected);
            assert_eq!(machine.outputs(group, index, &[fits]), [expected.to_bytes()], "{arch}: {operation}");
            let ended = machine.try_outputs(group, index, &[overflows]);
            assert!(ended.is_err(), "{arch}: {operation} goes on with {ended:x?}");
        }
    }
}

/// What cargo would compile the engine from, and how: no line of these profiles can be forgotten.
#[test]
fn every_crate_of_the_engine_is_compiled_with_overflow_checks_but_those_that_say_why() {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--release", "--lib", "--package", "plimsoll", "-Zunstable-options", "--unit-graph"])
        // Describing what would be compiled is an unstable interface; nothing is compiled here.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let graph: Value = serde_json::from_slice(&output.stdout).expect("cargo describes the build");
    let units = graph["units"].as_array().expect("there are units").iter();
    // Macros and build scripts run on the host.
    let kinds = |unit: &Value| unit["target"]["kind"].as_array().expect("a target has kinds").clone();
    let in_program = units.filter(|unit| kinds(unit).iter().all(|kind| kind != "proc-macro" && kind != "custom-build"));
    let name = |unit: &Value| unit["target"]["name"].as_str().expect("a target has a name").replace('-', "_");
    let (with, without): (Vec<&Value>, Vec<&Value>) = in_program
        .filter(|unit| unit["profile"]["name"] == "release")
        .partition(|unit| unit["profile"]["overflow_checks"] == true);
    let [with, without] = [with, without].map(|units| units.into_iter().map(name).collect::<BTreeSet<String>>());
    for of_ours in ["plimsoll", "plimsoll_ledger", "plimsoll_state", "plimsoll_risk", "plimsoll_interface"] {
        assert!(with.contains(of_ours), "{of_ours}: {with:?}");
    }
    assert_eq!(without, BTreeSet::from(WITHOUT_CHECKS.map(str::to_owned)));
}
