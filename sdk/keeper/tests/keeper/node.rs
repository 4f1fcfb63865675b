//! A node of one validator: the in-process chain behind the JSON-RPC that the keeper speaks, with faults on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use plimsoll_sdk::pda;
use plimsoll_sim::world::World;
use serde_json::{json, Value};
use solana_account::Account;
use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error, ErrorKind, Result};
use solana_rpc_client_api::config::RpcProgramAccountsConfig;
use solana_rpc_client_api::filter::RpcFilterType;
use solana_rpc_client_api::request::{RpcError, RpcRequest, RpcResponseErrorData};
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use crate::chain::{Bid, Block, Chain};

/// What is wrong with the node.
#[derive(Default)]
pub struct Faults {
    /// So many requests are answered with HTTP 429.
    pub rate_limited: u32,
    /// So many requests time out.
    pub timeouts: u32,
    /// After so many requests every further one times out.
    pub silent_after: Option<u32>,
    /// So many transactions are accepted and never land.
    pub dropped: u32,
    /// Transactions land when the block height is looked at, in the last block that takes them.
    pub lands_last: bool,
    /// Every look at the block height shows so many more blocks.
    pub height_step: u64,
    /// What the node claims of its genesis.
    pub genesis: Option<String>,
    /// What the node makes of accounts before it shows them.
    pub lie: Option<fn(&Pubkey, &mut Account)>,
    /// What the node says was paid in recent slots; empty is one slot at 700.
    pub recent_fees: Vec<Value>,
    /// Accounts that the node sends with data that is no base64.
    pub garbled: Vec<Pubkey>,
    /// The node refuses every simulation so.
    pub simulation: Option<TransactionError>,
    /// The node claims that every simulation succeeds.
    pub simulation_always_succeeds: bool,
    /// The node claims that what it was sent is confirmed, and drops it.
    pub claims_confirmed: bool,
    /// The node does not know compressed data.
    pub plain_only: bool,
    /// The node refuses answers to `getProgramAccounts` with more bytes than this.
    pub most_scanned_bytes: Option<usize>,
    /// The node refuses answers to `getProgramAccounts` with more accounts than this.
    pub most_scanned: Option<usize>,
    /// The node does not offer `getProgramAccounts`.
    pub refuses_scans: bool,
    /// Most addresses that the node takes in one `getMultipleAccounts`.
    pub most_at_once: Option<usize>,
}

struct Inner {
    chain: Chain,
    faults: Faults,
    requests: HashMap<String, u32>,
    blockhashes: Vec<solana_hash::Hash>,
    bids: Vec<Bid>,
    claimed: Vec<String>,
    held: Vec<VersionedTransaction>,
    largest_scan: usize,
}

/// The node.
#[derive(Clone)]
pub struct Node(Arc<Mutex<Inner>>);

impl Node {
    pub fn of(world: World) -> Self {
        let (faults, requests, blockhashes) = (Faults::default(), HashMap::new(), Vec::new());
        let (chain, claimed, held) = (Chain::of(world), Vec::new(), Vec::new());
        let inner = Inner { chain, faults, requests, blockhashes, bids: Vec::new(), claimed, held, largest_scan: 0 };
        Self(Arc::new(Mutex::new(inner)))
    }

    pub fn connection(&self) -> plimsoll_rpc::Connection {
        let config = RpcClientConfig::with_commitment(CommitmentConfig::confirmed());
        plimsoll_rpc::Connection::over(plimsoll_rpc::RpcClient::new_sender(self.clone(), config))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something on the chain, in a slot of its own.
    pub fn world<R>(&self, then: impl FnOnce(&mut World) -> R) -> R {
        self.chain(|chain| {
            chain.head.slot += 1;
            then(&mut chain.head.world)
        })
    }

    /// Does something with the chain itself.
    pub fn chain<R>(&self, then: impl FnOnce(&mut Chain) -> R) -> R {
        then(&mut self.inner().chain)
    }

    pub fn faults<R>(&self, set: impl FnOnce(&mut Faults) -> R) {
        set(&mut self.inner().faults);
    }

    /// How often a method was called.
    pub fn calls(&self, method: &str) -> u32 {
        self.inner().requests.get(method).copied().unwrap_or(0)
    }

    /// The blockhashes of the transactions that arrived.
    pub fn blockhashes(&self) -> Vec<solana_hash::Hash> {
        self.inner().blockhashes.clone()
    }

    /// What the transactions that arrived bid.
    pub fn bids(&self) -> Vec<Bid> {
        self.inner().bids.clone()
    }

    /// Accounts in the largest answer to `getProgramAccounts`.
    pub fn largest_scan(&self) -> usize {
        self.inner().largest_scan
    }
}

fn http_status(status: u16) -> Error {
    let response = axum::http::Response::builder().status(status).body(String::new()).expect("a response");
    let error = reqwest::Response::from(response).error_for_status().expect_err("an error's status");
    Error::from(ErrorKind::Reqwest(error))
}

fn refused(code: i64, message: &str) -> Error {
    let data = RpcResponseErrorData::Empty;
    ErrorKind::RpcError(RpcError::RpcResponseError { code, message: message.to_owned(), data }).into()
}

fn transaction(params: &Value) -> VersionedTransaction {
    let text = params[0].as_str().expect("an encoded transaction");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    bincode::deserialize(&bytes).expect("a transaction")
}

/// The commitment that a request asks for; none is `finalized`, which this chain does not tell from `confirmed`.
fn commitment(config: &Value) -> &str {
    config["commitment"].as_str().unwrap_or("finalized")
}

fn with_context(block: &Block, value: Value) -> Value {
    json!({ "context": { "slot": block.slot }, "value": value })
}

impl Inner {
    fn account(&self, block: &Block, key: &Pubkey) -> Option<Account> {
        let mut account = block.world.svm.get_account(key)?;
        if let Some(lie) = self.faults.lie {
            lie(key, &mut account);
        }
        Some(account)
    }

    /// An account as `config` wants it, or garbled.
    fn shown(&self, key: &Pubkey, account: &Account, config: &Value) -> Result<Value> {
        let mut shown = self.encoded(account, config)?;
        if self.faults.garbled.contains(key) && shown["data"][0] != "" {
            shown["data"][0] = "%%%".into();
        }
        Ok(shown)
    }

    /// An account as `config` wants it.
    fn encoded(&self, account: &Account, config: &Value) -> Result<Value> {
        let base64 = |data: &[u8]| base64::engine::general_purpose::STANDARD.encode(data);
        let slice = &config["dataSlice"];
        let from = (slice["offset"].as_u64().unwrap_or(0) as usize).min(account.data.len());
        let length = slice["length"].as_u64().map_or(usize::MAX, |length| length as usize);
        let data = &account.data[from..account.data.len().min(from.saturating_add(length))];
        let encoding = config["encoding"].as_str().unwrap_or("base58");
        let text = match encoding {
            "base64" => base64(data),
            "base64+zstd" if !self.faults.plain_only => {
                base64(&zstd::stream::encode_all(data, 0).expect("compression"))
            }
            other => return Err(refused(-32602, &format!("Invalid params: unknown variant `{other}`"))),
        };
        Ok(json!({
            "lamports": account.lamports, "data": [text, encoding], "owner": account.owner.to_string(),
            "executable": account.executable, "rentEpoch": 0, "space": account.data.len(),
        }))
    }

    fn multiple_accounts(&self, params: &Value) -> Result<Value> {
        let (keys, block) = (params[0].as_array().expect("addresses"), self.chain.at(commitment(&params[1])));
        let most = self.faults.most_at_once.unwrap_or(100);
        if keys.len() > most {
            return Err(refused(-32602, &format!("Too many inputs provided; max {most}")));
        }
        let shown = |key: &Value| {
            let key = key.as_str().expect("a text").parse().expect("an address");
            self.account(block, &key).map_or(Ok(Value::Null), |account| self.shown(&key, &account, &params[1]))
        };
        let accounts = keys.iter().map(shown).collect::<Result<Vec<Value>>>()?;
        Ok(with_context(block, accounts.into()))
    }

    fn program_accounts(&mut self, params: &Value) -> Result<Value> {
        if self.faults.refuses_scans {
            return Err(refused(-32601, "Method not found"));
        }
        let config: RpcProgramAccountsConfig = serde_json::from_value(params[1].clone()).expect("a configuration");
        let filters = config.filters.unwrap_or_default();
        let passes = |account: &Account| {
            filters.iter().all(|filter| match filter {
                RpcFilterType::DataSize(size) => account.data.len() as u64 == *size,
                RpcFilterType::Memcmp(memcmp) => memcmp.bytes_match(&account.data),
                _ => true,
            })
        };
        let block = self.chain.at(commitment(&params[1]));
        let found = block.world.svm.get_program_accounts(&pda::PROGRAM_ID).into_iter().filter(|(_, a)| passes(a));
        let keyed = found
            .filter_map(|(key, _)| Some((key, self.account(block, &key)?)))
            .map(|(key, account)| {
                Ok(json!({ "pubkey": key.to_string(), "account": self.shown(&key, &account, &params[1])? }))
            })
            .collect::<Result<Vec<Value>>>()?;
        let bytes: usize = keyed.iter().map(|keyed| keyed["account"]["data"][0].as_str().map_or(0, str::len)).sum();
        let too_many = self.faults.most_scanned.is_some_and(|most| keyed.len() > most);
        if too_many || self.faults.most_scanned_bytes.is_some_and(|most| bytes > most) {
            return Err(refused(-32603, "response is too large"));
        }
        let answer = match config.with_context {
            Some(true) => with_context(block, keyed.clone().into()),
            _ => keyed.clone().into(),
        };
        self.largest_scan = self.largest_scan.max(keyed.len());
        Ok(answer)
    }

    fn simulate(&self, params: &Value) -> Value {
        let block = self.chain.at(commitment(&params[1]));
        if let Some(error) = &self.faults.simulation {
            return with_context(block, json!({ "err": error, "logs": [], "unitsConsumed": 0 }));
        }
        let value = match block.world.svm.simulate_transaction(transaction(params)) {
            Err(failed) if !self.faults.simulation_always_succeeds => {
                json!({ "err": failed.err, "logs": failed.meta.logs, "unitsConsumed": 0 })
            }
            Ok(done) => json!({
                "err": null, "logs": done.meta.logs, "unitsConsumed": done.meta.compute_units_consumed,
                "loadedAccountsDataSize": 400_000,
            }),
            Err(_) => json!({ "err": null, "logs": [], "unitsConsumed": 100_000 }),
        };
        with_context(block, value)
    }

    fn send(&mut self, params: &Value) -> Value {
        let transaction = transaction(params);
        let signature = transaction.signatures[0].to_string();
        self.blockhashes.push(*transaction.message.recent_blockhash());
        self.bids.push(Bid::of(&transaction));
        if self.faults.claims_confirmed {
            self.claimed.push(signature.clone());
        } else if self.faults.lands_last {
            self.held.push(transaction);
        } else if self.faults.dropped > 0 {
            self.faults.dropped -= 1;
        } else {
            self.chain.take(transaction);
        }
        signature.into()
    }

    fn status(&self, signature: &Value) -> Value {
        let text = signature.as_str().expect("a signature");
        let found = match self.claimed.iter().any(|claimed| claimed == text) {
            true => Some((self.chain.head.slot, None, "confirmed")),
            false => self.chain.status(&text.parse().expect("a signature")),
        };
        let Some((slot, error, commitment)) = found else { return Value::Null };
        let status = error.as_ref().map_or_else(|| json!({ "Ok": null }), |error| json!({ "Err": error }));
        json!({
            "slot": slot, "confirmations": 1, "err": error, "status": status, "confirmationStatus": commitment,
        })
    }

    fn epoch_info(&mut self, params: &Value) -> Value {
        for transaction in std::mem::take(&mut self.held) {
            self.chain.take(transaction);
        }
        self.chain.grow(self.faults.height_step);
        let block = self.chain.at(commitment(&params[0]));
        json!({
            "absoluteSlot": block.slot, "blockHeight": block.height, "epoch": 1, "slotIndex": 1,
            "slotsInEpoch": 432_000, "transactionCount": 1,
        })
    }

    fn answer(&mut self, request: RpcRequest, params: &Value) -> Result<Value> {
        Ok(match request {
            RpcRequest::GetGenesisHash => {
                let own = || solana_hash::Hash::new_from_array([7; 32]).to_string();
                self.faults.genesis.clone().unwrap_or_else(own).into()
            }
            RpcRequest::GetMultipleAccounts => self.multiple_accounts(params)?,
            RpcRequest::GetProgramAccounts => self.program_accounts(params)?,
            RpcRequest::GetSlot => self.chain.at(commitment(&params[0])).slot.into(),
            RpcRequest::GetEpochInfo => self.epoch_info(params),
            RpcRequest::GetLatestBlockhash => {
                let (hash, last) = self.chain.blockhash(commitment(&params[0]));
                let value = json!({ "blockhash": hash.to_string(), "lastValidBlockHeight": last });
                with_context(self.chain.at(commitment(&params[0])), value)
            }
            RpcRequest::GetRecentPrioritizationFees => match &self.faults.recent_fees[..] {
                [] => json!([{ "slot": 1, "prioritizationFee": 700 }]),
                fees => fees.to_vec().into(),
            },
            RpcRequest::SimulateTransaction => self.simulate(params),
            RpcRequest::SendTransaction => self.send(params),
            RpcRequest::GetSignatureStatuses => {
                let signatures = params[0].as_array().expect("signatures").iter();
                let statuses: Vec<Value> = signatures.map(|signature| self.status(signature)).collect();
                with_context(&self.chain.head, statuses.into())
            }
            other => panic!("the node does not know {other}"),
        })
    }
}

#[async_trait]
impl RpcSender for Node {
    async fn send(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let mut inner = self.inner();
        *inner.requests.entry(request.to_string()).or_default() += 1;
        let timed_out = || Err(ErrorKind::Io(std::io::ErrorKind::TimedOut.into()).into());
        let faults = &mut inner.faults;
        match &mut faults.silent_after {
            Some(0) => return timed_out(),
            Some(left) => *left -= 1,
            None => {}
        }
        if faults.rate_limited > 0 {
            faults.rate_limited -= 1;
            return Err(http_status(429));
        }
        if faults.timeouts > 0 {
            faults.timeouts -= 1;
            return timed_out();
        }
        inner.answer(request, &params)
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        "in-process".into()
    }
}
