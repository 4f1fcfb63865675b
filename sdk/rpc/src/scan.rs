//! Many accounts at once: compressed where the node can, in the largest batches that it takes.

use std::io::Read;
use std::str::FromStr;
use std::sync::atomic::Ordering;

use base64::prelude::{Engine as _, BASE64_STANDARD};
use serde_json::{json, Value};
use solana_account::Account;
use solana_account_decoder_client_types::{UiAccountData, UiAccountEncoding};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{OptionalContext, Response};

use crate::engine::Connection;
use crate::error::{Error, Result};
use crate::sent::SentAccount;

/// No account is larger, whatever compressed data claims to become.
const MOST_DATA_BYTES: u64 = 10 * 1024 * 1024;

/// The epoch in which an account pays rent next that never pays any, as no account does any more; what a node sends is
/// not read ([`SentAccount`]).
const RENT_EXEMPT: u64 = u64::MAX;

/// JSON-RPC code of a node that answers nothing until it has caught up.
const NODE_IS_BEHIND: &str = "-32005";

/// What a node says of an address.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// The account.
    Found(Account),
    /// Nothing is there.
    Nothing,
    /// There is an account, in a form that cannot be read: it is not known what it holds.
    Unreadable,
}

impl Reading {
    /// The account; none where there is none or it cannot be read.
    pub fn account(self) -> Option<Account> {
        match self {
            Self::Found(account) => Some(account),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// What a node lists of a program's accounts.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// The slot that they are of; none where the node leaves it out.
    pub slot: Option<u64>,
    /// The accounts.
    pub accounts: Vec<(Pubkey, Account)>,
    /// Addresses of those that are there and that the node sends in a form that cannot be read.
    pub unreadable: Vec<Pubkey>,
}

impl Connection {
    /// The accounts of a program that pass the filters of `config`. Encoding, commitment and context of `config` are set
    /// here. One that cannot be read costs no other; where even its address cannot be read it is left out and logged.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn program_accounts(&self, program: &Pubkey, mut config: RpcProgramAccountsConfig) -> Result<Scanned> {
        config.account_config.commitment = Some(self.rpc.commitment());
        config.with_context = Some(true);
        loop {
            // Of nothing there is nothing to compress.
            let sliced = config.account_config.data_slice.is_some_and(|slice| slice.length == 0);
            let encoding = if sliced { UiAccountEncoding::Base64 } else { self.limits.encoding() };
            config.account_config.encoding = Some(encoding);
            let params = json!([program.to_string(), config]);
            let answer = self.rpc.send::<OptionalContext<Vec<Value>>>(RpcRequest::GetProgramAccounts, params);
            return match answer.await.map_err(Error::from) {
                Ok(OptionalContext::Context(found)) => Ok(scanned(Some(found.context.slot), found.value)),
                Ok(OptionalContext::NoContext(found)) => Ok(scanned(None, found)),
                Err(error) if self.limits.is_of_encoding(encoding, &error) => continue,
                Err(error) => Err(error),
            };
        }
    }

    /// What the node says of up to a hundred addresses in one answer, and its slot; of fewer, the first ones, where the
    /// node takes no more.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn some_readings(&self, keys: &[Pubkey]) -> Result<(u64, Vec<Reading>)> {
        let mut most = self.limits.at_once.load(Ordering::Relaxed).min(keys.len());
        let mut is_less = false;
        loop {
            let (encoding, commitment) = (self.limits.encoding(), Some(self.rpc.commitment()));
            let config = RpcAccountInfoConfig { encoding: Some(encoding), commitment, ..Default::default() };
            let addresses: Vec<String> = keys[..most].iter().map(Pubkey::to_string).collect();
            let params = json!([addresses, config]);
            let answer = self.rpc.send::<Response<Vec<Value>>>(RpcRequest::GetMultipleAccounts, params);
            match answer.await.map_err(Error::from) {
                Ok(found) => {
                    if found.value.len() != most {
                        return Err(Error::Node(format!("{} accounts for {most} addresses", found.value.len())));
                    }
                    if is_less {
                        self.limits.at_once.store(most, Ordering::Relaxed);
                    }
                    return Ok((found.context.slot, found.value.into_iter().map(reading).collect()));
                }
                Err(error) if self.limits.is_of_encoding(encoding, &error) => {}
                Err(Error::Node(text)) if most > 1 && !text.contains(NODE_IS_BEHIND) => {
                    tracing::debug!(text, most, "asking for fewer accounts at once");
                    (most, is_less) = (most / 2, true);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What the node says of several addresses, and the slot of the oldest of the answers it came in (one up to a hundred
    /// addresses, if the node takes so many).
    ///
    /// # Errors
    /// An RPC error.
    pub async fn readings(&self, keys: &[Pubkey]) -> Result<(u64, Vec<Reading>)> {
        let (mut slot, mut found) = (u64::MAX, Vec::with_capacity(keys.len()));
        while found.len() < keys.len() {
            let (of, some) = self.some_readings(&keys[found.len()..]).await?;
            slot = slot.min(of);
            found.extend(some);
        }
        Ok((if found.is_empty() { 0 } else { slot }, found))
    }

    /// As [`Connection::readings`], for whoever needs all of them; none for each address where nothing is.
    ///
    /// # Errors
    /// An RPC error; `Node` where an account cannot be read.
    pub async fn accounts(&self, keys: &[Pubkey]) -> Result<(u64, Vec<Option<Account>>)> {
        let (slot, found) = self.readings(keys).await?;
        let account = |(reading, key): (Reading, &Pubkey)| match reading {
            Reading::Unreadable => Err(Error::Node(format!("the data of {key} cannot be decoded"))),
            reading => Ok(reading.account()),
        };
        Ok((slot, found.into_iter().zip(keys).map(account).collect::<Result<_>>()?))
    }
}

fn scanned(slot: Option<u64>, found: Vec<Value>) -> Scanned {
    let mut scanned = Scanned { slot, ..Scanned::default() };
    for mut record in found {
        let key = record["pubkey"].as_str().and_then(|text| Pubkey::from_str(text).ok());
        match (key, reading(record["account"].take())) {
            (Some(key), Reading::Found(account)) => scanned.accounts.push((key, account)),
            (Some(key), _) => {
                tracing::warn!(account = %key, "an account that cannot be decoded");
                scanned.unreadable.push(key);
            }
            (None, _) => tracing::warn!("the node lists an account without an address"),
        }
    }
    scanned
}

fn reading(sent: Value) -> Reading {
    if sent.is_null() {
        return Reading::Nothing;
    }
    let account = serde_json::from_value::<SentAccount>(sent).ok().and_then(|account| decoded(&account));
    account.map_or(Reading::Unreadable, Reading::Found)
}

/// An account as a node sends it; none where it cannot be decoded, or claims to be larger than an account can be.
pub fn decoded(account: &SentAccount) -> Option<Account> {
    Some(Account {
        lamports: account.lamports,
        data: data(&account.data)?,
        owner: Pubkey::from_str(&account.owner).ok()?,
        executable: account.executable,
        rent_epoch: RENT_EXEMPT,
    })
}

fn data(data: &UiAccountData) -> Option<Vec<u8>> {
    let UiAccountData::Binary(text, UiAccountEncoding::Base64Zstd) = data else { return data.decode() };
    let compressed = BASE64_STANDARD.decode(text).ok()?;
    // The client's own decoder would take whatever a few bytes claim to become.
    let mut reader = zstd::stream::read::Decoder::new(compressed.as_slice()).ok()?.take(MOST_DATA_BYTES + 1);
    let mut data = Vec::new();
    reader.read_to_end(&mut data).ok()?;
    (data.len() as u64 <= MOST_DATA_BYTES).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(data: &[u8]) -> UiAccountData {
        let bytes = zstd::stream::encode_all(data, 1).unwrap();
        UiAccountData::Binary(BASE64_STANDARD.encode(bytes), UiAccountEncoding::Base64Zstd)
    }

    #[test]
    fn compressed_data_comes_out_as_it_was() {
        let bytes: Vec<u8> = (0..3_000u32).map(|n| (n % 7) as u8).collect();
        assert_eq!(data(&compressed(&bytes)), Some(bytes));
        assert_eq!(data(&UiAccountData::Binary("AAAA".into(), UiAccountEncoding::Base64Zstd)), None);
    }

    fn sent(data: &str, owner: &str) -> Value {
        json!({ "lamports": 1, "data": [data, "base64"], "owner": owner, "executable": false, "space": 3 })
    }

    /// In every position of a list, whatever a record is instead of an account, the others are read and it is named.
    #[test]
    fn one_record_that_is_no_account_costs_no_other() {
        let (owner, keys) = (Pubkey::new_unique().to_string(), [(); 3].map(|()| Pubkey::new_unique()));
        let bad = [
            json!("text"),
            json!({}),
            json!([]),
            json!(-1),
            sent("%%", &owner),
            sent("AQID", "nobody"),
            json!({ "lamports": -1, "data": ["AQID", "base64"], "owner": owner, "executable": false }),
            json!({ "lamports": 1, "data": null, "owner": owner, "executable": false }),
        ];
        for (place, record) in (0..3).flat_map(|place| bad.iter().map(move |record| (place, record))) {
            let account = |at: usize| if at == place { record.clone() } else { sent("AQID", &owner) };
            let found = scanned(
                None,
                (0..3).map(|at| json!({ "pubkey": keys[at].to_string(), "account": account(at) })).collect(),
            );
            assert_eq!((found.accounts.len(), found.unreadable), (2, vec![keys[place]]), "{record}");
            let readings: Vec<Reading> = (0..3).map(|at| reading(account(at))).collect();
            for (at, reading) in readings.iter().enumerate() {
                assert_eq!(*reading == Reading::Unreadable, at == place, "{record}");
            }
        }
        assert_eq!(reading(Value::Null), Reading::Nothing);
        let unnamed = scanned(Some(1), vec![json!(null), json!({ "pubkey": 7 }), json!({ "account": {} })]);
        assert!(unnamed.accounts.is_empty() && unnamed.unreadable.is_empty());
    }

    #[test]
    fn a_few_bytes_that_claim_to_be_a_large_account_are_not_believed() {
        let bomb = compressed(&vec![0; MOST_DATA_BYTES as usize + 1]);
        assert_eq!(data(&bomb), None);
        assert!(data(&compressed(&vec![0; MOST_DATA_BYTES as usize])).is_some());
    }
}
