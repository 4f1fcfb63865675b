//! The quick start of the README, typed as it stands there on the localnet that it starts: an engine is run, used, crashed
//! and ended. Skipped, with the reason, where Node.js or surfpool's addon is not there.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use plimsoll_localnet::programs::programs;
use plimsoll_localnet::told::{FIRST_COMMANDS, READY};
use plimsoll_validator_tests::stage::until;
use plimsoll_validator_tests::surfnet::{addon_or_reason, Surfnet};
use plimsoll_validator_tests::tool::{self, Tool};
use plimsoll_validator_tests::validator::Validator as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const README: &str = include_str!("../../README.md");
/// A busy machine takes its time.
const START_SECS: u64 = 180;
const END_SECS: u64 = 30;
/// What Alice borrows in the quick start.
const BORROWED: f64 = 14_000.0;

/// The lines of the quick start that are typed beside the localnet.
fn quick_start() -> Vec<&'static str> {
    let (_, rest) = README.split_once("<!-- quick start -->").expect("the README has a quick start");
    let (text, _) = rest.split_once("<!-- end of quick start -->").expect("it ends");
    let code = text.lines().filter_map(|line| line.strip_prefix("    "));
    code.filter(|line| line.starts_with("plimsoll ")).collect()
}

#[test]
fn the_readme_and_the_localnet_tell_the_same_commands() {
    assert_eq!(quick_start(), FIRST_COMMANDS);
    assert!(README.contains("\n    cargo xtask localnet"), "the README does not say how it is started");
}

/// Three free ports in a row; another process may take one of them until they are used.
fn free_ports() -> Result<u16> {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let ports = (22_000..32_000).step_by(3);
    let first = ports.skip(std::process::id() as usize % 3_000).find(|&port| (port..port + 3).all(free));
    first.context("no three ports in a row are free")
}

/// A localnet as a process in a home of its own.
struct Localnet {
    process: Child,
    port: u16,
    children: Vec<String>,
}

impl Localnet {
    /// Starts it, on a validator of somebody's own where one is named, and reads what it prints until people can use it.
    async fn start(tool: &Tool, port: u16, url: Option<&str>) -> Result<Self> {
        let port_word = port.to_string();
        let directory = if url.is_some() { "own" } else { "target/localnet" };
        let mut words = vec!["--directory", directory, "--port", &port_word];
        words.extend(url.iter().flat_map(|url| ["--url", url]));
        let mut process = tool.command(&words).spawn()?;
        let output = process.stdout.take().context("no output")?;
        let mut errors = BufReader::new(process.stderr.take().context("no standard error")?).lines();
        let (mut lines, mut said) = (BufReader::new(output).lines(), String::new());
        let heard = async {
            while let Some(line) = lines.next_line().await? {
                said.push_str(&line);
                said.push('\n');
                if line == READY {
                    return Ok(());
                }
            }
            let mut why = String::new();
            while let Some(line) = errors.next_line().await? {
                why.push_str(&line);
            }
            bail!("it ended: {why}")
        };
        let heard = tokio::time::timeout(Duration::from_secs(START_SECS), heard).await;
        let heard = heard.context("it does not start").and_then(|heard| heard);
        heard.with_context(|| format!("the localnet said\n{said}"))?;
        for command in FIRST_COMMANDS {
            ensure!(said.contains(command), "it does not say {command:?}:\n{said}");
        }
        let children = children_of(process.id().context("it ended")?);
        ensure!(children.is_empty() == url.is_some(), "processes {children:?} beside {url:?}");
        Ok(Self { process, port, children })
    }

    /// Ctrl-C: nothing is left of it.
    async fn end(mut self) -> Result<()> {
        let id = self.process.id().context("it had ended by itself")?;
        ensure!(Command::new("kill").args(["-INT", &id.to_string()]).status().await?.success(), "no signal");
        let ended = tokio::time::timeout(Duration::from_secs(END_SECS), self.process.wait()).await;
        let status = ended.context("Ctrl-C does not end it")??;
        ensure!(status.success(), "it ended with {status}");
        let left: Vec<&String> = self.children.iter().filter(|id| Path::new("/proc").join(id).exists()).collect();
        ensure!(left.is_empty(), "processes {left:?} are left");
        for port in self.port..self.port + 3 {
            ensure!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(), "port {port} is still taken");
        }
        Ok(())
    }
}

/// Numbers of the processes that a process has started.
fn children_of(parent: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str().map(str::to_owned));
    let is_child = |id: &String| {
        let stat = std::fs::read_to_string(Path::new("/proc").join(id).join("stat")).unwrap_or_default();
        // The name, in brackets, may contain spaces; the state and the parent follow.
        stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)) == Some(&parent.to_string())
    };
    ids.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())).filter(is_child).collect()
}

/// What Alice owes of USDC.
fn debt(shown: &Value) -> f64 {
    let rows = shown["balances"].as_array().into_iter().flatten();
    let usdc = rows.clone().find(|row| row["bank"] == "USDC");
    usdc.and_then(|row| row["balance_decimal"].as_str()?.parse::<f64>().ok()).map_or(0.0, |balance| 0.0 - balance)
}

/// A person who has read the README and nothing else.
struct Newcomer {
    home: TempDir,
    plimsoll: Tool,
    localnet: Tool,
}

impl Newcomer {
    async fn new() -> Result<Self> {
        let plimsoll = tool::binary("PLIMSOLL_CLI", "plimsoll-cli", "plimsoll").await?;
        let localnet = tool::binary("PLIMSOLL_LOCALNET", "plimsoll-localnet", "plimsoll-localnet").await?;
        let home = TempDir::new()?;
        let (plimsoll, localnet) = (Tool::new(plimsoll, home.path()), Tool::new(localnet, home.path()));
        for variable in ["PLIMSOLL_SO", "PLIMSOLL_ORACLE_SO", "PLIMSOLL_VENUE_SO", "CARGO_TARGET_DIR"] {
            if let Some(value) = std::env::var_os(variable) {
                localnet.set(variable, value.display());
            }
        }
        Ok(Self { home, plimsoll, localnet })
    }

    async fn json(&self, line: &str) -> Result<Value> {
        self.plimsoll.run(&format!("{line} --json")).await?.done()?.json()
    }

    /// What must be said where something is missing, before anything runs.
    async fn is_told_what_is_missing(&self) -> Result<()> {
        let nobody = self.plimsoll.run("--as alice account show").await?;
        nobody.failed_with(&["--as alice", "cargo xtask localnet"])?;
        let mut without_node =
            self.localnet.command(&["--directory", "elsewhere", "--port", &free_ports()?.to_string()]);
        let refused = without_node.env("PATH", self.home.path()).output().await?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(1), "{:?}: {said}", refused.status);
        for text in ["Node.js", "apt-get install nodejs npm", "--url"] {
            ensure!(said.contains(text), "without Node.js it does not say {text:?}: {said}");
        }
        Ok(())
    }

    /// A validator of one's own has to have the programs.
    async fn is_told_how_to_start_a_validator(&self, bare: &Surfnet) -> Result<()> {
        let line = format!("--directory elsewhere --port {} --url {}", free_ports()?, bare.cluster().rpc_url);
        let refused = self.localnet.run(&line).await?;
        refused.failed_with(&["does not have the programs", "solana-test-validator", "--bpf-program"])?;
        Ok(())
    }

    /// With them it is taken as it is, and left running.
    async fn runs_it_on_a_validator_of_ones_own(&self, mut own: Surfnet) -> Result<()> {
        for program in programs()? {
            own.deploy(&program).await?;
        }
        let localnet = Localnet::start(&self.localnet, free_ports()?, Some(&own.cluster().rpc_url)).await?;
        self.plimsoll.set("PLIMSOLL_CONFIG", self.home.path().join("own/plimsoll.toml").display());
        let listed = self.json("price list").await?;
        let prices = listed["board"].as_array().context("no prices")?.len();
        ensure!(prices > 0, "{listed:#}");
        localnet.end().await?;
        self.plimsoll.run(&format!("engine list --url {}", own.cluster().rpc_url)).await?.done()?;
        Ok(())
    }

    async fn types_the_quick_start(&self, began: Instant) -> Result<()> {
        for line in quick_start() {
            let words = line.strip_prefix("plimsoll ").context("it is no command of plimsoll")?;
            let answer = self.plimsoll.run(words).await?.done()?;
            ensure!(answer.err.contains("using target/localnet/plimsoll.toml"), "{line}: {}", answer.err);
            println!("  {line:<90} {:>6.1} s", began.elapsed().as_secs_f64());
            if line.contains("account show") {
                let shown = self.json(words).await?;
                ensure!((debt(&shown) - BORROWED).abs() < 1.0, "{shown:#}");
                ensure!(shown.pointer("/positions/0/size_decimal").is_some_and(|size| size == "10"), "{shown:#}");
            }
            if line.contains("crash") {
                answer.shows(&["SOL -28 %", "margin ratio", "USDC: -"])?;
            }
        }
        // The keeper has liquidated her, in part.
        let cured = until("Alice is liquidated", 30, || async {
            let shown = self.json("--as alice account show").await?;
            Ok((debt(&shown) < BORROWED - 100.0).then_some(shown))
        });
        let shown = cured.await?;
        println!("  Alice owes {:.2} USDC after the crash", debt(&shown));
        Ok(())
    }

    /// A price that is set stays there, and walks.
    async fn moves_a_price(&self) -> Result<()> {
        self.plimsoll.run("price set SOL 190").await?.done()?.shows(&["190", "yes"])?;
        let spot = || async {
            let listed = self.json("price list").await?;
            Ok::<_, anyhow::Error>(listed.pointer("/board/1/spot_usd").and_then(Value::as_str).map(str::to_owned))
        };
        let set = spot().await?.context("no price")?;
        let walked = until("the price walks", 30, || async { Ok(spot().await?.filter(|now| *now != set)) }).await?;
        let walked: f64 = walked.parse()?;
        ensure!((walked - 190.0).abs() < 2.0, "it walked from 190 to {walked}");
        Ok(())
    }

    /// Once it has ended nothing points at it; what is left by one that was killed is named.
    async fn is_told_that_nothing_runs(&self, announced: &str) -> Result<()> {
        let file = self.home.path().join("target/localnet/plimsoll.toml");
        ensure!(!file.exists(), "{} is left", file.display());
        std::fs::write(&file, announced)?;
        let silent = self.plimsoll.run("account show").await?;
        silent.failed_with(&["did not answer", "plimsoll.toml", "cargo xtask localnet"])?;
        Ok(())
    }
}

async fn tell(addon: &Path) -> Result<()> {
    let (began, person) = (Instant::now(), Newcomer::new().await?);
    person.is_told_what_is_missing().await?;
    let bare = Surfnet::start(addon, &[]).await?;
    person.is_told_how_to_start_a_validator(&bare).await?;
    let port = free_ports()?;
    let localnet = Localnet::start(&person.localnet, port, None).await?;
    println!("  the localnet runs {:>79.1} s", began.elapsed().as_secs_f64());
    // Of two at once the second says that there is a first, and a third what has its port.
    let second = person.localnet.run("--directory target/localnet").await?;
    second.failed_with(&["a localnet runs already", "Ctrl-C", "--port"])?;
    let third = person.localnet.run(&format!("--directory elsewhere --port {port}")).await?;
    third.failed_with(&[&format!("port {port} is taken"), "--port"])?;
    let announced = std::fs::read_to_string(person.home.path().join("target/localnet/plimsoll.toml"))?;
    person.types_the_quick_start(began).await?;
    person.moves_a_price().await?;
    localnet.end().await?;
    person.is_told_that_nothing_runs(&announced).await?;
    println!("  ended {:>91.1} s", began.elapsed().as_secs_f64());
    person.runs_it_on_a_validator_of_ones_own(bare).await?;
    println!("  on a validator of one's own {:>69.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_start_of_the_readme_is_typed_on_the_localnet_that_it_starts() {
    let Some(addon) = addon_or_reason().await else { return };
    tell(&addon).await.unwrap_or_else(|error| panic!("{error:#}"));
}
