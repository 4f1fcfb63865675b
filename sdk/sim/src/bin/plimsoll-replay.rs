//! Replays a recorded crash through the deployed program and reports what happened to everybody's money.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_rpc::{Connection, Wallet};
use plimsoll_sim::live::{self, LiveConfig};
use plimsoll_sim::run::{run, Config};
use plimsoll_sim::{report, scenario, table};

/// Replays a recorded crash through the deployed program.
#[derive(Parser, Debug)]
#[command(name = "plimsoll-replay", version)]
struct Options {
    /// The program's sBPF file; by default what `cargo xtask build` wrote.
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Which crash; see --list.
    #[arg(long, value_name = "NAME", default_value = scenario::ALL[0].name)]
    scenario: String,
    /// Seed of the population, the feeds' timing and the races.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Margin accounts; 300 by default, 20 on a cluster.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(10..=2_000))]
    accounts: Option<u64>,
    /// Minutes to replay; by default the whole scenario.
    #[arg(long, value_name = "N")]
    minutes: Option<usize>,
    /// Seconds between two prices: a divisor of 60 from 1 to 10.
    #[arg(long, value_name = "SECS", default_value_t = 2, value_parser = step)]
    step: u32,
    /// Also writes every figure as JSON.
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Where the HTML report goes.
    #[arg(long, value_name = "PATH", default_value = "report/replay.html")]
    report: PathBuf,
    /// Lists the scenarios.
    #[arg(long)]
    list: bool,
    /// Replays on a cluster in real time, on an engine of its own: localnet, devnet, or the address of a node that has
    /// the engine's program and mock-oracle.
    #[arg(long, value_name = "URL", conflicts_with_all = ["json", "report"])]
    rpc: Option<String>,
    /// Recorded seconds in a second of the cluster; its clocks are shortened alike.
    #[arg(long, value_name = "N", default_value_t = 10, requires = "rpc", value_parser = clap::value_parser!(u32).range(1..=60))]
    speed: u32,
    /// Key that pays on the cluster; the Solana CLI's by default.
    #[arg(long, value_name = "PATH", requires = "rpc")]
    keypair: Option<PathBuf>,
}

/// Accounts without --accounts, in process and on a cluster.
const ACCOUNTS: [u64; 2] = [300, 20];

fn step(text: &str) -> Result<u32, String> {
    let secs: u32 = text.parse().map_err(|_| "a number of seconds is expected".to_owned())?;
    if (1..=10).contains(&secs) && 60 % secs == 0 {
        Ok(secs)
    } else {
        Err("the step must divide 60 and be at most 10 seconds".to_owned())
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match replay(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("plimsoll-replay: {message}");
            ExitCode::from(2)
        }
    }
}

/// Runs what was asked for; false where conservation was broken.
fn replay(options: &Options) -> Result<bool, String> {
    if options.list {
        for scenario in &scenario::ALL {
            println!("{:<20} {}", scenario.name, scenario.summary);
        }
        return Ok(true);
    }
    let scenario = scenario::by_name(&options.scenario)?;
    let minutes = options.minutes.unwrap_or(scenario.minutes);
    scenario.window(minutes)?;
    let default = ACCOUNTS[options.rpc.is_some() as usize];
    let config = Config {
        scenario,
        minutes,
        accounts: options.accounts.unwrap_or(default) as usize,
        seed: options.seed,
        step_secs: options.step,
    };
    if let Some(url) = &options.rpc {
        return replay_live(url, options, &config);
    }
    deploy(options.program.as_deref())?;
    let progress = bar()?;
    let began = Instant::now();
    let result = run(&config, &progress)?;
    progress.finish_and_clear();
    print!("{}", table::render(&result));
    write(&options.report, &report::html(&result))?;
    println!("\n  report  {}", options.report.display());
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&result).map_err(|e| e.to_string())?;
        write(path, &json)?;
        println!("  json    {}", path.display());
    }
    println!("  took    {:.1} s", began.elapsed().as_secs_f64());
    Ok(result.conservation.ok)
}

fn bar() -> Result<ProgressBar, String> {
    let progress = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {percent:>3}% {msg}");
    progress.set_style(style.map_err(|e| e.to_string())?.progress_chars("=> "));
    progress.enable_steady_tick(Duration::from_millis(250));
    Ok(progress)
}

/// Replays on a cluster; false where conservation was broken.
fn replay_live(url: &str, options: &Options, config: &Config) -> Result<bool, String> {
    let wallet = Wallet::find(Some(url), options.keypair.as_deref(), None).map_err(|e| e.to_string())?;
    let authority = wallet.keypair().map_err(|e| e.to_string())?;
    let Config { scenario, minutes, accounts, seed, step_secs } = *config;
    let live = LiveConfig { scenario, minutes, accounts, seed, step_secs, speed: options.speed };
    let (progress, began) = (bar()?, Instant::now());
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    let replayed = runtime.block_on(live::replay(Connection::new(&wallet.cluster), authority, &live, &progress));
    progress.finish_and_clear();
    let summary = replayed.map_err(|failed| failed.to_string())?;
    print!("{summary}");
    println!("\n  took    {:.1} s", began.elapsed().as_secs_f64());
    Ok(summary.conservation.ok)
}

/// Names the program's file to the chain.
fn deploy(program: Option<&Path>) -> Result<(), String> {
    let default = plimsoll_sim::world::program_file("PLIMSOLL_SO", "plimsoll");
    let file = program.unwrap_or(&default);
    if !file.is_file() {
        return Err(format!("there is no program at {}; `cargo xtask build` writes it", file.display()));
    }
    // The loader's own verdict, before anything else is set up.
    let loaded = litesvm::LiteSVM::new().add_program_from_file(plimsoll_sdk::pda::PROGRAM_ID, file);
    loaded.map_err(|e| format!("the chain does not load {}: {e}", file.display()))?;
    std::env::set_var("PLIMSOLL_SO", file);
    Ok(())
}

/// Writes a file and the folders above it.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let fail = |e: std::io::Error| format!("cannot write {}: {e}", path.display());
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(fail)?;
    }
    std::fs::write(path, text).map_err(fail)
}
