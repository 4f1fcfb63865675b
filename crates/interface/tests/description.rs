//! Every call that `call!` defines is the instruction of that name in the program's description (`idl/plimsoll.json`): its first
//! bytes, its accounts in order with their roles, its events, and its arguments where they are plain numbers.
//!
//! `anchor.rs` compares whole calls, bytes of structured arguments included; here none can be forgotten.

use serde_json::Value;

const SOURCES: [&str; 7] = [
    include_str!("../src/call/account.rs"),
    include_str!("../src/call/engine.rs"),
    include_str!("../src/call/liquidation.rs"),
    include_str!("../src/call/listing.rs"),
    include_str!("../src/call/market.rs"),
    include_str!("../src/call/money.rs"),
    include_str!("../src/call/upkeep.rs"),
];

/// A call as it is written, or as the program describes it.
#[derive(Debug, PartialEq)]
struct Call {
    name: String,
    has_events: bool,
    discriminator: Vec<u8>,
    /// Names and roles.
    accounts: Vec<(String, String)>,
    /// Names and types; none of those that have a structure of their own.
    args: Option<Vec<(String, String)>>,
}

/// The calls of a source text.
fn written(source: &str) -> Vec<Call> {
    let blocks = source.split("\ncall! {\n").skip(1).map(|block| block.split("\n}\n").next().unwrap_or(block));
    blocks.map(call).collect()
}

fn call(block: &str) -> Call {
    let code: Vec<&str> =
        block.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    let code = code.join(" ");
    let (head, rest) = code.split_once("];").expect("the first bytes end with the head");
    let (names, bytes) = head.split_once('[').expect("the head has the first bytes");
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let (accounts, args) = rest.split_once(';').unwrap_or((rest, ""));
    let pairs = |text: &str| -> Vec<(String, String)> {
        let pairs = text.split(',').filter_map(|part| part.trim().split_once(": "));
        pairs.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
    };
    let args = pairs(args);
    let plain =
        args.iter().all(|(_, kind)| kind.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()));
    Call {
        name: names[0].to_owned(),
        has_events: names[2] == "events",
        discriminator: bytes.split(',').map(|byte| byte.trim().parse().expect("a byte")).collect(),
        accounts: pairs(accounts),
        args: plain.then_some(args),
    }
}

/// The calls of the program's description.
fn described(idl: &Value) -> Vec<Call> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let fields = |type_name: &str| {
        let types = list(&idl["types"]);
        let found = types.iter().find(|of| of["name"] == type_name).cloned();
        list(&found.expect("a type that is used is described")["type"]["fields"])
    };
    let one = |instruction: &Value| {
        let mut accounts: Vec<(String, String)> = list(&instruction["accounts"]).iter().map(account).collect();
        let has_events = accounts.iter().any(|(name, _)| name == "event_authority");
        accounts.retain(|(name, _)| name != "event_authority" && name != "program");
        let args = list(&instruction["args"]);
        let args = args.iter().flat_map(|arg| fields(arg["type"]["defined"]["name"].as_str().unwrap_or_default()));
        let args = args.map(|field| Some((text(&field["name"]), field["type"].as_str()?.to_owned())));
        let bytes = list(&instruction["discriminator"]);
        Call {
            name: text(&instruction["name"]),
            has_events,
            discriminator: bytes.iter().map(|byte| byte.as_u64().expect("a byte") as u8).collect(),
            accounts,
            args: args.collect(),
        }
    };
    list(&idl["instructions"]).iter().map(one).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn account(value: &Value) -> (String, String) {
    let is = |property: &str| value[property] == true;
    let role = match (is("signer"), is("writable")) {
        (true, true) => "sign_write",
        (true, false) => "sign",
        (false, true) => "write",
        (false, false) => "read",
    };
    (text(&value["name"]), if is("optional") { format!("maybe_{role}") } else { role.to_owned() })
}

#[test]
fn every_call_is_the_programs() {
    let idl: Value = serde_json::from_str(include_str!("../../../idl/plimsoll.json")).expect("the description is JSON");
    let described = described(&idl);
    let written: Vec<Call> = SOURCES.iter().flat_map(|source| written(source)).collect();
    assert!(written.len() > 15, "{} calls were read", written.len());
    let mut compared = 0;
    for ours in &written {
        let theirs = described.iter().find(|call| call.name == ours.name);
        let theirs = theirs.unwrap_or_else(|| panic!("the program has no instruction {}", ours.name));
        let (Some(args), Some(expected)) = (&ours.args, &theirs.args) else {
            assert_eq!(
                (&ours.discriminator, &ours.accounts),
                (&theirs.discriminator, &theirs.accounts),
                "{}",
                ours.name
            );
            assert_eq!(ours.has_events, theirs.has_events, "{}", ours.name);
            continue;
        };
        assert_eq!(args, expected, "{}", ours.name);
        assert_eq!(ours, theirs);
        compared += 1;
    }
    assert!(compared > 12, "the arguments of {compared} calls are plain");
}
