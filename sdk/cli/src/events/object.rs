//! An event as one JSON object, with the same keys for every event but for its own fields.

use plimsoll_rpc::history::ReadEvent;
use plimsoll_sdk::event::EngineEvent;
use plimsoll_state::Registry;
use serde_json::{json, Map, Value};

use super::fields::fields;
use super::Known;
use crate::amount::show;

/// Decimals of pico-dollars and micro-dollars.
const USD: [(&str, u32); 2] = [("_usd_pico", 12), ("_usd_micro", 6)];

/// The object: where it happened, what it is, and its fields; beside amounts the same with their point where decimals are known.
pub fn object(read: &ReadEvent, known: Option<&Known>) -> Value {
    let event = read.recorded.event.as_ref();
    let fields = match event {
        Some(event) => own_fields(event, known),
        // Another version's: as the program wrote it.
        None => {
            let bytes: String = read.recorded.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "bytes": bytes })
        }
    };
    json!({
        "slot": read.slot,
        "time": read.block_time,
        "signature": read.signature.to_string(),
        "index": read.index,
        "name": read.recorded.name(),
        "engine": event.map(|event| event.engine().to_string()),
        "fields": fields,
        "cursor": read.cursor.to_string(),
    })
}

fn own_fields(event: &EngineEvent, known: Option<&Known>) -> Value {
    let mut fields = match fields(event) {
        Ok(fields) => fields,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    fields.remove("engine");
    let of = Of { bank: Registry::QUOTE_BANK as u8, market: None };
    Value::Object(with_decimals(fields, of, known))
}

/// What amounts are of, as far as is known: of the settlement token where nothing else is said.
#[derive(Clone, Copy)]
struct Of {
    bank: u8,
    market: Option<u8>,
}

/// The slot that a field names, by itself or within what it holds.
fn slot(fields: &Map<String, Value>, names: &[&str]) -> Option<u8> {
    let number = |value: &Value| value.as_u64().and_then(|slot| u8::try_from(slot).ok());
    names.iter().find_map(|name| {
        let value = fields.get(*name)?;
        number(value).or_else(|| number(value.get(*name)?))
    })
}

fn with_decimals(fields: Map<String, Value>, outer: Of, known: Option<&Known>) -> Map<String, Value> {
    // Where tokens move, what moved stands in a field of its own.
    let within = fields.get("moved").and_then(Value::as_object).and_then(|moved| slot(moved, &["bank"]));
    let of = Of {
        bank: slot(&fields, &["bank"]).or(within).unwrap_or(outer.bank),
        market: slot(&fields, &["market", "index"]).or(outer.market),
    };
    let banks = (slot(&fields, &["asset_bank"]), slot(&fields, &["liability_bank"]));
    let mut shown = Map::new();
    for (name, value) in fields {
        let bank = match (&banks, name.starts_with("seized_")) {
            ((Some(asset), _), true) => *asset,
            ((_, Some(liability)), false) => *liability,
            _ => of.bank,
        };
        let point = point(&name, &value, Of { bank, ..of }, known);
        let value = match value {
            Value::Object(inner) => Value::Object(with_decimals(inner, of, known)),
            Value::Array(list) => list
                .into_iter()
                .map(|element| match element {
                    Value::Object(inner) => Value::Object(with_decimals(inner, of, known)),
                    other => other,
                })
                .collect(),
            other => other,
        };
        shown.insert(name, value);
        shown.extend(point);
    }
    shown
}

/// The same number with its point, under a name of its own.
fn point(name: &str, value: &Value, of: Of, known: Option<&Known>) -> Option<(String, Value)> {
    let number: i128 = value.as_str()?.parse().ok()?;
    for (suffix, decimals) in USD {
        if let Some(stem) = name.strip_suffix(suffix) {
            return Some((format!("{stem}_usd"), show(number, decimals).into()));
        }
    }
    let (stem, decimals) = match (name.strip_suffix("atoms"), name.strip_suffix("units")) {
        (Some(stem), _) => (stem, known?.decimals(of.bank)?),
        (_, Some(stem)) => (stem, known?.base_decimals(of.market?)?),
        _ => return None,
    };
    Some((format!("{stem}decimal"), show(number, decimals as u32).into()))
}
