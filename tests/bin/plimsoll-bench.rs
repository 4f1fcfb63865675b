//! Compute units of every instruction on sBPF, against the goals and the recorded baseline.
//!
//! `cargo xtask bench` builds the programs and runs this. It prints the table and rewrites `docs/benchmarks.md`.
//!
//! | option | |
//! |---|---|
//! | `--json PATH` | writes the rows there |
//! | `--check` | writes nothing; fails where a figure is over 5 % worse than the baseline, or the page is stale |
//! | `--update-baseline` | records the figures in `docs/bench-baseline.json` |

#[path = "../bench/mod.rs"]
mod bench;

use std::path::PathBuf;
use std::process::ExitCode;

use bench::{baseline, table, Build};

struct Options {
    json: Option<PathBuf>,
    check: bool,
    update_baseline: bool,
}

impl Options {
    fn parse() -> Result<Self, String> {
        let mut options = Self { json: None, check: false, update_baseline: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => options.json = Some(words.next().ok_or("--json needs a path")?.into()),
                "--check" => options.check = true,
                "--update-baseline" => options.update_baseline = true,
                other => return Err(format!("unknown argument {other:?}: --json PATH, --check, --update-baseline")),
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}

/// False where `--check` found something.
fn run(options: &Options) -> Result<bool, String> {
    let build = Build::from_environment();
    let rows = bench::measure_all();
    print!("{}", table::text(&rows));
    if let Some(path) = &options.json {
        let json = serde_json::Value::from(rows.iter().map(bench::Row::to_json).collect::<Vec<_>>());
        write(path, &format!("{json:#}\n"))?;
    }
    let (page, recorded) = (bench::docs("benchmarks.md"), bench::docs("bench-baseline.json"));
    if options.update_baseline {
        write(&recorded, &baseline::to_json(&build, &rows))?;
    }
    if options.check {
        return baseline::check(&build, &rows, &recorded, &page);
    }
    write(&page, &table::page(&build, &rows))?;
    println!("wrote {}", page.display());
    Ok(true)
}

fn write(path: &PathBuf, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
