//! What goes wrong before anything goes right: each is named, with what to do, and ends with status 1.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{ensure, Result};
use plimsoll_validator_tests::validator::programs;
use solana_keypair::{write_keypair_file, Keypair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::CliWorld;

const MAINNET_GENESIS: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";

impl CliWorld {
    pub async fn nothing_works_without_a_program(&mut self) -> Result<()> {
        self.run("--version").await?.done()?.shows(&["plimsoll 0."])?;
        // Whoever types nothing is shown what there is.
        ensure!(self.run("").await?.ended(2)?.err.contains("Commands:"), "no help");
        self.run("engine dance").await?.ended(2)?;
        self.run("deposit USDC 1e3").await?.ended(2)?;
        let program = plimsoll_sdk::pda::PROGRAM_ID.to_string();
        let advice = "plimsoll-migrate deploy";
        self.run("engine list").await?.failed_with(&["there is no program at", &program, advice])?;
        self.run("engine show").await?.failed_with(&["there is no program at", &program, advice])?;
        self.run("engine create --config engine.toml --yes").await?.failed_with(&["there is no program", advice])?;
        // A program's faults come as JSON where answers do.
        let answer = self.run("engine show --json").await?.ended(1)?;
        let fault: serde_json::Value = serde_json::from_str(&answer.err)?;
        ensure!(fault["message"].as_str().is_some_and(|text| text.contains(&program)), "{fault}");
        ensure!(fault["hint"].as_str().is_some_and(|text| text.contains(advice)), "{fault}");
        let (mock, others): (Vec<_>, Vec<_>) =
            programs()?.into_iter().partition(|program| program.id == mock_oracle::ID);
        for program in others {
            self.surfnet.deploy(&program).await?;
        }
        self.what_is_missing_is_told_before_anything_is_sent().await?;
        for program in mock {
            self.surfnet.deploy(&program).await?;
        }
        self.run("engine show").await?.failed_with(&["there is no engine", "plimsoll engine create"])?;
        Ok(())
    }

    /// A dry run says so too.
    async fn what_is_missing_is_told_before_anything_is_sent(&self) -> Result<()> {
        for caution in ["--dry-run", "--yes"] {
            let without_mock = self.run(&format!("engine create --config engine.toml {caution}")).await?;
            without_mock.failed_with(&["price[0].primary.program: the mock oracle", "is not on this cluster"])?;
            let file = std::fs::read_to_string(self.path("engine.toml"))?;
            let nowhere = solana_pubkey::Pubkey::new_unique().to_string();
            let named = file.replacen("{ seed = \"plimsoll btc\", decimals = 8 }", &format!("\"{nowhere}\""), 1);
            ensure!(named != file, "the file has other mints");
            self.write("no-mint.toml", &named)?;
            let without_mint = self.run(&format!("engine create --config no-mint.toml {caution}")).await?;
            without_mint.failed_with(&["bank[2].mint: there is no mint", &nowhere])?;
        }
        ensure!(self.connection.engines().await?.accounts.is_empty(), "something was sent");
        Ok(())
    }

    pub async fn the_wrong_cluster_is_refused(&mut self) -> Result<()> {
        let node = a_node_of_mainnet().await?;
        let here = format!("--url http://{node}");
        self.run(&format!("engine list {here}")).await?.failed_with(&["this is mainnet-beta", "--yes-mainnet"])?;
        // With the flag the node is asked, which knows only who it is.
        self.run(&format!("engine list {here} --yes-mainnet")).await?.ended(1)?;
        // A node that answers in the place of another.
        self.tool.set("http_proxy", format!("http://{node}"));
        let wrong = self.run("engine list --url localnet").await;
        self.tool.unset("http_proxy");
        wrong?.failed_with(&["the node belongs to mainnet-beta, not to localnet", "--url"])?;
        self.run("engine list --url moon").await?.failed_with(&["\"moon\" is not a cluster", "devnet"])?;
        self.run("engine list --url http://127.0.0.1:1").await?.failed_with(&["did not answer", "--url"])?;
        Ok(())
    }

    pub async fn a_file_that_is_wrong_is_named(&mut self) -> Result<()> {
        let good = std::fs::read_to_string(self.path("engine.toml"))?;
        let cases = [
            (good.replacen("kink_ppm", "kinck_ppm", 1), vec!["bad.toml: bank[0].kinck_ppm: unknown field", "(line "]),
            (
                good.replacen("asset_maint_ppm = 850000", "asset_maint_ppm = 1850000", 1),
                vec!["bank[1].asset_maint_ppm: 1850000 is out of its bounds, 0 to 1000000"],
            ),
            (good.replacen("[[price]]", "[price", 1), vec!["bad.toml: the file"]),
        ];
        for (text, says) in cases {
            self.write("bad.toml", &text)?;
            for command in ["create", "configure", "verify"] {
                self.run(&format!("engine {command} --config bad.toml --yes")).await?.failed_with(&says)?;
            }
        }
        self.run("engine create --config absent.toml --yes").await?.failed_with(&["absent.toml: No such file"])?;
        self.run("engine show --names absent.toml").await?.ended(1)?;
        self.write("keeper-bad.toml", "engine = \"moon\"\n")?;
        self.run("keeper check-config keeper-bad.toml").await?.failed_with(&["moon"])?;
        self.write("keeper-bad.toml", "[send]\ncompute_headrom_percent = 5\n")?;
        self.run("keeper check-config keeper-bad.toml").await?.failed_with(&["compute_headrom_percent"])?;
        self.write("solana-bad.yml", "json_rpc_url: [")?;
        self.run("engine list --solana-config solana-bad.yml").await?.failed_with(&["solana-bad.yml"])?;
        self.run("account list --keypair nobody.json").await?.ended(1)?;
        Ok(())
    }

    pub async fn who_has_no_lamports_is_told(&mut self) -> Result<()> {
        let poor = Keypair::new();
        let file = self.path("poor.json");
        write_keypair_file(&poor, &file).map_err(|error| anyhow::anyhow!("{error}"))?;
        let create = "engine create --config engine.toml --yes --keypair poor.json";
        self.run(create).await?.failed_with(&["the fee payer has no lamports here", "solana airdrop"])?;
        Ok(())
    }
}

/// A node that answers whatever it is asked with the genesis hash of mainnet-beta.
async fn a_node_of_mainnet() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let body = format!("{{\"jsonrpc\":\"2.0\",\"result\":\"{MAINNET_GENESIS}\",\"id\":0}}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}
