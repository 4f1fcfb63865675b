//! `plimsoll`: everything a person does with an engine, on any cluster.

mod advice;
mod amount;
mod answer;
mod cli;
mod commands;
mod context;
mod events;
mod fault;
mod fresh;
mod health;
mod local;
mod margin;
mod names;
mod quantity;
mod rights;
#[cfg(test)]
mod schema;
mod text;
mod transaction;
mod usage;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use plimsoll_migrations::session::OnWay;
use plimsoll_migrations::Session;
use plimsoll_rpc::Local;

use cli::{Cli, Command};
use context::Context;
use fault::{Fault, Result};

/// As a shell has it of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let json = cli.json;
    let local = match find_local(&mut cli) {
        Ok(local) => local,
        Err(fault) => return fail(&fault, None, json),
    };
    match run(cli, local.clone()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => fail(&fault, local.as_ref(), json),
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

fn fail(fault: &Fault, local: Option<&Local>, json: bool) -> ExitCode {
    if json {
        eprintln!("{}", fault.told(local));
    } else {
        eprintln!("error: {}", fault.error());
        fault.hint(local).iter().flat_map(|hint| hint.lines()).for_each(|line| eprintln!("  -> {line}"));
    }
    ExitCode::FAILURE
}

/// Ends the process on Ctrl-C, and says what becomes of what is on its way.
async fn end_on_interrupt(on_way: OnWay, json: bool) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    let ended = fault::interrupted(on_way.signature().map(|signature| signature.to_string()));
    if json {
        eprintln!("{}", fault::told(ended));
    } else {
        eprintln!("\n{}", ended.lines());
    }
    std::process::exit(INTERRUPTED);
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
    tokio::spawn(end_on_interrupt(session.on_way.clone(), cli.json));
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
