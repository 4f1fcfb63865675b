//! `plimsoll-keeper`: keeps an engine, or shows its least healthy accounts.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_keeper::check;
use plimsoll_keeper::config::Config;
use plimsoll_keeper::top::{top, TopOptions};
use plimsoll_keeper::Keeper;
use plimsoll_rpc::Error;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// Keeper of a Plimsoll engine. Without a command it runs, as with `run`.
#[derive(Parser)]
#[command(name = "plimsoll-keeper", version, about, args_conflicts_with_subcommands = true)]
#[command(arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
    /// How logs look.
    #[arg(long, global = true, value_enum, default_value = "text", env = "PLIMSOLL_KEEPER_LOG_FORMAT")]
    log_format: LogFormat,
    /// What is logged, as `tracing` filters it.
    #[arg(long, global = true, default_value = "info", env = "RUST_LOG")]
    log: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Keeps the engine until stopped by SIGINT or SIGTERM.
    Run(RunArgs),
    /// Shows the least healthy accounts, refreshed live.
    Top {
        #[command(flatten)]
        source: Source,
        /// Lines.
        #[arg(long, default_value_t = 20)]
        rows: usize,
        /// Between two refreshes.
        #[arg(long, default_value_t = 1_000)]
        every_millis: u64,
        /// Prints once and ends.
        #[arg(long)]
        once: bool,
    },
    /// Says whether a keeper would start with a configuration: file, key, port, cluster, program, engine, and what the key
    /// may do. Sends nothing.
    CheckConfig {
        /// The file.
        config: PathBuf,
        /// Asks no node: what can be said without one.
        #[arg(long)]
        offline: bool,
        /// Key that would sign, instead of the configured one.
        #[arg(long, env = "PLIMSOLL_KEYPAIR", hide_env_values = true)]
        keypair: Option<PathBuf>,
        #[command(flatten)]
        overrides: Overrides,
    },
    /// Prints a configuration with every key: the defaults, or a file completed by them.
    PrintConfig {
        /// The file.
        config: Option<PathBuf>,
    },
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    source: Source,
    /// Simulates and logs what would be done, sends nothing.
    #[arg(long, env = "PLIMSOLL_KEEPER_DRY_RUN")]
    dry_run: bool,
    /// Key that signs, instead of the configured one.
    #[arg(long, env = "PLIMSOLL_KEYPAIR", hide_env_values = true)]
    keypair: Option<PathBuf>,
}

/// Where the configuration comes from; what is given on the command line goes before the environment, and that before the
/// file.
#[derive(Args)]
struct Source {
    /// The configuration.
    #[arg(long, short, env = "PLIMSOLL_KEEPER_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

/// What goes before a configuration's own values.
#[derive(Args)]
struct Overrides {
    /// The engine.
    #[arg(long, env = "PLIMSOLL_ENGINE", hide_env_values = true)]
    engine: Option<String>,
    /// The node or cluster.
    #[arg(long, short, env = "PLIMSOLL_URL", hide_env_values = true)]
    url: Option<String>,
    /// The margin account that pays for what is liquidated.
    #[arg(long, env = "PLIMSOLL_LIQUIDATOR", hide_env_values = true)]
    liquidator: Option<String>,
    /// Where /metrics and /healthz are served.
    #[arg(long, env = "PLIMSOLL_KEEPER_LISTEN", hide_env_values = true)]
    listen: Option<String>,
}

impl Overrides {
    fn over(self, mut config: Config) -> Result<Config, Error> {
        config.engine = self.engine.or(config.engine);
        config.keys.liquidator = self.liquidator.or(config.keys.liquidator);
        if let Some(url) = self.url {
            config.cluster.url = url;
        }
        if let Some(listen) = self.listen {
            config.http.listen = listen;
        }
        config.check()?;
        config.engine()?;
        config.cluster()?;
        Ok(config)
    }
}

impl Source {
    fn load(self) -> Result<Config, Error> {
        let config = match &self.config {
            Some(path) => Config::load(path)?,
            None => Config::default(),
        };
        self.overrides.over(config)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = start_logs(cli.log_format, &cli.log) {
        eprintln!("error: --log \"{}\": {error}", cli.log);
        return ExitCode::FAILURE;
    }
    match run(cli.command.unwrap_or(Command::Run(cli.run))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(advice) = error.advice() {
                eprintln!("  {}", advice.replace("--url", "--url or cluster.url"));
            }
            ExitCode::FAILURE
        }
    }
}

fn start_logs(format: LogFormat, filter: &str) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::try_new(filter)?;
    // Tables and configurations go to standard output, so logs do not.
    let colours = std::io::stderr().is_terminal();
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Run(RunArgs { source, dry_run, keypair }) => {
            let mut config = source.load()?;
            config.dry_run |= dry_run;
            tracing::info!(version = env!("CARGO_PKG_VERSION"), dry_run = config.dry_run, "starting");
            let key = check::key(&config, keypair.as_deref())?;
            let keeper = Keeper::new(config, key).await?;
            tokio::spawn(stop_on_signal(keeper.stopper()));
            keeper.run().await
        }
        Command::Top { source, rows, every_millis, once } => {
            let options = TopOptions { rows, every: Duration::from_millis(every_millis.max(50)), once };
            let (stop, stopped) = watch::channel(false);
            tokio::spawn(stop_on_signal(stop));
            top(source.load()?, options, stopped).await
        }
        Command::CheckConfig { config, offline, keypair, overrides } => {
            let checked = overrides.over(Config::load(&config)?)?;
            if offline {
                check::offline(&checked, keypair.as_deref())?;
            } else {
                check::online(checked, keypair.as_deref()).await?;
            }
            println!("{} is valid", config.display());
            Ok(())
        }
        Command::PrintConfig { config } => {
            let config = config.map_or_else(|| Ok(Config::default()), |path| Config::load(&path))?;
            print!("{}", config.print()?);
            Ok(())
        }
    }
}

/// Stops on SIGINT or SIGTERM; a second signal ends the process at once.
async fn stop_on_signal(stop: watch::Sender<bool>) {
    next_signal().await;
    tracing::info!("stopping; a second signal ends at once");
    stop.send_replace(true);
    next_signal().await;
    std::process::exit(130);
}

async fn next_signal() {
    use tokio::signal::unix::{signal, SignalKind};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the handler there is still the other one.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
