//! Answers of commands: a type each, from which both the text for people and the JSON for programs are made.

use std::io::Write;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::quantity::spliced;
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
