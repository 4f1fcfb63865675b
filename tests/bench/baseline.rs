//! The recorded figures, and what counts as a regression.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{json, Value};

use super::row::Row;
use super::table::figures_of_page;
use super::Build;

/// What a figure may be worse by.
const TOLERANCE_PERCENT: u64 = 5;

/// `docs/bench-baseline.json`.
pub fn to_json(build: &Build, rows: &[Row]) -> String {
    let figures: BTreeMap<String, u64> = rows.iter().map(|row| (row.name(), row.figure())).collect();
    format!("{:#}\n", json!({ "builder": build.builder, "compiler": build.compiler, "figures": figures }))
}

/// Compares with the baseline and with the page; prints what it finds and returns whether that is nothing.
///
/// Figures depend on the compiler, so where another built the programs there is nothing to compare with.
///
/// # Errors
/// Files that cannot be read.
pub fn check(build: &Build, rows: &[Row], baseline: &Path, page: &Path) -> Result<bool, String> {
    let read =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
    let recorded: Value =
        serde_json::from_str(&read(baseline)?).map_err(|error| format!("{}: {error}", baseline.display()))?;
    let held_for = |key: &str| recorded[key].as_str().unwrap_or_default().to_owned();
    let of = Build { builder: held_for("builder"), compiler: held_for("compiler") };
    if of != *build || *build == Build::unknown() {
        println!(
            "bench: comparison skipped: the baseline holds for {} and {}, this was built by {} and {}",
            of.builder, of.compiler, build.builder, build.compiler
        );
        return Ok(true);
    }
    let mut found = regressions(rows, &recorded["figures"]);
    found.extend(stale(rows, &figures_of_page(&read(page)?)));
    for problem in &found {
        println!("bench: {problem}");
    }
    if found.is_empty() {
        println!("bench: every figure is within {TOLERANCE_PERCENT} % of the baseline");
    }
    Ok(found.is_empty())
}

fn regressions(rows: &[Row], recorded: &Value) -> Vec<String> {
    let judge = |row: &Row| {
        let (name, figure) = (row.name(), row.figure());
        let Some(before) = recorded[&name].as_u64() else {
            return Some(format!("{name} is not in the baseline: cargo xtask bench --update-baseline"));
        };
        let (worse, better) = if row.more_is_better() { (before, figure) } else { (figure, before) };
        is_over(worse, better).then(|| format!("{name} was {before} and is {figure}"))
    };
    rows.iter().filter_map(judge).collect()
}

fn stale(rows: &[Row], page: &[(String, u64)]) -> Vec<String> {
    let judge = |row: &Row| {
        let (name, figure) = (row.name(), row.figure());
        let written = page.iter().find(|(of, _)| *of == name).map(|(_, written)| *written);
        let fits = written.is_some_and(|written| !is_over(written, figure) && !is_over(figure, written));
        (!fits).then(|| format!("docs/benchmarks.md is stale on {name}: cargo xtask bench"))
    };
    rows.iter().filter_map(judge).collect()
}

/// `a` exceeds `b` by more than the tolerance.
const fn is_over(a: u64, b: u64) -> bool {
    a * 100 > b * (100 + TOLERANCE_PERCENT)
}

#[cfg(test)]
mod tests {
    use super::super::table::page;
    use super::*;

    fn row(compute_units: u64) -> Row {
        Row { operation: "borrow", compute_units: Some(compute_units), tokens: Some(8), ..Row::default() }
    }

    fn build() -> Build {
        Build { builder: "one".to_owned(), compiler: "another".to_owned() }
    }

    #[test]
    fn a_figure_over_five_per_cent_worse_is_a_regression() {
        let recorded: Value = serde_json::from_str(&to_json(&build(), &[row(10_000)])).unwrap();
        assert!(regressions(&[row(10_500)], &recorded["figures"]).is_empty());
        assert!(regressions(&[row(1)], &recorded["figures"]).is_empty());
        assert_eq!(regressions(&[row(10_501)], &recorded["figures"]).len(), 1);
    }

    #[test]
    fn fewer_liquidations_a_block_are_a_regression_and_more_are_none() {
        let per_block = |count| Row { per_block: Some(count), ..row(1) };
        let recorded: Value = serde_json::from_str(&to_json(&build(), &[per_block(420)])).unwrap();
        assert!(regressions(&[per_block(400)], &recorded["figures"]).is_empty());
        assert!(regressions(&[per_block(600)], &recorded["figures"]).is_empty());
        assert_eq!(regressions(&[per_block(399)], &recorded["figures"]).len(), 1);
    }

    #[test]
    fn a_row_that_the_baseline_lacks_is_found() {
        let recorded: Value = serde_json::from_str(&to_json(&build(), &[])).unwrap();
        assert_eq!(regressions(&[row(1)], &recorded["figures"]).len(), 1);
    }

    #[test]
    fn a_page_is_stale_where_it_differs_by_more_in_either_direction() {
        let figures = figures_of_page(&page(&build(), &[row(10_000)]));
        assert!(stale(&[row(10_400)], &figures).is_empty());
        assert_eq!(stale(&[row(10_600)], &figures).len(), 1);
        assert_eq!(stale(&[row(9_000)], &figures).len(), 1);
        assert_eq!(stale(&[row(10_000).sized(4, 2)], &figures).len(), 1);
    }
}
