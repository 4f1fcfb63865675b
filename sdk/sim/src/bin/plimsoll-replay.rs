//! Replays a recorded crash through the deployed program, or through the engine in memory, and reports what happened to everybody's money.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_sim::config::Config;
use plimsoll_sim::result::RunResult;
use plimsoll_sim::run::{run, run_in_memory};
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
    /// Replays through the engine's crates in memory, without a chain: the same outcome much sooner, and no compute units.
    #[arg(long, conflicts_with = "rpc")]
    in_memory: bool,
    /// Lists the scenarios.
    #[arg(long)]
    list: bool,
    /// Replays on a cluster in real time, on an engine of its own: localnet, devnet, or the address of a node that has
    /// the engine's program and mock-oracle. Needs the feature `live`.
    #[arg(long, value_name = "URL")]
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
    let (progress, began) = (bar()?, Instant::now());
    let result = match &options.rpc {
        Some(url) => replay_live(url, options, &config, &progress)?,
        None if options.in_memory => run_in_memory(&config, &progress)?,
        None => {
            deploy(options.program.as_deref())?;
            run(&config, &progress)?
        }
    };
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

/// Replays on a cluster, until Ctrl-C at the latest; a second one ends the process.
#[cfg(feature = "live")]
fn replay_live(url: &str, options: &Options, config: &Config, progress: &ProgressBar) -> Result<RunResult, String> {
    use plimsoll_sim::live::{self, LiveConfig, Stop};
    let wallet = plimsoll_rpc::Wallet::find(Some(url), options.keypair.as_deref(), None).map_err(|e| e.to_string())?;
    let authority = wallet.keypair().map_err(|e| e.to_string())?;
    let live = LiveConfig { run: *config, speed: options.speed };
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let stop = Stop::default();
        tokio::spawn(stop_on_interrupt(stop.clone(), progress.clone()));
        tokio::spawn(tell_where_no_bar_is_drawn(progress.clone()));
        let replayed = live::replay(&wallet.cluster, authority, &live, progress, &stop).await;
        replayed.map_err(|failed| failed.to_string())
    })
}

#[cfg(feature = "live")]
async fn stop_on_interrupt(stop: plimsoll_sim::live::Stop, progress: ProgressBar) {
    /// What a shell makes of a process that an interrupt ended.
    const INTERRUPTED: i32 = 130;
    if tokio::signal::ctrl_c().await.is_ok() {
        progress.println("stopping, and reporting what was seen; once more ends it at once");
        stop.request();
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(INTERRUPTED);
    }
}

/// A line every few seconds where the output is not a terminal.
#[cfg(feature = "live")]
async fn tell_where_no_bar_is_drawn(progress: ProgressBar) {
    const EVERY: Duration = Duration::from_secs(10);
    while progress.is_hidden() && !progress.is_finished() {
        let (done, all, message) = (progress.position(), progress.length().unwrap_or(0), progress.message());
        if all > 0 {
            eprintln!("{done} of {all}  {message}");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// This build cannot.
#[cfg(not(feature = "live"))]
fn replay_live(_: &str, _: &Options, _: &Config, _: &ProgressBar) -> Result<RunResult, String> {
    Err("this build has no RPC client; `cargo run -p plimsoll-sim --features live --bin plimsoll-replay -- --rpc URL` has".to_owned())
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
