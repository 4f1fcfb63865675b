//! The committed interface description has everything that the program's source has. Compiling the description anew
//! is `cargo run -p plimsoll-idl -- --check`; this needs only the sources.

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll::EngineError;
use serde_json::Value;
use syn::{Attribute, Item};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn description() -> Value {
    let path = root().join("idl/plimsoll.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn parsed(file: &std::path::Path) -> syn::File {
    syn::parse_file(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident(name))
}

fn names(of: &Value) -> BTreeSet<String> {
    of.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

const STALE: &str = "to regenerate idl/plimsoll.json: cargo run -p plimsoll-idl";

#[test]
fn every_instruction_of_the_program_is_described_with_its_documentation() {
    let file = parsed(&root().join("programs/plimsoll/src/lib.rs"));
    let program = file.items.into_iter().find_map(|item| match item {
        Item::Mod(module) if has(&module.attrs, "program") => module.content,
        _ => None,
    });
    let functions = program.unwrap().1.into_iter().filter_map(|item| match item {
        Item::Fn(function) => Some(function.sig.ident.to_string()),
        _ => None,
    });
    let description = description();
    assert_eq!(names(&description["instructions"]), functions.collect(), "{STALE}");
    for instruction in description["instructions"].as_array().unwrap() {
        let documented = instruction["docs"].as_array().is_some_and(|lines| !lines.is_empty());
        assert!(documented, "{} has no documentation", instruction["name"]);
        let accounts = instruction["accounts"].as_array().unwrap();
        assert!(!accounts.is_empty());
        for account in accounts {
            let documented = account["docs"].as_array().is_some_and(|lines| !lines.is_empty());
            assert!(documented, "{} of {} has no documentation", account["name"], instruction["name"]);
        }
    }
}

#[test]
fn every_error_is_described_with_its_code_and_text() {
    let described: Vec<(u64, String, String)> = description()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            let text = |key: &str| error[key].as_str().unwrap().to_owned();
            (error["code"].as_u64().unwrap(), text("name"), text("msg"))
        })
        .collect();
    let defined: Vec<(u64, String, String)> = EngineError::ALL
        .iter()
        .map(|&error| (error as u64, error.text().0.to_owned(), error.text().1.to_owned()))
        .collect();
    assert_eq!(described, defined, "{STALE}");
}

#[test]
fn every_event_is_described() {
    let description = description();
    let described = description["events"].as_array().unwrap().iter().map(|event| {
        let discriminator: Vec<u8> = serde_json::from_value(event["discriminator"].clone()).unwrap();
        (event["name"].as_str().unwrap(), discriminator)
    });
    let defined = plimsoll::event::EVENTS.iter().map(|(name, discriminator)| (*name, discriminator.to_vec()));
    assert_eq!(described.collect::<Vec<_>>(), defined.collect::<Vec<_>>(), "{STALE}");
}

#[test]
fn every_account_is_plain_bytes_of_a_described_type() {
    let description = description();
    let accounts = names(&description["accounts"]);
    assert_eq!(accounts.len(), 9);
    let types = description["types"].as_array().unwrap();
    for account in accounts {
        let described = types.iter().find(|ty| ty["name"] == account.as_str()).unwrap();
        assert_eq!(described["serialization"], "bytemuck", "{account}");
        assert_eq!(described["repr"]["kind"], "c", "{account}");
        let fields = described["type"]["fields"].as_array().unwrap();
        assert!(fields.iter().all(|field| field["docs"].is_array()), "{account} has undocumented fields");
    }
}

#[test]
fn every_type_that_is_named_is_described() {
    let description = description();
    let described = names(&description["types"]);
    let mut open = vec![&description];
    let mut named = 0;
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                if let Some(name) = fields.get("defined").and_then(|defined| defined["name"].as_str()) {
                    assert!(described.contains(name), "{name} is not described");
                    named += 1;
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    assert!(named > 50);
}
