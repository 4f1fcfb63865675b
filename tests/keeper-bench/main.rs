//! How fast the keeper is on this machine, on one core.
//!
//! `cargo xtask bench` runs it after the benchmark of the program and publishes `docs/keeper-benchmarks.md`. Times are wall-clock
//! times of one machine: nothing is asserted about them, and nothing fails because of them. What is asserted is that
//! the work was done: every affected account found, every one of them planned and signed.
//!
//! | option | |
//! |---|---|
//! | `--check` | a hundredth of the accounts, writes nothing |

#[allow(dead_code, reason = "the stage is the benchmark's; not all of it is used here")]
#[path = "../bench/stage.rs"]
mod stage;

mod population;
mod rows;

use std::path::Path;

use rows::Row;

/// Accounts tracked.
const TRACKED: usize = 1_000_000;
/// What a check does of it.
const CHECKED: usize = 10_000;

fn main() -> std::process::ExitCode {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("keeper bench: unknown argument {other:?}: --check");
            return std::process::ExitCode::FAILURE;
        }
    };
    let rows = rows::measure(if check { CHECKED } else { TRACKED });
    let table = table(&rows);
    print!("{table}");
    if check {
        return std::process::ExitCode::SUCCESS;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/keeper-benchmarks.md");
    match std::fs::write(&page, page_text(&table)) {
        Ok(()) => println!("wrote {}", page.display()),
        Err(error) => {
            eprintln!("keeper bench: cannot write {}: {error}", page.display());
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | measured | goal | how |\n|---|--:|--:|---|\n");
    for row in rows {
        text += &format!("| {} | {} | {} | {} |\n", row.what, row.measured, row.goal, row.how);
    }
    text
}

fn page_text(table: &str) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split(": ").nth(1)?.to_owned())
    });
    let model = model.unwrap_or_else(|| "an unknown processor".to_owned());
    format!(
        "# The keeper's speed\n\nWritten by `cargo xtask bench`. Wall-clock times of one core of one machine ({model}), in the \
         workspace's dev profile, in which the crates of the keeper's loop are optimised; other machines give other times, and \
         no test depends on them. Accounts have 4 balances and 4 perps of 16 listed tokens; interest and funding are projected \
         to now in every evaluation, by the functions that the program itself calls.\n\n{table}"
    )
}
