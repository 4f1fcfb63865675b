//! The person's surroundings: a node, a home directory with keys and the Solana CLI's configuration, tokens.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure, Context, Result};
use mock_oracle::client;
use mock_oracle::pyth::CreatePythArgs;
use plimsoll_rpc::{Connection, Fee, SendOptions};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_validator_tests::surfnet::Surfnet;
use plimsoll_validator_tests::tool::{self, Answer, Tool};
use plimsoll_validator_tests::validator::Validator as _;
use serde_json::Value;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::{read_keypair_file, write_keypair_file, Keypair};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tempfile::TempDir;

use crate::answers::Answers;

/// What everybody has for fees and rent.
const LAMPORTS: u64 = 10_000_000_000;
const LOCALNET: &str = include_str!("../../../migrations/localnet.toml");
const ASSOCIATED_TOKEN_PROGRAM: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const LOOKED_EVERY: Duration = Duration::from_millis(700);
const MOST_POSTS: usize = 10;

/// Feed ids of the second source of SOL and of the updates of ETH.
pub const SECOND_SOL: [u8; 32] = [7; 32];
/// Feed id of SOL's standby.
pub const STANDBY_SOL: [u8; 32] = [8; 32];
pub const ETH: [u8; 32] = [9; 32];
/// Atoms of a dollar of USDC.
pub const USD: u64 = 1_000_000;

/// Everything around the person.
pub struct CliWorld {
    /// The node.
    pub surfnet: Surfnet,
    /// A way to look at the chain beside the command line.
    pub connection: Connection,
    /// The person's home.
    pub home: TempDir,
    /// `plimsoll`.
    pub tool: Tool,
    /// What its JSON has to be.
    pub answers: Answers,
    /// The engine that the person will have created.
    pub keys: EngineKeys,
    /// Their key, which is the Solana CLI's: has lamports, creates everything.
    pub owner: Keypair,
}

impl CliWorld {
    /// A node without programs, and a home with the Solana CLI's configuration.
    pub async fn create(addon: &Path) -> Result<Self> {
        let binary = tool::binary("PLIMSOLL_CLI", "plimsoll-cli", "plimsoll").await?;
        let surfnet = Surfnet::start(addon, &[]).await?;
        let (home, cluster, owner) = (TempDir::new()?, surfnet.cluster(), surfnet.payer());
        let solana = home.path().join(".config/solana");
        std::fs::create_dir_all(solana.join("cli"))?;
        let key = solana.join("id.json");
        write_keypair_file(&owner, &key).map_err(|error| anyhow!("{error}"))?;
        let config = format!(
            "json_rpc_url: {}\nwebsocket_url: {}\nkeypair_path: {}\naddress_labels: {{}}\ncommitment: confirmed\n",
            cluster.rpc_url,
            cluster.ws_url,
            key.display()
        );
        std::fs::write(solana.join("cli/config.yml"), config)?;
        let tool = Tool::new(binary, home.path());
        let (connection, keys) = (Connection::new(&cluster), EngineKeys::created_by(&owner.pubkey(), 0));
        let answers = Answers::committed()?;
        let world = Self { surfnet, connection, home, tool, answers, keys, owner };
        world.write("engine.toml", &engine_file())?;
        Ok(world)
    }

    /// Types a line; whatever it prints as JSON is what the committed schema says.
    pub async fn run(&self, line: &str) -> Result<Answer> {
        let answer = self.tool.run(line).await?;
        self.answers.check(&answer)?;
        Ok(answer)
    }

    /// Types a line that must succeed, and reads its JSON.
    pub async fn json(&self, line: &str) -> Result<Value> {
        self.run(&format!("{line} --json")).await?.done()?.json()
    }

    /// A file of the home directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file of the home directory.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.path(name), text).with_context(|| name.to_owned())
    }

    /// Makes a key, `<name>.json` in the home directory, and gives it lamports.
    pub async fn person(&mut self, name: &str) -> Result<Pubkey> {
        let key = Keypair::new();
        write_keypair_file(&key, self.path(&format!("{name}.json"))).map_err(|error| anyhow!("{name}: {error}"))?;
        self.surfnet.fund(&key.pubkey(), LAMPORTS).await?;
        Ok(key.pubkey())
    }

    /// Whose key that is.
    pub fn address(&self, name: &str) -> Result<Pubkey> {
        let key = read_keypair_file(self.path(&format!("{name}.json")));
        Ok(key.map_err(|error| anyhow!("{name}: {error}"))?.pubkey())
    }

    /// A person's margin account 0.
    pub fn account(&self, name: &str) -> Result<Pubkey> {
        Ok(self.keys.margin_account(&self.address(name)?, 0))
    }

    /// Sends what is no business of the command line: tokens and oracles.
    pub async fn send(&self, what: &str, instructions: &[Instruction]) -> Result<()> {
        let options = SendOptions { fee: Fee::Fixed(0), ..SendOptions::default() };
        self.connection.send(&self.owner, &[], instructions, &options).await.map(drop).with_context(|| what.to_owned())
    }

    /// The mint that the file has made for a bank.
    pub fn mint(&self, bank: &str) -> Result<Pubkey> {
        let seed = format!("plimsoll {bank}");
        Ok(Pubkey::create_with_seed(&self.owner.pubkey(), &seed, &pda::TOKEN_PROGRAM)?)
    }

    /// Mints tokens to an owner, as the token program's own command line would.
    pub async fn give(&self, owner: &Pubkey, bank: &str, atoms: u64) -> Result<Pubkey> {
        let (mint, payer) = (self.mint(bank)?, self.owner.pubkey());
        let wallet = pda::associated_token(owner, &mint, &pda::TOKEN_PROGRAM);
        let accounts = vec![
            AccountMeta::new(payer, true),
            AccountMeta::new(wallet, false),
            AccountMeta::new_readonly(*owner, false),
            AccountMeta::new_readonly(mint, false),
            AccountMeta::new_readonly(Pubkey::default(), false),
            AccountMeta::new_readonly(pda::TOKEN_PROGRAM, false),
        ];
        // `CreateIdempotent`.
        let create = Instruction::new_with_bytes(ASSOCIATED_TOKEN_PROGRAM, &[1], accounts);
        let program = pda::TOKEN_PROGRAM;
        let to = spl_token_interface::instruction::mint_to(&program, &mint, &wallet, &payer, &[], atoms)?;
        self.send("minting", &[create, to]).await?;
        Ok(wallet)
    }

    /// Atoms in a token account.
    pub async fn atoms(&self, wallet: &Pubkey) -> Result<u64> {
        let (_, found) = self.connection.accounts(&[*wallet]).await?;
        let account = found.into_iter().next().flatten().context("there is no such token account")?;
        Ok(u64::from_le_bytes(account.data.get(64..72).context("no token account")?.try_into()?))
    }

    /// Creates a feed of the mock oracle that the engine's file only names.
    pub async fn create_feed(&self, feed_id: [u8; 32]) -> Result<Pubkey> {
        let owner = self.owner.pubkey();
        self.send("a feed", &[client::create_pyth(owner, CreatePythArgs { feed_id, poster: owner })]).await?;
        Ok(client::pyth_feed(&owner, &feed_id))
    }

    /// Posts to a feed without the engine taking notice.
    pub async fn post_only(&self, feed: Pubkey, dollars: i64) -> Result<()> {
        let args = client::price_of_now(dollars * 100_000_000);
        self.send("posting", &[client::post_pyth(self.owner.pubkey(), feed, args)]).await
    }

    /// Types fresh prices of USDC, SOL and BTC: what adds risk needs them. A second of the chain's takes one price.
    pub async fn prices(&self, sol: &str) -> Result<()> {
        for _ in 0..MOST_POSTS {
            let posted = self.json(&format!("price post USDC=1 SOL={sol} BTC=100000")).await?;
            if posted["board"][1]["taken"] == true {
                ensure!(text(&posted, "/board/1/spot_usd")? == sol, "{posted:#}");
                return Ok(());
            }
            tokio::time::sleep(LOOKED_EVERY).await;
        }
        anyhow::bail!("the board takes no price")
    }

    /// Types fresh prices again and again until something has come of it.
    pub async fn prices_until(
        &self,
        sol: &str,
        what: &str,
        secs: u64,
        line: &str,
        seen: fn(&Value) -> bool,
    ) -> Result<()> {
        let began = Instant::now();
        loop {
            self.prices(sol).await?;
            let found = self.json(line).await?;
            if seen(&found) {
                return Ok(());
            }
            ensure!(began.elapsed().as_secs() < secs, "{what}: not after {secs} s\n{found:#}");
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    }
}

/// The file for a local validator, with averages that are ready within seconds, a second source of SOL, and a price whose
/// account the caller chooses.
fn engine_file() -> String {
    let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let oracle = mock_oracle::ID;
    let second = format!(
        "[price.secondary]\nkind = \"pyth-pinned\"\nprogram = \"{oracle}\"\nfeed_id = \"{}\"\n\
         [price.standby]\nkind = \"pyth-pinned\"\nprogram = \"{oracle}\"\nfeed_id = \"{}\"\n\n[[price]]\nname = \"BTC/USD\"",
        hex(SECOND_SOL),
        hex(STANDBY_SOL)
    );
    let posted = format!(
        "[[price]]\nname = \"ETH/USD\"\nfastest_fall_ppm_per_sec = 2000\nupdate_secs = 2\nfast_secs = 2\nslow_secs = 4\n\
         [price.primary]\nkind = \"pyth-posted\"\nprogram = \"{oracle}\"\nfeed_id = \"{}\"\n\n[[bank]]\nname = \"USDC\"",
        hex(ETH)
    );
    LOCALNET
        .replace("fast_secs = 3\nslow_secs = 8", "fast_secs = 2\nslow_secs = 4")
        .replacen("risk_age_secs = 10", "risk_age_secs = 10\nprimary_stale_secs = 10", 1)
        .replacen("[[price]]\nname = \"BTC/USD\"", &second, 1)
        .replacen("[[bank]]\nname = \"USDC\"", &posted, 1)
        // So dear that a few seconds' interest has a fee.
        .replacen("rate_zero_ppm = 0\nrate_kink_ppm = 80000", "rate_zero_ppm = 500000\nrate_kink_ppm = 800000", 1)
}

/// A value of JSON by its path, a text.
pub fn text<'a>(value: &'a Value, path: &str) -> Result<&'a str> {
    value.pointer(path).and_then(Value::as_str).with_context(|| format!("no text at {path} of {value:#}"))
}
