//! The tables of parameters in `docs`, made from the list of each group; `UPDATE_GOLDEN=1` writes them.

use std::path::Path;

use plimsoll_risk::params::{Bound, Field, GlobalParams};
use plimsoll_state::StoredSettings;

/// A number with separators.
fn number(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn bound(bound: &Bound) -> String {
    let name = bound.parameter().map(|path| format!("`{}`", path.split('.').next_back().unwrap()));
    name.unwrap_or_else(|| number(bound.at(&GlobalParams::DEFAULT)))
}

/// A meaning as a cell: no full stop.
fn meaning(doc: &str) -> &str {
    doc.trim_end_matches('.')
}

/// Of `docs/math.md`: what a parameter may be.
fn rule(field: &Field) -> String {
    let Field { group, name, .. } = field;
    let (default, low, high) = (number(field.default), bound(&field.low), bound(&field.high));
    let why = if field.why.is_empty() { String::new() } else { format!(": {}", field.why) };
    format!("| `{group}.{name}` | {default} | {low} to {high} | {} | {}{why} |", meaning(field.doc()), field.class)
}

/// Of `docs/accounts.md`: where it stands.
fn places() -> Vec<String> {
    let mut rows = Vec::new();
    for group in GlobalParams::GROUPS {
        let place = |field: &Field| {
            format!(
                "| {} | {} | `{}.{}` | {} |",
                field.offset,
                field.bytes,
                group.name,
                field.name,
                meaning(field.doc())
            )
        };
        rows.extend(group.fields.iter().map(place));
        let room = group.room_bytes();
        rows.push(format!("| {} | {room} | `{}._reserved` | Zero |", group.offset + group.bytes - room, group.name));
    }
    rows
}

/// Compares a section's table with these rows, or writes it.
fn assert_table(page: &str, heading: &str, rows: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let start = text.find(&format!("\n{heading}\n")).unwrap();
    let start = start + text[start..].find("|---|").unwrap();
    let start = start + text[start..].find('\n').unwrap() + 1;
    let length =
        text[start..].split_inclusive('\n').take_while(|line| line.starts_with('|')).map(str::len).sum::<usize>();
    let (found, wanted) = (&text[start..start + length], rows.join("\n") + "\n");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let (before, after) = (&text[..start], &text[start + length..]);
        std::fs::write(path, [before, &wanted, after].concat()).unwrap();
    } else {
        assert!(found == wanted, "the table of docs/{page} below {heading:?} is to be:\n{wanted}");
    }
}

#[test]
fn every_parameter_stands_in_the_documentation_with_its_default_bounds_meaning_and_what_a_change_does() {
    assert_table("math.md", "## Parameters", &GlobalParams::fields().map(rule).collect::<Vec<_>>());
}

/// Of `docs/accounts.md`: where a struct of settings holds each, and its room.
fn places_in(table: &StoredSettings) -> Vec<String> {
    let place = |offset: usize, bytes: usize, name: &str, doc: &str| {
        format!("| {offset} | {bytes} | `{name}` | {} |", meaning(doc))
    };
    let fields = table.fields.iter().map(|field| place(field.offset, field.bytes, field.name, field.doc()));
    let room = table.room_bytes();
    fields.chain([place(table.bytes - room, room, "_reserved", "Zero")]).collect()
}

/// One test for all tables of the page, since it may write it.
#[test]
fn every_parameter_and_every_setting_stands_in_the_documentation_at_its_offset() {
    assert_table("accounts.md", "### GlobalParams", &places());
    for table in StoredSettings::ALL {
        assert_table("accounts.md", &format!("### {}", table.name), &places_in(table));
    }
}
