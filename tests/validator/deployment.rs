//! Programs deployed by transactions, with the library that deploys on devnet.

use anyhow::{ensure, Context, Result};
use mock_oracle::client;
use mock_oracle::pyth::CreatePythArgs;
use plimsoll_migrations::deploy::{deploy, verify, Action, DeployOptions};
use plimsoll_migrations::{Session, SessionArgs};
use plimsoll_rpc::{Connection, Fee, SendOptions};
use solana_keypair::{write_keypair_file, Keypair};
use solana_signer::Signer as _;
use tempfile::TempDir;

use crate::validator::{Program, Validator};

/// Where a Pyth account has its price.
const PRICE_OFFSET: usize = 73;
const PRICE: i64 = 12_345;

/// Deploys `mock-oracle` at its own address, finds that a second time nothing is left to do, and posts a price.
///
/// # Errors
/// The first thing that does not come as it must.
pub async fn deploy_and_use(validator: &impl Validator, oracle: &Program) -> Result<()> {
    let mut seed = [0; 32];
    seed[..mock_oracle::PROGRAM_SEED.len()].copy_from_slice(mock_oracle::PROGRAM_SEED);
    let connection = deploy_at(validator, oracle, &Keypair::new_from_array(seed)).await?;
    post_a_price(&connection, &validator.payer()).await
}

/// Deploys a program's file at a key's address, compares it with what is on chain, and finds that a second time nothing is left
/// to do. At another address than its own a program refuses every call, but its bytes are as many.
///
/// # Errors
/// The first thing that does not come as it must.
pub async fn deploy_at(validator: &impl Validator, program: &Program, key: &Keypair) -> Result<Connection> {
    let directory = TempDir::new()?;
    let file = |name: &str| directory.path().join(name);
    let payer = validator.payer();
    for (name, key) in [("payer.json", &payer), ("program.json", key)] {
        write_keypair_file(key, file(name)).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    }
    let args = SessionArgs {
        url: Some(validator.cluster().rpc_url),
        keypair: Some(file("payer.json")),
        solana_config: None,
        priority_fee: Some(0),
        dry_run: false,
        yes: true,
        yes_mainnet: false,
    };
    let session = Session::open(&args).await?;
    let options = DeployOptions {
        file: program.file.clone(),
        program_keypair: Some(file("program.json")),
        program: key.pubkey(),
        buffer_keypair: Some(file("buffer.json")),
        max_len: None,
    };
    let first = deploy(&session, &options, |_| {}).await.context("deploying")?;
    ensure!(first.action == Action::Deploy && first.chunks > 0, "nothing was deployed: {first:?}");
    let again = deploy(&session, &options, |_| {}).await.context("deploying again")?;
    ensure!(again.action == Action::Nothing, "a second deployment did something: {again:?}");
    ensure!(verify(&session, &key.pubkey(), &program.file).await?.1, "the bytes on chain are not the file's");
    Ok(session.connection.clone())
}

async fn post_a_price(connection: &Connection, payer: &Keypair) -> Result<()> {
    let (owner, feed_id) = (payer.pubkey(), [7; 32]);
    let feed = client::pyth_feed(&owner, &feed_id);
    let create = client::create_pyth(owner, CreatePythArgs { feed_id, poster: owner });
    let options = SendOptions { fee: Fee::Fixed(0), ..SendOptions::default() };
    let both = [create, client::post_pyth(owner, feed, client::price_of_now(PRICE))];
    connection.send(payer, &[], &both, &options).await.context("using the deployed program")?;
    let (_, found) = connection.accounts(&[feed]).await?;
    let data = found.into_iter().flatten().next().context("the feed was not created")?.data;
    let held = data.get(PRICE_OFFSET..PRICE_OFFSET + 8).and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes);
    ensure!(held == Some(PRICE), "the feed holds {held:?}");
    Ok(())
}
