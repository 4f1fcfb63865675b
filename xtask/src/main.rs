//! The project's commands. `cargo xtask` lists them.

mod arguments;
mod commands;
mod failure;
mod programs;
mod test;

use arguments::Arguments;
use failure::{Failure, Result};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  replay [--no-install] [arguments…]        build the program and replay recorded crashes through it
  test   [--no-install] [--nightly] [--only <stage>]
                                            run every check of the project
  bench  [--no-install] [--json <path>] [--check]
                                            measure compute units, and the keeper's speed
  build  [--no-install] [--arch v3|v0] [--sizes]
                                            build the programs into target/deploy; --sizes prints which crates and
                                            functions the engine's code consists of
  mutants [--no-install] [--host|--chain] [--file <part>]… [--shard <k>/<n>] [--cases <n>]
          [--quick] [--resume] [--again] [--report] [--list]
                                            break the engine place by place and count what the tests notice: hours,
                                            so a nightly form, in shards; --quick leaves out tests that take long,
                                            --resume goes on where a run ended, --again takes what was missed and is
                                            not accepted, --report adds up what is known
  test-validator [--no-install]             the end-to-end story on Agave's own validator, which is compiled for it

--no-install keeps the builder from installing packages it lacks.";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let arguments = Arguments::new(words.collect());
    match run(&command, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Reported) => ExitCode::FAILURE,
        Err(Failure::Message(message)) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, arguments: Arguments) -> Result<()> {
    match command {
        "build" => commands::build(arguments),
        "replay" => commands::replay(arguments),
        "bench" => commands::bench(arguments),
        "test" => test::run(arguments),
        "mutants" => commands::mutants(arguments),
        "test-validator" => commands::test_validator(arguments),
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::Message(format!("there is no command {other:?}\n\n{USAGE}"))),
    }
}
