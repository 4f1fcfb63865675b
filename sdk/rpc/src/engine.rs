//! An engine's accounts over RPC.

use std::mem::offset_of;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_sdk::view::Accounts;
use plimsoll_state::{
    Bank, Engine, EngineAccount, FeedBook, MarginAccount, Market, PendingChange, PriceBoard, Registry,
    DISCRIMINATOR_LEN, LAYOUT_VERSION,
};
use solana_account::Account;
use solana_account_decoder_client_types::{UiAccountEncoding, UiDataSliceConfig};
use solana_clock::Clock;
use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::filter::{Memcmp, RpcFilterType};

use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::pace::Pace;

/// Where a margin account names its engine, owner and delegate, from the start of its data.
pub const ENGINE_OFFSET: usize = DISCRIMINATOR_LEN + offset_of!(MarginAccount, engine);
/// See [`ENGINE_OFFSET`].
pub const OWNER_OFFSET: usize = DISCRIMINATOR_LEN + offset_of!(MarginAccount, owner);
/// See [`ENGINE_OFFSET`].
pub const DELEGATE_OFFSET: usize = DISCRIMINATOR_LEN + offset_of!(MarginAccount, delegate);

/// A node, and the commitment at which it is asked.
#[derive(Clone)]
pub struct Connection {
    /// The client, for what this type does not offer.
    pub rpc: Arc<RpcClient>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) pace: Pace,
}

/// An engine's shared accounts, read at one slot.
#[derive(Clone)]
pub struct EngineAccounts {
    /// The slot.
    pub slot: u64,
    /// The cluster's clock at that slot, Unix seconds.
    pub now: i64,
    /// Addresses.
    pub keys: EngineKeys,
    /// Authorities.
    pub engine: Engine,
    /// Parameters, weights, rates, indices.
    pub registry: Box<Registry>,
    /// Prices.
    pub board: Box<PriceBoard>,
    /// Where they come from.
    pub feeds: Box<FeedBook>,
    /// Banks by index.
    pub banks: Vec<Bank>,
    /// Markets by index.
    pub markets: Vec<Market>,
}

impl EngineAccounts {
    /// A margin account beside them, at the clock of their slot.
    pub fn with<'a>(&'a self, account: &'a MarginAccount) -> Accounts<'a> {
        Accounts { account, registry: &self.registry, board: &self.board, now: self.now }
    }
}

/// What a node lists of one type of account.
#[derive(Debug)]
pub struct Listed<T> {
    /// The accounts of this version.
    pub accounts: Vec<(Pubkey, T)>,
    /// Why each of the others cannot be read; every text names its address.
    pub unreadable: Vec<Error>,
}

impl Connection {
    /// A connection at `confirmed` commitment with half a minute's patience.
    pub fn new(cluster: &Cluster) -> Self {
        let (url, patience) = (cluster.rpc_url.clone(), Duration::from_secs(30));
        Self::over(RpcClient::new_with_timeout_and_commitment(url, patience, CommitmentConfig::confirmed()))
    }

    /// A connection over any client, a mock among them.
    pub fn over(rpc: RpcClient) -> Self {
        Self { rpc: Arc::new(rpc), limits: Arc::default(), pace: Pace::default() }
    }

    /// The same node, asked at another pace for what becomes of transactions.
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The engine's program is there and can be executed.
    ///
    /// # Errors
    /// `Missing`, or an RPC error.
    pub async fn require_program(&self) -> Result<()> {
        let found = self.accounts(&[pda::PROGRAM_ID]).await?.1;
        match found.into_iter().next().flatten() {
            Some(account) if account.executable => Ok(()),
            _ => Err(Error::Missing { what: "program", address: pda::PROGRAM_ID }),
        }
    }

    /// One account of the engine.
    ///
    /// # Errors
    /// `Missing`, `Undecodable`, or an RPC error.
    pub async fn read<T: EngineAccount>(&self, what: &'static str, address: &Pubkey) -> Result<T> {
        let (_, found) = self.accounts(std::slice::from_ref(address)).await?;
        decode(what, address, found.into_iter().next().flatten().as_ref())
    }

    /// The cluster's clock, Unix seconds.
    ///
    /// # Errors
    /// `Missing`, or an RPC error.
    pub async fn now(&self) -> Result<i64> {
        let address = solana_sdk_ids::sysvar::clock::ID;
        let (_, found) = self.accounts(&[address]).await?;
        clock(found.into_iter().next().flatten().as_ref())
    }

    /// Everything shared of an engine: in one answer what every margin check reads and where prices come from, then banks and markets.
    ///
    /// # Errors
    /// `Missing` where there is no such engine, `Undecodable`, or an RPC error.
    pub async fn engine(&self, engine: Pubkey) -> Result<EngineAccounts> {
        let keys = EngineKeys::of(engine);
        let first = [engine, keys.registry, keys.board, solana_sdk_ids::sysvar::clock::ID, keys.feeds];
        let (slot, found) = self.accounts(&first).await?;
        let registry: Registry = decode("registry", &keys.registry, found[1].as_ref()).map_err(|error| {
            if found[0].is_none() {
                Error::Missing { what: "engine", address: engine }
            } else {
                error
            }
        })?;
        let banks: Vec<Pubkey> = (0..registry.bank_count).map(|index| keys.bank(index).bank).collect();
        let markets: Vec<Pubkey> = (0..registry.market_count).map(|index| keys.market(index)).collect();
        let (_, rest) = self.accounts(&[banks.as_slice(), markets.as_slice()].concat()).await?;
        let (bank_accounts, market_accounts) = rest.split_at(banks.len());
        Ok(EngineAccounts {
            slot,
            now: clock(found[3].as_ref())?,
            keys,
            engine: decode("engine", &engine, found[0].as_ref())?,
            registry: Box::new(registry),
            board: Box::new(decode("price board", &keys.board, found[2].as_ref())?),
            feeds: Box::new(decode("feed book", &keys.feeds, found[4].as_ref())?),
            banks: decode_all("bank", &banks, bank_accounts)?,
            markets: decode_all("market", &markets, market_accounts)?,
        })
    }

    /// Every engine of the program on this cluster.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn engines(&self) -> Result<Listed<Engine>> {
        self.filtered("engine", Engine::SPACE, &Engine::ACCOUNT_DISCRIMINATOR, &[]).await
    }

    /// Margin accounts of an engine, of one owner or of one delegate only where named.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn margin_accounts(
        &self,
        engine: &Pubkey,
        owner: Option<&Pubkey>,
        delegate: Option<&Pubkey>,
    ) -> Result<Listed<MarginAccount>> {
        let named = [(ENGINE_OFFSET, Some(engine)), (OWNER_OFFSET, owner), (DELEGATE_OFFSET, delegate)];
        let filters: Vec<(usize, Pubkey)> = named.into_iter().filter_map(|(at, key)| Some((at, *key?))).collect();
        self.filtered("margin account", MarginAccount::SPACE, &MarginAccount::ACCOUNT_DISCRIMINATOR, &filters).await
    }

    /// Changes of an engine that were proposed and have not ended, by number; those that have expired among them.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn changes(&self, engine: &Pubkey) -> Result<Vec<PendingChange>> {
        let of_engine = [(DISCRIMINATOR_LEN + offset_of!(PendingChange, engine), *engine)];
        let (space, discriminator) = (PendingChange::SPACE, &PendingChange::ACCOUNT_DISCRIMINATOR);
        let Listed { accounts, unreadable } = self.filtered("change", space, discriminator, &of_engine).await?;
        for error in unreadable {
            tracing::warn!(%error, "a change is left out");
        }
        let mut changes: Vec<PendingChange> = accounts.into_iter().map(|(_, change)| change).collect();
        changes.sort_by_key(|change| change.id);
        Ok(changes)
    }

    async fn filtered<T: EngineAccount>(
        &self,
        what: &'static str,
        space: usize,
        discriminator: &[u8],
        keys: &[(usize, Pubkey)],
    ) -> Result<Listed<T>> {
        let config = program_accounts(space, discriminator, keys, None);
        let found = self.program_accounts(&pda::PROGRAM_ID, config).await?;
        let undecodable = |address: Pubkey| Error::Undecodable {
            what,
            address,
            reason: "the node sends it in a form that cannot be read".into(),
        };
        let unreadable = found.unreadable.into_iter().map(undecodable).collect();
        let mut listed = Listed { accounts: Vec::with_capacity(found.accounts.len()), unreadable };
        for (key, account) in found.accounts {
            match decode(what, &key, Some(&account)) {
                Ok(decoded) => listed.accounts.push((key, decoded)),
                Err(error) => listed.unreadable.push(error),
            }
        }
        Ok(listed)
    }
}

/// A `getProgramAccounts` (or `programSubscribe`) request for accounts of one type.
pub fn program_accounts(
    space: usize,
    discriminator: &[u8],
    keys: &[(usize, Pubkey)],
    slice: Option<UiDataSliceConfig>,
) -> RpcProgramAccountsConfig {
    let mut filters = vec![
        RpcFilterType::DataSize(space as u64),
        RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, discriminator.to_vec())),
    ];
    filters.extend(
        keys.iter().map(|(at, key)| RpcFilterType::Memcmp(Memcmp::new_raw_bytes(*at, key.to_bytes().to_vec()))),
    );
    let account_config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        data_slice: slice,
        commitment: Some(CommitmentConfig::confirmed()),
        min_context_slot: None,
    };
    RpcProgramAccountsConfig { filters: Some(filters), account_config, with_context: None, sort_results: None }
}

fn clock(account: Option<&Account>) -> Result<i64> {
    let address = solana_sdk_ids::sysvar::clock::ID;
    let account = account.ok_or(Error::Missing { what: "clock", address })?;
    // The clock is five 64-bit numbers; the last is Unix time.
    let time = account.data.get(32..40).and_then(|bytes| bytes.try_into().ok()).map(i64::from_le_bytes);
    const _: () = assert!(core::mem::size_of::<Clock>() == 40);
    time.ok_or_else(|| Error::Undecodable { what: "clock", address, reason: format!("{} bytes", account.data.len()) })
}

fn decode_all<T: EngineAccount>(what: &'static str, keys: &[Pubkey], found: &[Option<Account>]) -> Result<Vec<T>> {
    keys.iter().zip(found).map(|(key, account)| decode(what, key, account.as_ref())).collect()
}

/// An account of the engine, with the reason where it is none.
///
/// # Errors
/// `Missing`, `Undecodable`.
pub fn decode<T: EngineAccount>(what: &'static str, address: &Pubkey, account: Option<&Account>) -> Result<T> {
    let account = account.ok_or(Error::Missing { what, address: *address })?;
    let failed = |reason: String| Error::Undecodable { what, address: *address, reason };
    if account.owner != pda::PROGRAM_ID {
        return Err(failed(format!("its owner is {}", account.owner)));
    }
    if account.data.len() != T::SPACE {
        return Err(failed(format!("it has {} bytes, not {}", account.data.len(), T::SPACE)));
    }
    let decoded =
        T::from_account_data(&account.data).ok_or_else(|| failed("it is an account of another type".into()))?;
    // The version is every account's first byte after the discriminator.
    let version = account.data[plimsoll_state::DISCRIMINATOR_LEN];
    if version != LAYOUT_VERSION {
        return Err(failed(format!("its layout version is {version}, this client knows {LAYOUT_VERSION}")));
    }
    Ok(*decoded)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use base64::prelude::{Engine as _, BASE64_STANDARD};
    use bytemuck::Zeroable;
    use serde_json::{json, Value};
    use solana_rpc_client_api::request::RpcRequest;

    use super::*;

    fn sent(key: &Pubkey, data: &[u8]) -> Value {
        let data = json!([BASE64_STANDARD.encode(data), "base64"]);
        let owner = pda::PROGRAM_ID.to_string();
        let account = json!({ "lamports": 1, "data": data, "owner": owner, "executable": false, "rentEpoch": 0 });
        json!({ "pubkey": key.to_string(), "account": account })
    }

    #[tokio::test]
    async fn an_account_of_another_layout_version_is_named_and_the_others_are_listed() {
        let [ours, newer, engine] = [1u8, 2, 3].map(|byte| Pubkey::new_from_array([byte; 32]));
        let of_version = |version: u8| {
            let account = MarginAccount { version, engine: engine.to_bytes(), ..MarginAccount::zeroed() };
            [MarginAccount::ACCOUNT_DISCRIMINATOR.as_slice(), bytemuck::bytes_of(&account)].concat()
        };
        let found = [sent(&newer, &of_version(LAYOUT_VERSION + 1)), sent(&ours, &of_version(LAYOUT_VERSION))];
        let answer = json!({ "context": { "slot": 7 }, "value": found });
        let answers = HashMap::from([(RpcRequest::GetProgramAccounts, answer)]);
        let connection = Connection::over(RpcClient::new_mock_with_mocks("succeeds".to_owned(), answers));

        let Listed { accounts, unreadable } = connection.margin_accounts(&engine, None, None).await.unwrap();
        assert_eq!(accounts.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [ours]);
        let texts: Vec<String> = unreadable.iter().map(Error::to_string).collect();
        let (next, known) = (LAYOUT_VERSION + 1, LAYOUT_VERSION);
        let reason = format!("its layout version is {next}, this client knows {known}");
        assert_eq!(texts, [format!("{newer} is not a margin account that this client can read: {reason}")]);
    }
}
