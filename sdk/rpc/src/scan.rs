//! Many accounts at once: compressed where the node can, in the largest batches that it takes.

use std::io::Read;
use std::str::FromStr;
use std::sync::atomic::Ordering;

use base64::prelude::{Engine as _, BASE64_STANDARD};
use serde_json::json;
use solana_account::Account;
use solana_account_decoder_client_types::{UiAccountData, UiAccountEncoding};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{OptionalContext, Response};

use crate::engine::Connection;
use crate::error::{Error, Result};
use crate::sent::{SentAccount, SentKeyedAccount};

/// No account is larger, whatever compressed data claims to become.
const MOST_DATA_BYTES: u64 = 10 * 1024 * 1024;

/// The epoch in which an account pays rent next that never pays any, as no account does any more; what a node sends is
/// not read ([`SentAccount`]).
const RENT_EXEMPT: u64 = u64::MAX;

/// JSON-RPC code of a node that answers nothing until it has caught up.
const NODE_IS_BEHIND: &str = "-32005";

impl Connection {
    /// The accounts of a program that pass the filters of `config`, and the slot they are of; none where the node leaves
    /// it out. Encoding, commitment and context of `config` are set here. What cannot be decoded is left out.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn program_accounts(
        &self,
        program: &Pubkey,
        mut config: RpcProgramAccountsConfig,
    ) -> Result<(Option<u64>, Vec<(Pubkey, Account)>)> {
        config.account_config.commitment = Some(self.rpc.commitment());
        config.with_context = Some(true);
        loop {
            // Of nothing there is nothing to compress.
            let sliced = config.account_config.data_slice.is_some_and(|slice| slice.length == 0);
            let encoding = if sliced { UiAccountEncoding::Base64 } else { self.limits.encoding() };
            config.account_config.encoding = Some(encoding);
            let params = json!([program.to_string(), config]);
            let answer =
                self.rpc.send::<OptionalContext<Vec<SentKeyedAccount>>>(RpcRequest::GetProgramAccounts, params);
            let (slot, found) = match answer.await.map_err(Error::from) {
                Ok(OptionalContext::Context(response)) => (Some(response.context.slot), response.value),
                Ok(OptionalContext::NoContext(found)) => (None, found),
                Err(error) if self.limits.is_of_encoding(encoding, &error) => continue,
                Err(error) => return Err(error),
            };
            let decoded = found.into_iter().filter_map(|keyed| {
                let account = decoded(&keyed.account);
                if account.is_none() {
                    tracing::warn!(account = keyed.pubkey, "an account that cannot be decoded");
                }
                Some((Pubkey::from_str(&keyed.pubkey).ok()?, account?))
            });
            return Ok((slot, decoded.collect()));
        }
    }

    /// Up to a hundred accounts of one answer, and its slot; fewer, the first ones, where the node takes no more.
    ///
    /// # Errors
    /// An RPC error; `Node` where an account cannot be decoded.
    pub async fn some_accounts(&self, keys: &[Pubkey]) -> Result<(u64, Vec<Option<Account>>)> {
        let mut most = self.limits.at_once.load(Ordering::Relaxed).min(keys.len());
        let mut is_less = false;
        loop {
            let (encoding, commitment) = (self.limits.encoding(), Some(self.rpc.commitment()));
            let config = RpcAccountInfoConfig { encoding: Some(encoding), commitment, ..Default::default() };
            let addresses: Vec<String> = keys[..most].iter().map(Pubkey::to_string).collect();
            let params = json!([addresses, config]);
            let answer = self.rpc.send::<Response<Vec<Option<SentAccount>>>>(RpcRequest::GetMultipleAccounts, params);
            match answer.await.map_err(Error::from) {
                Ok(found) => {
                    let accounts = found.value.iter().zip(keys).map(|(account, key)| match account {
                        Some(account) => {
                            let failed = || Error::Node(format!("the data of {key} cannot be decoded"));
                            decoded(account).ok_or_else(failed).map(Some)
                        }
                        None => Ok(None),
                    });
                    let accounts = accounts.collect::<Result<Vec<_>>>()?;
                    if accounts.len() != most {
                        return Err(Error::Node(format!("{} accounts for {most} addresses", accounts.len())));
                    }
                    if is_less {
                        self.limits.at_once.store(most, Ordering::Relaxed);
                    }
                    return Ok((found.context.slot, accounts));
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

    /// Several accounts, and the slot of the oldest of the answers they came in (one up to a hundred accounts, if the
    /// node takes so many); none for each address where nothing is.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn accounts(&self, keys: &[Pubkey]) -> Result<(u64, Vec<Option<Account>>)> {
        let (mut slot, mut found) = (u64::MAX, Vec::with_capacity(keys.len()));
        while found.len() < keys.len() {
            let (of, some) = self.some_accounts(&keys[found.len()..]).await?;
            slot = slot.min(of);
            found.extend(some);
        }
        Ok((if found.is_empty() { 0 } else { slot }, found))
    }
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

    #[test]
    fn a_few_bytes_that_claim_to_be_a_large_account_are_not_believed() {
        let bomb = compressed(&vec![0; MOST_DATA_BYTES as usize + 1]);
        assert_eq!(data(&bomb), None);
        assert!(data(&compressed(&vec![0; MOST_DATA_BYTES as usize])).is_some());
    }
}
