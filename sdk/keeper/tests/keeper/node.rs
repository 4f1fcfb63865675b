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
use solana_rpc_client_api::request::RpcRequest;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

/// What is wrong with the node.
#[derive(Default)]
pub struct Faults {
    /// So many requests are answered with HTTP 429.
    pub rate_limited: u32,
    /// So many requests time out.
    pub timeouts: u32,
    /// So many transactions are accepted and never land.
    pub dropped: u32,
    /// Every look at the block height shows so many more blocks.
    pub height_step: u64,
    /// What the node claims of its genesis.
    pub genesis: Option<String>,
    /// What the node makes of accounts before it shows them.
    pub lie: Option<fn(&Pubkey, &mut Account)>,
    /// The node refuses every simulation so.
    pub simulation: Option<TransactionError>,
}

struct Inner {
    world: World,
    faults: Faults,
    slot: u64,
    height: u64,
    statuses: HashMap<String, Value>,
    requests: HashMap<String, u32>,
    blockhashes: Vec<solana_hash::Hash>,
}

/// The node.
#[derive(Clone)]
pub struct Node(Arc<Mutex<Inner>>);

impl Node {
    pub fn of(world: World) -> Self {
        let (faults, statuses, requests) = (Faults::default(), HashMap::new(), HashMap::new());
        let inner = Inner { world, faults, slot: 1_000, height: 900, statuses, requests, blockhashes: Vec::new() };
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
        let mut inner = self.inner();
        inner.slot += 1;
        then(&mut inner.world)
    }

    pub fn faults(&self, set: impl FnOnce(&mut Faults)) {
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
}

fn http_status(status: u16) -> Error {
    let response = axum::http::Response::builder().status(status).body(String::new()).expect("a response");
    let error = reqwest::Response::from(response).error_for_status().expect_err("an error's status");
    Error::from(ErrorKind::Reqwest(error))
}

fn transaction(params: &Value) -> VersionedTransaction {
    let text = params[0].as_str().expect("an encoded transaction");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    bincode::deserialize(&bytes).expect("a transaction")
}

impl Inner {
    fn account(&self, key: &Pubkey) -> Option<Account> {
        let mut account = self.world.svm.get_account(key)?;
        if let Some(lie) = self.faults.lie {
            lie(key, &mut account);
        }
        Some(account)
    }

    fn encoded(account: &Account) -> Value {
        let data = base64::engine::general_purpose::STANDARD.encode(&account.data);
        json!({
            "lamports": account.lamports, "data": [data, "base64"], "owner": account.owner.to_string(),
            "executable": account.executable, "rentEpoch": 0, "space": account.data.len(),
        })
    }

    fn with_context(&self, value: Value) -> Value {
        json!({ "context": { "slot": self.slot }, "value": value })
    }

    fn multiple_accounts(&self, params: &Value) -> Value {
        let keys = params[0].as_array().expect("addresses").iter().map(|key| key.as_str().expect("a text"));
        let accounts: Vec<Value> = keys
            .map(|key| self.account(&key.parse().expect("an address")).map_or(Value::Null, |a| Self::encoded(&a)))
            .collect();
        self.with_context(accounts.into())
    }

    fn program_accounts(&self, params: &Value) -> Value {
        let config: RpcProgramAccountsConfig = serde_json::from_value(params[1].clone()).expect("a configuration");
        let filters = config.filters.unwrap_or_default();
        let passes = |account: &Account| {
            filters.iter().all(|filter| match filter {
                RpcFilterType::DataSize(size) => account.data.len() as u64 == *size,
                RpcFilterType::Memcmp(memcmp) => memcmp.bytes_match(&account.data),
                _ => true,
            })
        };
        let found = self.world.svm.get_program_accounts(&pda::PROGRAM_ID).into_iter().filter(|(_, a)| passes(a));
        let keyed: Vec<Value> = found
            .filter_map(|(key, _)| Some((key, self.account(&key)?)))
            .map(|(key, account)| json!({ "pubkey": key.to_string(), "account": Self::encoded(&account) }))
            .collect();
        if config.with_context == Some(true) {
            self.with_context(keyed.into())
        } else {
            keyed.into()
        }
    }

    fn simulate(&self, params: &Value) -> Value {
        if let Some(error) = &self.faults.simulation {
            return self.with_context(json!({ "err": error, "logs": [], "unitsConsumed": 0 }));
        }
        let value = match self.world.svm.simulate_transaction(transaction(params)) {
            Ok(done) => json!({
                "err": null, "logs": done.meta.logs, "unitsConsumed": done.meta.compute_units_consumed,
                "loadedAccountsDataSize": 400_000,
            }),
            Err(failed) => json!({ "err": failed.err, "logs": failed.meta.logs, "unitsConsumed": 0 }),
        };
        self.with_context(value)
    }

    fn send(&mut self, params: &Value) -> Value {
        let transaction = transaction(params);
        let signature = transaction.signatures[0].to_string();
        self.blockhashes.push(*transaction.message.recent_blockhash());
        if self.faults.dropped > 0 {
            self.faults.dropped -= 1;
        } else if !self.statuses.contains_key(&signature) {
            self.slot += 1;
            let sent = self.world.svm.send_transaction(transaction);
            let (err, status) = match sent {
                Ok(_) => (Value::Null, json!({ "Ok": null })),
                Err(failed) => (json!(failed.err), json!({ "Err": failed.err })),
            };
            let status = json!({
                "slot": self.slot, "confirmations": 1, "err": err, "status": status, "confirmationStatus": "confirmed",
            });
            self.statuses.insert(signature.clone(), status);
        }
        signature.into()
    }

    fn answer(&mut self, request: RpcRequest, params: &Value) -> Value {
        match request {
            RpcRequest::GetGenesisHash => {
                let own = || solana_hash::Hash::new_from_array([7; 32]).to_string();
                self.faults.genesis.clone().unwrap_or_else(own).into()
            }
            RpcRequest::GetMultipleAccounts => self.multiple_accounts(params),
            RpcRequest::GetProgramAccounts => self.program_accounts(params),
            RpcRequest::GetSlot => self.slot.into(),
            RpcRequest::GetBlockHeight => {
                self.height += self.faults.height_step;
                self.height.into()
            }
            RpcRequest::GetLatestBlockhash => {
                self.world.svm.expire_blockhash();
                let hash = self.world.svm.latest_blockhash().to_string();
                self.with_context(json!({ "blockhash": hash, "lastValidBlockHeight": self.height + 150 }))
            }
            RpcRequest::GetRecentPrioritizationFees => json!([{ "slot": 1, "prioritizationFee": 700 }]),
            RpcRequest::SimulateTransaction => self.simulate(params),
            RpcRequest::SendTransaction => self.send(params),
            RpcRequest::GetSignatureStatuses => {
                let known = |signature: &Value| self.statuses.get(signature.as_str()?).cloned();
                let signatures = params[0].as_array().expect("signatures").iter();
                let statuses: Vec<Value> =
                    signatures.map(|signature| known(signature).unwrap_or(Value::Null)).collect();
                self.with_context(statuses.into())
            }
            other => panic!("the node does not know {other}"),
        }
    }
}

#[async_trait]
impl RpcSender for Node {
    async fn send(&self, request: RpcRequest, params: Value) -> Result<Value> {
        let mut inner = self.inner();
        *inner.requests.entry(request.to_string()).or_default() += 1;
        if inner.faults.rate_limited > 0 {
            inner.faults.rate_limited -= 1;
            return Err(http_status(429));
        }
        if inner.faults.timeouts > 0 {
            inner.faults.timeouts -= 1;
            return Err(ErrorKind::Io(std::io::ErrorKind::TimedOut.into()).into());
        }
        Ok(inner.answer(request, &params))
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        "in-process".into()
    }
}
