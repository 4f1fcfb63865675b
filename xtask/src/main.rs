//! The project's commands. `cargo xtask` lists them, `cargo xtask <command> --help` their arguments.

mod arguments;
mod commands;
mod failure;
mod programs;
mod test;

use arguments::{CommandLine, Task};
use clap::Parser as _;
use failure::{Failure, Result};
use std::process::ExitCode;

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(refused) => {
            // A closed terminal has nobody to tell.
            let _ = refused.print();
            return if refused.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Reported) => ExitCode::FAILURE,
        Err(Failure::Message(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: CommandLine) -> Result<()> {
    match line.command {
        Some(Task::Build(arguments)) => commands::build(&arguments),
        Some(Task::Replay(arguments)) => commands::replay(arguments),
        Some(Task::Localnet(arguments)) => commands::localnet(arguments),
        Some(Task::Bench(arguments)) => commands::bench(arguments),
        Some(Task::Test(arguments)) => test::run(&arguments),
        Some(Task::Mutants(arguments)) => commands::mutants(arguments),
        Some(Task::TestValidator(builder)) => commands::test_validator(&builder),
        None => {
            CommandLine::print_help();
            Ok(())
        }
    }
}
