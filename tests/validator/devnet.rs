//! `migrations/devnet.toml` as it is, on a surfnet that has what devnet has at the addresses that the file names: Circle's
//! mint, Pyth's push feeds, and a Switchboard feed for the second source that the file leaves to be filled in. Skipped
//! where Node.js or surfpool's addon is not there.

use std::path::Path;
use std::time::Duration;

use anyhow::{anyhow, ensure, Context, Result};
use plimsoll_rpc::Connection;
use plimsoll_sim::feeds::{pyth_account_bytes, switchboard_account_bytes, PythUpdate, SwitchboardFeed, Verification};
use plimsoll_state::OracleKind;
use plimsoll_validator_tests::surfnet::{addon_or_reason, Surfnet};
use plimsoll_validator_tests::tool::{self, Tool};
use plimsoll_validator_tests::validator::{programs, Validator as _};
use serde_json::{json, Value};
use solana_keypair::write_keypair_file;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::request::RpcRequest;
use solana_signer::Signer as _;
use tempfile::TempDir;
use tokio::task::JoinHandle;

const DEVNET: &str = include_str!("../../migrations/devnet.toml");
const TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const CLOCK: Pubkey = Pubkey::from_str_const("SysvarC1ock11111111111111111111111111111111");
/// Where the clock has its Unix time.
const UNIX_TIME: usize = 32;
/// Dollars of the file's prices, 1e-8 each: USDC, SOL, BTC.
const PRICES_E8: [i64; 3] = [100_000_000, 20_000_000_000, 10_000_000_000_000];
const USDC_DECIMALS: u8 = 6;
const LAMPORTS: u64 = 1_000_000_000;

/// What an oracle account says, whatever the time.
#[derive(Clone)]
struct Feed {
    address: Pubkey,
    program: Pubkey,
    feed_id: [u8; 32],
    queue: Option<Pubkey>,
    price_e8: i64,
}

impl Feed {
    /// From a `[price.primary]` or `[price.secondary]`.
    fn named(source: &toml::Value, price_e8: i64) -> Result<Self> {
        let text = |key: &str| source.get(key).and_then(toml::Value::as_str);
        let address = |key: &str| -> Result<Pubkey> { Ok(text(key).with_context(|| format!("no {key}"))?.parse()?) };
        let mut feed_id = [0; 32];
        hex::decode_to_slice(text("feed_id").context("no feed_id")?, &mut feed_id)?;
        let queue = text("queue").map(str::parse).transpose()?;
        Ok(Self { address: address("address")?, program: address("program")?, feed_id, queue, price_e8 })
    }

    fn bytes(&self, published_at: i64, slot: u64) -> Vec<u8> {
        let (price, conf) = (self.price_e8, self.price_e8 as u64 / 5_000);
        let Some(queue) = self.queue else {
            let (feed_id, previous_at) = (self.feed_id, published_at - 1);
            let verification = Verification::Full;
            return pyth_account_bytes(&PythUpdate {
                feed_id,
                price,
                conf,
                exponent: -8,
                published_at,
                previous_at,
                verification,
            });
        };
        switchboard_account_bytes(&SwitchboardFeed {
            queue: queue.to_bytes(),
            feed_hash: self.feed_id,
            value: i128::from(price) * 10_000_000_000,
            std_dev: i128::from(conf) * 10_000_000_000,
            ..SwitchboardFeed::signed(published_at, slot)
        })
    }
}

/// The file with its second source filled in: `# [price.secondary]` and the lines below it.
fn with_second_source(text: &str, feed: &Pubkey, hash: [u8; 32]) -> Result<String> {
    let (before, rest) =
        text.split_once("# [price.secondary]\n").context("the file has no place for a second source")?;
    let (section, after) = rest.split_once("\n\n").context("the section ends with an empty line")?;
    let lines: Vec<&str> = section.lines().map(|line| line.trim_start_matches("# ")).collect();
    let filled = lines.join("\n").replace("address = \"\"", &format!("address = \"{feed}\""));
    let filled = filled.replace("feed_id = \"\"", &format!("feed_id = \"{}\"", hex::encode(hash)));
    Ok(format!("{before}[price.secondary]\n{filled}\n\n{after}"))
}

/// Every oracle account that the file names.
fn feeds(file: &str) -> Result<Vec<Feed>> {
    let parsed: toml::Value = toml::from_str(file)?;
    let prices = parsed.get("price").and_then(toml::Value::as_array).context("the file has no prices")?;
    ensure!(prices.len() == PRICES_E8.len(), "{} prices", prices.len());
    let mut feeds = Vec::new();
    for (price, price_e8) in prices.iter().zip(PRICES_E8) {
        for source in [price.get("primary"), price.get("secondary")].into_iter().flatten() {
            feeds.push(Feed::named(source, price_e8)?);
        }
    }
    Ok(feeds)
}

/// Puts an account there by the surfnet's cheat code.
async fn put(connection: &Connection, address: &Pubkey, owner: &Pubkey, data: &[u8]) -> Result<()> {
    let account =
        json!({ "lamports": LAMPORTS, "data": hex::encode(data), "owner": owner.to_string(), "executable": false });
    let method = RpcRequest::Custom { method: "surfnet_setAccount" };
    let _: Value = connection.rpc.send(method, json!([address.to_string(), account])).await?;
    Ok(())
}

/// A mint with both authorities, as Circle's has.
fn mint(decimals: u8) -> Vec<u8> {
    let mut data = vec![0; 82];
    let authority = Pubkey::new_unique().to_bytes();
    (data[0], data[46]) = (1, 1);
    data[4..36].copy_from_slice(&authority);
    data[50..82].copy_from_slice(&authority);
    (data[44], data[45]) = (decimals, 1);
    data
}

/// Publishes every price at the chain's time, again and again.
fn keep_publishing(connection: Connection, feeds: Vec<Feed>) -> JoinHandle<Result<()>> {
    tokio::spawn(async move {
        loop {
            let clock = connection.rpc.get_account_data(&CLOCK).await?;
            let now = clock.get(UNIX_TIME..).and_then(<[u8]>::first_chunk).context("the clock is too short")?;
            let slot = clock.first_chunk().context("the clock is too short")?;
            let (now, slot) = (i64::from_le_bytes(*now), u64::from_le_bytes(*slot));
            for feed in &feeds {
                put(&connection, &feed.address, &feed.program, &feed.bytes(now, slot)).await?;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    })
}

async fn tell(addon: &Path) -> Result<()> {
    let migrate = tool::binary("PLIMSOLL_MIGRATE", "plimsoll-migrations", "plimsoll-migrate").await?;
    let surfnet = Surfnet::start(addon, &programs()?).await?;
    let (home, payer, cluster) = (TempDir::new()?, surfnet.payer(), surfnet.cluster());
    write_keypair_file(&payer, home.path().join("payer.json")).map_err(|error| anyhow!("{error}"))?;
    let second = Pubkey::new_unique();
    let file = with_second_source(DEVNET, &second, Pubkey::new_unique().to_bytes())?;
    std::fs::write(home.path().join("devnet.toml"), &file)?;
    let migrate = Tool::new(migrate, home.path());
    migrate.set("PLIMSOLL_URL", &cluster.rpc_url);
    migrate.set("PLIMSOLL_KEYPAIR", "payer.json");
    let connection = Connection::new(&cluster);

    let parsed: toml::Value = toml::from_str(&file)?;
    let usdc: Pubkey = parsed["bank"][0]["mint"].as_str().context("USDC has a mint")?.parse()?;
    // Without the mint there, the operator is told which is missing, and nothing is sent.
    let missing = migrate.run("apply --config devnet.toml --yes").await?.ended(1)?;
    let fact = format!("bank[0].mint: there is no mint {usdc} on this cluster");
    ensure!(missing.err.contains(&fact), "{}", missing.err);
    let engine = plimsoll_sdk::pda::engine(&payer.pubkey(), 0);
    ensure!(connection.rpc.get_account_data(&engine).await.is_err(), "the engine was created all the same");
    put(&connection, &usdc, &TOKEN_PROGRAM, &mint(USDC_DECIMALS)).await?;
    let feeds = feeds(&file)?;
    let publishing = keep_publishing(connection.clone(), feeds.clone());
    let dry = migrate.run("apply --config devnet.toml --dry-run --json").await?.done()?.json()?;
    let steps = dry["would_send"].as_array().context("a dry run lists its steps")?.len();
    migrate.run("apply --config devnet.toml --yes").await?.done()?.shows(&[&format!("{steps} step(s) sent")])?;
    migrate.run("apply --config devnet.toml --yes").await?.done()?.shows(&["nothing to do"])?;
    migrate.run("verify --config devnet.toml").await?.done()?.shows(&["everything is as the file says"])?;
    // An hour's average is not ready after seconds, and the operator is told so.
    migrate.run("verify --config devnet.toml --ready").await?.ended(1)?;
    let engine = connection.engine(engine).await?;
    let pinned = engine.feeds.feeds[1].sources;
    ensure!(pinned[0].address == feeds[1].address.to_bytes() && pinned[0].kind == OracleKind::PythPinned as u8, "SOL");
    ensure!(pinned[1].address == second.to_bytes() && pinned[1].kind == OracleKind::SwitchboardPull as u8, "SOL, 2nd");
    ensure!(pinned[2].address != pinned[0].address && pinned[2].kind == OracleKind::PythPinned as u8, "SOL, standby");
    ensure!(!publishing.is_finished(), "the oracles stopped: {:?}", publishing.await);
    publishing.abort();
    println!("{steps} steps of devnet.toml were sent, and everything is as the file says");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_for_devnet_is_applied_and_verified_where_its_mint_and_feeds_are() {
    let Some(addon) = addon_or_reason().await else { return };
    tell(&addon).await.unwrap_or_else(|error| panic!("{error:#}"));
}
