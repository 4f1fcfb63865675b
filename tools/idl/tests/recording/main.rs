//! Records accounts, and what the deployed program answers about them, for the tests of the TypeScript client.
//!
//! The chain is deterministic, so the test builds the recording anew and compares it with the committed one. To write it:
//!
//!     PLIMSOLL_RECORD=1 cargo test -p plimsoll-idl --test recording
//!
//! It runs the program that `cargo xtask build` has put into `target/deploy`.

mod addresses;
mod cases;
mod instructions;
mod moves;
mod recorder;

use std::path::PathBuf;

use serde_json::Value;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sdk/ts/test/fixtures").join(name)
}

/// Compares a recording with the committed one, or writes it.
fn compare_or_write(name: &str, recorded: &Value) {
    let text = serde_json::to_string_pretty(recorded).unwrap() + "\n";
    let path = fixture(name);
    if std::env::var_os("PLIMSOLL_RECORD").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let same = committed == text;
    assert!(same, "{name} is out of date: PLIMSOLL_RECORD=1 cargo test -p plimsoll-idl --test recording");
}

#[test]
fn the_committed_recording_is_what_the_program_answers() {
    let mut recorder = recorder::Recorder::default();
    cases::all(&mut recorder);
    assert!(recorder.case_count() >= 20);
    compare_or_write("accounts.json", &recorder.into_json());
}

#[test]
fn the_committed_addresses_are_those_of_the_rust_sdk() {
    compare_or_write("addresses.json", &addresses::all());
}

#[test]
fn the_committed_instructions_are_those_of_the_rust_sdk() {
    compare_or_write("instructions.json", &instructions::all());
}
