//! `plimsoll`: everything a person does with an engine, on any cluster.

mod advice;
mod amount;
mod cli;
mod commands;
mod context;
mod events;
mod fresh;
mod local;
mod margin;
mod names;
mod output;
mod rights;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use plimsoll_migrations::{Result, Session};
use plimsoll_rpc::Local;

use cli::{Cli, Command};
use context::Context;

#[tokio::main]
async fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let json = cli.json;
    let local = match find_local(&mut cli) {
        Ok(local) => local,
        Err(error) => return fail(&error, None, json),
    };
    match run(cli, local.clone()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error, local.as_ref(), json),
    }
}

/// The local engine that is spoken to unless another cluster is named. What needs no cluster needs no engine.
fn find_local(cli: &mut Cli) -> Result<Option<Local>> {
    if matches!(cli.command, Command::Completions { .. }) {
        return Ok(None);
    }
    let local = local::complete(cli)?;
    if let Some(local) = local.as_ref().filter(|_| !cli.json) {
        eprintln!("using {}", local::shown(local));
    }
    Ok(local)
}

fn fail(error: &plimsoll_migrations::Error, local: Option<&Local>, json: bool) -> ExitCode {
    let advice = advice::of(error, local);
    if json {
        eprintln!("{}", serde_json::json!({ "error": error.to_string(), "advice": advice }));
    } else {
        eprintln!("error: {error}");
        advice.iter().for_each(|advice| eprintln!("  -> {advice}"));
    }
    ExitCode::FAILURE
}

/// Whether all is well.
async fn run(cli: Cli, local: Option<Local>) -> Result<bool> {
    if let Command::Completions { shell } = cli.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "plimsoll", &mut script);
        // A reader that has seen enough closes the pipe: that is no fault.
        let _ = std::io::stdout().write_all(&script);
        return Ok(true);
    }
    if let Command::Keeper(command) = cli.command {
        let told = commands::keeper::Overrides {
            session: cli.session,
            engine: cli.engine,
            names: cli.names,
            json: cli.json,
            local,
        };
        return commands::keeper::run(command, &told).await.map(|()| true);
    }
    let session = Session::open(&cli.session).await?;
    let context = Context { session, engine: cli.engine, names: cli.names, json: cli.json, local };
    match cli.command {
        Command::Engine(command) => return commands::engine::run(&context, command).await,
        Command::Bank(command) => commands::bank::run(&context, command).await,
        Command::Market(command) => commands::market::run(&context, command).await,
        Command::Price(command) => commands::price::run(&context, command).await,
        Command::Account(command) => commands::account::run(&context, command).await,
        Command::Deposit(args) => commands::funds::deposit(&context, &args).await,
        Command::Withdraw(args) => commands::funds::withdraw(&context, &args).await,
        Command::Borrow(args) => commands::funds::borrow(&context, &args).await,
        Command::Repay(args) => commands::funds::repay(&context, &args).await,
        Command::Fill(args) => commands::fill::run(&context, &args).await,
        Command::Liquidate(args) => commands::liquidate::run(&context, &args).await,
        Command::Insurance(command) => commands::insurance::run(&context, command).await,
        Command::Simulate(args) => commands::simulate::run(&context, &args).await,
        Command::Events(args) => commands::events::run(&context, args).await,
        Command::History(args) => commands::history::run(&context, args).await,
        Command::Venue(command) => commands::venue::run(&context, command).await,
        Command::Keeper(_) | Command::Completions { .. } => Ok(()),
    }?;
    Ok(true)
}
