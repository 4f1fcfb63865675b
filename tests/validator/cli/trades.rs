//! Fills: on the example venue, with its margin check by CPI, and beside it, both sides signing.

use anyhow::{ensure, Result};
use solana_pubkey::Pubkey;

use crate::world::{text, CliWorld};

const ONE_SOL: u64 = 1_000_000_000;

impl CliWorld {
    pub async fn trades_are_filled_on_the_venue_and_beside_it(&mut self) -> Result<()> {
        let (operator, alice, bob) = (self.address("operator")?, self.account("alice")?, self.account("bob")?);
        let venue = text(&self.json(&format!("venue show {operator}")).await?, "/venue")?.to_owned();
        self.prices_until("200", "averages are ready again", 120, "price list", |found| {
            found.pointer("/board/1/ready").is_some_and(|ready| ready == true)
                && found.pointer("/board/1/from").is_some_and(|from| from == "primary")
        })
        .await?;
        let trade = |size: &str, buyer: &Pubkey, seller: &Pubkey| {
            format!("fill SOL-PERP {size} --price 200 --buyer {buyer} --seller {seller}")
        };
        let keys = "--buyer-keypair alice.json --seller-keypair bob.json";
        let on_venue = format!("{} {keys} --venue {operator}", trade("20", &alice, &bob));
        self.run(&format!("{on_venue} --yes")).await?.failed_with(&["plimsoll account approve-venue"])?;
        let of_operator = format!("account approve-venue {operator} 5000 --markets SOL-PERP --keypair alice.json");
        self.run(&of_operator).await?.failed_with(&["is not a venue of this engine", &venue])?;
        for name in ["alice", "bob", "poor-maker"] {
            self.json(&format!("account approve-venue {venue} 5000 --markets SOL-PERP --days 2 --keypair {name}.json"))
                .await?;
        }
        self.prices("200").await?;
        self.run(&on_venue).await?.failed_with(&["not confirmed", "buys 20 SOL-PERP"])?;
        let filled = self.json(&format!("{on_venue} --yes")).await?;
        ensure!(text(&filled, "/transactions/0/what")?.ends_with("for 4,000"), "{filled:#}");
        ensure!(text(&filled, "/paid_decimal")? == "4000", "{filled:#}");
        let shown = self.json(&format!("account show {alice}")).await?;
        ensure!(text(&shown, "/positions/0/size_decimal")? == "20", "{shown:#}");
        // The venue has used up what the owners let it settle.
        ensure!(text(&shown, "/venues/0/left_decimal")? == "1000", "{shown:#}");
        ensure!(shown["venues"][0]["markets"] == serde_json::json!(["SOL-PERP"]), "{shown:#}");
        ensure!(shown["venues"][0]["has_ended"] == false, "{shown:#}");
        let more = self.run(&format!("{} {keys} --venue {operator} --yes", trade("6", &alice, &bob))).await?;
        more.failed_with(&["approved notional is used up", "plimsoll account approve-venue"])?;
        // Both sides sign: no venue, no approval.
        let plain = format!("{} {keys} --yes", trade("2.5", &alice, &bob));
        self.prices("200").await?;
        let dry = self.json(&format!("{plain} --dry-run")).await?;
        ensure!(text(&dry, "/transactions/0/what")?.contains("buys 2.5 SOL-PERP"), "{dry:#}");
        self.run(&plain).await?.done()?;
        let back = format!(
            "fill SOL-PERP 2.5 --price 200 --buyer {bob} --seller {alice} --buyer-keypair bob.json \
             --seller-keypair alice.json --yes"
        );
        self.run(&back).await?.done()?;
        let shown = self.json(&format!("account show {bob}")).await?;
        ensure!(text(&shown, "/positions/0/size_decimal")? == "-20", "{shown:#}");
        let market = self.json("market show SOL-PERP").await?;
        ensure!(text(&market, "/summary/open_long_decimal")? == "20" && market["longs"] == 1, "{market:#}");
        let small = format!("{} {keys} --venue {operator} --yes", trade("1", &alice, &bob));
        self.an_approval_is_taken_back(&venue, &small).await?;
        // A quote of somebody whose account may add no risk is none: the venue asks the engine before it takes it.
        let of_poor = trade("1", &alice, &self.account("poor-maker")?);
        let of_poor =
            format!("{of_poor} --buyer-keypair alice.json --seller-keypair poor-maker.json --venue {operator}");
        self.a_poor_makers_quote_is_refused(&of_poor).await
    }

    /// The maker has collateral for a while, owes all it may, and then the collateral falls.
    async fn a_poor_makers_quote_is_refused(&self, fill: &str) -> Result<()> {
        let maker = self.address("poor-maker")?;
        self.give(&maker, "sol", ONE_SOL).await?;
        self.run("deposit SOL 1 --keypair poor-maker.json").await?.done()?;
        self.prices("200").await?;
        self.json("borrow USDC max --keypair poor-maker.json").await?;
        self.prices("190").await?;
        let refused = self.run(&format!("{fill} --yes")).await?;
        refused.failed_with(&["the venue refused", "MarginTooThin"])?;
        Ok(())
    }

    async fn an_approval_is_taken_back(&self, venue: &str, fill: &str) -> Result<()> {
        self.run(&format!("account approve-venue {venue} 1000000 --markets SOL-PERP --account 0 --keypair bob.json"))
            .await?
            .done()?;
        self.json(&format!("account revoke-venue {venue} --account 0 --keypair bob.json")).await?;
        let shown = self.json("account show --keypair bob.json").await?;
        ensure!(shown["venues"].as_array().is_some_and(Vec::is_empty), "{shown:#}");
        self.prices("200").await?;
        self.run(fill).await?.failed_with(&["both owners have to approve"])?;
        Ok(())
    }
}
