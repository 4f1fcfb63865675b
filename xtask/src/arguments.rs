//! The command line: what each command takes.

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use plimsoll_sbf::{Arch, Install};

/// The project's commands
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", arg_required_else_help = false)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Task>,
}

/// A command and its arguments.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Build the program and replay recorded crashes through it
    #[command(after_help = "Every other argument is the replay's: `cargo xtask replay -- --help` lists them.")]
    Replay(Passed),
    /// Run a whole engine on a cluster of your own, to try: until Ctrl-C
    #[command(
        after_help = "Every other argument is the localnet's:\n  --port <port>        the node's port [8899]; the two next \
                      ones are taken too\n  --url <url>          a validator that runs already, instead of surfpool\n  \
                      --directory <path>   where keys and files are [target/localnet]"
    )]
    Localnet(Passed),
    /// Run every check of the project
    Test(Checks),
    /// Measure compute units, and the keeper's speed
    #[command(
        after_help = "Every other argument is the benchmark's:\n  --json <path>      write the figures as JSON\n  \
                      --check            fail where a figure exceeds its limit\n  --update-baseline  record the figures \
                      as meant"
    )]
    Bench(Passed),
    /// Build the programs into target/deploy
    Build(Building),
    /// Break the engine place by place and count what the tests notice: hours, so a nightly form, in shards
    #[command(after_help = "Without --host and --chain both forms run. Every other argument is the tool's: \
                            `cargo xtask mutants -- --help` lists them.")]
    Mutants(Passed),
    /// Run the end-to-end story on Agave's own validator, which is compiled for it
    TestValidator(Builder),
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Builder {
    /// Keep the builder from installing packages it lacks
    #[arg(long)]
    no_install: bool,
}

/// Arguments of a command that runs another program.
#[derive(Debug, Args)]
pub struct Passed {
    #[command(flatten)]
    builder: Builder,
    /// Arguments of the program that is run
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    words: Vec<String>,
}

/// Arguments of `cargo xtask test`.
#[derive(Debug, Args)]
pub struct Checks {
    #[command(flatten)]
    pub builder: Builder,
    /// Draw more inputs and new ones, and run longer scenarios
    #[arg(long)]
    pub nightly: bool,
    /// Run one stage alone
    #[arg(long, value_name = "STAGE", value_parser = crate::test::names())]
    pub only: Option<String>,
}

/// Arguments of `cargo xtask build`.
#[derive(Debug, Args)]
pub struct Building {
    #[command(flatten)]
    pub builder: Builder,
    /// Version of Solana's instruction set: v3 or v0
    #[arg(long, default_value_t)]
    pub arch: Arch,
    /// Print which crates and functions the engine's code consists of
    #[arg(long)]
    pub sizes: bool,
}

impl CommandLine {
    /// Prints the list of commands.
    pub fn print_help() {
        // A closed terminal has nobody to tell.
        let _ = Self::command().print_help();
    }
}

impl Builder {
    /// Whether the builder may install what it lacks.
    pub const fn install(&self) -> Install {
        if self.no_install {
            Install::Refused
        } else {
            Install::Allowed
        }
    }
}

impl Passed {
    /// Whether the builder may install what it lacks, and the arguments of the program that is run. `--no-install` is
    /// this command's wherever it stands.
    pub fn split(mut self) -> (Install, Vec<String>) {
        let before = self.words.len();
        self.words.retain(|word| word != "--no-install");
        self.builder.no_install |= self.words.len() < before;
        (self.builder.install(), self.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> std::result::Result<Task, clap::Error> {
        let line = CommandLine::try_parse_from(["xtask"].into_iter().chain(words.split_whitespace()));
        line.map(|line| line.command.expect("a command"))
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn arguments_that_are_not_ours_pass_through_in_order() {
        for (words, install) in [
            ("replay --accounts 60 --no-install --program x", Install::Refused),
            ("replay --no-install --accounts 60 --program x", Install::Refused),
            ("replay --accounts 60 --program x", Install::Allowed),
            ("replay -- --accounts 60 --program x", Install::Allowed),
        ] {
            let Ok(Task::Replay(passed)) = parse(words) else { panic!("{words}") };
            let (found, rest) = passed.split();
            assert_eq!((found, rest), (install, ["--accounts", "60", "--program", "x"].map(str::to_owned).to_vec()));
        }
    }

    #[test]
    fn an_option_without_its_value_is_refused() {
        assert!(parse("build --arch").is_err() && parse("build --arch v9").is_err());
        let Ok(Task::Build(building)) = parse("build --arch v0") else { panic!("it is refused") };
        assert_eq!((building.arch, building.sizes), (Arch::V0, false));
        let Ok(Task::Build(building)) = parse("build --sizes") else { panic!("it is refused") };
        assert_eq!((building.arch, building.sizes), (Arch::default(), true));
    }

    #[test]
    fn an_unknown_command_argument_or_stage_is_refused() {
        for words in ["sail", "build --fast", "test --fast", "test --only sailing", "test-validator --nightly"] {
            let refused = parse(words).expect_err(words);
            assert!(refused.use_stderr(), "{words}");
        }
        let Ok(Task::Test(checks)) = parse("test --nightly --only units") else { panic!("it is refused") };
        assert_eq!((checks.nightly, checks.only.as_deref()), (true, Some("units")));
    }

    #[test]
    fn every_command_has_a_help_of_its_own() {
        for command in CommandLine::command().get_subcommands() {
            let name = command.get_name();
            let help = parse(&format!("{name} --help")).expect_err(name);
            assert!(!help.use_stderr() && help.to_string().contains(&format!("cargo xtask {name}")), "{help}");
        }
    }
}
