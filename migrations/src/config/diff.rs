//! What differs between a file and the chain, leaf by leaf.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::Config;
use crate::error::{Error, Result};

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Path of the value, such as `bank[1].asset_maint_ppm`.
    pub path: String,
    /// What is on chain; none where nothing is.
    pub on_chain: Option<String>,
    /// What the file says; none where it says nothing.
    pub in_file: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".into());
        write!(f, "{}: {} on chain, {} in the file", self.path, text(&self.on_chain), text(&self.in_file))
    }
}

/// Every leaf that differs. Names of prices and banks, priors of listings and mocks are not on chain and not compared.
///
/// # Errors
/// `Config` where a configuration cannot be written down.
pub fn differences(file: &Config, chain: &Config) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    compare("", &comparable(file)?, &comparable(chain)?, &mut found);
    Ok(found)
}

fn comparable(config: &Config) -> Result<Value> {
    let mut config = config.clone();
    for price in &mut config.prices {
        price.name.clear();
        (price.variance_prior_pico_per_sec, price.mock) = (None, None);
        *price = price.clone().written_out();
    }
    for bank in &mut config.banks {
        bank.name.clear();
        *bank = bank.clone().written_out();
    }
    for market in &mut config.markets {
        *market = market.clone().written_out();
    }
    for venue in &mut config.venues {
        venue.settle_markets.sort_unstable();
        venue.premium_markets.sort_unstable();
    }
    if let Some(pause) = &mut config.engine.pause {
        pause.sort_unstable();
    }
    // A venue has no slot: it is known by its signer.
    let venues = std::mem::take(&mut config.venues).into_iter();
    let venues = venues.map(|venue| Ok((venue.signer.to_string(), written(&venue)?)));
    let venues = venues.collect::<Result<serde_json::Map<_, _>>>()?;
    let mut config = written(&config)?;
    config["venue"] = Value::Object(venues);
    Ok(config)
}

fn written(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::config("the configuration", error.to_string()))
}

fn compare(path: &str, file: &Value, chain: &Value, found: &mut Vec<Difference>) {
    match (file, chain) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let mut keys: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                compare(&inner, &of(ours), &of(theirs), found);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.iter().chain(theirs).any(Value::is_object) => {
            for index in 0..ours.len().max(theirs.len()) {
                let of = |list: &[Value]| list.get(index).cloned().unwrap_or(Value::Null);
                compare(&format!("{path}[{index}]"), &of(ours), &of(theirs), found);
            }
        }
        _ if file == chain => {}
        _ => found.push(Difference { path: path.to_owned(), on_chain: leaf(chain), in_file: leaf(file) }),
    }
}

/// A value in words; a whole table is only said to be there.
fn leaf(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Object(_) => Some("an entry".into()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
