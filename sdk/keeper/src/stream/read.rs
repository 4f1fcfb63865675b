//! Reading accounts from the node.

use plimsoll_rpc::engine::{program_accounts, ENGINE_OFFSET};
use plimsoll_rpc::{Connection, Error, Result};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_state::{EngineAccount, MarginAccount};
use serde_json::json;
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcProgramAccountsConfig;
use solana_rpc_client_api::request::RpcRequest;
use solana_rpc_client_api::response::{OptionalContext, RpcKeyedAccount};

use crate::state::Update;

/// The request for all margin accounts of an engine, by `getProgramAccounts` or `programSubscribe`.
pub fn margin_accounts_of(engine: &Pubkey) -> RpcProgramAccountsConfig {
    program_accounts(MarginAccount::SPACE, &MarginAccount::ACCOUNT_DISCRIMINATOR, &[(ENGINE_OFFSET, *engine)], None)
}

/// All margin accounts of an engine, with the slot of the node's answer, or one before it.
///
/// # Errors
/// An RPC error.
pub async fn snapshot(connection: &Connection, engine: &Pubkey) -> Result<Update> {
    // A node that leaves out the context is asked for its slot first: what it then answers is of that slot or later.
    let before = connection.rpc.get_slot_with_commitment(connection.rpc.commitment()).await?;
    let mut config = margin_accounts_of(engine);
    config.account_config.commitment = Some(connection.rpc.commitment());
    config.with_context = Some(true);
    let params = json!([pda::PROGRAM_ID.to_string(), config]);
    let answer: OptionalContext<Vec<RpcKeyedAccount>> =
        connection.rpc.send(RpcRequest::GetProgramAccounts, params).await?;
    let (slot, found) = match answer {
        OptionalContext::Context(response) => (response.context.slot, response.value),
        OptionalContext::NoContext(found) => (before, found),
    };
    let accounts = found.into_iter().map(keyed).collect::<Result<Vec<_>>>()?;
    Ok(Update::Snapshot { slot, accounts })
}

/// Address and data of an account as the node sends it.
///
/// # Errors
/// `Node` where it sends something else.
pub fn keyed(account: RpcKeyedAccount) -> Result<(Pubkey, Vec<u8>)> {
    let key = account.pubkey.parse().map_err(|_| Error::Node(format!("{:?} is no address", account.pubkey)))?;
    let data = account.account.data.decode().ok_or_else(|| Error::Node(format!("the data of {key} is not encoded")))?;
    Ok((key, data))
}

/// The shared accounts and the clock, in one answer.
///
/// # Errors
/// An RPC error; `Undecodable` where there is no clock.
pub async fn shared(connection: &Connection, keys: &EngineKeys, counts: (u8, u8)) -> Result<Vec<Update>> {
    let clock = solana_sdk_ids::sysvar::clock::ID;
    let mut addresses = vec![clock, keys.registry, keys.board];
    addresses.extend((0..counts.0).map(|index| keys.bank(index).bank));
    addresses.extend((0..counts.1).map(|index| keys.market(index)));
    let (slot, found) = connection.accounts(&addresses).await?;
    let mut updates = Vec::with_capacity(addresses.len());
    for (key, account) in addresses.into_iter().zip(found) {
        let Some(account) = account else { continue };
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
