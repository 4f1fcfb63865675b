//! The committed schema of everything that `plimsoll --json` prints: a type for every command.

use schemars::gen::{SchemaGenerator, SchemaSettings};
use serde_json::{json, Map, Value};

use crate::commands::{
    account_list, account_show, bank, configure, crash, engine, fill, funds, insurance, keeper, limits, liquidate,
    market, pauses, pending, price, price_list, simulate, simulate_change, standby, venue,
};
use crate::events::{EventLine, HistoryLine};
use crate::fault::Told;
use crate::quantity::is_quantity;
use crate::transaction::Transactions;

fn of<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> schemars::schema::Schema {
    generator.subschema_for::<T>()
}

/// By the words of the command. `engine show --toml` prints an engine's file, which has its own description.
const ANSWERS: [(&str, Schema); 58] = [
    ("engine list", of::<engine::EngineList>),
    ("engine show", of::<engine::Shown>),
    ("engine create", of::<configure::Configured>),
    ("engine configure", of::<configure::Configured>),
    ("engine verify", of::<configure::Verified>),
    ("engine pause", of::<pauses::Pauses>),
    ("engine unpause", of::<pauses::Pauses>),
    ("engine launch", of::<Transactions>),
    ("engine propose-role", of::<Transactions>),
    ("engine accept-role", of::<Transactions>),
    ("engine pending", of::<pending::Pending>),
    ("engine propose", of::<configure::Configured>),
    ("engine simulate-change", of::<simulate_change::SimulatedChange>),
    ("engine execute", of::<Transactions>),
    ("engine cancel", of::<Transactions>),
    ("engine advance-ramps", of::<Transactions>),
    ("engine powers", of::<limits::Powers>),
    ("engine limits", of::<limits::Limits>),
    ("bank list", of::<bank::BankList>),
    ("bank show", of::<bank::Bank>),
    ("bank collect-fees", of::<Transactions>),
    ("market list", of::<market::MarketList>),
    ("market show", of::<market::Market>),
    ("price list", of::<price_list::PriceList>),
    ("price refresh", of::<price::Refreshed>),
    ("price post", of::<price::Refreshed>),
    ("price set", of::<price::Refreshed>),
    ("price crash", of::<crash::Played>),
    ("price halt", of::<price_list::PriceList>),
    ("price resume", of::<price_list::PriceList>),
    ("price standby", of::<standby::StandbyList>),
    ("price switch", of::<Transactions>),
    ("account list", of::<account_list::AccountList>),
    ("account show", of::<account_show::Account>),
    ("account open", of::<Transactions>),
    ("account close", of::<Transactions>),
    ("account delegate", of::<Transactions>),
    ("account approve-venue", of::<Transactions>),
    ("account revoke-venue", of::<Transactions>),
    ("deposit", of::<funds::Moved>),
    ("withdraw", of::<funds::Moved>),
    ("borrow", of::<funds::Moved>),
    ("repay", of::<funds::Moved>),
    ("fill", of::<fill::Filled>),
    ("liquidate", of::<liquidate::Liquidation>),
    ("insurance show", of::<insurance::Insurance>),
    ("insurance fund", of::<Transactions>),
    ("insurance withdraw", of::<Transactions>),
    ("insurance sweep", of::<Transactions>),
    ("events", of::<EventLine>),
    ("history", of::<HistoryLine>),
    ("simulate", of::<simulate::Simulated>),
    ("venue list", of::<venue::VenueList>),
    ("venue show", of::<venue::OwnVenue>),
    ("venue create", of::<venue::OwnVenue>),
    ("keeper top", of::<account_list::AccountList>),
    ("keeper check-config", of::<keeper::CheckedConfig>),
    ("error", of::<Told>),
];

/// The schema of a type, its parts among the generator's definitions.
type Schema = fn(&mut SchemaGenerator) -> schemars::schema::Schema;

/// The schema of everything that is printed as JSON: of each command by its words, of faults as `error`.
fn schema(answers: &[(&str, Schema)]) -> Value {
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

mod tests {
    use boon::{Compiler, Schemas};
    use clap::CommandFactory;

    use super::*;

    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/answers.json");
    /// What prints none, or lines of its own.
    const OTHERS: [&str; 2] = ["keeper run", "completions"];

    #[test]
    fn the_committed_schema_is_that_of_the_types() {
        let found = format!("{:#}\n", schema(&ANSWERS));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/schema")).unwrap();
            std::fs::write(PATH, &found).unwrap();
        }
        let golden = std::fs::read_to_string(PATH).unwrap();
        assert!(found == golden, "answers changed: run the test with UPDATE_GOLDEN=1 and read the difference");
    }

    fn leaves(path: &str, command: &clap::Command, found: &mut Vec<String>) {
        let mut below = command.get_subcommands().filter(|below| below.get_name() != "help").peekable();
        if below.peek().is_none() {
            found.push(path.trim().to_owned());
        }
        below.for_each(|below| leaves(&format!("{path} {}", below.get_name()), below, found));
    }

    #[test]
    fn every_command_with_an_answer_has_a_type() {
        let mut commands = Vec::new();
        leaves("", &crate::cli::Cli::command(), &mut commands);
        commands.retain(|command| !OTHERS.contains(&command.as_str()));
        commands.push("error".to_owned());
        commands.sort_unstable();
        let mut typed: Vec<&str> = ANSWERS.iter().map(|(command, _)| *command).collect();
        typed.sort_unstable();
        assert_eq!(commands, typed);
    }

    #[test]
    fn a_key_that_no_type_has_and_one_that_is_missing_are_refused() {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("answers.json", schema(&ANSWERS)).unwrap();
        let index = compiler.compile("answers.json#/definitions/error", &mut schemas).unwrap();
        let told = crate::usage::usage("a word").told(None);
        assert!(schemas.validate(&told, index).is_ok());
        let (mut more, mut less) = (told.clone(), told);
        more["other"] = Value::Null;
        less.as_object_mut().unwrap().remove("hint");
        assert!(schemas.validate(&more, index).is_err() && schemas.validate(&less, index).is_err());
    }
}
