//! Who is the authority: pausing, the hand-over in two steps; and completion for shells.

use anyhow::{ensure, Result};
use plimsoll_sdk::pda::EngineKeys;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use tokio::process::Command;

use crate::world::{text, CliWorld, USD};

impl CliWorld {
    pub async fn the_engine_is_paused_and_handed_over(&mut self) -> Result<()> {
        let (successor, guard) = (self.person("successor").await?, self.person("guard").await?);
        let propose = format!("engine propose-role authority {successor}");
        self.run(&propose).await?.failed_with(&["not confirmed: propose"])?;
        self.run(&format!("{propose} --yes")).await?.done()?;
        self.run("engine propose-role authority --none --yes").await?.done()?;
        let accept = "engine accept-role authority --yes --keypair successor.json";
        self.run(accept).await?.failed_with(&["the engine refused"])?;
        self.run(&format!("engine propose-role guardian {guard} --yes")).await?.done()?;
        self.run("engine accept-role guardian --yes --keypair guard.json").await?.done()?;
        self.json(&format!("{propose} --yes")).await?;
        let shown = self.json("engine show").await?;
        ensure!(text(&shown, "/proposed/0/role")? == "authority", "{shown:#}");
        ensure!(text(&shown, "/proposed/0/key")? == successor.to_string(), "{shown:#}");
        ensure!(text(&shown, "/guardian")? == guard.to_string(), "{shown:#}");
        self.run("engine accept-role authority --yes --keypair guard.json")
            .await?
            .failed_with(&["the engine refused"])?;
        self.json(accept).await?;
        let engine = self.keys.engine;
        let shown = self.json(&format!("engine show --engine {engine}")).await?;
        ensure!(text(&shown, "/authority")? == successor.to_string(), "{shown:#}");
        ensure!(shown["proposed"].as_array().is_some_and(Vec::is_empty), "{shown:#}");
        self.nothing_waits_without_a_delay().await?;
        self.run("engine pause borrow").await?.failed_with(&["the engine refused", "authority"])?;
        // The guard may stop, and not start again.
        self.run("engine pause everything --keypair guard.json").await?.ended(2)?;
        self.run("engine pause borrow fill --keypair guard.json")
            .await?
            .done()?
            .shows(&["pause borrow, fill", "6.0 h"])?;
        let paused = self.json("engine pause fill --for-secs 60 --keypair guard.json").await?;
        ensure!(paused["paused"].as_array().is_some_and(|list| list.len() == 2), "{paused:#}");
        ensure!(paused["paused"][0]["what"] == "borrow" && paused["paused"][0]["by"] == "guardian", "{paused:#}");
        ensure!(paused["paused"][0]["until_unix_secs"].as_i64().is_some_and(|until| until > 0), "{paused:#}");
        self.run("price halt SOL --for-secs 600 --keypair guard.json")
            .await?
            .done()?
            .shows(&["halt SOL", "halted: "])?;
        let halted = self.json("price halt SOL --for-secs 600 --keypair guard.json").await?;
        ensure!(halted["board"][1]["halt"]["by"] == "guardian", "{halted:#}");
        self.run("price list").await?.done()?.shows(&["halted"])?;
        self.run("engine show").await?.done()?.shows(&["borrow for", "fill for", "2 of 4 in a row"])?;
        self.prices("168").await?;
        let borrow = "borrow SOL 0.1 --keypair carol.json";
        self.run(borrow).await?.failed_with(&["the engine refused", "repay and deposit always work"])?;
        let start = self.run("engine unpause --all --yes --keypair guard.json").await?;
        start.failed_with(&["only the authority can end a pause"])?;
        let resumed = self.json("price resume SOL --yes --keypair successor.json").await?;
        ensure!(resumed["board"][1]["halt"].is_null(), "{resumed:#}");
        self.run("engine unpause borrow fill --keypair successor.json")
            .await?
            .failed_with(&["end the pause of borrow, fill?"])?;
        let ended = self.json("engine unpause --all --yes --keypair successor.json").await?;
        ensure!(ended["paused"].as_array().is_some_and(Vec::is_empty), "{ended:#}");
        self.a_price_is_switched_to_its_standby_and_back().await?;
        self.prices("168").await?;
        self.borrowing_works_again().await
    }

    /// The engine is one for tests: its changes come at once, and what is about changes that wait says so.
    async fn nothing_waits_without_a_delay(&self) -> Result<()> {
        self.run("engine launch --yes").await?.failed_with(&["the engine refused"])?;
        self.run("engine pending").await?.done()?.shows(&["none"])?;
        let waiting = self.json("engine pending").await?;
        ensure!(waiting["changes"].as_array().is_some_and(Vec::is_empty), "{waiting:#}");
        let sent = self.json("engine propose --config engine.toml --yes --keypair successor.json").await?;
        ensure!(sent["sent"].as_array().is_some_and(Vec::is_empty), "{sent:#}");
        let simulated = self.json("engine simulate-change engine.toml").await?;
        ensure!(simulated["would_come_under_water"] == 0, "{simulated:#}");
        self.run("engine execute --all-due --yes").await?.done()?.shows(&["nothing is due"])?;
        self.run("engine execute 3 --yes").await?.failed_with(&["no change 3 waits"])?;
        self.run("engine cancel 3 --yes").await?.failed_with(&["no change 3 waits"])?;
        self.run("engine cancel --all-expired --yes").await?.done()?.shows(&["nothing has expired"])?;
        self.run("engine advance-ramps").await?.done()?.shows(&["nothing ramps"])?;
        for nothing in ["engine advance-ramps", "engine execute --all-due --yes", "engine powers"] {
            self.json(nothing).await?;
        }
        self.run("engine powers").await?.done()?.shows(&["fee collector", "nothing waits yet"])?;
        let limits = self.json("engine limits").await?;
        ensure!(text(&limits, "/banks/1/bank")? == "SOL", "{limits:#}");
        ensure!(text(&limits, "/breakers/0/trips_by")? == "debts_liquidated", "{limits:#}");
        Ok(())
    }

    /// A second engine of the same owner's, with a delay of a day.
    pub async fn changes_of_a_launched_engine_wait(&mut self) -> Result<()> {
        let file = std::fs::read_to_string(self.path("engine.toml"))?;
        let risk = self.person("risk").await?;
        let (owner, roles) = (self.owner.pubkey(), format!("risk_authority = \"{risk}\""));
        let begins = format!("id = 1\nlaunch = false\ncreator = \"{owner}\"\n{roles}");
        let second = file.replacen("id = 0", &begins, 1);
        let second = second.replacen("change_delay_secs = 0", "change_delay_secs = 86400", 1);
        // Its SOL is the cluster's own, wrapped.
        let native = format!("\"{}\"", spl_token_interface::native_mint::ID);
        let second = second.replacen("{ seed = \"plimsoll sol\", decimals = 9 }", &native, 1);
        ensure!(second.contains("launch = false") && second.contains("= 86400"), "the file has other words");
        ensure!(second.contains(&native), "the file has another mint of SOL");
        self.write("second.toml", &second)?;
        self.run("engine create --config second.toml --yes").await?.done()?;
        let engine = EngineKeys::created_by(&self.owner.pubkey(), 1).engine;
        let of = |command: &str| format!("engine {command} --engine {engine}");
        self.run(&of("launch")).await?.failed_with(&["not confirmed", "cannot be taken back"])?;
        self.json(&of("launch --yes")).await?;
        self.sol_is_wrapped_into_a_deposit(&engine).await?;
        let guard = self.address("guard")?;
        self.run(&of(&format!("propose-role guardian {guard} --yes"))).await?.done()?;
        let waiting = self.json(&of("pending")).await?;
        ensure!(waiting["changes"].as_array().is_some_and(|rows| rows.len() == 1), "{waiting:#}");
        self.run(&of("execute --all-due --yes")).await?.done()?.shows(&["nothing is due"])?;
        self.run(&of("cancel 0")).await?.failed_with(&["not confirmed: cancel change 0"])?;
        self.json(&of("cancel 0 --yes")).await?;
        self.run(&of("pending")).await?.done()?.shows(&["none"])?;
        self.a_risk_authority_applies_what_tightens_and_proposes_the_rest(&second, &risk).await
    }

    /// By whoever has no wrapped SOL: the refusal offers it.
    async fn sol_is_wrapped_into_a_deposit(&self, engine: &Pubkey) -> Result<()> {
        let by_bob = format!("--engine {engine} --keypair bob.json");
        self.run(&format!("account open {by_bob}")).await?.done()?;
        let lacking = self.run(&format!("deposit SOL 1.5 {by_bob}")).await?;
        lacking.failed_with(&["there is no token account", "add --wrap"])?;
        self.run(&format!("deposit USDC 1 --wrap {by_bob}"))
            .await?
            .failed_with(&["--wrap is for the bank of wrapped SOL"])?;
        let wrapped = self.json(&format!("deposit SOL 1.5 --wrap {by_bob}")).await?;
        ensure!(text(&wrapped, "/balance/amount_decimal")? == "1.5", "{wrapped:#}");
        self.json(&format!("withdraw SOL 0.5 {by_bob}")).await?;
        // What is there already is not wrapped again.
        self.json(&format!("deposit SOL 0.6 --wrap {by_bob}")).await?;
        let shown = self.json(&format!("account show {by_bob}")).await?;
        ensure!(text(&shown, "/balances/0/balance_decimal")? == "1.6", "{shown:#}");
        Ok(())
    }

    /// A file that asks for less credit and for a higher cap: one now, the other in public.
    async fn a_risk_authority_applies_what_tightens_and_proposes_the_rest(
        &self,
        second: &str,
        risk: &Pubkey,
    ) -> Result<()> {
        let mixed = second.replacen("launch = false", "launch = true", 1);
        let mixed = mixed.replacen("asset_init_ppm = 750000", "asset_init_ppm = 740000", 1);
        let mixed = mixed.replacen("deposit_cap_atoms = 40000000000000", "deposit_cap_atoms = 40000000000001", 1);
        ensure!(mixed.contains("= 740000") && mixed.contains("= 40000000000001"), "the file has other words");
        self.write("mixed.toml", &mixed)?;
        let configure = "engine configure --config mixed.toml --keypair risk.json";
        self.run(&format!("{configure} --dry-run")).await?.done()?.shows(&[
            "what need not wait of it",
            "asset_init_ppm 750000 to 740000 (at once)",
            "what has to wait of it",
            "deposit_cap_atoms 40000000000000 to 40000000000001 (waits)",
        ])?;
        let sent = self.json(&format!("{configure} --yes")).await?;
        ensure!(text(&sent, "/sent/0/step")? == "update bank 1: what need not wait of it", "{sent:#}");
        ensure!(text(&sent, "/sent/1/step")?.starts_with("propose change 1: update bank 1"), "{sent:#}");
        let engine = EngineKeys::created_by(&self.owner.pubkey(), 1).engine;
        let waiting = self.json(&format!("engine pending --engine {engine}")).await?;
        ensure!(text(&waiting, "/changes/0/proposer")? == risk.to_string(), "{waiting:#}");
        ensure!(waiting["changes"].as_array().is_some_and(|rows| rows.len() == 1), "{waiting:#}");
        ensure!(waiting["changes"][0]["changes"].as_array().is_some_and(|rows| rows.len() == 1), "{waiting:#}");
        // Nothing more is done until it is due.
        let again = self.json(&format!("{configure} --yes")).await?;
        ensure!(again["sent"].as_array().is_some_and(Vec::is_empty), "{again:#}");
        self.run(&format!("engine cancel 1 --yes --engine {engine} --keypair risk.json")).await?.done()?;
        let all = format!("engine cancel --all-expired --yes --engine {engine}");
        self.run(&all).await?.done()?.shows(&["nothing has expired"])?;
        self.insurance_leaves_in_public(&engine).await
    }

    /// To a token account that is there; numbered behind the two changes before.
    async fn insurance_leaves_in_public(&self, engine: &Pubkey) -> Result<()> {
        let wallet = self.give(&self.owner.pubkey(), "usdc", USD).await?;
        let take = format!("insurance withdraw USDC 1 --to {wallet} --engine {engine}");
        let asked = ["not confirmed: propose as change 2", "take at most 1 of the insurance"];
        self.run(&take).await?.failed_with(&asked)?;
        self.json(&format!("{take} --yes")).await?;
        let pending = format!("engine pending --engine {engine}");
        self.run(&pending).await?.done()?.shows(&["withdraw_insurance of USDC: at most 1 to"])?;
        self.run(&format!("engine cancel 2 --yes --engine {engine}")).await?.done()?;
        Ok(())
    }

    /// To a token account of the borrower's choice, and back.
    async fn borrowing_works_again(&self) -> Result<()> {
        let wallet = self.give(&self.address("carol")?, "sol", 1_000_000_000).await?;
        let own = format!("--account 0 --token-account {wallet} --keypair carol.json");
        self.run(&format!("withdraw SOL all {own}")).await?.done()?;
        let held = self.atoms(&wallet).await?;
        self.prices("168").await?;
        self.json(&format!("borrow SOL 0.1 {own}")).await?;
        ensure!(self.atoms(&wallet).await? == held + 100_000_000, "the loan did not arrive");
        self.json(&format!("repay SOL all {own}")).await?;
        let shown = self.json("account show --keypair carol.json").await?;
        ensure!(
            shown["balances"].as_array().is_some_and(|rows| rows.iter().all(|row| row["bank"] != "SOL")),
            "{shown:#}"
        );
        Ok(())
    }

    pub async fn shells_can_complete(&mut self) -> Result<()> {
        for (shell, says) in [("bash", "complete -F"), ("zsh", "#compdef plimsoll"), ("fish", "complete -c plimsoll")] {
            let script = self.run(&format!("completions {shell}")).await?.done()?.shows(&[says, "approve-venue"])?;
            self.write(&format!("plimsoll.{shell}"), &script.out)?;
        }
        self.run("completions cobol").await?.ended(2)?;
        // A shell takes it, and completes what a person has begun.
        let asked =
            "source plimsoll.bash; COMP_WORDS=(plimsoll account app) COMP_CWORD=2; _plimsoll plimsoll app account; \
                     echo \"${COMPREPLY[@]}\"";
        let completed = Command::new("bash").args(["-c", asked]).current_dir(self.home.path()).output().await?;
        let completed = String::from_utf8_lossy(&completed.stdout);
        ensure!(completed.trim() == "approve-venue", "bash completes to {completed:?}");
        for help in ["help fill", "fill --help"] {
            self.run(help).await?.done()?.shows(&["--venue <OPERATOR>"])?;
        }
        Ok(())
    }
}
