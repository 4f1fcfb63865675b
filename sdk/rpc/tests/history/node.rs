//! A node with transactions in the order in which they happened, whose faults are scripted.

use std::sync::{Arc, Mutex};

use plimsoll_rpc::{Connection, RpcClient};
use plimsoll_sdk::event::{Event, PremiumReported, EVENT_TAG};
use plimsoll_sdk::pda::PROGRAM_ID;
use serde_json::{json, Value};
use solana_pubkey::Pubkey;
use solana_rpc_client::rpc_client::RpcClientConfig;
use solana_rpc_client::rpc_sender::{RpcSender, RpcTransportStats};
use solana_rpc_client_api::client_error::{Error as ClientError, ErrorKind, Result as ClientResult};
use solana_rpc_client_api::request::RpcRequest;
use solana_signature::Signature;

pub fn key(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// The signature that a number stands for.
pub fn signature(number: u64) -> Signature {
    let mut bytes = [0; 64];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = ((index as u64 * 7 + number * 31 + 1) % 251) as u8;
    }
    bytes[40..48].copy_from_slice(&number.to_be_bytes());
    Signature::from(bytes)
}

/// The data of the call by which an event is recorded that has a number.
pub fn numbered(number: i32, engine: Pubkey) -> Vec<u8> {
    let event = PremiumReported { engine, market: 0, premium_ppm: number };
    [&EVENT_TAG[..], &PremiumReported::DISCRIMINATOR, &borsh::to_vec(&event).unwrap()].concat()
}

/// A transaction.
#[derive(Clone)]
pub struct Kept {
    pub signature: Signature,
    pub slot: u64,
    pub is_failed: bool,
    /// Data of its events' calls; none where the node lists it and does not have it.
    pub events: Option<Vec<Vec<u8>>>,
    /// Whether its calls are kept.
    pub has_inner: bool,
}

/// What is asked, and what would be answered.
pub struct Asked<'a> {
    pub method: &'a str,
    pub params: &'a Value,
    pub answer: Value,
    /// How many requests there were before.
    pub number: usize,
}

impl Asked<'_> {
    /// The transaction before which a page is asked for.
    pub fn before(&self) -> Option<&str> {
        self.params[1]["before"].as_str()
    }

    pub fn is_page(&self) -> bool {
        self.method == "getSignaturesForAddress"
    }
}

/// What goes wrong: the answer instead.
pub type Fault = Box<dyn FnMut(Asked<'_>, &mut Vec<Kept>) -> ClientResult<Value> + Send>;

#[derive(Default)]
struct State {
    kept: Vec<Kept>,
    asked: Vec<(String, Value)>,
    most_listed: Option<usize>,
    first_block: u64,
    fault: Option<Fault>,
}

/// A node.
#[derive(Clone, Default)]
pub struct Node(Arc<Mutex<State>>);

impl Node {
    /// Adds a transaction with these events.
    pub fn add(&self, slot: u64, numbers: &[i32]) -> Signature {
        add(&mut self.0.lock().unwrap().kept, slot, numbers)
    }

    /// Changes what it has.
    pub fn change(&self, change: impl FnOnce(&mut Vec<Kept>)) {
        change(&mut self.0.lock().unwrap().kept);
    }

    /// Lists no more at once.
    pub fn lists_at_most(&self, most: usize) {
        self.0.lock().unwrap().most_listed = Some(most);
    }

    /// The first slot that it says it has.
    pub fn begins_with(&self, slot: u64) {
        self.0.lock().unwrap().first_block = slot;
    }

    /// What goes wrong from now on.
    pub fn fails(&self, fault: impl FnMut(Asked<'_>, &mut Vec<Kept>) -> ClientResult<Value> + Send + 'static) {
        self.0.lock().unwrap().fault = Some(Box::new(fault));
    }

    pub fn recovers(&self) {
        self.0.lock().unwrap().fault = None;
    }

    /// How often something was asked.
    pub fn count(&self, method: &str) -> usize {
        self.asked().iter().filter(|(asked, _)| asked == method).count()
    }

    pub fn asked(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().asked.clone()
    }

    pub fn connection(&self) -> Connection {
        Connection::over(RpcClient::new_sender(self.clone(), RpcClientConfig::default()))
    }
}

/// Adds a transaction to what a node has.
pub fn add(kept: &mut Vec<Kept>, slot: u64, numbers: &[i32]) -> Signature {
    let signature = signature(kept.len() as u64 + 1);
    let events = numbers.iter().map(|number| numbered(*number, key(1))).collect();
    kept.push(Kept { signature, slot, is_failed: false, events: Some(events), has_inner: true });
    signature
}

/// As a request over HTTP fails.
pub fn unreachable() -> ClientError {
    ErrorKind::Io(std::io::Error::other("the connection was reset")).into()
}

/// As a node refuses.
pub fn refused(code: i64, message: &str) -> ClientError {
    ErrorKind::Custom(format!("RPC response error {code}: {message}")).into()
}

fn list(state: &State, params: &Value) -> Value {
    let config = &params[1];
    let newest: Vec<&Kept> = state.kept.iter().rev().collect();
    // As nodes do: of a transaction that it does not know nothing is older.
    let start = match config["before"].as_str() {
        None => 0,
        Some(before) => match newest.iter().position(|kept| kept.signature.to_string() == before) {
            Some(place) => place + 1,
            None => return json!([]),
        },
    };
    let limit = (config["limit"].as_u64().unwrap() as usize).min(state.most_listed.unwrap_or(1_000));
    let listed = newest.iter().skip(start).take(limit).map(|kept| {
        let err = if kept.is_failed { json!({ "InstructionError": [0, { "Custom": 6300 }] }) } else { Value::Null };
        json!({ "signature": kept.signature.to_string(), "slot": kept.slot, "err": err, "memo": null,
            "blockTime": 1_700_000_000 + kept.slot, "confirmationStatus": "confirmed" })
    });
    Value::Array(listed.collect())
}

fn transaction(state: &State, params: &Value) -> Value {
    let found = state.kept.iter().find(|kept| Some(kept.signature.to_string().as_str()) == params[0].as_str());
    let Some((kept, events)) = found.and_then(|kept| Some((kept, kept.events.as_ref()?))) else { return Value::Null };
    let calls: Vec<Value> = events
        .iter()
        .map(|data| json!({ "programIdIndex": 1, "accounts": [2], "data": bs58::encode(data).into_string(), "stackHeight": 2 }))
        .collect();
    let inner = if kept.has_inner { json!([{ "index": 0, "instructions": calls }]) } else { Value::Null };
    json!({
        "slot": kept.slot,
        "blockTime": 1_700_000_000 + kept.slot,
        "version": 0,
        "transaction": {
            "signatures": [kept.signature.to_string()],
            "message": {
                "accountKeys": [key(200).to_string(), PROGRAM_ID.to_string()],
                "instructions": [{ "programIdIndex": 1, "accounts": [0, 2], "data": "1", "stackHeight": 1 }],
            },
        },
        // The third account is of a lookup table.
        "meta": { "err": null, "innerInstructions": inner, "logMessages": [],
            "loadedAddresses": { "writable": [key(201).to_string()], "readonly": [] } },
    })
}

fn statuses(state: &State, params: &Value) -> Value {
    let found = state.kept.iter().find(|kept| Some(kept.signature.to_string().as_str()) == params[0][0].as_str());
    let status =
        found.map(|kept| json!({ "slot": kept.slot, "confirmations": null, "err": null, "status": { "Ok": null } }));
    json!({ "context": { "slot": 1 }, "value": [status] })
}

#[async_trait::async_trait]
impl RpcSender for Node {
    async fn send(&self, request: RpcRequest, params: Value) -> ClientResult<Value> {
        let mut state = self.0.lock().unwrap();
        let method = request.to_string();
        let number = state.asked.len();
        state.asked.push((method.clone(), params.clone()));
        let answer = match method.as_str() {
            "getSignaturesForAddress" => list(&state, &params),
            "getTransaction" => transaction(&state, &params),
            "getSignatureStatuses" => statuses(&state, &params),
            "getFirstAvailableBlock" => json!(state.first_block),
            other => panic!("{other} is not asked for"),
        };
        let State { kept, fault, .. } = &mut *state;
        match fault {
            Some(fault) => fault(Asked { method: &method, params: &params, answer, number }, kept),
            None => Ok(answer),
        }
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        "node".into()
    }
}
