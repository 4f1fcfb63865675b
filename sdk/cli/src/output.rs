//! What a command shows: tables for people, or the same as one JSON value.

use std::fmt::Display;
use std::io::Write;

use comfy_table::{presets, Cell, CellAlignment, Table};
use serde_json::{Map, Value};

/// One part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// A table.
    Rows {
        /// Its columns.
        columns: Vec<&'static str>,
        /// Its lines.
        rows: Vec<Vec<String>>,
    },
    /// A sentence for people; not in JSON.
    Note(String),
    /// Values for programs, in the units that their names say; only in JSON.
    Exact(Value),
}

/// An answer: parts by name, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    parts: Vec<(&'static str, Part)>,
}

impl Report {
    /// An answer of one table.
    pub fn table(name: &'static str, columns: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self::default().with_rows(name, columns, rows)
    }

    /// Adds a table.
    pub fn with_rows(mut self, name: &'static str, columns: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        self.parts.push((name, Part::Rows { columns: columns.to_vec(), rows }));
        self
    }

    /// Adds a table for people; not in JSON, which has the same in numbers.
    pub fn with_text_rows(self, columns: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        let table = Part::Rows { columns: columns.to_vec(), rows };
        let lines = text(&table).unwrap_or_default();
        self.with_note(lines)
    }

    /// Adds names and values.
    pub fn with_facts(mut self, name: &'static str, facts: Vec<(&str, String)>) -> Self {
        let facts = facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        self.parts.push((name, Part::Facts(facts)));
        self
    }

    /// Adds a sentence for people.
    pub fn with_note(mut self, text: impl Into<String>) -> Self {
        self.parts.push(("", Part::Note(text.into())));
        self
    }

    /// Adds values for programs.
    pub fn with_exact(mut self, name: &'static str, value: Value) -> Self {
        self.parts.push((name, Part::Exact(value)));
        self
    }

    /// Adds another answer's parts.
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// The answer as JSON: a part alone, or several by name.
    pub fn json(&self) -> Value {
        let mut parts: Vec<(&str, Value)> =
            self.parts.iter().filter_map(|(name, part)| Some((*name, value(part)?))).collect();
        if parts.len() == 1 {
            return parts.remove(0).1;
        }
        Value::Object(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The answer as text.
    pub fn text(&self) -> String {
        let parts: Vec<String> = self.parts.iter().filter_map(|(_, part)| text(part)).collect();
        parts.join("\n")
    }

    /// Prints it.
    pub fn print(&self, json: bool) {
        let text = if json { format!("{:#}", self.json()) } else { self.text() };
        // A reader that has seen enough closes the pipe: that is no fault.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// Tells on the standard error what an answer leaves out, a sentence each: so it is the same for people and for programs.
pub fn tell_left_out(texts: impl IntoIterator<Item = impl Display>) {
    texts.into_iter().for_each(|text| eprintln!("left out: {text}"));
}

/// A name as a key of JSON: words joined by underscores.
fn key(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}

fn value(part: &Part) -> Option<Value> {
    let object = |pairs: &mut dyn Iterator<Item = (String, String)>| {
        Value::Object(pairs.map(|(name, value)| (key(&name), Value::String(value))).collect::<Map<_, _>>())
    };
    match part {
        Part::Note(_) => None,
        Part::Exact(value) => Some(value.clone()),
        Part::Facts(facts) => Some(object(&mut facts.iter().cloned())),
        Part::Rows { columns, rows } => Some(Value::Array(
            rows.iter()
                .map(|row| object(&mut columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned())))
                .collect(),
        )),
    }
}

/// Numbers stand at the right.
fn cell(text: &str) -> Cell {
    let number = text.trim_start_matches(['-', '$']).starts_with(|first: char| first.is_ascii_digit());
    let short = text.len() < 32;
    Cell::new(text).set_alignment(if number && short { CellAlignment::Right } else { CellAlignment::Left })
}

fn text(part: &Part) -> Option<String> {
    let mut table = Table::new();
    match part {
        Part::Note(text) => return Some(text.clone()),
        Part::Exact(_) => return None,
        Part::Facts(facts) => {
            table.load_preset(presets::NOTHING);
            facts.iter().for_each(|(name, value)| {
                table.add_row([Cell::new(name), Cell::new(value)]);
            });
        }
        Part::Rows { columns, rows } => {
            if rows.is_empty() {
                return Some("none".into());
            }
            table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(columns);
            rows.iter().for_each(|row| {
                table.add_row(row.iter().map(|text| cell(text)));
            });
        }
    }
    Some(table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let rows = vec![vec!["SOL".into(), "12.5".into()], vec!["BTC".into(), "-0.25".into()]];
        Report::default().with_facts("account", vec![("margin ratio", "1.1221".into())]).with_rows(
            "balances",
            &["bank", "balance"],
            rows,
        )
    }

    #[test]
    fn a_table_stands_under_its_header_with_numbers_at_the_right() {
        let text = report().text();
        let expected = " margin ratio  1.1221\n┌────────────────┐\n│ bank   balance │\n╞════════════════╡\n\
                        │ SOL       12.5 │\n│ BTC      -0.25 │\n└────────────────┘";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn json_has_the_same_values_by_name() {
        let json = report().json();
        assert_eq!(json["account"]["margin_ratio"], "1.1221");
        assert_eq!(json["balances"][1]["balance"], "-0.25");
        let alone = Report::table("balances", &["bank"], vec![vec!["SOL".into()]]).with_note("a sentence");
        assert_eq!(alone.json()[0]["bank"], "SOL");
    }

    #[test]
    fn exact_values_are_for_programs_alone() {
        let exact = report().with_exact("exact", serde_json::json!({ "ratio_ppm": 1_122_100 }));
        assert_eq!(exact.text(), report().text());
        assert_eq!(exact.json()["exact"]["ratio_ppm"], 1_122_100);
    }

    #[test]
    fn an_empty_table_says_that_there_is_nothing() {
        assert_eq!(Report::table("banks", &["bank"], Vec::new()).text(), "none");
    }
}
