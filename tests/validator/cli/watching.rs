//! `keeper top` on a terminal, and the keeper itself.

use anyhow::{ensure, Result};
use plimsoll_validator_tests::keeper::{configuration, Setting};
use plimsoll_validator_tests::stage::until;
use plimsoll_validator_tests::validator::Validator as _;
use std::net::{Ipv4Addr, TcpListener};
use tokio::process::Command;
use vt100::Screen;

use crate::terminal::Terminal;
use crate::world::CliWorld;

const KEEPER_SECS: u64 = 120;

/// The ratio that a table on the screen has for an account; none where it is not on it.
fn ratio_of(screen: &Screen, account: &str) -> Option<String> {
    let contents = screen.contents();
    let line = contents.lines().find(|line| line.contains(account))?;
    Some(line.split(account).nth(1)?.split_whitespace().next()?.to_owned())
}

impl CliWorld {
    pub async fn a_price_falls_before_everybodys_eyes(&mut self) -> Result<()> {
        let alice = self.account("alice")?.to_string();
        // The shell says afterwards in which state the terminal is.
        let line = "stty sane; plimsoll keeper top --rows 7 --every 200; echo \"status $?\"; stty -a";
        let mut watched = Terminal::run(&self.tool, line)?;
        let first = watched.until("the table", |screen| ratio_of(screen, &alice)).await?;
        watched
            .until("a table of its own screen", |screen| {
                (screen.alternate_screen() && screen.hide_cursor()).then_some(())
            })
            .await?;
        watched.shows("q quits").await?;
        // More than the number: the whole screen is in order, each line of the table as wide.
        let contents = watched.contents();
        let widths: Vec<usize> = contents
            .lines()
            .filter(|line| line.starts_with(['│', '┌', '╞', '└']))
            .map(|line| line.chars().count())
            .collect();
        ensure!(widths.len() >= 4 && widths.iter().all(|width| *width == widths[0]), "{contents}");
        self.prices("168").await?;
        watched.until("another ratio", |screen| ratio_of(screen, &alice).filter(|ratio| *ratio < first)).await?;
        self.prices_until("168", "Alice may be liquidated", 120, &format!("account show {alice}"), |shown| {
            shown.pointer("/margin/may_be_liquidated").is_some_and(|may| may == true)
        })
        .await?;
        watched.until("what may be done", |screen| screen.contents().contains("cure").then_some(())).await?;
        watched.keys("q")?;
        Self::is_given_back(&mut watched).await?;
        self.tool.note(&["keeper", "top", "--rows", "--every"], true);
        // Ctrl-C ends it as well.
        let mut watched = Terminal::run(&self.tool, line)?;
        watched.until("the table", |screen| ratio_of(screen, &alice)).await?;
        watched.keys("\u{3}")?;
        Self::is_given_back(&mut watched).await?;
        // Once, in a pipe; and for programs.
        self.run("keeper top --once").await?.done()?.shows(&[&alice, "standing", "cure"])?;
        let listed = self.json("keeper top --once --rows 2").await?;
        ensure!(listed["accounts"].as_array().map(Vec::len) == Some(2), "{listed:#}");
        self.run("keeper top --json").await?.failed_with(&["--once"])?;
        self.run("keeper top").await?.failed_with(&["needs a terminal", "--once"])?;
        Ok(())
    }

    /// The terminal is as it was: the first screen, a cursor, lines and echo.
    async fn is_given_back(watched: &mut Terminal) -> Result<()> {
        watched.shows("status 0").await?;
        ensure!(watched.ended().await? == 0, "the shell failed");
        watched
            .until("the first screen", |screen| (!screen.alternate_screen() && !screen.hide_cursor()).then_some(()))
            .await?;
        let contents = watched.contents();
        let settings: Vec<&str> = contents.split_whitespace().map(|word| word.trim_end_matches(';')).collect();
        ensure!(settings.contains(&"icanon") && settings.contains(&"echo") && settings.contains(&"isig"), "{contents}");
        Ok(())
    }

    pub async fn a_keeper_does_the_rest(&mut self) -> Result<()> {
        let (alice, listener) = (self.account("alice")?, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?);
        let http = listener.local_addr()?;
        drop(listener);
        let setting =
            Setting { cluster: self.surfnet.cluster(), engine: self.keys.engine, liquidator: self.account("carol")? };
        // What the liquidation leaves waiting a person sweeps later.
        let all = configuration(&setting, &self.path("keeper.json"), http)?;
        let without_sweep = all.replace("[jobs.sweep]", "[jobs.sweep]\nenabled = false");
        ensure!(all != without_sweep, "the configuration has a job that sweeps");
        self.write("keeper.toml", &without_sweep)?;
        self.run("keeper check-config keeper.toml").await?.done()?.shows(&["keeper.toml"])?;
        self.run("keeper check-config keeper.toml --offline --json").await?.done()?.json()?;
        self.run("keeper top --once --config keeper.toml").await?.done()?.shows(&[&alice.to_string()])?;
        self.run("keeper run --config keeper.toml --log moon=loud").await?.failed_with(&["--log"])?;
        let before = self.read(&alice).await?;
        ensure!(!before.is_healthy_at(1, 16_800_000_000)?, "there is nothing left to do for a keeper");
        let words = ["keeper", "run", "--config", "keeper.toml", "--log", "info"];
        let log = std::fs::File::create(self.path("keeper.log"))?;
        let mut keeper = self.tool.command(&words).stdout(log.try_clone()?).stderr(log).spawn()?;
        let said = || std::fs::read_to_string(self.path("keeper.log")).unwrap_or_default();
        let sol =
            mock_oracle::client::pyth_feed(&solana_signer::Signer::pubkey(&self.owner), &self.feed_id("SOL/USD")?);
        let usdc =
            mock_oracle::client::pyth_feed(&solana_signer::Signer::pubkey(&self.owner), &self.feed_id("USDC/USD")?);
        // Prices are posted to the feeds alone: the board has them from the keeper.
        let cured = until("the keeper cures Alice", KEEPER_SECS, || async {
            self.post_only(sol, 168).await?;
            self.post_only(usdc, 1).await?;
            let read = self.read(&alice).await?;
            Ok(read.is_healthy_at(1, 16_800_000_000)?.then_some(()))
        });
        cured.await.map_err(|error| error.context(said()))?;
        let id = keeper.id().ok_or_else(|| anyhow::anyhow!("the keeper ended\n{}", said()))?;
        ensure!(Command::new("kill").args(["-INT", &id.to_string()]).status().await?.success(), "no signal");
        let status = keeper.wait().await?;
        ensure!(status.success(), "the keeper ended with {status}\n{}", said());
        self.tool.note(&words, true);
        Ok(())
    }
}
