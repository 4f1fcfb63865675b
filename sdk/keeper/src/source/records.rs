//! Lists of records from strangers' servers: one that cannot be read costs no other.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads every record of a list by itself; what is wrong with one goes to `unreadable`, with its place in the list.
pub fn readable<T: DeserializeOwned>(list: Vec<Value>, unreadable: &mut Vec<String>) -> Vec<T> {
    let read = |(place, record)| match serde_json::from_value(record) {
        Ok(read) => Some(read),
        Err(error) => {
            unreadable.push(format!("record {place}: {error}"));
            None
        }
    };
    list.into_iter().enumerate().filter_map(read).collect()
}

/// Records that servers have sent, or may send, where there should be another.
#[cfg(test)]
pub mod malformed {
    use proptest::prelude::*;
    use serde_json::{json, Value};

    /// Any JSON, nested a little.
    pub fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
            // What looks like a number to some.
            "-?[0-9.eE+]{1,30}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec(("[a-z]{1,6}", inner), 0..3).prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }

    /// A record in which any JSON stands in place of one of the values at these paths, or of the whole.
    pub fn spoilt(record: Value, paths: &'static [&'static str]) -> impl Strategy<Value = Value> {
        (any_json(), 0..=paths.len()).prop_map(move |(other, place)| {
            let mut record = record.clone();
            let at = paths.get(place).copied().unwrap_or_default();
            *record.pointer_mut(at).unwrap_or(&mut json!(null)) = other;
            record
        })
    }
}
