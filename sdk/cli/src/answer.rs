//! Answers of commands: a type each, from which both the text for people and the JSON for programs are made.

use std::io::Write;

use schemars::gen::{SchemaGenerator, SchemaSettings};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{json, Map, Value};

use crate::quantity::{is_quantity, spliced};
use crate::text::Text;

/// What a command answers.
pub trait Answer: Serialize + JsonSchema {
    /// For people.
    fn text(&self) -> Text;

    /// For programs: always an object.
    fn json(&self) -> Value {
        spliced(serde_json::to_value(self).unwrap_or_default())
    }

    /// Prints it.
    fn print(&self, json: bool) {
        let text = if json { format!("{:#}", self.json()) } else { self.text().on_stdout() };
        // A reader that has seen enough closes the pipe: that is no fault.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// The schema of a type, its parts among the generator's definitions.
pub type Schema = fn(&mut SchemaGenerator) -> schemars::schema::Schema;

/// The schema of everything that is printed as JSON: of each command by its words, of faults as `error`.
pub fn schema(answers: &[(&str, Schema)]) -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let of_commands: Vec<(String, Value)> = answers
        .iter()
        .map(|(command, schema)| {
            ((*command).to_owned(), serde_json::to_value(schema(&mut generator)).unwrap_or_default())
        })
        .collect();
    let parts = serde_json::to_value(generator.take_definitions()).unwrap_or_default();
    let mut definitions: Map<String, Value> = parts.as_object().cloned().unwrap_or_default();
    definitions.extend(of_commands);
    let mut definitions = Value::Object(definitions);
    tighten(&mut definitions);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "What `plimsoll --json` prints: under each command's words its answer, under `error` what goes to the standard error",
        "definitions": definitions,
    })
}

/// Puts the keys of quantities where they are printed, and allows no others.
fn tighten(schema: &mut Value) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(tighten),
        Value::Object(schema) => {
            schema.values_mut().for_each(tighten);
            if let Some(Value::Object(properties)) = schema.get("properties") {
                if is_quantity(properties) {
                    return;
                }
                let spread = Value::Object(properties.clone().into_iter().flat_map(spread).collect());
                let required: Vec<Value> =
                    spread.as_object().into_iter().flat_map(Map::keys).cloned().map(Value::from).collect();
                schema.insert("properties".to_owned(), spread);
                schema.insert("required".to_owned(), required.into());
                schema.insert("additionalProperties".to_owned(), false.into());
            }
        }
        _ => {}
    }
}

/// A property; of a quantity one for each of its keys, with what the field says and what the key says.
fn spread((name, property): (String, Value)) -> Vec<(String, Value)> {
    let Some(keys) = property.get("properties").and_then(Value::as_object).filter(|keys| is_quantity(keys)) else {
        return vec![(name, property)];
    };
    let of_field = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let with = |key: &Value| {
        let of_key = key.get("description").and_then(Value::as_str).unwrap_or_default();
        json!({ "type": key["type"], "description": format!("{of_field} {of_key}").trim() })
    };
    keys.iter().map(|(suffix, key)| (format!("{name}{suffix}"), with(key))).collect()
}
