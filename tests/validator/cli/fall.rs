//! A liquidation by hand: the plan first, then the question, then what the plan said.

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::terminal::Terminal;
use crate::world::{text, CliWorld};

/// A number at a path.
fn number(value: &Value, path: &str) -> Result<f64> {
    text(value, path)?.parse().with_context(|| path.to_owned())
}

impl CliWorld {
    /// What an account owes of USDC.
    async fn debt(&self, account: &str) -> Result<f64> {
        let shown = self.json(&format!("account show {account}")).await?;
        let rows = shown["balances"].as_array().into_iter().flatten();
        let usdc = rows.clone().find(|row| row["bank"] == "USDC");
        usdc.map_or(Ok(0.0), |row| number(row, "/balance_decimal"))
    }

    pub async fn an_account_is_liquidated_by_hand(&mut self) -> Result<()> {
        let alice = self.account("alice")?.to_string();
        let by_carol = "--with 0 --keypair carol.json";
        let healthy = self.run(&format!("liquidate {} {by_carol} --yes", self.account("bob")?)).await?;
        healthy.failed_with(&["cannot be liquidated now", "healthy"])?;
        // Every kind of leg has a plan or a reason; nothing is sent.
        let before = self.debt(&alice).await?;
        for leg in ["--asset SOL --borrow USDC", "--asset SOL --loss SOL-PERP", "--position SOL-PERP"] {
            self.prices("168").await?;
            let answer = self.run(&format!("liquidate {alice} {leg} {by_carol} --dry-run --json")).await?;
            let planned = answer.json()?;
            let plans = planned["plans"].as_array().context("no plans")?;
            ensure!(plans.len() == 1, "{leg}: {planned:#}");
            let refused = !plans[0]["refused"].is_null();
            ensure!(answer.code == Some(i32::from(refused)), "{leg}: {answer:?}");
        }
        ensure!(self.debt(&alice).await? == before || before < 0.0, "a dry run moved something");
        self.the_plan_comes_true(&alice, by_carol).await?;
        self.a_person_is_asked(&alice).await
    }

    /// As much as is asked for, at the size and the penalty of the plan.
    async fn the_plan_comes_true(&self, alice: &str, by_carol: &str) -> Result<()> {
        self.prices("168").await?;
        let before = self.debt(alice).await?;
        let line = format!("liquidate {alice} --asset SOL --borrow USDC --max 500 {by_carol}");
        self.run(&line).await?.failed_with(&["not confirmed: liquidate SOL for USDC owed"])?;
        let done = self.json(&format!("{line} --yes")).await?;
        let plan = &done["plans"][0];
        ensure!(text(plan, "/leg")? == "SOL for USDC owed" && text(plan, "/offer/regime")? == "cure", "{done:#}");
        ensure!(number(plan, "/offer/closes_decimal")? == 500.0, "{done:#}");
        let after = self.debt(alice).await?;
        // Interest of the seconds between is less than a cent.
        ensure!((after - before - 500.0).abs() < 0.01, "the debt went from {before} to {after}: {done:#}");
        let taken = self.json("account show --keypair carol.json").await?;
        let rows = taken["balances"].as_array().context("no balances")?;
        let sol = rows.iter().find(|row| row["bank"] == "SOL").context("no SOL was taken")?;
        let (held, planned) = (number(sol, "/balance_decimal")?, number(plan, "/offer/takes_decimal")?);
        ensure!((held / planned - 1.0).abs() < 0.02, "{held} SOL taken, {planned} planned");
        Ok(())
    }

    /// At a terminal the plan stands above the question, and a no sends nothing.
    async fn a_person_is_asked(&self, alice: &str) -> Result<()> {
        let line =
            format!("plimsoll liquidate {alice} --max 100 --borrow USDC --keypair carol.json; echo \"status $?\"");
        for (key, status) in [("n", "status 1"), ("y", "status 0")] {
            // A cure is followed by a pause.
            tokio::time::sleep(std::time::Duration::from_secs(3)).await;
            self.prices("168").await?;
            let before = self.debt(alice).await?;
            let mut asked = Terminal::run(&self.tool, &line)?;
            asked.shows("[y/N]").await?;
            let contents = asked.contents();
            ensure!(contents.contains("ratio after") && contents.contains("SOL for USDC owed"), "{contents}");
            asked.keys(key)?;
            asked.shows(status).await?;
            let (after, closed) = (self.debt(alice).await?, if key == "y" { 100.0 } else { 0.0 });
            ensure!((after - before - closed).abs() < 0.01, "the debt went from {before} to {after}");
        }
        Ok(())
    }
}
