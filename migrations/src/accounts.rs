//! Moves accounts from the layout version before the deployed program's to the program's own.
//!
//! Anyone may: the program's `migrate_account` takes nothing but the account. Which versions the program takes it is asked
//! itself, by simulation, so this tool need not be of the same build. Every scan starts from the chain, so an interrupted
//! run continues with what is left.

use std::collections::BTreeMap;

use futures::StreamExt;
use plimsoll_rpc::Connection;
use plimsoll_sdk::EngineError;
use plimsoll_sdk::{ix, pda};
use plimsoll_state::{
    Bank, Engine, EngineAccount, FeedBook, MarginAccount, Market, PriceBoard, Registry, Venue, DISCRIMINATOR_LEN,
};
use serde::Serialize;
use solana_account_decoder_client_types::{UiAccountEncoding, UiDataSliceConfig};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};

use crate::error::{Error, Result};
use crate::session::Session;

/// Name of each account type and its discriminator, in the order in which they are moved.
const TYPES: [(&str, [u8; DISCRIMINATOR_LEN]); 8] = [
    ("Engine", Engine::ACCOUNT_DISCRIMINATOR),
    ("Registry", Registry::ACCOUNT_DISCRIMINATOR),
    ("PriceBoard", PriceBoard::ACCOUNT_DISCRIMINATOR),
    ("FeedBook", FeedBook::ACCOUNT_DISCRIMINATOR),
    ("Bank", Bank::ACCOUNT_DISCRIMINATOR),
    ("Market", Market::ACCOUNT_DISCRIMINATOR),
    ("Venue", Venue::ACCOUNT_DISCRIMINATOR),
    ("MarginAccount", MarginAccount::ACCOUNT_DISCRIMINATOR),
];
/// Accounts of one transaction: each takes its address and an instruction of 13 bytes.
const MOVED_AT_ONCE: usize = 16;
/// Transactions under way at once, where nothing else is said.
pub const IN_FLIGHT: usize = 8;

/// An account, and the layout version that its bytes have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Versioned {
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

/// What the deployed program does with accounts of one type and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the program's own.
    Current,
    /// The program moves it to its own.
    Older,
    /// Neither the program's own nor the one before it.
    Unknown,
}

impl Verdict {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Current => "the program's own",
            Self::Older => "to be moved",
            Self::Unknown => "not known to the program: an earlier or a later build of it has to move it",
        }
    }
}

/// Accounts of one type and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Their type.
    pub kind: &'static str,
    /// Their layout version.
    pub version: u8,
    /// How many there are.
    pub count: usize,
    /// What the program does with them.
    pub verdict: Verdict,
}

/// What a scan found, and what was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Migrated {
    /// What was found, by type and version.
    pub found: Vec<Group>,
    /// Accounts moved.
    pub moved: usize,
    /// Accounts that are not of the program's version: under a dry run all of them.
    pub left: Vec<Versioned>,
    /// Why those that are left could not be moved, by address.
    pub refused: BTreeMap<String, String>,
}

/// Finds every account of the program, by type and version.
///
/// # Errors
/// `Rpc`.
pub async fn scan(connection: &Connection) -> Result<BTreeMap<(usize, u8), Vec<Versioned>>> {
    let mut found: BTreeMap<(usize, u8), Vec<Versioned>> = BTreeMap::new();
    for (place, (kind, discriminator)) in TYPES.into_iter().enumerate() {
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
            found.entry((place, version)).or_default().push(Versioned { kind, address, version });
        }
    }
    Ok(found)
}

/// What the deployed program does with an account, by simulation.
async fn verdict(session: &Session, payer: &Pubkey, account: &Pubkey) -> Result<Verdict> {
    match session.connection.simulate(payer, &[ix::migrate_account(*account)]).await {
        Ok(_) => Ok(Verdict::Older),
        Err(error) => match error.engine() {
            Some(EngineError::LayoutCurrent) => Ok(Verdict::Current),
            Some(EngineError::VersionUnknown) => Ok(Verdict::Unknown),
            // One account's own fault says nothing about the others: each is tried and refused by itself.
            _ if is_refusal(&error) => Ok(Verdict::Older),
            _ => Err(error.into()),
        },
    }
}

/// Moves every account of the version before the program's, by `in_flight` transactions at once. One that is refused does
/// not stop the others.
///
/// # Errors
/// `NotConfirmed`; `Rpc` where the node does not answer: what is done stays done.
pub async fn migrate(session: &Session, in_flight: usize, mut progress: impl FnMut(&str)) -> Result<Migrated> {
    session.connection.require_program().await?;
    let (payer, mut migrated, mut older) = (session.address()?, Migrated::default(), Vec::new());
    for ((_, version), accounts) in scan(&session.connection).await? {
        let Some(first) = accounts.first() else { continue };
        let (kind, count, verdict) = (first.kind, accounts.len(), verdict(session, &payer, &first.address).await?);
        migrated.found.push(Group { kind, version, count, verdict });
        match verdict {
            Verdict::Current => {}
            Verdict::Older => older.extend(accounts),
            Verdict::Unknown => {
                let refused = accounts.iter().map(|account| (account.address.to_string(), verdict.words().to_owned()));
                migrated.refused.extend(refused);
                migrated.left.extend(accounts);
            }
        }
    }
    if session.dry_run || older.is_empty() {
        migrated.left.extend(older);
        return Ok(migrated);
    }
    let total = older.len();
    session.confirm(&format!("move {total} account(s) to the program's layout version? This cannot be undone"))?;
    let sending = older.chunks(MOVED_AT_ONCE).map(|some| move_some(session, some));
    let mut under_way = futures::stream::iter(sending).buffer_unordered(in_flight.max(1));
    while let Some(done) = under_way.next().await {
        for (account, refusal) in done? {
            match refusal {
                None => migrated.moved += 1,
                Some(reason) => {
                    migrated.refused.insert(account.address.to_string(), reason);
                    migrated.left.push(account.clone());
                }
            }
        }
        progress(&format!("{} of {total} moved, {} refused", migrated.moved, migrated.refused.len()));
    }
    Ok(migrated)
}

/// Moves some accounts by one transaction; where it is refused, each by one of its own: with the reason where that is
/// refused too.
async fn move_some<'a>(session: &Session, some: &'a [Versioned]) -> Result<Vec<(&'a Versioned, Option<String>)>> {
    let moves: Vec<_> = some.iter().map(|account| ix::migrate_account(account.address)).collect();
    match session.send(&[], &moves).await {
        Ok(_) => return Ok(some.iter().map(|account| (account, None)).collect()),
        Err(Error::Rpc(error)) if is_refusal(&error) => {}
        Err(error) => return Err(error),
    }
    let mut done = Vec::with_capacity(some.len());
    for (account, instruction) in some.iter().zip(moves) {
        match session.send(&[], &[instruction]).await {
            Ok(_) => done.push((account, None)),
            Err(Error::Rpc(error)) if is_refusal(&error) => done.push((account, Some(error.to_string()))),
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Whether the program refused: what fails otherwise, the fee payer's funds for one, fails for every account.
const fn is_refusal(error: &plimsoll_rpc::Error) -> bool {
    matches!(error, plimsoll_rpc::Error::Rejected { code: Some(_), .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instruction_names_the_account_writable_and_asks_for_no_signature() {
        let account = Pubkey::new_unique();
        let instruction = ix::migrate_account(account);
        assert_eq!(instruction.program_id, pda::PROGRAM_ID);
        let [meta, events @ ..] = instruction.accounts.as_slice() else { panic!("an account") };
        assert!(meta.pubkey == account && meta.is_writable && !meta.is_signer);
        assert!(events.iter().all(|meta| !meta.is_writable && !meta.is_signer));
    }

    #[test]
    fn no_two_types_share_a_discriminator() {
        for (index, (_, one)) in TYPES.iter().enumerate() {
            assert!(TYPES[index + 1..].iter().all(|(_, other)| other != one));
        }
    }

    #[test]
    fn a_transaction_of_moves_fits_a_packet() {
        use solana_keypair::Keypair;
        let moves: Vec<_> = (0..MOVED_AT_ONCE).map(|_| ix::migrate_account(Pubkey::new_unique())).collect();
        // As many compute-budget instructions as are ever put before them, each with nine bytes.
        let budget = solana_instruction::Instruction::new_with_bytes(Pubkey::new_unique(), &[0; 9], Vec::new());
        let all: Vec<_> = std::iter::repeat_n(budget, 3).chain(moves).collect();
        let signed = plimsoll_rpc::send::sign(&Keypair::new(), &[], &all, Default::default()).unwrap();
        assert!(bincode::serialized_size(&signed).unwrap() <= 1_232);
    }
}
