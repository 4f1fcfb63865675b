//! Every instruction of the program has a function here, and takes the accounts that the program's own description
//! (`idl/plimsoll.json`, which the stage `idl` compares with the program) says that it takes.

use plimsoll_interface::{Outline, ALL};
use serde_json::Value;

/// Accounts as the description has them: name and role.
fn described(instruction: &Value) -> Vec<(String, String)> {
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
    let accounts = instruction["accounts"].as_array().unwrap();
    accounts.iter().map(|account| (account["name"].as_str().unwrap().to_owned(), role(account))).collect()
}

fn outlined(outline: &Outline) -> Vec<(String, String)> {
    let events: &[_] = if outline.sends_events { &[("event_authority", "read"), ("program", "read")] } else { &[] };
    outline.accounts.iter().chain(events).map(|(name, role)| ((*name).to_owned(), (*role).to_owned())).collect()
}

#[test]
fn every_instruction_of_the_program_takes_the_same_accounts_here() {
    let description: Value = serde_json::from_str(include_str!("../../../idl/plimsoll.json")).unwrap();
    let instructions = description["instructions"].as_array().unwrap();
    for instruction in instructions {
        let name = instruction["name"].as_str().unwrap();
        let ours = ALL.iter().find(|outline| outline.name == name);
        let ours = ours.unwrap_or_else(|| panic!("plimsoll_interface::ALL lacks {name}"));
        assert_eq!(outlined(ours), described(instruction), "{name}");
        assert_eq!(instruction["discriminator"], serde_json::json!(ours.discriminator), "{name}");
    }
    assert_eq!(ALL.len(), instructions.len());
}

#[test]
fn every_instruction_of_the_programs_list_has_a_function_here() {
    let program = include_str!("../../../programs/plimsoll/src/lib.rs");
    let names = program.lines().filter_map(|line| line.strip_prefix("    pub fn ")?.split(['(', '<']).next());
    let missing: Vec<&str> = names.filter(|name| ALL.iter().all(|outline| outline.name != *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
