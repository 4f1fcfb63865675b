//! `cargo xtask test`: every check of the project, one stage after the other, with one line of counts at the end.

mod built;
mod counts;
mod errors;
mod stages;
mod stream;

use crate::arguments::Checks;
use crate::failure::{Failure, Result};
use crate::programs::{build_all, cargo_run};
use built::Built;
use counts::Counts;
use plimsoll_sbf::{Arch, Toolchain};
use stages::{Outcome, Stage, STAGES};
use std::cell::OnceCell;
use std::process::Command;
use std::time::{Duration, Instant};

/// What the stages need to know about this run.
#[derive(Debug)]
pub struct Run {
    /// The builder, or why there is none.
    pub toolchain: std::result::Result<Toolchain, String>,
    /// More inputs and longer scenarios.
    pub nightly: bool,
    /// The whole workspace, compiled by the stage `compile`; a stage that runs alone compiles what it needs.
    pub built: OnceCell<Built>,
}

impl Run {
    /// A command that runs one of the workspace's binaries.
    pub fn binary(&self, package: &str, name: &str) -> Command {
        self.built.get().and_then(|built| built.binary(name)).unwrap_or_else(|| cargo_run(package, name, &[]))
    }
}

/// Names of the stages, in order.
pub fn names() -> [&'static str; STAGES.len()] {
    STAGES.each_ref().map(|stage| stage.name)
}

struct Finished {
    name: &'static str,
    took: Duration,
    counts: Counts,
    skipped: Option<String>,
}

/// Runs the stages and fails if any of them did.
pub fn run(arguments: &Checks) -> Result<()> {
    let only = arguments.only.as_deref();
    let chosen: Vec<&Stage> = STAGES.iter().filter(|stage| only.is_none_or(|name| name == stage.name)).collect();
    let toolchain = Toolchain::find(arguments.builder.install()).map_err(|error| error.to_string());
    if let Err(reason) = &toolchain {
        println!("{reason}\n\nWithout a builder, what needs a built program is skipped.");
    }
    if let (Ok(toolchain), Some(_), true) = (&toolchain, only, chosen.iter().any(|stage| stage.needs_programs)) {
        build_all(toolchain, Arch::default())?;
    }
    let run = Run { toolchain, nightly: arguments.nightly, built: OnceCell::new() };
    let finished: Vec<Finished> = chosen.into_iter().map(|stage| run_stage(stage, &run)).collect();
    summarise(&finished)
}

fn run_stage(stage: &Stage, run: &Run) -> Finished {
    println!("\n=== {}: {}", stage.name, stage.about);
    let started = Instant::now();
    let outcome = (stage.run)(run);
    let took = started.elapsed();
    let (counts, skipped) = match outcome {
        Outcome::Ran(counts) => (counts, None),
        Outcome::Skipped(reason) => {
            println!("skipped: {reason}");
            (Counts { skipped: 1, ..Counts::default() }, Some(reason))
        }
    };
    Finished { name: stage.name, took, counts, skipped }
}

fn summarise(finished: &[Finished]) -> Result<()> {
    println!("\n=== summary");
    let mut total = Counts::default();
    for stage in finished {
        let seconds = stage.took.as_secs_f64();
        match &stage.skipped {
            // The whole reason stands where the stage would have run.
            Some(reason) => {
                println!("{:>13} {seconds:>7.1} s  skipped: {}", stage.name, reason.lines().next().unwrap_or(""))
            }
            None => println!("{:>13} {seconds:>7.1} s  {}", stage.name, stage.counts),
        }
        total += stage.counts;
    }
    println!("\n{total}");
    if total.failed > 0 {
        return Err(Failure::Reported);
    }
    Ok(())
}
