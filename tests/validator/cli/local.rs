//! The file of a local engine: what is not typed comes from it, and its prices are moved.

use anyhow::{ensure, Result};
use plimsoll_validator_tests::validator::Validator as _;

use crate::terminal::Terminal;
use crate::world::CliWorld;

impl CliWorld {
    pub async fn a_local_engines_file_says_what_is_not_typed(&mut self) -> Result<()> {
        let own = self.path(".config/solana/id.json");
        std::fs::create_dir(self.path("local"))?;
        std::fs::copy(own, self.path("local/owner.json"))?;
        std::fs::copy(self.path("alice.json"), self.path("local/alice.json"))?;
        let (url, engine) = (self.surfnet.cluster().rpc_url, self.keys.engine);
        let file = format!(
            "url = \"{url}\"\nengine = \"{engine}\"\nnames = \"engine.toml\"\nkeys = \"local\"\nsigner = \"alice\"\n\
             poster = \"owner\"\n"
        );
        self.write("plimsoll.toml", &file)?;
        let (alice, owner) = (self.address("alice")?.to_string(), self.account("alice")?.to_string());
        let shown = self.run("account show").await?.done()?.shows(&[&alice, &owner])?;
        ensure!(shown.err.trim() == "using plimsoll.toml", "{}", shown.err);
        // People have names; programs are told nothing beside the answer.
        let named = self.run("account show alice --as owner --json").await?.done()?;
        ensure!(named.err.is_empty() && named.out.contains(&alice), "{named:?}");
        self.run("account show --as carol").await?.failed_with(&["no key of \"carol\"", "alice, owner"])?;
        self.run("account show carol").await?.failed_with(&["no key of \"carol\""])?;
        // What is typed goes before it.
        let carol = self.address("carol")?.to_string();
        self.run("account show --keypair carol.json").await?.done()?.shows(&[&carol])?;
        self.run("engine list --as alice --url http://127.0.0.1:1").await?.failed_with(&["--as alice", "--keypair"])?;
        self.its_prices_are_moved().await?;
        std::fs::remove_file(self.path("plimsoll.toml"))?;
        self.run("account show --as alice").await?.failed_with(&["--as alice", "cargo xtask localnet"])?;
        // From elsewhere the file is named.
        self.write(
            "local/plimsoll.toml",
            &file.replace("\"local\"", "\".\"").replace("engine.toml", "../engine.toml"),
        )?;
        self.tool.set("PLIMSOLL_CONFIG", self.path("local/plimsoll.toml").display());
        let shown = self.run("account show --as alice").await?;
        self.tool.unset("PLIMSOLL_CONFIG");
        shown.done()?.shows(&[&alice])?;
        self.prices("200").await
    }

    /// Ctrl-C ends it, with its own status, and says whether something is still on its way.
    async fn a_crash_is_ended_by_its_watcher(&self) -> Result<()> {
        let mut watched = Terminal::run(&self.tool, "exec \"$TOOL\" price crash 2025-10-10 --speed 1")?;
        watched.shows("SOL $").await?;
        watched.keys("\u{3}")?;
        ensure!(watched.ended().await? == 130, "{}", watched.contents());
        watched.shows("ended").await
    }

    /// By the poster's key, whoever signs.
    async fn its_prices_are_moved(&self) -> Result<()> {
        self.run("price set SOL 201.5").await?.done()?.shows(&["201.5"])?;
        self.json("price set SOL 201.5").await?;
        self.run("price set GOLD 1").await?.failed_with(&["there is no price \"GOLD\""])?;
        self.run("price crash 1987-10-19").await?.failed_with(&["no recording", "2025-10-10"])?;
        self.run("price crash 2025-10-10 --minutes 400").await?.failed_with(&["1 to 30 minutes"])?;
        let crash = "price crash 2025-10-10 --speed 60 --minutes 2 --watch alice";
        self.run(&format!("{crash} --dry-run")).await?.done()?.shows(&["would", "SOL -28 %"])?;
        let would = self.json(&format!("{crash} --dry-run")).await?;
        ensure!(would["dry_run"] == true && would["prices"][0]["price"] == "SOL", "{would:#}");
        self.a_crash_is_ended_by_its_watcher().await?;
        let played = self.run(crash).await?.done()?;
        // The recording's first two minutes end 1.39 % below their beginning, BTC's elsewhere.
        let played = played.shows(&["margin ratio", "before $", "201.5", "SOL $198.70", "BTC $"])?;
        ensure!(played.out.lines().filter(|line| line.contains("alice: NAV $")).count() >= 2, "{}", played.out);
        self.run("price crash 2025-10-10 --speed 60 --keypair carol.json").await?.ended(1)?;
        Ok(())
    }
}
