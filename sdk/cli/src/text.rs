//! Text for people: names with values, tables, sentences, within the width of the terminal.
//!
//! A table that is wider than the terminal is shown as one block a row, a line each value, so that nothing is cut and no
//! address is broken in two.

use std::io::IsTerminal;

use comfy_table::{presets, CellAlignment, Color, Table};

/// Where there is no terminal that says how wide it is.
const USUAL_WIDTH: usize = 80;
/// Narrower ones are treated as this wide.
const LEAST_WIDTH: usize = 40;

/// What a value means for whoever is concerned, shown in colour on a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// A value like others.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// To be watched.
    Warning,
    /// Wrong, or about to cost money.
    Bad,
}

impl Tone {
    const fn color(self) -> Option<Color> {
        match self {
            Self::Plain => None,
            Self::Good => Some(Color::Green),
            Self::Warning => Some(Color::Yellow),
            Self::Bad => Some(Color::Red),
        }
    }

    /// The text between the terminal's own marks.
    fn mark(self, text: &str) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Good => 32,
            Self::Warning => 33,
            Self::Bad => 31,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A value with its tone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A value that means something.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text.to_string(), Tone::Plain)
    }
}

/// Values of one row.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::text::Cell::from(&$value)),*] };
}

enum Part {
    Facts(Vec<(String, Cell)>),
    Rows { columns: Vec<&'static str>, rows: Vec<Vec<Cell>> },
    Note(String),
}

/// Parts of a text, in order.
#[derive(Default)]
pub struct Text {
    parts: Vec<Part>,
}

impl Text {
    /// A table alone.
    pub fn table(columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        Self::default().rows(columns, rows)
    }

    /// Adds a table.
    pub fn rows(mut self, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        self.parts.push(Part::Rows { columns: columns.to_vec(), rows });
        self
    }

    /// Adds names and values; those without a value are left out.
    pub fn facts(mut self, facts: Vec<(&str, Cell)>) -> Self {
        let facts = facts.into_iter().filter(|(_, value)| !value.text.is_empty());
        self.parts.push(Part::Facts(facts.map(|(name, value)| (name.to_owned(), value)).collect()));
        self
    }

    /// Adds a sentence.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Note(text.into()));
        self
    }

    /// Adds another text.
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// As it stands on the standard output: coloured on a terminal, unless `NO_COLOR` is set.
    pub fn on_stdout(&self) -> String {
        let is_terminal = std::io::stdout().is_terminal();
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let seen = || terminal_size::terminal_size().map(|(width, _)| width.0.into());
        let width = told.or_else(|| is_terminal.then(seen).flatten()).unwrap_or(USUAL_WIDTH);
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.shown(width, is_terminal && !no_color)
    }

    /// Within a width, in colour or not.
    pub fn shown(&self, width: usize, in_color: bool) -> String {
        let width = width.max(LEAST_WIDTH);
        let parts = self.parts.iter().map(|part| match part {
            Part::Note(text) => text.lines().map(|line| wrapped(line, width).join("\n")).collect::<Vec<_>>().join("\n"),
            Part::Facts(facts) => named(facts, width, in_color, ""),
            Part::Rows { rows, .. } if rows.is_empty() => "none".to_owned(),
            Part::Rows { columns, rows } => {
                let table = table(columns, rows, in_color);
                if widest(&self::table(columns, rows, false)) <= width {
                    table
                } else {
                    blocks(columns, rows, width, in_color)
                }
            }
        });
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

/// Numbers stand at the right.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '$']).starts_with(|first: char| first.is_ascii_digit());
    digits && text.len() < 32
}

fn table(columns: &[&str], rows: &[Vec<Cell>], in_color: bool) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_header(columns);
    if in_color {
        table.enforce_styling();
    }
    for row in rows {
        table.add_row(row.iter().map(|Cell { text, tone }| {
            let alignment = if is_number(text) { CellAlignment::Right } else { CellAlignment::Left };
            let cell = comfy_table::Cell::new(text).set_alignment(alignment);
            match tone.color().filter(|_| in_color) {
                Some(color) => cell.fg(color),
                None => cell,
            }
        }));
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// One block a row: its first value, and below it the others by name.
fn blocks(columns: &[&str], rows: &[Vec<Cell>], width: usize, in_color: bool) -> String {
    let block = |row: &Vec<Cell>| {
        let Some((head, rest)) = row.split_first() else { return String::new() };
        let facts: Vec<(String, Cell)> = columns
            .iter()
            .skip(1)
            .zip(rest)
            .filter(|(_, value)| !value.text.is_empty())
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let name = columns.first().copied().unwrap_or_default();
        format!("{name} {}\n{}", shown(head, in_color), named(&facts, width, in_color, "  "))
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn shown(cell: &Cell, in_color: bool) -> String {
    if in_color {
        cell.tone.mark(&cell.text)
    } else {
        cell.text.clone()
    }
}

/// Names, and beside them their values, wrapped between words.
fn named(facts: &[(String, Cell)], width: usize, in_color: bool, indent: &str) -> String {
    let longest = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let left = longest + indent.len() + 2;
    let line = |(name, value): &(String, Cell)| {
        let lines = value.text.lines().flat_map(|line| wrapped(line, width.saturating_sub(left)));
        let marked: Vec<String> = lines.map(|text| shown(&Cell { text, tone: value.tone }, in_color)).collect();
        let rest = format!("\n{}", " ".repeat(left));
        format!("{indent}{name:<longest$}  {}", marked.join(&rest))
    };
    facts.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Lines of at most so many characters, broken between words only: an address or a command that is longer stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line =
            lines.last_mut().filter(|line| line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width);
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text {
        let rows = vec![row!["SOL", "12.5"], vec!["BTC".into(), Cell::toned("-0.25", Tone::Bad)]];
        Text::default().facts(vec![("margin ratio", "1.1221".into())]).rows(&["bank", "balance"], rows)
    }

    #[test]
    fn a_table_stands_under_its_header_with_numbers_at_the_right() {
        let text = text().shown(80, false);
        let expected = "margin ratio  1.1221\n┌────────────────┐\n│ bank   balance │\n╞════════════════╡\n\
                        │ SOL       12.5 │\n│ BTC      -0.25 │\n└────────────────┘";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn a_table_that_is_too_wide_becomes_a_block_a_row_and_no_address_is_broken() {
        let key = "9BkS8UanPej9U7Y6JqbkKzU74nLaxT2uMMLNHdapcJ8a";
        let rows = vec![row![key, "$1,000.00", "healthy", key], row![key, "", "under water", key]];
        let shown = Text::table(&["account", "NAV", "state", "owner"], rows).shown(80, false);
        let block = format!("account {key}\n  NAV    $1,000.00\n  state  healthy\n  owner  {key}\naccount {key}\n  state  under water\n  owner  {key}");
        assert_eq!(shown, block);
        assert!(widest(&shown) <= 80);
    }

    #[test]
    fn sentences_and_values_are_broken_between_words_within_eighty_columns() {
        let long = "word ".repeat(40);
        let shown = Text::default().facts(vec![("next", long.trim().into())]).note(long.trim()).shown(80, false);
        assert!(widest(&shown) <= 80 && shown.lines().count() == 6, "{shown}");
        assert!(shown.lines().nth(1).is_some_and(|line| line.starts_with("      word")), "{shown}");
    }

    #[test]
    fn health_is_coloured_on_a_terminal_alone() {
        assert!(!text().shown(80, false).contains('\u{1b}'));
        assert!(text().shown(80, true).contains("\u{1b}["), "{}", text().shown(80, true));
        let fact = Text::default().facts(vec![("state", Cell::toned("healthy", Tone::Good))]);
        assert_eq!(fact.shown(80, true), "state  \u{1b}[32mhealthy\u{1b}[0m");
    }

    #[test]
    fn an_empty_table_says_that_there_is_nothing() {
        assert_eq!(Text::table(&["bank"], Vec::new()).shown(80, false), "none");
    }
}
