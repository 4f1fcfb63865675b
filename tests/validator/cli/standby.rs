//! A price is switched to its standby and back.

use std::time::Duration;

use anyhow::{ensure, Result};
use plimsoll_migrations::config::Config;
use solana_signer::Signer as _;

use crate::world::{text, CliWorld, STANDBY_SOL};

impl CliWorld {
    pub async fn a_price_is_switched_to_its_standby_and_back(&self) -> Result<()> {
        let listed = self.json("price standby").await?;
        let of = &listed["standbys"][0];
        ensure!(of["source"]["price"] == "SOL" && of["in_use"] == false, "{listed:#}");
        ensure!(of["source"]["problem"] == "there is no such account", "{listed:#}");
        ensure!(of["risk_authority_may_switch_in_secs"] == 0, "{listed:#}");
        let standby = self.create_feed(STANDBY_SOL).await?;
        let price = Config::read(&self.path("engine.toml"))?.prices.into_iter().find(|price| price.name == "SOL/USD");
        let id = price.ok_or_else(|| anyhow::anyhow!("no price of SOL"))?.primary.feed_id.0;
        let primary = mock_oracle::client::pyth_feed(&self.owner.pubkey(), &id);

        self.post_only(standby, 168).await?;
        self.run("price switch SOL --keypair successor.json").await?.failed_with(&["not confirmed: switch SOL"])?;
        let by_guard = self.run("price switch SOL --yes --keypair guard.json").await?;
        by_guard.failed_with(&["the engine refused", "sign with the authority's key"])?;
        self.switch(standby, "price switch SOL --yes --keypair successor.json").await?;
        self.run("price list").await?.done()?.shows(&["standby", "no: 1 of 5 updates"])?;
        let listed = self.json("price standby").await?;
        ensure!(listed["standbys"][0]["in_use"] == true, "{listed:#}");
        // What is posted and refreshed is the source in use.
        self.prices("168").await?;
        let found = self.json("price list").await?;
        ensure!(text(&found, "/board/1/from")? == "standby", "{found:#}");
        self.switch(primary, &format!("price switch SOL --back --update {primary} --yes --keypair successor.json"))
            .await?;
        let listed = self.json("price standby").await?;
        let secs = listed["standbys"][0]["authority_may_switch_in_secs"].as_u64();
        ensure!(secs.is_some_and(|secs| secs > 0), "{listed:#}");
        self.prices_until("168", "averages are ready", 60, "price list", |found| {
            found.pointer("/board/1/ready").is_some_and(|ready| ready == true)
        })
        .await
    }

    /// Types a switch until the source says something newer than the board has.
    async fn switch(&self, source: solana_pubkey::Pubkey, line: &str) -> Result<()> {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.post_only(source, 168).await?;
            if self.run(&format!("{line} --json")).await?.done().is_ok() {
                return Ok(());
            }
        }
        anyhow::bail!("{line}: never")
    }
}
