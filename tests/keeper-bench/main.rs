//! How fast the keeper is on this machine, on one core.
//!
//! `cargo xtask bench` runs it after the benchmark of the program and publishes `docs/keeper-benchmarks.md`. Times are wall-clock
//! times of one machine: nothing is asserted about them, and nothing fails because of them. Instructions are counted by
//! callgrind and compared with those that were recorded as meant ([`baseline`]); without valgrind they are left out, by name.
//! What is asserted besides is that the work was done: every affected account found, every one of them planned and signed.
//!
//! | option | |
//! |---|---|
//! | `--check` | a hundredth of the accounts, writes nothing; fails where more instructions are counted than were recorded |
//! | `--update-baseline` | counts instructions and records them as meant, and does nothing else |
//! | `--counts` | counts instructions and nothing else |

#[allow(dead_code, reason = "the stage is the benchmark's; not all of it is used here")]
#[path = "../bench/stage.rs"]
mod stage;

mod baseline;
mod count;
mod input;
mod liquidator;
mod population;
mod rows;

use std::path::Path;
use std::process::ExitCode;

use count::Scenario;
use rows::Row;

/// Accounts tracked.
const TRACKED: usize = 1_000_000;
/// What a check does of it.
const CHECKED: usize = 10_000;

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (check, update, only_counts) = match words[..] {
        [] => (false, false, false),
        ["--check"] => (true, false, false),
        ["--update-baseline"] => (true, true, true),
        ["--counts"] => (true, false, true),
        // What this binary calls itself with.
        ["--counted", name, input] => {
            count::run(Scenario::named(name).expect("a scenario"), Path::new(input));
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("keeper bench: unknown arguments {words:?}: --check, --update-baseline or --counts");
            return ExitCode::FAILURE;
        }
    };
    let stage = stage::Stage::new();
    let counts = count::measure(&stage);
    let of_counts = baseline::table(counts.as_deref());
    let of_times =
        if only_counts { String::new() } else { table(&rows::measure(&stage, if check { CHECKED } else { TRACKED })) };
    print!("{of_counts}\n{of_times}");
    let done = if update { baseline::record(counts.as_deref()) } else { baseline::compare(counts.as_deref()) };
    let written = done.and_then(|()| if check { Ok(()) } else { write_page(&of_counts, &of_times) });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keeper bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_page(of_counts: &str, of_times: &str) -> Result<(), String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/keeper-benchmarks.md");
    std::fs::write(&page, page_text(of_counts, of_times))
        .map_err(|error| format!("cannot write {}: {error}", page.display()))?;
    println!("wrote {}", page.display());
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | measured | goal | how |\n|---|--:|--:|---|\n");
    for row in rows {
        text += &format!("| {} | {} | {} | {} |\n", row.what, row.measured, row.goal, row.how);
    }
    text
}

fn page_text(of_counts: &str, of_times: &str) -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split(": ").nth(1)?.to_owned())
    });
    let model = model.unwrap_or_else(|| "an unknown processor".to_owned());
    format!(
        "# The keeper's speed\n\nWritten by `cargo xtask bench`. Accounts have 4 balances and 4 perps of 16 listed tokens; \
         interest and funding are projected to now in every evaluation, by the functions that the program itself calls. All of \
         it is of the workspace's dev profile, in which the crates of the keeper's loop are optimised.\n\n## Instructions\n\n\
         Counted by callgrind, so that they are the same on every machine with the same compiler. A change that makes one of \
         them more than {} % larger fails the stage `bench`; `cargo run -p plimsoll-keeper-bench -- --update-baseline` records \
         it as meant.\n\n{of_counts}\n## Times\n\nWall-clock times of one core of one machine ({model}). Other machines \
         give other times, by two and more, and no test depends on them.\n\n{of_times}",
        baseline::TOLERANCE_PERCENT
    )
}
