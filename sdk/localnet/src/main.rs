//! `plimsoll-localnet`: what `cargo xtask localnet` runs.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use plimsoll_localnet::run::{run, Options};
use plimsoll_rpc::local;

/// A whole engine on a cluster of your own, until Ctrl-C: surfpool, the programs, an engine, prices that walk, a keeper,
/// and keys with tokens. It prints what to type next; `plimsoll` finds everything by itself.
#[derive(Parser, Debug)]
#[command(name = "plimsoll-localnet", bin_name = "cargo xtask localnet", version)]
struct Arguments {
    /// The node's port; subscriptions are on the next one, the keeper's metrics on the one after
    #[arg(long, default_value_t = 8_899, value_parser = clap::value_parser!(u16).range(1_024..=65_533))]
    port: u16,
    /// A validator that runs already and has the programs, instead of surfpool
    #[arg(long)]
    url: Option<String>,
    /// Where keys, logs and plimsoll.toml are [default: target/localnet of the checkout]
    #[arg(long, value_name = "PATH")]
    directory: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { port, url, directory } = Arguments::parse();
    let checkout = plimsoll_localnet::programs::workspace();
    let directory = directory.unwrap_or_else(|| checkout.join(local::DIRECTORY));
    match run(&Options { port, url, directory }, asked_to_stop()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C, or a request to terminate.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{signal, SignalKind};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
