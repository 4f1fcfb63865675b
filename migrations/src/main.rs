//! `plimsoll-migrate`: deploys the program, configures an engine, verifies it, moves accounts between versions.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use plimsoll_migrations::config::Config;
use plimsoll_migrations::deploy::{self, Action, DeployOptions, Deployed};
use plimsoll_migrations::steps::{apply, Applied, ApplyOptions, Waiting};
use plimsoll_migrations::verify::{verify, Verified};
use plimsoll_migrations::{accounts, Result, Session, SessionArgs};
use plimsoll_sdk::pda;
use serde::Serialize;
use solana_pubkey::Pubkey;

/// Deploys the Plimsoll program, creates and configures an engine from a file, verifies it, moves accounts between
/// layout versions. Every command can be stopped and run again: it continues from what is on chain.
#[derive(Parser, Debug)]
#[command(name = "plimsoll-migrate", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    session: SessionArgs,
    /// Print one JSON value instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Deploy or upgrade the program, and compare what is on chain with the file
    Deploy {
        /// The program's ELF file
        #[arg(long, default_value = "target/deploy/plimsoll.so", value_name = "PATH")]
        program_file: PathBuf,
        /// Key of the program's address, needed for a first deployment
        #[arg(long, value_name = "PATH")]
        program_keypair: Option<PathBuf>,
        /// The program's address, where its key is not at hand
        #[arg(long, default_value_t = pda::PROGRAM_ID, value_name = "ADDRESS")]
        program: Pubkey,
        /// Where the buffer's key is kept until the deployment is done [default: beside the file]
        #[arg(long, value_name = "PATH")]
        buffer_keypair: Option<PathBuf>,
        /// Most bytes the program can grow to without being extended [default: the file's length]
        #[arg(long, value_name = "BYTES")]
        max_len: Option<usize>,
        /// Only compare
        #[arg(long)]
        verify_only: bool,
    },
    /// Bring an engine to what a file says
    Apply {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
        /// How long a listing waits for its price
        #[arg(long, default_value_t = 300, value_name = "SECS")]
        price_wait_secs: u64,
        /// Only propose what has to wait; nothing comes into force
        #[arg(long)]
        only_propose: bool,
    },
    /// Report every difference between an engine and a file; fails where there is one
    Verify {
        /// The configuration
        #[arg(long, value_name = "PATH")]
        config: PathBuf,
        /// Fail too while a price is not ready for adding risk
        #[arg(long)]
        ready: bool,
    },
    /// Move every account of the layout version before the deployed program's to the program's own
    Accounts {
        /// Transactions under way at once, sixteen accounts each
        #[arg(long, default_value_t = accounts::IN_FLIGHT, value_name = "COUNT")]
        in_flight: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(advice) = error.advice() {
                eprintln!("  -> {advice}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
async fn run(cli: &Cli) -> Result<bool> {
    let progress = |text: &str| eprintln!("{text}");
    match &cli.command {
        Command::Deploy { program_file, program_keypair, program, buffer_keypair, max_len, verify_only } => {
            let session = Session::open(&cli.session).await?;
            if *verify_only {
                let (state, same) = deploy::verify(&session, program, program_file).await?;
                let hash = hex::encode(deploy::executable_hash(&state.bytes));
                print(
                    cli,
                    &serde_json::json!({ "program": program.to_string(), "executable_sha256": hash, "same": same }),
                    || {
                        println!(
                            "{program}: {hash}, {}",
                            if same { "the file's bytes" } else { "not the file's bytes" }
                        )
                    },
                );
                return Ok(same);
            }
            let options = DeployOptions {
                file: program_file.clone(),
                program_keypair: program_keypair.clone(),
                program: *program,
                buffer_keypair: buffer_keypair.clone(),
                max_len: *max_len,
            };
            let deployed = deploy::deploy(&session, &options, progress).await?;
            print(cli, &deployed, || show_deployed(&deployed, session.dry_run));
            Ok(true)
        }
        Command::Apply { config, price_wait_secs, only_propose } => {
            let config = Config::read(config)?;
            let session = Session::open(&cli.session).await?;
            let options = ApplyOptions { price_wait_secs: *price_wait_secs, only_propose: *only_propose };
            let applied = apply(&session, &config, &options, progress).await?;
            print(cli, &applied, || show_applied(&applied, session.dry_run));
            Ok(true)
        }
        Command::Verify { config, ready } => {
            let config = Config::read(config)?;
            let session = Session::open(&cli.session).await?;
            let creator = match config.engine.creator {
                Some(creator) => creator.0,
                None => session.address()?,
            };
            let verified = verify(&session, &config, &creator).await?;
            print(cli, &verified, || show_verified(&verified));
            Ok(verified.is_same() && (!ready || verified.not_ready.is_empty()))
        }
        Command::Accounts { in_flight } => {
            let session = Session::open(&cli.session).await?;
            let migrated = accounts::migrate(&session, *in_flight, progress).await?;
            print(cli, &migrated, || show_migrated(&migrated));
            Ok(session.dry_run || migrated.left.is_empty())
        }
    }
}

fn print<T: Serialize>(cli: &Cli, value: &T, text: impl FnOnce()) {
    if cli.json {
        match serde_json::to_string_pretty(value) {
            Ok(json) => println!("{json}"),
            Err(error) => eprintln!("error: {error}"),
        }
    } else {
        text();
    }
}

fn show_deployed(deployed: &Deployed, dry_run: bool) {
    let would = if dry_run { "would " } else { "" };
    match deployed.action {
        Action::Nothing => println!("{} has the file's bytes already", deployed.program),
        Action::Deploy => println!("{would}deploy {} ({} chunks)", deployed.program, deployed.chunks),
        Action::Upgrade => println!("{would}upgrade {} ({} chunks)", deployed.program, deployed.chunks),
    }
    println!("executable hash {} ({} bytes)", deployed.executable_sha256, deployed.bytes);
}

fn show_applied(applied: &Applied, dry_run: bool) {
    println!("engine {}", applied.engine);
    if dry_run {
        println!("{} step(s) would be sent", applied.would_send.len());
        for planned in &applied.would_send {
            println!("  {planned} (signed by {})", planned.signer);
            planned.changes.iter().for_each(|change| println!("    {change}"));
            planned.waits.iter().for_each(|waits| println!("    {waits}"));
        }
    } else if applied.sent.is_empty() {
        println!("nothing to do");
    } else {
        println!("{} step(s) sent", applied.sent.len());
    }
    for Waiting { step, id, due_at, due_in_secs } in &applied.waiting {
        println!("waits: {step}, change {id}, due at {due_at} (in {due_in_secs} s): run the same command then");
    }
    for id in &applied.others {
        println!("not of this file: change {id} waits, and would change what the file says");
    }
}

fn show_verified(verified: &Verified) {
    println!("engine {}", verified.engine);
    verified.differences.iter().for_each(|difference| println!("differs: {difference}"));
    verified.not_ready.iter().for_each(|price| println!("not ready for adding risk: {price}"));
    if verified.is_same() {
        println!("everything is as the file says");
    }
}

fn show_migrated(migrated: &accounts::Migrated) {
    for group in &migrated.found {
        println!("{:>7} {} of version {}: {}", group.count, group.kind, group.version, group.verdict.words());
    }
    println!("{} moved, {} left", migrated.moved, migrated.left.len());
    migrated.refused.iter().for_each(|(address, reason)| println!("refused: {address}: {reason}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_takes_the_arguments_of_a_session() {
        for command in ["deploy", "apply --config x.toml", "verify --config x.toml", "accounts"] {
            let words = format!("plimsoll-migrate {command} --url localnet --keypair k.json --dry-run --yes --json");
            let cli = Cli::try_parse_from(words.split(' ')).unwrap();
            assert!(cli.session.dry_run && cli.session.yes && cli.json, "{command}");
        }
        assert!(Cli::try_parse_from(["plimsoll-migrate", "apply"]).is_err());
    }
}
