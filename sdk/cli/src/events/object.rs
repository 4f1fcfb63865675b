//! An event as one JSON object, with the same keys for every event but for its own fields.

use plimsoll_rpc::history::ReadEvent;
use plimsoll_sdk::event::EngineEvent;
use plimsoll_state::Registry;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::fields;
use super::Known;
use crate::amount::show;

/// Decimals of pico-dollars and micro-dollars.
const USD: [(&str, u32); 2] = [("_usd_pico", 12), ("_usd_micro", 6)];

/// An event of `plimsoll events --json`, an object a line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EventLine {
    /// The slot in which it happened.
    pub slot: u64,
    /// When, Unix seconds by the cluster's clock; null where the node does not say.
    pub time: Option<i64>,
    /// The transaction.
    pub signature: String,
    /// Which of the transaction's events it is, from zero.
    pub index: usize,
    /// Its name; `Unreadable` of another version's.
    pub name: String,
    /// The engine that it is of; null of one that cannot be read.
    pub engine: Option<String>,
    /// Its own fields, by the names and in the units of the interface description: numbers of 64 bits and more as text, and
    /// beside amounts (`_atoms`, `_units`, `_usd_pico`, `_usd_micro`) the same with its point (`_decimal`, `_usd`), where
    /// decimals are known.
    pub fields: Map<String, Value>,
    /// Everything after it is given to whoever reads on from here, as `--from` does from a file that holds this.
    pub cursor: String,
}

impl EventLine {
    /// An event with its fields, amounts with decimals as far as they are known.
    pub fn of(read: &ReadEvent, known: Option<&Known>) -> Self {
        let event = read.recorded.event.as_ref();
        let fields = match event {
            Some(event) => own_fields(event, known),
            // Another version's: as the program wrote it.
            None => {
                let bytes: String = read.recorded.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                Map::from_iter([("bytes".to_owned(), bytes.into())])
            }
        };
        Self {
            slot: read.slot,
            time: read.block_time,
            signature: read.signature.to_string(),
            index: read.index,
            name: read.recorded.name().to_owned(),
            engine: event.map(|event| event.engine().to_string()),
            fields,
            cursor: read.cursor.to_string(),
        }
    }
}

/// What happened to an account, of `plimsoll history --json`, an object a line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HistoryLine {
    /// The event.
    #[serde(flatten)]
    pub event: EventLine,
    /// The same in words.
    pub words: String,
}

fn own_fields(event: &EngineEvent, known: Option<&Known>) -> Map<String, Value> {
    let mut fields = match fields(event) {
        Ok(fields) => fields,
        Err(error) => return Map::from_iter([("error".to_owned(), error.to_string().into())]),
    };
    fields.remove("engine");
    let of = Of { bank: Registry::QUOTE_BANK as u8, market: None };
    with_decimals(fields, of, known)
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
