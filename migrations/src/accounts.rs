//! Moves accounts from an older layout version to the one this build knows.
//!
//! Anyone may: the program's `migrate_account` takes nothing but the account. Every scan starts from the chain, so an
//! interrupted run continues with what is left.

use std::collections::BTreeMap;

use plimsoll_rpc::Connection;
use plimsoll_sdk::{ix, pda};
use plimsoll_state::{
    Bank, Engine, EngineAccount, MarginAccount, Market, PriceBoard, Registry, Venue, DISCRIMINATOR_LEN, LAYOUT_VERSION,
};
use serde::Serialize;
use solana_account_decoder_client_types::{UiAccountEncoding, UiDataSliceConfig};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};

use crate::error::Result;
use crate::session::Session;

/// Name of each account type and its discriminator.
const TYPES: [(&str, [u8; DISCRIMINATOR_LEN]); 7] = [
    ("Engine", Engine::ACCOUNT_DISCRIMINATOR),
    ("Registry", Registry::ACCOUNT_DISCRIMINATOR),
    ("PriceBoard", PriceBoard::ACCOUNT_DISCRIMINATOR),
    ("Bank", Bank::ACCOUNT_DISCRIMINATOR),
    ("Market", Market::ACCOUNT_DISCRIMINATOR),
    ("Venue", Venue::ACCOUNT_DISCRIMINATOR),
    ("MarginAccount", MarginAccount::ACCOUNT_DISCRIMINATOR),
];

/// An account of an older version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outdated {
    /// Its type.
    pub kind: &'static str,
    /// Its address.
    #[serde(serialize_with = "as_text")]
    pub address: Pubkey,
    /// Its layout version.
    pub version: u8,
}

fn as_text<S: serde::Serializer>(key: &Pubkey, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// What a scan found, and what was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Migrated {
    /// Accounts by type and version, newer ones than this build's too.
    pub found: BTreeMap<String, usize>,
    /// Accounts moved.
    pub moved: usize,
    /// Accounts of older versions that are left: all of them under a dry run.
    pub left: Vec<Outdated>,
    /// Why those that are left could not be moved, by address.
    pub refused: BTreeMap<String, String>,
}

/// Finds every account of the program that is not of this build's version.
///
/// # Errors
/// `Rpc`.
pub async fn outdated(connection: &Connection) -> Result<(Vec<Outdated>, BTreeMap<String, usize>)> {
    let (mut found, mut counts) = (Vec::new(), BTreeMap::new());
    for (kind, discriminator) in TYPES {
        // Other versions may have other lengths, so nothing is asked about them.
        let config = RpcProgramAccountsConfig {
            filters: Some(vec![RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, discriminator.to_vec()))]),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                data_slice: Some(UiDataSliceConfig { offset: DISCRIMINATOR_LEN, length: 1 }),
                commitment: Some(connection.rpc.commitment()),
                min_context_slot: None,
            },
            with_context: None,
            sort_results: None,
        };
        let accounts = connection.rpc.get_program_ui_accounts_with_config(&pda::PROGRAM_ID, config).await;
        for (address, account) in accounts.map_err(plimsoll_rpc::Error::from)? {
            let Some(version) = account.data.decode().and_then(|data| data.first().copied()) else { continue };
            *counts.entry(format!("{kind} version {version}")).or_insert(0) += 1;
            if version < LAYOUT_VERSION {
                found.push(Outdated { kind, address, version });
            }
        }
    }
    Ok((found, counts))
}

/// Moves every account of an older version. One that is refused does not stop the others.
///
/// # Errors
/// `NotConfirmed`; `Rpc` where the node does not answer.
pub async fn migrate(session: &Session, mut progress: impl FnMut(&str)) -> Result<Migrated> {
    session.connection.require_program().await?;
    let (left, found) = outdated(&session.connection).await?;
    let mut migrated = Migrated { found, left, ..Migrated::default() };
    if session.dry_run || migrated.left.is_empty() {
        return Ok(migrated);
    }
    let total = migrated.left.len();
    session.confirm(&format!("move {total} account(s) to layout version {LAYOUT_VERSION}? There is no way back"))?;
    for (index, account) in std::mem::take(&mut migrated.left).into_iter().enumerate() {
        match session.send(&[], &[ix::migrate_account(account.address)]).await {
            Ok(_) => migrated.moved += 1,
            Err(error) => {
                migrated.refused.insert(account.address.to_string(), error.to_string());
                migrated.left.push(account);
            }
        }
        progress(&format!("{} of {total} done, {} refused", index + 1, migrated.refused.len()));
    }
    Ok(migrated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instruction_names_the_account_writable_and_asks_for_no_signature() {
        let account = Pubkey::new_unique();
        let instruction = ix::migrate_account(account);
        assert_eq!(instruction.program_id, pda::PROGRAM_ID);
        let [meta] = instruction.accounts.as_slice() else { panic!("one account") };
        assert!(meta.pubkey == account && meta.is_writable && !meta.is_signer);
    }

    #[test]
    fn no_two_types_share_a_discriminator() {
        for (index, (_, one)) in TYPES.iter().enumerate() {
            assert!(TYPES[index + 1..].iter().all(|(_, other)| other != one));
        }
    }
}
