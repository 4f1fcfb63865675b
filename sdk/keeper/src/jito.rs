//! Jito's block engine over plain HTTP: bundles that validators take whole, for a tip.

use base64::Engine as _;
use serde_json::{json, Value};
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_transaction::versioned::VersionedTransaction;

use crate::config::JitoConfig;

/// Number of `Transfer` among the system program's instructions.
const TRANSFER: u32 = 2;

/// Why a bundle was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The configuration does not fit.
    #[error("{0}")]
    Configuration(&'static str),
    /// A transaction cannot be encoded.
    #[error("the transaction cannot be encoded: {0}")]
    Encoding(String),
    /// The block engine could not be reached.
    #[error("the block engine did not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// It refused.
    #[error("the block engine refused: {0}")]
    Refused(String),
}

impl BundleError {
    /// A short name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Configuration(_) => "configuration",
            Self::Encoding(_) => "encoding",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
        }
    }
}

/// A block engine.
pub struct BlockEngine {
    url: String,
    tip_account: Pubkey,
    tip_lamports: u64,
    http: reqwest::Client,
}

impl BlockEngine {
    /// The configured one, if any.
    ///
    /// # Errors
    /// `Configuration` where there is no tip account.
    pub fn new(config: &JitoConfig, http: reqwest::Client) -> Result<Option<Self>, BundleError> {
        let Some(url) = config.url.clone() else { return Ok(None) };
        let tip_account = config.tip_account.as_deref().and_then(|text| text.parse().ok());
        let tip_account = tip_account.ok_or(BundleError::Configuration("jito.tip_account is no address"))?;
        Ok(Some(Self { url, tip_account, tip_lamports: config.tip_lamports, http }))
    }

    /// The instruction that pays the tip; none for a tip of zero.
    pub fn tip(&self, payer: &Pubkey) -> Option<Instruction> {
        if self.tip_lamports == 0 {
            return None;
        }
        let mut data = TRANSFER.to_le_bytes().to_vec();
        data.extend_from_slice(&self.tip_lamports.to_le_bytes());
        let accounts = vec![AccountMeta::new(*payer, true), AccountMeta::new(self.tip_account, false)];
        Some(Instruction { program_id: solana_sdk_ids::system_program::ID, accounts, data })
    }

    /// Sends a bundle; its identifier.
    ///
    /// # Errors
    /// `Encoding`, `Unreachable`, `Refused`.
    pub async fn send_bundle(&self, transactions: &[VersionedTransaction]) -> Result<String, BundleError> {
        let body = request(transactions)?;
        let answer: Value = self.http.post(&self.url).json(&body).send().await?.json().await?;
        accepted(&answer)
    }
}

/// The `sendBundle` request of these transactions.
fn request(transactions: &[VersionedTransaction]) -> Result<Value, BundleError> {
    let mut encoded = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        let bytes = bincode::serialize(transaction).map_err(|error| BundleError::Encoding(error.to_string()))?;
        encoded.push(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
    Ok(json!({ "jsonrpc": "2.0", "id": 1, "method": "sendBundle", "params": [encoded, { "encoding": "base64" }] }))
}

/// The identifier of an accepted bundle.
fn accepted(answer: &Value) -> Result<String, BundleError> {
    match answer.get("result").and_then(Value::as_str) {
        Some(id) => Ok(id.to_owned()),
        None => Err(BundleError::Refused(answer.get("error").unwrap_or(answer).to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_keypair::Keypair;

    fn engine(tip_lamports: u64) -> BlockEngine {
        let config = JitoConfig {
            url: Some("http://127.0.0.1:1".into()),
            tip_account: Some(Pubkey::new_unique().to_string()),
            tip_lamports,
        };
        BlockEngine::new(&config, reqwest::Client::new()).unwrap().unwrap()
    }

    #[test]
    fn a_bundle_is_sent_as_json_rpc_with_base64_transactions() {
        let payer = Keypair::new();
        let tip = engine(7).tip(&solana_signer::Signer::pubkey(&payer)).unwrap();
        let transaction = plimsoll_rpc::send::sign(&payer, &[], &[tip], solana_hash::Hash::default()).unwrap();
        let body = request(std::slice::from_ref(&transaction)).unwrap();
        assert_eq!(
            (body["method"].as_str(), body["params"][1]["encoding"].as_str()),
            (Some("sendBundle"), Some("base64"))
        );
        let bytes = base64::engine::general_purpose::STANDARD.decode(body["params"][0][0].as_str().unwrap()).unwrap();
        let back: VersionedTransaction = bincode::deserialize(&bytes).unwrap();
        assert_eq!(back, transaction);
    }

    #[test]
    fn the_tip_is_a_transfer_of_the_system_program() {
        let payer = Pubkey::new_unique();
        let tip = engine(5_000).tip(&payer).unwrap();
        assert_eq!(tip.data, [2, 0, 0, 0, 0x88, 0x13, 0, 0, 0, 0, 0, 0]);
        assert!(tip.accounts[0].is_signer && tip.accounts[0].pubkey == payer && tip.accounts[1].is_writable);
        assert!(engine(0).tip(&payer).is_none());
    }

    #[test]
    fn a_refusal_keeps_the_engines_words() {
        assert_eq!(accepted(&json!({ "result": "abc" })).unwrap(), "abc");
        let error = accepted(&json!({ "error": { "code": -32602, "message": "bundle must tip" } })).unwrap_err();
        assert!(error.to_string().contains("bundle must tip"), "{error}");
    }

    #[tokio::test]
    async fn an_engine_that_cannot_be_reached_is_an_error_and_no_hang() {
        let error = engine(1).send_bundle(&[]).await.unwrap_err();
        assert_eq!(error.reason(), "unreachable");
    }
}
