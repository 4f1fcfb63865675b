//! A configuration as a file with every key, each explained.

use toml_edit::{DocumentMut, Item, Table, Value};

use super::{Config, ConfigError};

/// Writes out every key of the defaults, and those without a default as comments.
const EXAMPLE: &str = include_str!("../../keeper.example.toml");

impl Config {
    /// The whole configuration as a file: the example, which explains every key, with the values of this one. Keys without
    /// a default that are not set stand in it as comments.
    ///
    /// # Errors
    /// Never in practice: the example is TOML, and so is what is written into it.
    pub fn print(&self) -> Result<String, ConfigError> {
        let unprintable = |error: String| ConfigError::BadValues(vec![error]);
        let mut document: DocumentMut =
            EXAMPLE.parse().map_err(|error: toml_edit::TomlError| unprintable(error.to_string()))?;
        let values = toml::Table::try_from(self).map_err(|error| unprintable(error.to_string()))?;
        let example: toml::Table = toml::from_str(EXAMPLE)?;
        write(document.as_table_mut(), &values, &example).map_err(unprintable)?;
        Ok(document.to_string())
    }
}

/// Sets what is other than in the example; the rest keeps the form that it has there.
fn write(table: &mut Table, values: &toml::Table, example: &toml::Table) -> Result<(), String> {
    for (key, value) in values {
        let known = example.get(key);
        if known == Some(value) {
            continue;
        }
        if let (Some(Item::Table(inner)), toml::Value::Table(values)) = (table.get_mut(key), value) {
            let none = toml::Table::new();
            write(inner, values, known.and_then(toml::Value::as_table).unwrap_or(&none))?;
            continue;
        }
        let new: Value = value.to_string().parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
        match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(held) => {
                let decor = held.decor().clone();
                *held = new;
                *held.decor_mut() = decor;
            }
            None => {
                table.insert(key, Item::Value(new));
            }
        }
    }
    Ok(())
}
