//! Reading accounts from the node.

use plimsoll_rpc::scan::decoded;
use plimsoll_rpc::sent::{SentAccount, SentKeyedAccount};
use plimsoll_rpc::{Connection, Error, Reading, Result};
use plimsoll_sdk::pda::{self, EngineKeys};
use solana_pubkey::Pubkey;

use crate::state::Update;

/// Address and data of an account as the node sends it by WebSocket; empty data where it is not the engine's.
///
/// # Errors
/// `Node` where it sends something else.
pub fn keyed(sent: &SentKeyedAccount) -> Result<(Pubkey, Vec<u8>)> {
    let key = sent.pubkey.parse().map_err(|_| Error::Node(format!("{} is not an address", sent.pubkey)))?;
    Ok((key, owned(&key, &sent.account)?))
}

/// The data of an account as the node sends it by WebSocket; none where it is not the engine's.
///
/// # Errors
/// `Node` where it sends something else.
pub fn owned(key: &Pubkey, sent: &SentAccount) -> Result<Vec<u8>> {
    let account = decoded(sent).ok_or_else(|| Error::Node(format!("the data of {key} cannot be decoded")))?;
    Ok(if account.owner == pda::PROGRAM_ID { account.data } else { Vec::new() })
}

/// The shared accounts and the clock, in one answer.
///
/// # Errors
/// An RPC error; `Undecodable` where there is no clock.
pub async fn shared(connection: &Connection, keys: &EngineKeys, counts: (u8, u8)) -> Result<Vec<Update>> {
    let clock = solana_sdk_ids::sysvar::clock::ID;
    let mut addresses = vec![clock, keys.registry, keys.board, keys.feeds];
    addresses.extend((0..counts.0).map(|index| keys.bank(index).bank));
    addresses.extend((0..counts.1).map(|index| keys.market(index)));
    let (slot, found) = connection.readings(&addresses).await?;
    let mut updates = Vec::with_capacity(addresses.len());
    for (key, reading) in addresses.into_iter().zip(found) {
        if reading == Reading::Unreadable {
            tracing::warn!(account = %key, "a shared account that cannot be decoded: the one that is known stands");
        }
        let Some(account) = reading.account() else { continue };
        if key == clock {
            let unix_secs = clock_secs(&account.data).ok_or_else(|| Error::Undecodable {
                what: "clock",
                address: key,
                reason: format!("{} bytes", account.data.len()),
            })?;
            updates.push(Update::Clock { slot, unix_secs });
        } else if account.owner == pda::PROGRAM_ID {
            updates.push(Update::Account { key, slot, data: account.data });
        }
    }
    Ok(updates)
}

/// Unix time of the clock sysvar: the last of its five 64-bit numbers.
pub fn clock_secs(data: &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(data.get(32..40)?.try_into().ok()?))
}
