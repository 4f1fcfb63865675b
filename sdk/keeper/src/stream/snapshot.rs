//! All margin accounts of an engine, in answers of bounded size.
//!
//! How they are asked for depends on how many they were the last time, or seem to be: few in one answer; more by a list
//! of their addresses, then a hundred at a time; very many in 256 shards by the first byte of their owners. What a node
//! refuses is asked for the next, finer way. Nothing of a snapshot waits for the rest of it: every part is a reading of
//! its own slot. A snapshot that fails on the way leaves what was known, and forgets nobody.
//!
//! Memory besides the tracker: one answer of [`MOST_IN_ONE`] accounts, of [`MOST_IN_A_LIST`] addresses or of a shard, or
//! [`AT_ONCE`] answers of a hundred accounts; 32 bytes for each address of a list.

use std::sync::atomic::Ordering;
use std::sync::Arc;

use futures::stream::FuturesUnordered;
use futures::StreamExt;
use plimsoll_rpc::engine::{program_accounts, ENGINE_OFFSET, OWNER_OFFSET};
use plimsoll_rpc::MOST_AT_ONCE;
use plimsoll_rpc::{Connection, Error, Reading, Result, Scanned};
use plimsoll_sdk::pda;
use plimsoll_state::{EngineAccount, MarginAccount};
use solana_account::Account;
use solana_account_decoder_client_types::UiDataSliceConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcProgramAccountsConfig;
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};
use tokio::sync::mpsc::Sender;

use super::Link;
use crate::state::Update;

/// Most accounts that are asked for in one answer: about 20 MB uncompressed.
pub const MOST_IN_ONE: usize = 5_000;
/// Most addresses that are asked for in one list: about 25 MB.
pub const MOST_IN_A_LIST: usize = 100_000;
/// Requests for a hundred accounts under way at once.
pub const AT_ONCE: usize = 8;
/// Accounts that the tracker takes in one turn.
const IN_A_PART: usize = 500;
/// Shards: one for each first byte of an owner.
const SHARDS: usize = 256;
/// So many snapshots without an answer make the next one finer.
const SILENCES: u32 = 2;
/// The shard whose size tells how many accounts there are, before anything else is known of it.
const PROBE: u8 = 0x5a;

/// How accounts are asked for, from the coarsest way to the finest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// All of them in one answer.
    Whole,
    /// Their addresses in one answer, then a hundred at a time.
    Listed,
    /// Each shard in one answer.
    Sharded,
    /// The addresses of each shard in one answer, then a hundred at a time.
    ShardedList,
}

impl Way {
    /// The coarsest way for so many accounts.
    pub const fn of(accounts: usize) -> Self {
        match accounts {
            0..=MOST_IN_ONE => Self::Whole,
            ..=MOST_IN_A_LIST => Self::Listed,
            _ => Self::Sharded,
        }
    }

    /// Its name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Listed => "listed",
            Self::Sharded => "sharded",
            Self::ShardedList => "sharded_list",
        }
    }

    const fn finer(self) -> Option<Self> {
        match self {
            Self::Whole => Some(Self::Listed),
            Self::Listed => Some(Self::Sharded),
            Self::Sharded => Some(Self::ShardedList),
            Self::ShardedList => None,
        }
    }

    const fn is_listed(self) -> bool {
        matches!(self, Self::Listed | Self::ShardedList)
    }

    const fn shards(self) -> usize {
        match self {
            Self::Whole | Self::Listed => 1,
            Self::Sharded | Self::ShardedList => SHARDS,
        }
    }
}

/// Why the updates of a snapshot did not get through.
pub enum Ended {
    /// The node; what was known stands.
    Failed(Error),
    /// Nobody takes updates any more.
    Unwanted,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Takes snapshots of an engine's margin accounts, and learns how its node is asked for them.
pub struct Snapshots {
    connection: Connection,
    engine: Pubkey,
    updates: Sender<Update>,
    /// Accounts of the last snapshot, or as many as there seem to be.
    accounts: Option<usize>,
    /// The coarsest way that the node has not refused.
    coarsest: Way,
    /// Snapshots in a row that ended without an answer: answers may be too large to come in time.
    silences: u32,
    /// Addresses of the last complete list, for a node that lists them no longer.
    known: Vec<Pubkey>,
    link: Arc<Link>,
}

/// The request for all margin accounts of an engine, by `getProgramAccounts` or `programSubscribe`.
pub fn margin_accounts_of(engine: &Pubkey) -> RpcProgramAccountsConfig {
    program_accounts(MarginAccount::SPACE, &MarginAccount::ACCOUNT_DISCRIMINATOR, &[(ENGINE_OFFSET, *engine)], None)
}

impl Snapshots {
    /// Sends what it reads to `updates`.
    pub fn new(connection: Connection, engine: Pubkey, updates: Sender<Update>, link: Arc<Link>) -> Self {
        let (accounts, known) = (None, Vec::new());
        Self { connection, engine, updates, accounts, coarsest: Way::Whole, silences: 0, known, link }
    }

    /// The way in which the next snapshot begins.
    pub fn way(&self) -> Way {
        let way = self.coarsest.max(Way::of(self.accounts.unwrap_or_default()));
        (0..self.silences / SILENCES).fold(way, |way, _| way.finer().unwrap_or(way))
    }

    /// Takes a snapshot.
    ///
    /// # Errors
    /// [`Ended`]; a node that refuses every way is asked for the accounts that it once listed, and the refusal returned.
    pub async fn take(&mut self) -> std::result::Result<(), Ended> {
        let taken = self.attempt().await;
        match &taken {
            Ok(()) => self.silences = 0,
            Err(Ended::Failed(Error::Unreachable(_))) => self.silences += 1,
            Err(_) => {}
        }
        taken
    }

    async fn attempt(&mut self) -> std::result::Result<(), Ended> {
        if self.accounts.is_none() {
            // A node that refuses this may still answer the one question for everything.
            match self.found(Some(PROBE), true).await {
                Ok((_, found)) => self.accounts = Some((found.accounts.len() + found.unreadable.len()) * SHARDS),
                Err(Error::Node(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut way = self.way();
        loop {
            match self.take_by(way).await {
                Ok(keys) => {
                    (self.accounts, self.known) = (Some(keys.len()), keys);
                    return Ok(());
                }
                Err(Ended::Failed(Error::Node(text))) => {
                    let Some(finer) = way.finer() else { return self.refused(text).await };
                    let (refused, next) = (way.name(), finer.name());
                    tracing::warn!(
                        text,
                        refused,
                        next,
                        "the node refuses this way of reading all accounts, trying the next"
                    );
                    way = finer;
                    self.coarsest = way;
                }
                Err(ended) => return Err(ended),
            }
        }
    }

    /// The node lists nothing (any more): what is known of before is read, so that it stays right.
    async fn refused(&self, text: String) -> std::result::Result<(), Ended> {
        self.read(&self.known).await?;
        let known = self.known.len();
        Err(Error::Node(format!("{text}; it must allow getProgramAccounts ({known} known accounts were read)")).into())
    }

    /// A snapshot in one way; the addresses that it has.
    async fn take_by(&self, way: Way) -> std::result::Result<Vec<Pubkey>, Ended> {
        self.send(Update::SnapshotBegins).await?;
        let (mut slot, mut keys) = (u64::MAX, Vec::new());
        for shard in 0..way.shards() {
            let shard = (way.shards() > 1).then_some(shard as u8);
            let (of, found) = self.found(shard, way.is_listed()).await?;
            slot = slot.min(of);
            let first = keys.len();
            keys.extend(found.accounts.iter().map(|(key, _)| *key).chain(found.unreadable.iter().copied()));
            if way.is_listed() {
                drop(found);
                self.read(&keys[first..]).await?;
                continue;
            }
            self.send_unreadable(found.unreadable).await?;
            let mut found = found.accounts.into_iter().map(|(key, account)| (key, self.data_of(account))).peekable();
            while found.peek().is_some() {
                let accounts = found.by_ref().take(IN_A_PART).collect();
                self.send(Update::SnapshotPart { slot: of, accounts }).await?;
            }
        }
        self.send(Update::SnapshotEnds { slot }).await?;
        Ok(keys)
    }

    async fn send_unreadable(&self, keys: Vec<Pubkey>) -> std::result::Result<(), Ended> {
        if keys.is_empty() {
            return Ok(());
        }
        self.send(Update::Unreadable { keys }).await
    }

    /// The accounts of a shard, or of all, without their data where only a list is wanted; and the slot that they are of,
    /// or one before it.
    async fn found(&self, shard: Option<u8>, listed: bool) -> Result<(u64, Scanned)> {
        let mut config = margin_accounts_of(&self.engine);
        if let (Some(byte), Some(filters)) = (shard, config.filters.as_mut()) {
            filters.push(RpcFilterType::Memcmp(Memcmp::new_raw_bytes(OWNER_OFFSET, vec![byte])));
        }
        config.account_config.data_slice = listed.then_some(UiDataSliceConfig { offset: 0, length: 0 });
        let found = self.connection.program_accounts(&pda::PROGRAM_ID, config.clone()).await?;
        if let Some(slot) = found.slot {
            return Ok((slot, found));
        }
        // A node that leaves out the context is asked for its slot first: what it then answers is not older.
        let slot = self.connection.rpc.get_slot_with_commitment(self.connection.rpc.commitment()).await?;
        Ok((slot, self.connection.program_accounts(&pda::PROGRAM_ID, config).await?))
    }

    /// Reads accounts by their addresses, a hundred at a time and several times at once.
    async fn read(&self, keys: &[Pubkey]) -> std::result::Result<(), Ended> {
        let (mut batches, mut answers) = (keys.chunks(MOST_AT_ONCE), FuturesUnordered::new());
        loop {
            while answers.len() < AT_ONCE {
                let Some(some) = batches.next() else { break };
                answers.push(self.read_some(some));
            }
            let Some(parts) = answers.next().await else { return Ok(()) };
            for part in parts? {
                self.send(part).await?;
            }
        }
    }

    async fn read_some(&self, keys: &[Pubkey]) -> Result<Vec<Update>> {
        let (mut parts, mut read) = (Vec::new(), 0);
        while read < keys.len() {
            let (slot, found) = self.connection.some_readings(&keys[read..]).await?;
            let (taken, mut accounts, mut unreadable) = (found.len(), Vec::new(), Vec::new());
            for (key, reading) in keys[read..].iter().zip(found) {
                match reading {
                    Reading::Found(account) => accounts.push((*key, self.data_of(account))),
                    // Listed and closed since.
                    Reading::Nothing => accounts.push((*key, Vec::new())),
                    Reading::Unreadable => unreadable.push(*key),
                }
            }
            parts.push(Update::SnapshotPart { slot, accounts });
            parts.extend((!unreadable.is_empty()).then_some(Update::Unreadable { keys: unreadable }));
            read += taken;
        }
        Ok(parts)
    }

    /// An account's data; nothing, counted, where it is not the engine's, whatever the node claims.
    fn data_of(&self, account: Account) -> Vec<u8> {
        if account.owner == pda::PROGRAM_ID {
            return account.data;
        }
        self.link.foreign_accounts.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    }

    async fn send(&self, update: Update) -> std::result::Result<(), Ended> {
        self.updates.send(update).await.map_err(|_| Ended::Unwanted)
    }
}
