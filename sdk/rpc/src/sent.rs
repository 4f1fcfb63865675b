//! Accounts in the form that a node sends them in.

use serde::Deserialize;
use solana_account_decoder_client_types::{UiAccount, UiAccountData};

/// An account in an answer, of which only what is needed is read: a proxy that takes numbers for floating point sends the
/// largest `rentEpoch` as 18446744073709552000, which is no number of 64 bits, and nobody needs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SentAccount {
    /// Lamports.
    pub lamports: u64,
    /// Its data, as text in one of several encodings.
    pub data: UiAccountData,
    /// The program that it belongs to, base58.
    pub owner: String,
    /// Whether it is a program.
    pub executable: bool,
}

/// An account in an answer with its address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SentKeyedAccount {
    /// The address, base58.
    pub pubkey: String,
    /// The account.
    pub account: SentAccount,
}

impl From<UiAccount> for SentAccount {
    fn from(account: UiAccount) -> Self {
        let UiAccount { lamports, data, owner, executable, .. } = account;
        Self { lamports, data, owner, executable }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use plimsoll_sdk::pda;
    use serde_json::{json, Value};
    use solana_pubkey::Pubkey;
    use solana_rpc_client::nonblocking::rpc_client::RpcClient;
    use solana_rpc_client_api::request::RpcRequest;

    use crate::engine::program_accounts;
    use crate::Connection;

    /// A node's answer after a proxy has read its numbers as floating point and written them again.
    fn rounded() -> Value {
        let text = format!(
            r#"{{ "lamports": 22049280, "data": ["AQID", "base64"], "owner": "{}", "executable": false,
                "rentEpoch": 18446744073709552000, "space": 3 }}"#,
            pda::PROGRAM_ID
        );
        serde_json::from_str(&text).unwrap()
    }

    fn connection(request: RpcRequest, result: Value) -> Connection {
        let answers = HashMap::from([(request, result)]);
        Connection::over(RpcClient::new_mock_with_mocks("succeeds".to_owned(), answers))
    }

    #[tokio::test]
    async fn a_rent_epoch_that_a_proxy_has_rounded_beyond_64_bits_stops_no_read() {
        assert!(rounded()["rentEpoch"].as_u64().is_none());
        let one = json!({ "context": { "slot": 7 }, "value": [rounded()] });
        let connection = connection(RpcRequest::GetMultipleAccounts, one);
        let (slot, found) = connection.accounts(&[Pubkey::new_unique()]).await.unwrap();
        assert_eq!((slot, found[0].as_ref().unwrap().data.as_slice()), (7, [1u8, 2, 3].as_slice()));
    }

    #[tokio::test]
    async fn a_rent_epoch_that_a_proxy_has_rounded_beyond_64_bits_stops_no_scan() {
        let key = Pubkey::new_unique();
        let all = json!({ "context": { "slot": 7 }, "value": [{ "pubkey": key.to_string(), "account": rounded() }] });
        let connection = connection(RpcRequest::GetProgramAccounts, all);
        let asked = program_accounts(3, &[], &[], None);
        let found = connection.program_accounts(&pda::PROGRAM_ID, asked).await.unwrap();
        let (listed, account) = &found.accounts[0];
        assert_eq!((found.slot, *listed, account.lamports), (Some(7), key, 22_049_280));
    }
}
