//! Tokens in and out, prices, insurance, fees, and what is left in the end.

use anyhow::{ensure, Result};
use plimsoll_sdk::pda;
use solana_signer::Signer as _;

use crate::terminal::Terminal;
use crate::world::{text, CliWorld, ETH, SECOND_SOL, USD};

const ONE_SOL: u64 = 1_000_000_000;

impl CliWorld {
    pub async fn tokens_go_in_and_out(&mut self) -> Result<()> {
        let (alice, bob, carol) = (self.address("alice")?, self.address("bob")?, self.address("carol")?);
        self.run("deposit USDC 5 --keypair bob.json").await?.failed_with(&["there is no token account", "mint"])?;
        let wallet = self.give(&bob, "usdc", 60_000 * USD).await?;
        let too_much = self.run("deposit USDC 60000.5 --keypair bob.json").await?;
        too_much.failed_with(&[&format!("{wallet} holds 60,000 USDC, not 60,000.5")])?;
        self.run("deposit USDC 1.0000001 --keypair bob.json").await?.failed_with(&["more than 6 decimals"])?;
        let dry = self.json("deposit USDC 60000 --keypair bob.json --dry-run").await?;
        ensure!(text(&dry, "/transactions/0/what")?.starts_with("deposit 60,000 USDC"), "{dry:#}");
        // What it would do to the account is told beforehand.
        ensure!(dry["transactions"][0]["dry_run"] == true && dry["transactions"][0]["signature"].is_null(), "{dry:#}");
        ensure!(
            text(&dry, "/moved_decimal")? == "60000" && text(&dry, "/balance/amount_decimal")? == "60000",
            "{dry:#}"
        );
        ensure!(text(&dry, "/margin/before/nav_usd")? == "0", "{dry:#}");
        ensure!(text(&dry, "/margin/after/nav_usd")? == "60000", "{dry:#}");
        ensure!(self.atoms(&wallet).await? == 60_000 * USD, "a dry run deposited");
        self.run("deposit USDC 60000 --keypair bob.json").await?.done()?;
        ensure!(self.atoms(&wallet).await? == 0, "nothing left the wallet");
        self.give(&alice, "sol", 100 * ONE_SOL).await?;
        let sent = self.run("deposit SOL 100 --keypair alice.json --priority-fee 1").await?.done()?;
        // The signature is told as soon as there is one.
        ensure!(sent.err.contains("sent ") && sent.err.contains("Ctrl-C ends the waiting"), "{}", sent.err);
        sent.shows(&["before", "after", "$0.00"])?;
        let outside = self.give(&carol, "usdc", 50_100 * USD).await?;
        let into = format!("--account 0 --token-account {outside} --keypair carol.json");
        self.run(&format!("deposit USDC 50100 {into}")).await?.done()?;
        self.json(&format!("withdraw USDC 100 {into}")).await?;
        ensure!(self.atoms(&outside).await? == 100 * USD, "the withdrawal did not arrive");
        let shown = self.json("account show --keypair carol.json").await?;
        ensure!(text(&shown, "/balances/0/balance_decimal")? == "50000" && text(&shown, "/margin/nav_usd")? == "50000");
        // A token is named by its mint too.
        let mint = self.mint("usdc")?;
        self.run(&format!("withdraw {mint} 60001 --keypair bob.json")).await?.ended(1)?;
        Ok(())
    }

    pub async fn prices_come_from_every_kind_of_source(&mut self) -> Result<()> {
        let borrow = self.run("borrow USDC 10 --keypair alice.json").await?;
        borrow.failed_with(&["the engine refused", "plimsoll price list"])?;
        self.prices_until("200", "averages are ready", 120, "price list", |found| {
            let ready = |slot: &str| found.pointer(slot).is_some_and(|ready| ready == true);
            ready("/board/0/ready") && ready("/board/1/ready")
        })
        .await?;
        self.run("price post ETH=4000").await?.failed_with(&["not of a pinned feed"])?;
        // A posted update: its account is the caller's choice.
        self.run("price refresh ETH").await?.failed_with(&["name it with --update"])?;
        let update = self.create_feed(ETH).await?;
        self.post_only(update, 4_000).await?;
        self.json(&format!("price refresh ETH --update {update}")).await?;
        let found = self.json("price list").await?;
        ensure!(text(&found, "/board/3/spot_usd")? == "4000", "{found:#}");
        // Posted, not yet taken; then taken, with all the others whose source is pinned.
        let owner = self.owner.pubkey();
        let id = self.feed_id("SOL/USD")?;
        self.post_only(mock_oracle::client::pyth_feed(&owner, &id), 201).await?;
        self.run("price refresh").await?.done()?.shows(&["refresh USDC, SOL, BTC", "taken"])?;
        let found = self.json("price list").await?;
        ensure!(text(&found, "/board/1/spot_usd")? == "201", "{found:#}");
        self.the_second_source_counts_once_the_first_is_silent().await
    }

    async fn the_second_source_counts_once_the_first_is_silent(&self) -> Result<()> {
        let second = self.create_feed(SECOND_SOL).await?;
        for _ in 0..20 {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.post_only(second, 199).await?;
            self.run("price refresh SOL --secondary").await?.done()?;
            let found = self.json("price list").await?;
            if text(&found, "/board/1/from")? == "secondary" {
                ensure!(text(&found, "/board/1/spot_usd")? == "199", "{found:#}");
                return self.run("price list").await?.done()?.shows(&["held by the board", "secondary"]).map(drop);
            }
        }
        anyhow::bail!("the second source never counted")
    }

    /// The feed id that the file pins for a price.
    pub fn feed_id(&self, name: &str) -> Result<[u8; 32]> {
        let config = plimsoll_migrations::config::Config::read(&self.path("engine.toml"))?;
        let found = config.prices.iter().find(|price| price.name == name);
        found.map(|price| price.primary.feed_id.0).ok_or_else(|| anyhow::anyhow!("no price {name}"))
    }

    pub async fn insurance_and_fees_are_moved(&mut self) -> Result<()> {
        let owner = self.owner.pubkey();
        let wallet = self.give(&owner, "usdc", 501 * USD).await?;
        self.json("insurance fund USDC 1 --yes").await?;
        self.run("insurance fund USDC 500").await?.failed_with(&["cannot be taken back", "--yes"])?;
        let mut asked = Terminal::run(&self.tool, "plimsoll insurance fund USDC 500; echo \"status $?\"")?;
        asked.shows("It is a gift and cannot be taken back").await?;
        asked.keys("y")?;
        asked.shows("status 0").await?;
        self.tool.note(&["insurance", "fund"], true);
        ensure!(self.atoms(&wallet).await? == 0, "the gift was not taken");
        let shown = self.json("insurance show").await?;
        let before: f64 = text(&shown, "/banks/0/insurance_decimal")?.parse()?;
        ensure!(before >= 500.0 && text(&shown, "/banks/0/paid_in_decimal")?.parse::<f64>()? >= 500.0, "{shown:#}");
        // Nothing is above a target that no file has set, and nobody but the authority asks.
        self.run("insurance withdraw USDC 1")
            .await?
            .failed_with(&["not confirmed: take at most 1 of the insurance"])?;
        let taken = format!("insurance withdraw USDC 1 --to {wallet} --yes");
        self.run(&taken).await?.failed_with(&["the engine refused", "not above its target"])?;
        self.run(&format!("{taken} --keypair alice.json")).await?.failed_with(&["authority's key"])?;
        // The liquidations' share waits to become insurance.
        let waiting: f64 = text(&shown, "/banks/0/waiting_decimal")?.parse()?;
        ensure!(waiting > 0.0, "{shown:#}");
        self.json("insurance sweep USDC").await?;
        let shown = self.json("insurance show").await?;
        ensure!(text(&shown, "/banks/0/waiting_decimal")? == "0", "{shown:#}");
        let after: f64 = text(&shown, "/banks/0/insurance_decimal")?.parse()?;
        ensure!((after - before - waiting).abs() < 0.000_01, "{before} and {waiting} became {after}");
        self.run("insurance sweep BTC").await?.failed_with(&["nothing is waiting"])?;
        // Fees of interest, to a named account and to the signer's own.
        let alice = self.address("alice")?;
        let named = pda::associated_token(&alice, &self.mint("usdc")?, &pda::TOKEN_PROGRAM);
        let held = self.atoms(&named).await?;
        self.run("bank collect-fees USDC all").await?.failed_with(&["not confirmed"])?;
        // Some seconds' interest, for its fee is booked in whole atoms.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        self.json(&format!("bank collect-fees USDC 0.000001 --to {named} --yes")).await?;
        ensure!(self.atoms(&named).await? == held + 1, "the fee did not arrive");
        self.run("bank collect-fees USDC all --yes --keypair alice.json").await?.failed_with(&["authority's key"])?;
        self.run("bank collect-fees USDC all --yes").await?.done()?;
        ensure!(self.atoms(&wallet).await? > 0, "no fees arrived");
        Ok(())
    }

    pub async fn accounts_are_emptied_and_closed(&mut self) -> Result<()> {
        let (alice, seven) = (self.address("alice")?, "--account 7 --keypair carol.json");
        // A borrower repays everything, through a token account of their choice.
        let wallet = self.give(&alice, "usdc", 20_000 * USD).await?;
        self.prices("168").await?;
        let of_alice = format!("--account {} --token-account {wallet} --keypair alice.json", self.account("alice")?);
        let repaid = self.run(&format!("repay USDC 100000 {of_alice}")).await?.done()?;
        repaid.shows(&["USDC of the 100,000 asked for: no more was owed"])?;
        let shown = self.json("account show --keypair alice.json").await?;
        let banks = shown["balances"].as_array().into_iter().flatten();
        ensure!(banks.clone().count() > 0 && banks.clone().all(|row| row["bank"] != "USDC"), "{shown:#}");
        self.run("account close --yes --keypair alice.json").await?.failed_with(&["still holds"])?;
        // An account of its own is filled, emptied and closed.
        let carol = self.address("carol")?;
        self.run(&format!("deposit USDC 50 {seven}")).await?.done()?;
        self.run("account close 7 --yes --keypair carol.json").await?.failed_with(&["still holds"])?;
        self.json(&format!("withdraw USDC max {seven}")).await?;
        self.run("account close 7 --keypair carol.json").await?.failed_with(&["not confirmed"])?;
        self.json("account close 7 --yes --keypair carol.json").await?;
        let listed = self.json(&format!("account list --owner {carol}")).await?;
        ensure!(listed["accounts"].as_array().map(Vec::len) == Some(1), "{listed:#}");
        Ok(())
    }
}
