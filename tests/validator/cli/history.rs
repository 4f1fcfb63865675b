//! What happened so far, read back from the node: events for programs, and an account's history in words.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{ensure, Context as _, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::world::{text, CliWorld, USD};

/// A node is looked at every two seconds.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(60);

impl CliWorld {
    /// What `events` prints, an object a line.
    async fn events(&self, flags: &str) -> Result<Vec<Value>> {
        let answer = self.run(&format!("events {flags} --json")).await?.done()?;
        answer.out.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
    }

    pub async fn what_happened_is_read_back(&mut self) -> Result<()> {
        let all = self.events("").await?;
        let engine = self.keys.engine.to_string();
        ensure!(text(&all[0], "/name")? == "EngineCreated", "{:#}", all[0]);
        ensure!(all.iter().all(|event| event["engine"] == engine.as_str()), "an event without its engine");
        let key = |event: &Value| (event["slot"].as_u64(), event["time"].as_i64());
        ensure!(all.windows(2).all(|pair| key(&pair[0]) <= key(&pair[1])), "events are out of order");
        let lines = self.run("events").await?.done()?;
        ensure!(lines.out.lines().count() == all.len(), "{}", lines.out);
        lines.shows(&["UTC", "Deposited authority=", "moved.decimal=60000 "])?;
        self.a_place_to_begin_is_named(&all).await?;
        self.an_account_is_told_in_words().await
    }

    /// By slot, by signature, by a file that remembers.
    async fn a_place_to_begin_is_named(&self, all: &[Value]) -> Result<()> {
        let middle = &all[all.len() / 2];
        let since = self.events(&format!("--from {} --finalized", middle["slot"])).await?;
        let expected: Vec<&Value> =
            all.iter().filter(|event| event["slot"].as_u64() >= middle["slot"].as_u64()).collect();
        ensure!(since.iter().eq(expected), "from a slot on: {} events", since.len());
        let signature = text(middle, "/signature")?;
        let after = self.events(&format!("--from {signature}")).await?;
        let last = all.iter().rposition(|event| event["signature"] == signature).context("a last one")?;
        ensure!(after.iter().eq(&all[last + 1..]), "after a transaction: {} events", after.len());

        let bob = self.account("bob")?;
        let first = self.events(&format!("--account {bob} --from bob.cursor")).await?;
        ensure!(
            first.len() > 3 && first.iter().all(|event| all.contains(&without_cursor_of(event, all))),
            "{first:#?}"
        );
        ensure!(self.events(&format!("--account {bob} --from bob.cursor")).await?.is_empty(), "events came twice");
        let numbered = self.events("--account 0 --keypair bob.json").await?;
        ensure!(numbered == first, "an account by its number is another");
        std::fs::write(self.path("bob.cursor"), "yesterday")?;
        self.run("events --from bob.cursor").await?.failed_with(&["is not a cursor of events", "remove it"])?;
        Ok(())
    }

    async fn an_account_is_told_in_words(&self) -> Result<()> {
        let alice = self.account("alice")?;
        let told = self.run(&format!("history {alice} --finalized")).await?.done()?;
        ensure!(told.out.lines().all(|line| line.chars().count() <= 80), "{}", told.out);
        // Lines are put together again where they were broken.
        let whole = told.out.replace("\n                         ", " ");
        for words in [
            "UTC  was opened as account 0 of",
            "UTC  deposited 100 SOL",
            "UTC  borrowed ",
            "UTC  was liquidated: ",
            "penalty $",
        ] {
            ensure!(whole.contains(words), "{words:?} is not told:\n{whole}");
        }
        let own = self.run("history --keypair alice.json --json").await?.done()?;
        ensure!(own.out.lines().count() == whole.lines().count(), "{}\n{whole}", own.out);
        let first: Value = serde_json::from_str(own.out.lines().next().context("a line")?)?;
        ensure!(
            text(&first, "/words")?.starts_with("was opened") && text(&first, "/name")? == "AccountOpened",
            "{first:#}"
        );
        Ok(())
    }

    pub async fn what_happens_is_followed(&mut self) -> Result<()> {
        let frank = self.person("frank").await?;
        let account = self.account("frank")?.to_string();
        let events = ["events", "--from", "now", "--follow", "--json"];
        let history = ["history", &account, "--from", "frank.cursor", "--follow"];
        let mut followers = Vec::new();
        for words in [events.as_slice(), history.as_slice()] {
            let mut follower = self.tool.command(words).stderr(Stdio::null()).spawn()?;
            let lines = BufReader::new(follower.stdout.take().context("its output")?).lines();
            followers.push((follower, lines));
        }
        // Long enough to have looked once, so that what follows is new.
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.run("account open --keypair frank.json").await?.done()?;
        self.give(&frank, "usdc", 7 * USD).await?;
        self.run("deposit USDC 7 --keypair frank.json").await?.done()?;
        let expected = [["AccountOpened", "Deposited"], ["was opened as account 0", "deposited 7 USDC"]];
        for ((follower, lines), expected) in followers.iter_mut().zip(expected) {
            for what in expected {
                let line = timeout(FOLLOWED_WITHIN, lines.next_line()).await.with_context(|| what.to_owned())??;
                ensure!(line.as_ref().is_some_and(|line| line.contains(what)), "{what}: {line:?}");
            }
            follower.kill().await?;
        }
        self.tool.note(&events, true);
        self.tool.note(&history, true);
        // The file remembers what was told.
        let rest = self.run(&format!("history {account} --from frank.cursor")).await?.done()?;
        ensure!(rest.out.is_empty() && rest.err.contains("nothing is recorded"), "{}{}", rest.out, rest.err);
        self.run("withdraw USDC all --keypair frank.json").await?.done()?;
        self.run("account close --keypair frank.json --yes").await?.done().map(drop)
    }
}

/// The same event among all, whose cursor is another stream's.
fn without_cursor_of(event: &Value, all: &[Value]) -> Value {
    let same = |other: &&Value| ["signature", "index"].iter().all(|key| other[*key] == event[*key]);
    let mut event = event.clone();
    if let Some(found) = all.iter().find(same) {
        event["cursor"] = found["cursor"].clone();
    }
    event
}
