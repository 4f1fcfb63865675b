//! The command line's grammar.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use plimsoll_migrations::SessionArgs;
use solana_pubkey::Pubkey;

use crate::commands::account::AccountCommand;
use crate::commands::bank::BankCommand;
use crate::commands::engine::EngineCommand;
use crate::commands::events::EventsArgs;
use crate::commands::fill::FillArgs;
use crate::commands::funds::{FundsArgs, IntoArgs};
use crate::commands::history::HistoryArgs;
use crate::commands::insurance::InsuranceCommand;
use crate::commands::keeper::KeeperCommand;
use crate::commands::liquidate::LiquidateArgs;
use crate::commands::market::MarketCommand;
use crate::commands::price::PriceCommand;
use crate::commands::simulate::SimulateArgs;
use crate::commands::venue::VenueCommand;

/// What a process answers.
const EXITS: &str =
    "Exit status: 0 done, or everything as it should be; 1 refused, not confirmed, or a difference found; \
                     2 a command line that cannot be understood; 130 ended by Ctrl-C.";

/// Everything a person does with a Plimsoll engine, on any cluster.
///
/// Cluster and key are those of the local engine that runs in this directory or above (`cargo xtask localnet`), else the
/// Solana CLI's, unless named. Banks, prices and markets go by name, slot or mint; amounts are
/// whole units (12.5). A margin account goes by address, or by number where it is yours.
#[derive(Parser, Debug)]
#[command(name = "plimsoll", version, about, max_term_width = 100, arg_required_else_help = true, after_help = EXITS)]
pub struct Cli {
    /// Cluster, keys, caution
    #[command(flatten)]
    pub session: SessionArgs,
    /// The engine. Else the only one of the cluster, or the first of the key that signs
    #[arg(short, long, global = true, value_name = "ADDRESS", env = "PLIMSOLL_ENGINE", hide_env_values = true)]
    pub engine: Option<Pubkey>,
    /// Sign with this key of the local engine that `cargo xtask localnet` runs, such as alice
    #[arg(long = "as", global = true, value_name = "NAME")]
    pub signer: Option<String>,
    /// A configuration file whose names of banks and prices are used
    #[arg(long, global = true, value_name = "PATH", env = "PLIMSOLL_NAMES", hide_env_values = true)]
    pub names: Option<PathBuf>,
    /// Print one JSON value instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Create, configure and inspect engines
    #[command(subcommand)]
    Engine(EngineCommand),
    /// Inspect banks, collect their fees
    #[command(subcommand)]
    Bank(BankCommand),
    /// Inspect markets
    #[command(subcommand)]
    Market(MarketCommand),
    /// Inspect and refresh prices
    #[command(subcommand)]
    Price(PriceCommand),
    /// Open, inspect and close margin accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Deposit tokens into a margin account
    Deposit(IntoArgs),
    /// Withdraw a deposit; never borrows
    Withdraw(FundsArgs),
    /// Borrow tokens; takes the deposit first
    Borrow(FundsArgs),
    /// Repay a debt of any account
    Repay(FundsArgs),
    /// Settle a trade between two margin accounts
    Fill(FillArgs),
    /// Liquidate an account by hand; shows the plan first
    Liquidate(LiquidateArgs),
    /// Inspect, fund, withdraw and sweep the insurance of banks
    #[command(subcommand)]
    Insurance(InsuranceCommand),
    /// Show what other prices would do to an account; sends nothing
    Simulate(SimulateArgs),
    /// Print what the program recorded, a line each, newest last
    Events(EventsArgs),
    /// Tell what happened to a margin account, in words
    History(HistoryArgs),
    /// Inspect venues, create one of the example's kind
    #[command(subcommand)]
    Venue(VenueCommand),
    /// Run a keeper, or watch the least healthy accounts
    #[command(subcommand)]
    Keeper(KeeperCommand),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Help of a command and of everything below it.
    fn help(path: &str, command: &mut clap::Command, out: &mut String) {
        out.push_str(&format!("$ {path} --help\n{}\n", command.render_long_help()));
        for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
            let path = format!("{path} {}", below.get_name());
            // What every command takes is said once, above.
            *below = below.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
            help(&path, below, out);
        }
    }

    #[test]
    fn help_says_what_it_said() {
        let mut found = String::new();
        // As wide on every terminal.
        let mut command = Cli::command().term_width(100);
        command.build();
        help("plimsoll", &mut command, &mut found);
        let found: String = found.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/help.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(path).unwrap();
        assert!(found == golden, "help changed: run the test with UPDATE_GOLDEN=1 and read the difference");
    }

    #[test]
    fn every_command_parses() {
        let key = "9BkS8UanPej9U7Y6JqbkKzU74nLaxT2uMMLNHdapcJ8a";
        let commands = [
            "engine list",
            "engine show",
            "engine show --toml",
            "engine create --config f.toml",
            "engine configure --config f.toml --dry-run",
            "engine verify --config f.toml",
            "engine pause borrow withdraw",
            "engine launch",
            "engine propose-role guardian KEY",
            "engine propose-role authority --none",
            "engine accept-role guardian",
            "engine pending",
            "engine propose --config f.toml",
            "engine simulate-change f.toml",
            "engine execute 3 --yes",
            "engine execute --all-due --yes",
            "engine cancel 3 --yes",
            "engine advance-ramps",
            "engine powers",
            "engine limits",
            "engine pause fill --for-secs 3600",
            "engine unpause borrow --yes",
            "engine unpause --all --yes",
            "bank list",
            "bank show SOL",
            "bank collect-fees USDC all",
            "market list",
            "market show SOL-PERP",
            "price list",
            "price refresh",
            "price refresh SOL BTC --secondary",
            "price post SOL=120.5",
            "price set SOL 120.5",
            "price crash 2025-10-10 --speed 60 --minutes 15 --watch 0",
            "price halt SOL --for-secs 3600",
            "price resume SOL --yes",
            "price standby",
            "price switch SOL --yes",
            "price switch SOL --back --update KEY --yes",
            "account list",
            "account list --owner KEY",
            "account list --everybody",
            "account show",
            "account show KEY",
            "account open --id 3 --delegate KEY",
            "account open --delegate KEY --may liquidate,deposit",
            "account close 3",
            "account delegate KEY --account 3",
            "account delegate KEY --may deposit,trade --trade-limit 5000",
            "account delegate --none",
            "account approve-venue KEY 1000 --markets SOL-PERP,1",
            "account approve-venue KEY 1000 --markets SOL-PERP --days 366",
            "account revoke-venue KEY",
            "deposit USDC 12.5",
            "withdraw USDC all --account 1 --token-account KEY",
            "withdraw USDC max",
            "deposit SOL 1.5 --wrap",
            "borrow SOL 0.5",
            "repay SOL all --account KEY",
            "fill SOL-PERP 1.5 --price 120 --buyer KEY --seller KEY --seller-keypair k.json",
            "fill SOL-PERP 1.5 --price 120 --buyer KEY --seller KEY --venue KEY",
            "liquidate KEY",
            "liquidate KEY --with 2 --asset SOL --borrow USDC --max 10 --dry-run",
            "liquidate KEY --position SOL-PERP",
            "insurance show",
            "insurance fund USDC 5",
            "insurance withdraw USDC 5",
            "insurance withdraw USDC 5 --to KEY",
            "insurance sweep USDC",
            "events",
            "events --account KEY --from 281474976710656 --finalized",
            "events --from events.cursor --follow",
            "history",
            "history KEY --from now --follow",
            "venue list",
            "venue show",
            "venue show KEY",
            "venue create",
            "simulate KEY --price SOL=120 --price BTC=90000 --spot-only",
            "keeper run --config k.toml --dry-run",
            "keeper top --once",
            "keeper top --rows 5 --every 200",
            "keeper check-config k.toml",
            "keeper check-config k.toml --offline",
            "completions bash",
        ];
        for words in commands {
            let words = format!("plimsoll {words} --url localnet --json").replace("KEY", key);
            let parsed = Cli::try_parse_from(words.split(' '));
            assert!(
                parsed.as_ref().is_ok_and(|cli| cli.json),
                "{words}: {}",
                parsed.err().map_or_else(String::new, |e| e.to_string())
            );
        }
    }

    #[test]
    fn amounts_and_addresses_that_are_none_are_refused_while_parsing() {
        let key = Pubkey::default();
        for words in [
            "deposit USDC 1e3".to_owned(),
            "deposit USDC -5".to_owned(),
            "account approve-venue moon 5 --markets 0".to_owned(),
            format!("account approve-venue {key} 5"),
            format!("account approve-venue {key} 5 --markets 0 --days 367"),
            format!("account delegate {key} --may withdraw"),
            "simulate 0 --price SOL".to_owned(),
        ] {
            let words = format!("plimsoll {words}");
            assert!(Cli::try_parse_from(words.split(' ')).is_err(), "{words}");
        }
    }
}
