//! Every instruction of the program has a function here, and is what the program's own description (`idl/plimsoll.json`,
//! which the stage `idl` compares with the program) says of it: its first bytes, its accounts in order with their roles, its
//! events, and its arguments where they are plain numbers.
//!
//! `anchor.rs` compares whole calls, bytes of structured arguments included; here none can be forgotten.

use plimsoll_interface::{outlines, Outline};
use serde_json::Value;

/// Names, each with a role or a type.
type Named = Vec<(String, String)>;

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Accounts as the description has them: name and role.
fn described(instruction: &Value) -> Named {
    let role = |account: &Value| {
        let is = |flag: &str| account[flag].as_bool().unwrap_or(false);
        let plain = match (is("signer"), is("writable")) {
            (false, false) => "read",
            (false, true) => "write",
            (true, false) => "sign",
            (true, true) => "sign_write",
        };
        if is("optional") {
            format!("maybe_{plain}")
        } else {
            plain.to_owned()
        }
    };
    list(&instruction["accounts"]).iter().map(|account| (text(&account["name"]), role(account))).collect()
}

/// Arguments as the description has them, those of its struct in order; none where one has a structure of its own.
fn described_args(description: &Value, instruction: &Value) -> Option<Named> {
    let fields = |arg: &Value| {
        let name = text(&arg["type"]["defined"]["name"]);
        let found = list(&description["types"]).iter().find(|of| of["name"] == name.as_str());
        list(&found.expect("a type that is used is described")["type"]["fields"]).to_vec()
    };
    let args = list(&instruction["args"]).iter().flat_map(fields);
    args.map(|field| Some((text(&field["name"]), field["type"].as_str()?.to_owned()))).collect()
}

fn named(pairs: &[(&str, &str)]) -> Named {
    pairs.iter().map(|(name, of)| ((*name).to_owned(), (*of).to_owned())).collect()
}

fn outlined(outline: &Outline) -> Named {
    let events: &[_] = if outline.sends_events { &[("event_authority", "read"), ("program", "read")] } else { &[] };
    named(&[outline.accounts, events].concat())
}

/// Arguments of a call; none where one has a structure of its own.
fn outlined_args(outline: &Outline) -> Option<Named> {
    let plain = |kind: &str| kind.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    outline.args.iter().all(|(_, kind)| plain(kind)).then(|| named(outline.args))
}

#[test]
fn every_instruction_of_the_program_is_the_same_here() {
    let description: Value = serde_json::from_str(include_str!("../../../idl/plimsoll.json")).unwrap();
    let instructions = list(&description["instructions"]);
    let mut compared = 0;
    for instruction in instructions {
        let name = text(&instruction["name"]);
        let ours = outlines().find(|outline| outline.name == name);
        let ours = ours.unwrap_or_else(|| panic!("plimsoll_interface lacks {name}"));
        assert_eq!(outlined(ours), described(instruction), "{name}");
        assert_eq!(instruction["discriminator"], serde_json::json!(ours.discriminator), "{name}");
        if let (Some(args), Some(expected)) = (outlined_args(ours), described_args(&description, instruction)) {
            assert_eq!(args, expected, "{name}");
            compared += 1;
        }
    }
    assert_eq!(outlines().count(), instructions.len());
    assert!(compared > 12, "the arguments of {compared} calls are plain");
}

#[test]
fn every_instruction_of_the_programs_list_has_a_function_here() {
    let program = include_str!("../../../programs/plimsoll/src/lib.rs");
    let names = program.lines().filter_map(|line| line.strip_prefix("    pub fn ")?.split(['(', '<']).next());
    let missing: Vec<&str> = names.filter(|name| outlines().all(|outline| outline.name != *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
