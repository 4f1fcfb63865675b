//! An engine from its file, a venue, margin accounts.

use anyhow::{ensure, Context, Result};
use plimsoll_migrations::config::Config;
use serde_json::Value;
use solana_signer::Signer as _;

use crate::terminal::Terminal;
use crate::world::{text, CliWorld};

/// Paths of the differences that a verification found.
fn differences(found: &Value) -> Vec<&str> {
    found["differences"].as_array().into_iter().flatten().filter_map(|one| one["value"].as_str()).collect()
}

impl CliWorld {
    pub async fn an_engine_is_created_and_configured(&mut self) -> Result<()> {
        let create = "engine create --config engine.toml";
        let dry = self.json(&format!("{create} --dry-run")).await?;
        ensure!(dry["would_send"].as_array().map(Vec::len) == Some(26), "{dry:#}");
        self.run(create).await?.failed_with(&["not confirmed: send 26 step(s)", "pass --yes"])?;
        ensure!(
            self.connection.engines().await?.accounts.is_empty(),
            "a dry run or an unconfirmed one created an engine"
        );
        self.run("engine configure --config engine.toml --yes").await?.failed_with(&["there is no engine at"])?;
        let engine = self.keys.engine.to_string();
        // The person says no, then yes.
        let mut asked = Terminal::run(&self.tool, &format!("plimsoll {create}; echo \"status $?\""))?;
        asked.shows("26 step(s)").await?;
        asked.keys("n")?;
        asked.shows("status 1").await?;
        ensure!(self.connection.engines().await?.accounts.is_empty(), "a person's no created an engine");
        let mut asked = Terminal::run(&self.tool, &format!("plimsoll {create}; echo \"status $?\""))?;
        asked.shows("26 step(s)").await?;
        asked.keys("y")?;
        asked.shows("status 0").await?;
        asked.shows("steps sent").await?;
        self.tool.note(&["engine", "create", "--config"], true);
        self.run("engine list").await?.done()?.shows(&[&engine, &self.owner.pubkey().to_string(), "test cluster"])?;
        let shown = self.json("engine show").await?;
        ensure!(shown["prices"] == serde_json::json!(["price0", "SOL", "BTC", "price3"]), "{shown:#}");
        ensure!(self.json("engine list").await?["engines"][0]["test_cluster"] == true, "a production engine");
        // From here on banks and prices are called as in the file.
        self.tool.set("PLIMSOLL_NAMES", self.path("engine.toml").display());
        let shown = self.json("engine show --names engine.toml").await?;
        ensure!(shown["banks"] == serde_json::json!(["USDC", "SOL", "BTC"]), "{shown:#}");
        ensure!(text(&shown, "/engine")? == engine, "{shown:#}");
        // Again there is nothing to do, and the file's every value is on chain.
        let again = self.json(&format!("{create} --yes")).await?;
        ensure!(again["sent"].as_array().is_some_and(Vec::is_empty), "{again:#}");
        let same = self.json("engine verify --config engine.toml").await?;
        ensure!(same["same"] == true, "{same:#}");
        self.a_changed_file_is_applied().await
    }

    async fn a_changed_file_is_applied(&self) -> Result<()> {
        let file = std::fs::read_to_string(self.path("engine.toml"))?;
        let changed = file.replace("deposit_cap_atoms = 50000000000000", "deposit_cap_atoms = 40000000000000");
        ensure!(changed != file, "the file has another cap");
        self.write("engine.toml", &changed)?;
        let verify = "engine verify --config engine.toml --json";
        let found = self.run(verify).await?.ended(1)?.json()?;
        ensure!(differences(&found) == ["bank[1].deposit_cap_atoms"], "{found:#}");
        let sent = self.json("engine configure --config engine.toml --yes").await?;
        ensure!(text(&sent, "/sent/0/step")? == "update bank 1", "{sent:#}");
        self.run(verify).await?.done()?;
        self.run("bank show SOL").await?.done()?.shows(&["0 of at most 40,000", "85 % / 84 % / 75 %"])?;
        let shown = self.json("bank show SOL").await?;
        ensure!(text(&shown, "/deposit_cap_atoms")? == "40000000000000", "{shown:#}");
        ensure!(text(&shown, "/deposit_cap_decimal")? == "40000", "{shown:#}");
        ensure!(shown["asset_weight"]["maintenance_ppm"] == 850_000, "{shown:#}");
        self.json("bank list").await?;
        self.json("market list").await?;
        self.run("bank list").await?.done()?.shows(&["USDC", "SOL", "BTC", "active"])?;
        self.run("market list").await?.done()?.shows(&["SOL-PERP", "BTC-PERP"])?;
        self.run("market show SOL-PERP").await?.done()?.shows(&["3 % / 4.25 % / 6 %", "0.02 %"])?;
        self.run("bank show ETH").await?.failed_with(&["there is no bank \"ETH\"", "USDC, SOL, BTC"])?;
        // What can never change is refused before anything is sent.
        self.write("other.toml", &changed.replacen("base_decimals = 6", "base_decimals = 7", 1))?;
        self.run("engine configure --config other.toml --yes").await?.failed_with(&["market[0].base_decimals"])?;
        Ok(())
    }

    pub async fn a_venue_is_set_up(&mut self) -> Result<()> {
        let operator = self.person("operator").await?;
        self.run("venue list").await?.done()?.shows(&["none"])?;
        let created = self.json("venue create --keypair operator.json").await?;
        ensure!(created["created"] == true, "{created:#}");
        self.run("venue create --keypair operator.json").await?.failed_with(&["has a venue already"])?;
        let signer = text(&created, "/signer")?.to_owned();
        let without = std::fs::read_to_string(self.path("engine.toml"))?;
        let venue = format!("\n[[venue]]\nsigner = \"{signer}\"\nsettle_markets = [0, 1]\npremium_markets = [0]\n");
        self.write("engine.toml", &(without.clone() + &venue))?;
        self.run("engine configure --config engine.toml --yes").await?.done()?;
        self.run("engine verify --config engine.toml").await?.done()?;
        let shown = self.json(&format!("venue show {operator}")).await?;
        ensure!(shown["registered"] == true && shown["active"] == true, "{shown:#}");
        ensure!(shown["settles"] == serde_json::json!(["SOL-PERP", "BTC-PERP"]), "{shown:#}");
        self.json("venue list").await?;
        self.run("venue list").await?.done()?.shows(&[text(&shown, "/venue")?, &signer])?;
        // What the file does not name is a difference, and is in the file that is written from the chain.
        self.write("without.toml", &without)?;
        let found = self.run("engine verify --config without.toml --json").await?.ended(1)?.json()?;
        ensure!(differences(&found) == [format!("venue.{signer}")], "{found:#}");
        let written = self.run("engine show --toml").await?.done()?.out;
        let config = Config::parse(&written).context("what `engine show --toml` writes")?;
        ensure!(config.venues.iter().map(|venue| venue.signer.to_string()).eq([signer]), "{written}");
        self.write("written.toml", &written)?;
        self.run("engine verify --config written.toml").await?.done()?;
        ensure!(self.json("engine show --toml").await?["bank"].as_array().map(Vec::len) == Some(3), "no JSON");
        Ok(())
    }

    pub async fn accounts_are_opened(&mut self) -> Result<()> {
        for name in ["alice", "bob", "carol", "keeper", "poor-maker"] {
            self.person(name).await?;
        }
        self.run("account show --keypair alice.json").await?.failed_with(&["no margin account", "account open"])?;
        self.run("account list --keypair alice.json").await?.done()?.shows(&["none", "plimsoll account open"])?;
        self.run("account list --keypair nobody.json")
            .await?
            .failed_with(&["no key at nobody.json", "solana-keygen new"])?;
        let no_key = self.run("account list --keypair engine.toml").await?;
        ensure!(!no_key.err.contains("solana-keygen"), "{}", no_key.err);
        no_key.failed_with(&["engine.toml is not a key file"])?;
        for name in ["alice", "bob", "carol", "poor-maker"] {
            let opened = self.json(&format!("account open --keypair {name}.json")).await?;
            ensure!(text(&opened, "/transactions/0/what")?.contains(&self.account(name)?.to_string()), "{opened:#}");
        }
        let (keeper, bob) = (self.address("keeper")?, self.address("bob")?);
        // A second account of Carol's, whose delegate is replaced, removed and named again.
        self.run(&format!("account open --id 7 --delegate {bob} --may trade --keypair carol.json"))
            .await?
            .failed_with(&["needs a --trade-limit"])?;
        let opened =
            format!("account open --id 7 --delegate {bob} --may deposit,trade --trade-limit 500 --keypair carol.json");
        self.run(&opened).await?.done()?;
        let shown = self.json("account show 7 --keypair carol.json").await?;
        ensure!(shown["delegate_may"] == serde_json::json!(["deposit", "trade"]), "{shown:#}");
        ensure!(text(&shown, "/delegate_limit_a_day_decimal")? == "500", "{shown:#}");
        let widened =
            format!("account delegate {bob} --may liquidate,trade --trade-limit 250 --account 7 --keypair carol.json");
        self.run(&widened).await?.done()?;
        let shown = self.json("account show 7 --keypair carol.json").await?;
        ensure!(shown["delegate_may"] == serde_json::json!(["liquidate", "trade"]), "{shown:#}");
        ensure!(text(&shown, "/delegate_limit_a_day_atoms")? == "250000000", "{shown:#}");
        self.run(&format!("account delegate {keeper} --account 7 --keypair carol.json")).await?.done()?;
        let shown = self.json("account show 7 --keypair carol.json").await?;
        ensure!(text(&shown, "/delegate")? == keeper.to_string(), "{shown:#}");
        // What is not said is the least there is.
        ensure!(shown["delegate_may"] == serde_json::json!(["liquidate"]), "{shown:#}");
        self.run("account delegate --none --account 7 --keypair carol.json").await?.done()?;
        let shown = self.json("account show 7 --keypair carol.json").await?;
        ensure!(shown["delegate"].is_null(), "{shown:#}");
        self.json(&format!("account delegate {keeper} --keypair carol.json")).await?;
        let carol = self.address("carol")?;
        let listed = self.json(&format!("account list --owner {carol}")).await?;
        ensure!(listed["accounts"].as_array().map(Vec::len) == Some(2), "{listed:#}");
        let everybody = self.json("account list --everybody").await?;
        ensure!(everybody["accounts"].as_array().map(Vec::len) == Some(5), "{everybody:#}");
        // A second time is no system program's riddle.
        self.run("account open --keypair alice.json").await?.failed_with(&["has account 0 already", "--id"])?;
        // Another's account is no business of Bob's.
        let foreign = format!("account delegate {bob} --account {} --keypair bob.json", self.account("carol")?);
        self.run(&foreign).await?.failed_with(&["the engine refused", "sign with the owner's key"])?;
        Ok(())
    }
}
