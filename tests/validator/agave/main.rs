//! Agave's test validator as a process of its own, so that a test can kill it and start it again on its ledger.
//!
//! usage: plimsoll-test-validator <ledger> <RPC port> <payer's address> [<program>=<file> …]
//!
//! A new ledger has the programs and a payer with lamports in its genesis; one that exists is taken as it is. Says where
//! it is as one line of JSON and ends when its input does.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{anyhow, Context, Result};
use serde_json::json;
use solana_account::AccountSharedData;
use solana_pubkey::Pubkey;
use solana_test_validator::{TestValidatorGenesis, UpgradeableProgramInfo};

const PAYER_LAMPORTS: u64 = 1_000_000_000_000_000;
const SYSTEM_PROGRAM: Pubkey = Pubkey::new_from_array([0; 32]);
const UPGRADEABLE_LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| anyhow!("the {what} is missing"));
    let ledger = PathBuf::from(next("ledger")?);
    let port: u16 = next("RPC port")?.parse().context("the RPC port")?;
    let payer: Pubkey = next("payer's address")?.parse().context("the payer's address")?;
    let mut genesis = TestValidatorGenesis::default();
    genesis.ledger_path(&ledger).rpc_port(port);
    if !TestValidatorGenesis::ledger_exists(&ledger) {
        let programs = arguments.map(|text| program(&text, payer)).collect::<Result<Vec<_>>>()?;
        genesis.add_upgradeable_programs_with_path(&programs);
        genesis.add_account(payer, AccountSharedData::new(PAYER_LAMPORTS, 0, &SYSTEM_PROGRAM));
    }
    let (validator, _) = genesis.start();
    println!("{}", json!({ "rpcUrl": validator.rpc_url(), "wsUrl": validator.rpc_pubsub_url() }));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// `<program>=<file>`, upgradeable by the payer.
fn program(text: &str, upgrade_authority: Pubkey) -> Result<UpgradeableProgramInfo> {
    let (id, file) = text.split_once('=').ok_or_else(|| anyhow!("{text:?} is no <program>=<file>"))?;
    let program_id = id.parse().with_context(|| format!("the program {id:?}"))?;
    Ok(UpgradeableProgramInfo { program_id, loader: UPGRADEABLE_LOADER, upgrade_authority, program_path: file.into() })
}
