//! The table on the terminal and in the documentation.

use std::fmt::Write;

use plimsoll_sim::format::grouped;

use super::row::{Envelope, Row};
use super::why::why;
use super::Build;

const HEAD: [&str; 11] =
    ["operation", "case", "tokens", "perps", "views", "figure", "goal", "verdict", "bytes", "keys", "why"];

fn cells(row: &Row) -> [String; HEAD.len()] {
    let number = |value: Option<u8>| value.map_or_else(String::new, |value| value.to_string());
    let goal = row.goal.map_or_else(String::new, |goal| grouped(goal.value()));
    let missed = row.missed_by().is_some() || row.outside_envelope().is_some();
    [
        row.operation.to_owned(),
        row.case.clone(),
        number(row.tokens),
        number(row.perps),
        number(row.views),
        grouped(row.figure()),
        goal,
        verdict(row),
        grouped(row.bytes),
        row.accounts.map_or_else(String::new, |keys| keys.to_string()),
        if missed { why(row).to_owned() } else { String::new() },
    ]
}

fn verdict(row: &Row) -> String {
    let envelope = row.outside_envelope();
    match (row.missed_by(), row.goal, envelope) {
        (None, None, None) => String::new(),
        (None, _, None) => "met".to_owned(),
        (None, _, Some(outside)) => format!("MISSED: {outside}"),
        (Some(by), goal, outside) => {
            let tenths = by * 1_000 / goal.map_or(1, |goal| goal.value()).max(1);
            let tail = outside.map_or_else(String::new, |outside| format!("; {outside}"));
            format!("MISSED by {} ({}.{} %){tail}", grouped(by), tenths / 10, tenths % 10)
        }
    }
}

/// The rows for a terminal, and the goals that are missed once more at the end.
pub fn text(rows: &[Row]) -> String {
    let table: Vec<[String; HEAD.len()]> =
        std::iter::once(HEAD.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| table.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut out = String::new();
    for cells in &table {
        let line: Vec<String> = cells
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| match column {
                0 | 1 | 7 | 10 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        let _ = writeln!(out, "{}", line.join("  ").trim_end());
    }
    let held = rows.iter().filter(|row| row.goal.is_some()).count();
    let missed: Vec<&Row> =
        rows.iter().filter(|row| row.missed_by().is_some() || row.outside_envelope().is_some()).collect();
    let _ = writeln!(out, "\n{} of {held} goals met", held - missed.len());
    for row in missed {
        let _ = writeln!(out, "  {}: {}", row.name(), verdict(row));
    }
    out
}

/// `docs/benchmarks.md`.
pub fn page(build: &Build, rows: &[Row]) -> String {
    let mut out = format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`; CI fails where a figure is more than 5 % worse than `bench-baseline.json`.\n\n\
         - builder: {}\n- compiler: {}\n\n\
         Compute units are those of the instruction alone on LiteSVM, which runs the validator's own virtual machine. \
         Each is sent in a legacy transaction without lookup tables, with both compute-budget limits set; bytes and \
         keys are that transaction's, the compute-budget program included. Of two tokens or more one is the \
         settlement token. Files and accounts have their size as figure.\n\n\
         `check_margin_cpi` is the difference of the caller's meter, from before it builds the call until it has \
         decoded the answer. \"Per block\" is how many transactions of that row write one quote bank in a 200 ms \
         block: 20,000,000 units a written account, divided by the compute units of the whole transaction plus what \
         the validator's cost model (`solana-cost-model` 4.2.2) adds: 720 for the signature, 300 for each write lock, \
         1 for each 4 bytes of instruction data, 8 for each 32 KiB of loaded accounts, program included.\n\n",
        build.builder, build.compiler
    );
    let _ = writeln!(out, "| {} |", HEAD.join(" | "));
    let _ = writeln!(out, "|---|---|--:|--:|--:|--:|--:|---|--:|--:|---|");
    for row in rows {
        let _ = writeln!(out, "| {} |", cells(row).join(" | "));
    }
    if let Some(Envelope { bytes, accounts }) = rows.iter().find_map(|row| row.envelope) {
        let _ = writeln!(
            out,
            "\nLiquidations of the largest account must fit {} bytes and {accounts} keys.",
            grouped(bytes)
        );
    }
    out
}

/// Names and figures of a page, for comparison with what is measured now.
pub fn figures_of_page(page: &str) -> Vec<(String, u64)> {
    page.lines().filter_map(figure_of_line).collect()
}

fn figure_of_line(line: &str) -> Option<(String, u64)> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let or_dash = |cell: &str| if cell.is_empty() { "-".to_owned() } else { cell.to_owned() };
    let figure = cells.get(5)?.replace(',', "").parse().ok()?;
    let (tokens, perps, views) = (or_dash(cells[2]), or_dash(cells[3]), or_dash(cells[4]));
    Some((format!("{} | {} | {tokens} | {perps} | {views}", cells[0], cells[1]), figure))
}
