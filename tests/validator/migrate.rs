//! `plimsoll-migrate` as a process, on surfpool: a program deployed, an engine from its file, and every account of a
//! populated engine moved to the next layout, with a kill on the way. Skipped where Node.js or surfpool's addon is not
//! there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, ensure, Context, Result};
use plimsoll_rpc::Connection;
use plimsoll_sdk::ix::{self, args};
use plimsoll_sdk::pda;
use plimsoll_sim::live::{Live, Party};
use plimsoll_sim::world::{Mint, SOL, USDC};
use plimsoll_state::{EngineAccount as _, MarginAccount, DISCRIMINATOR_LEN, LAYOUT_VERSION};
use plimsoll_validator_tests::surfnet::{addon_or_reason, Surfnet};
use plimsoll_validator_tests::tool::{self, Tool};
use plimsoll_validator_tests::validator::{programs, target, Program, Validator as _};
use serde_json::Value;
use solana_keypair::{write_keypair_file, Keypair};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

const LOCALNET: &str = include_str!("../../migrations/localnet.toml");
/// More margin accounts than a few transactions move.
const MARGIN_ACCOUNTS: u16 = 100;
const OPENED_AT_ONCE: u16 = 10;
/// Shared accounts: engine, registry, board, feed book, three banks, two markets, a venue.
const SHARED_ACCOUNTS: usize = 10;
const NEXT: u8 = LAYOUT_VERSION + 1;
/// Where the next layout keeps the version that a margin account was opened with.
const FIRST_LAYOUT: usize = DISCRIMINATOR_LEN + core::mem::offset_of!(MarginAccount, _reserved);

/// A node, an operator's home, the two binaries.
struct Operator {
    surfnet: Surfnet,
    connection: Connection,
    home: TempDir,
    migrate: Tool,
    plimsoll: Tool,
    live: Live,
}

type Accounts = BTreeMap<Pubkey, Vec<u8>>;

impl Operator {
    async fn new(addon: &Path) -> Result<Self> {
        let migrate = tool::binary("PLIMSOLL_MIGRATE", "plimsoll-migrations", "plimsoll-migrate").await?;
        let plimsoll = tool::binary("PLIMSOLL_CLI", "plimsoll-cli", "plimsoll").await?;
        let surfnet = Surfnet::start(addon, &programs()?).await?;
        let (home, payer, cluster) = (TempDir::new()?, surfnet.payer(), surfnet.cluster());
        write_keypair_file(&payer, home.path().join("payer.json")).map_err(|error| anyhow!("{error}"))?;
        let signer = Pubkey::new_unique();
        let venue = format!("\n[[venue]]\nsigner = \"{signer}\"\nsettle_markets = [0]\n");
        let file = LOCALNET.replace("fast_secs = 3\nslow_secs = 8", "fast_secs = 2\nslow_secs = 4") + &venue;
        std::fs::write(home.path().join("engine.toml"), file)?;
        let (migrate, plimsoll) = (Tool::new(migrate, home.path()), Tool::new(plimsoll, home.path()));
        for tool in [&migrate, &plimsoll] {
            tool.set("PLIMSOLL_URL", &cluster.rpc_url);
            tool.set("PLIMSOLL_KEYPAIR", "payer.json");
        }
        let connection = Connection::new(&cluster);
        let live = Live::new(connection.clone(), payer, 0);
        Ok(Self { surfnet, connection, home, migrate, plimsoll, live })
    }

    /// What an operator types of `plimsoll-migrate` with success, as JSON.
    async fn json(&self, line: &str) -> Result<Value> {
        self.migrate.run(&format!("{line} --json")).await?.done()?.json()
    }

    /// A small program under a key of the operator's own: deployed, compared, deployed again.
    async fn deploys_a_program(&self) -> Result<()> {
        let oracle = target().join("deploy/mock_oracle.so");
        let (file, key) = (std::path::absolute(oracle)?, Keypair::new());
        let program = key.pubkey();
        write_keypair_file(&key, self.home.path().join("program.json")).map_err(|error| anyhow!("{error}"))?;
        let deploy = format!("deploy --program-file {} --buffer-keypair buffer.json", file.display());
        let unknown = self.migrate.run(&format!("{deploy} --program {program} --yes")).await?;
        unknown.failed_with(&["nothing is deployed here", "--program-keypair"])?;
        let with_key = format!("{deploy} --program-keypair program.json --max-len 400000");
        ensure!(self.json(&format!("{with_key} --dry-run")).await?["action"] == "deploy", "a dry run");
        self.migrate.run(&with_key).await?.failed_with(&["not confirmed: deploy"])?;
        let deployed = self.json(&format!("{with_key} --yes --priority-fee 0")).await?;
        ensure!(deployed["action"] == "deploy" && deployed["signature"].is_string(), "{deployed:#}");
        ensure!(self.json(&format!("{with_key} --yes")).await?["action"] == "nothing", "deployed twice");
        let same = self.json(&format!("{deploy} --program {program} --verify-only")).await?;
        ensure!(same["same"] == true, "{same:#}");
        let other = target().join("deploy/example_venue.so");
        let other = format!(
            "deploy --program-file {} --program {program} --verify-only",
            std::path::absolute(other)?.display()
        );
        self.migrate.run(&other).await?.ended(1)?.shows(&["not the file's bytes"])?;
        Ok(())
    }

    /// An engine from its file, with a lender, a borrower, and many who are not there yet.
    async fn populates_an_engine(&mut self) -> Result<(Party, Party)> {
        let apply = "apply --config engine.toml --price-wait-secs 60";
        ensure!(self.json(&format!("{apply} --dry-run")).await?["would_send"]
            .as_array()
            .is_some_and(|s| s.len() == 26));
        self.migrate.run(&format!("{apply} --yes")).await?.done()?.shows(&["26 step(s) sent"])?;
        self.migrate.run(&format!("{apply} --yes")).await?.done()?.shows(&["nothing to do"])?;
        self.migrate.run(&format!("{apply} --only-propose --yes")).await?.done()?.shows(&["nothing to do"])?;
        self.migrate.run("verify --config engine.toml").await?.done()?.shows(&["everything is as the file says"])?;
        // Its averages are too young.
        self.migrate.run("verify --config engine.toml --ready").await?.ended(1)?;
        self.says_where_and_who().await?;
        self.names_what_its_file_does_not().await?;
        let accounts = self.connection.engine(self.live.keys.engine).await?;
        self.live.mints = accounts
            .banks
            .iter()
            .map(|bank| Mint { key: bank.mint.into(), program: bank.token_program.into(), decimals: bank.decimals })
            .collect();
        self.live.feeds = accounts.feeds.feeds[..3].iter().map(|feed| feed.sources[0].address.into()).collect();
        let lender = self.live.open("lender", None, USDC, 100_000_000_000).await?;
        let borrower = self.live.open("borrower", None, SOL, 100_000_000_000).await?;
        let owner = self.live.authority();
        for first in (0..MARGIN_ACCOUNTS - 2).step_by(OPENED_AT_ONCE as usize) {
            let ids = first..(first + OPENED_AT_ONCE).min(MARGIN_ACCOUNTS - 2);
            let open =
                |id| ix::open_account(&self.live.keys, owner, owner, args::OpenAccountArgs { id, delegate: None });
            let all: Vec<_> = ids.map(open).collect();
            self.live.send("opening accounts", &[], &all).await?;
        }
        while !self.live.is_ready().await? {
            self.live.post(&[(0, 100_000_000), (1, 20_000_000_000), (2, 10_000_000_000_000)]).await?;
            self.live.refresh(&[0, 1, 2]).await?;
        }
        self.live.borrow(&borrower, USDC, 5_000_000_000).await?;
        Ok((lender, borrower))
    }

    /// The cluster and the key by their flags, and by the Solana CLI's configuration.
    async fn says_where_and_who(&self) -> Result<()> {
        self.migrate.run("--version").await?.done()?.shows(&["plimsoll-migrate 0."])?;
        self.migrate.run("accounts --help").await?.done()?.shows(&["--in-flight <COUNT>"])?;
        let cluster = self.surfnet.cluster();
        let config = format!(
            "json_rpc_url: {}\nwebsocket_url: {}\nkeypair_path: payer.json\naddress_labels: {{}}\ncommitment: confirmed\n",
            cluster.rpc_url, cluster.ws_url
        );
        std::fs::write(self.home.path().join("solana.yml"), config)?;
        // Allowing mainnet-beta changes nothing elsewhere.
        let flags = format!("--url {} --keypair payer.json --yes-mainnet", cluster.rpc_url);
        self.migrate.run(&format!("verify --config engine.toml {flags}")).await?.done()?;
        let known = self.migrate.environment();
        let known =
            ["PLIMSOLL_URL", "PLIMSOLL_KEYPAIR"].map(|name| (name, known.get(name).cloned().unwrap_or_default()));
        known.iter().for_each(|(name, _)| self.migrate.unset(name));
        let verified = self.migrate.run("verify --config engine.toml --solana-config solana.yml").await;
        known.iter().for_each(|(name, value)| self.migrate.set(name, value));
        verified?.done().map(drop)
    }

    async fn names_what_its_file_does_not(&self) -> Result<()> {
        let file = std::fs::read_to_string(self.home.path().join("engine.toml"))?;
        let (without, _) = file.split_once("\n[[venue]]").context("the file has a venue")?;
        std::fs::write(self.home.path().join("without.toml"), without)?;
        let found = self.migrate.run("verify --config without.toml").await?.ended(1)?;
        found.shows(&["differs: venue.", "an entry on chain, nothing in the file"])?;
        // To apply the file changes nothing about that.
        self.migrate.run("apply --config without.toml --yes").await?.done()?.shows(&["nothing to do"])?;
        Ok(())
    }

    /// Every account of the program, whatever its version.
    async fn accounts(&self) -> Result<Accounts> {
        let found = self.connection.rpc.get_program_ui_accounts_with_config(&pda::PROGRAM_ID, base64()).await?;
        let data = |account: &solana_account_decoder_client_types::UiAccount| account.data.decode();
        found.iter().map(|(key, account)| Ok((*key, data(account).context("no data")?))).collect()
    }

    /// The program with the next layout, in the place of the present one.
    async fn upgrades(&mut self) -> Result<()> {
        let next = std::env::var_os("PLIMSOLL_NEXT_SO")
            .map_or_else(|| target().join("deploy/plimsoll_next.so"), PathBuf::from);
        ensure!(next.is_file(), "there is no program at {}; `cargo xtask build` writes it", next.display());
        self.surfnet.deploy(&Program { id: pda::PROGRAM_ID, file: std::path::absolute(next)? }).await
    }

    /// Stopped as by a power failure after the second transaction; how many accounts had been moved.
    async fn is_killed_on_the_way(&self) -> Result<usize> {
        let words = ["accounts", "--yes", "--in-flight", "1"];
        let mut process = self.migrate.command(&words).spawn()?;
        let mut lines = BufReader::new(process.stderr.take().context("no standard error")?).lines();
        let mut seen = 0;
        while seen < 2 {
            let Some(line) = lines.next_line().await? else { bail!("it ended before it was killed") };
            seen += usize::from(line.contains(" moved, "));
        }
        process.kill().await?;
        self.migrate.note(&words, false);
        // What was sent and not yet confirmed comes to rest.
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        Ok(self.accounts().await?.values().filter(|data| data[DISCRIMINATOR_LEN] == NEXT).count())
    }
}

fn base64() -> solana_rpc_client_api::config::RpcProgramAccountsConfig {
    let mut config = plimsoll_rpc::engine::program_accounts(0, &[], &[], None);
    config.filters = None;
    config
}

/// Everything but the version, and what the next version adds, is as it was.
fn only_the_version_changed(before: &Accounts, after: &Accounts) -> Result<()> {
    ensure!(before.len() == after.len(), "{} accounts became {}", before.len(), after.len());
    for ((key, old), (same, new)) in before.iter().zip(after) {
        ensure!(key == same && new[DISCRIMINATOR_LEN] == NEXT, "{key} was not moved");
        let mut expected = old.clone();
        expected[DISCRIMINATOR_LEN] = NEXT;
        if old.starts_with(&MarginAccount::ACCOUNT_DISCRIMINATOR) {
            expected[FIRST_LAYOUT] = LAYOUT_VERSION;
        }
        ensure!(*new == expected, "{key} has other bytes than before");
    }
    Ok(())
}

async fn tell(addon: &Path) -> Result<()> {
    let mut operator = Operator::new(addon).await?;
    operator.deploys_a_program().await.context("deploying")?;
    let (lender, borrower) = operator.populates_an_engine().await.context("populating")?;
    let total = SHARED_ACCOUNTS + MARGIN_ACCOUNTS as usize;
    let before = operator.accounts().await?;
    ensure!(before.len() == total, "{} accounts", before.len());
    // The program's own version: nothing is to be moved.
    let idle = operator.json("accounts").await?;
    ensure!(idle["moved"] == 0 && idle["left"].as_array().is_some_and(Vec::is_empty), "{idle:#}");
    operator.upgrades().await?;
    let check = ix::check_margin(&operator.live.keys, borrower.account, 3);
    let payer = operator.live.authority();
    let refused = operator.connection.simulate(&payer, std::slice::from_ref(&check)).await;
    ensure!(refused.is_err_and(|error| error.reason() == "VersionUnknown"), "the program takes an old account");
    let spend = operator.plimsoll.run("account open --id 999").await?;
    spend.failed_with(&["VersionUnknown", "plimsoll-migrate accounts"])?;
    // A dry run says what there is and changes nothing.
    let dry = operator.json("accounts --dry-run").await?;
    ensure!(dry["moved"] == 0 && dry["left"].as_array().is_some_and(|left| left.len() == total), "{dry:#}");
    let groups = dry["found"].as_array().context("no groups")?;
    ensure!(groups.len() == 8 && groups.iter().all(|group| group["verdict"] == "older"), "{dry:#}");
    operator.migrate.run("accounts").await?.failed_with(&[&format!("move {total} account(s)"), "cannot be undone"])?;
    ensure!(operator.accounts().await? == before, "a dry run or an unconfirmed one changed an account");
    let moved = operator.is_killed_on_the_way().await?;
    ensure!((1..total).contains(&moved), "{moved} of {total} were moved when it was killed");
    let rest = operator.json("accounts --yes").await?;
    ensure!(rest["moved"] == total - moved && rest["left"].as_array().is_some_and(Vec::is_empty), "{rest:#}");
    only_the_version_changed(&before, &operator.accounts().await?)?;
    let again = operator.migrate.run("accounts --yes").await?.done()?;
    again.shows(&["0 moved, 0 left", &format!("version {NEXT}: the program's own")])?;
    // The engine goes on, and a client of the version before says why it cannot read it.
    operator.connection.simulate(&payer, &[check]).await.context("a migrated account's margin check")?;
    operator.live.deposit(&lender, USDC, 1_000_000).await?;
    let old = operator.plimsoll.run(&format!("engine show --engine {}", operator.live.keys.engine)).await?;
    old.failed_with(&["its layout version is 2, this client knows 1", "of another version"])?;
    let commands = operator.migrate.everything_was_typed().await?;
    println!("{moved} of {total} accounts were moved when it was killed, the rest by the next run; {commands} commands typed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_populated_engine_is_moved_to_the_next_layout_through_a_kill() {
    let Some(addon) = addon_or_reason().await else { return };
    tell(&addon).await.unwrap_or_else(|error| panic!("{error:#}"));
}
