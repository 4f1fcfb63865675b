//! Jito's block engine over plain JSON-RPC: bundles that validators take whole, for a tip.
//!
//! A bundle's identifier is a receipt and no promise. Whether its transaction landed is asked of the node; what became of
//! a bundle that did not land is asked of the block engine once, since it allows few requests a second. The transaction
//! then goes the ordinary way as it is, so that it cannot be executed twice; its tip, a transfer inside of it, goes along.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{json, Value};
use solana_instruction::{AccountMeta, Instruction};
use solana_pubkey::Pubkey;
use solana_transaction::versioned::VersionedTransaction;
use tokio::sync::OnceCell;

use crate::config::JitoConfig;

/// Number of `Transfer` among the system program's instructions.
const TRANSFER: u32 = 2;
/// Most transactions of a bundle.
pub const MOST_TRANSACTIONS: usize = 5;

/// Why a bundle did not land.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The configuration does not fit.
    #[error("{0}")]
    Configuration(&'static str),
    /// A transaction cannot be encoded.
    #[error("the transaction cannot be encoded: {0}")]
    Encoding(String),
    /// More transactions than a bundle has, or none.
    #[error("a bundle has one to five transactions, not {0}")]
    Size(usize),
    /// The block engine could not be reached, or gave no usable answer in time.
    #[error("the block engine did not answer: {0}")]
    Unreachable(String),
    /// It asks to slow down.
    #[error("the block engine limits the rate of requests")]
    RateLimited,
    /// It refused.
    #[error("the block engine refused: {0}")]
    Refused(String),
    /// It accepted the bundle, and every region then failed it: outbid, or a transaction that fails.
    #[error("the block engine dropped the bundle {0}")]
    Failed(String),
    /// It accepted the bundle, and knows it no longer.
    #[error("the block engine does not know the bundle {0}")]
    Invalid(String),
    /// It accepted the bundle, which did not land in time.
    #[error("the bundle {0} did not land in time")]
    NotLanded(String),
}

impl BundleError {
    /// A short name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Configuration(_) => "configuration",
            Self::Encoding(_) => "encoding",
            Self::Size(_) => "size",
            Self::Unreachable(_) => "unreachable",
            Self::RateLimited => "rate_limited",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Invalid(_) => "invalid",
            Self::NotLanded(_) => "not_landed",
        }
    }
}

impl From<reqwest::Error> for BundleError {
    fn from(error: reqwest::Error) -> Self {
        // Its address may carry a key.
        Self::Unreachable(error.without_url().to_string())
    }
}

/// A block engine.
pub struct BlockEngine {
    url: String,
    /// The one that is tipped; without one those that the engine names, by turns.
    tip_account: Option<Pubkey>,
    /// Tip of a bundle.
    pub tip_lamports: u64,
    /// How long a bundle has to land.
    pub wait: Duration,
    http: reqwest::Client,
    tip_accounts: OnceCell<Vec<Pubkey>>,
    turn: AtomicUsize,
}

impl BlockEngine {
    /// The configured one, if any.
    ///
    /// # Errors
    /// `Configuration` where the tip account is not an address.
    pub fn new(config: &JitoConfig, http: reqwest::Client) -> Result<Option<Self>, BundleError> {
        let Some(url) = config.url.clone() else { return Ok(None) };
        let tip_account = match config.tip_account.as_deref().map(str::parse) {
            None => None,
            Some(Ok(account)) => Some(account),
            Some(Err(_)) => return Err(BundleError::Configuration("jito.tip_account is not an address")),
        };
        let (tip_lamports, wait) = (config.tip_lamports, Duration::from_millis(config.wait_millis));
        // Several keepers should not all begin with the same account.
        let turn = AtomicUsize::new(std::process::id() as usize);
        Ok(Some(Self { url, tip_account, tip_lamports, wait, http, tip_accounts: OnceCell::new(), turn }))
    }

    /// The instruction that pays the tip, to a configured account or to one that the engine names.
    ///
    /// # Errors
    /// `Refused`, `RateLimited`, `Unreachable` where the engine is asked for its accounts.
    pub async fn tip(&self, payer: &Pubkey) -> Result<Instruction, BundleError> {
        let to = match self.tip_account {
            Some(account) => account,
            None => {
                let accounts = self.tip_accounts.get_or_try_init(|| self.ask_for_tip_accounts()).await?;
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                accounts[turn % accounts.len()]
            }
        };
        let mut data = TRANSFER.to_le_bytes().to_vec();
        data.extend_from_slice(&self.tip_lamports.to_le_bytes());
        let accounts = vec![AccountMeta::new(*payer, true), AccountMeta::new(to, false)];
        Ok(Instruction { program_id: solana_sdk_ids::system_program::ID, accounts, data })
    }

    async fn ask_for_tip_accounts(&self) -> Result<Vec<Pubkey>, BundleError> {
        let answer = self.ask("getTipAccounts", json!([])).await?;
        let texts = answer.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str);
        let accounts: Vec<Pubkey> = texts.filter_map(|text| text.parse().ok()).collect();
        if accounts.is_empty() {
            return Err(BundleError::Refused(format!("it names no tip accounts: {answer}")));
        }
        Ok(accounts)
    }

    /// Sends a bundle; its identifier.
    ///
    /// # Errors
    /// `Size`, `Encoding`, `Unreachable`, `RateLimited`, `Refused`.
    pub async fn send_bundle(&self, transactions: &[VersionedTransaction]) -> Result<String, BundleError> {
        let answer = self.ask("sendBundle", bundle(transactions)?).await?;
        answer.as_str().map(str::to_owned).ok_or_else(|| BundleError::Refused(answer.to_string()))
    }

    /// Why a bundle that was accepted did not land; nothing where the engine says that it did.
    ///
    /// # Errors
    /// `Failed`, `Invalid`, `NotLanded`.
    pub async fn why_not_landed(&self, id: &str) -> Result<(), BundleError> {
        let answer = self.ask("getInflightBundleStatuses", json!([[id]])).await;
        let status = answer.as_ref().ok().and_then(|answer| answer["value"][0]["status"].as_str());
        Err(match status {
            Some("Landed") => return Ok(()),
            Some("Failed") => BundleError::Failed(id.to_owned()),
            Some("Invalid") => BundleError::Invalid(id.to_owned()),
            _ => BundleError::NotLanded(id.to_owned()),
        })
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, BundleError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.http.post(&self.url).json(&body).send().await?;
        let status = answer.status();
        if status.as_u16() == 429 {
            return Err(BundleError::RateLimited);
        }
        if status.is_server_error() {
            return Err(BundleError::Unreachable(format!("HTTP {status}")));
        }
        let text = answer.text().await?;
        let answer: Value = serde_json::from_str(&text).map_err(|_| {
            BundleError::Refused(format!("HTTP {status}: {}", text.chars().take(200).collect::<String>()))
        })?;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(BundleError::Refused(answer.get("error").unwrap_or(&answer).to_string())),
        }
    }
}

/// The parameters of `sendBundle`. Without the encoding base58 would be understood.
fn bundle(transactions: &[VersionedTransaction]) -> Result<Value, BundleError> {
    if transactions.is_empty() || transactions.len() > MOST_TRANSACTIONS {
        return Err(BundleError::Size(transactions.len()));
    }
    let mut encoded = Vec::with_capacity(transactions.len());
    for transaction in transactions {
        let bytes = bincode::serialize(transaction).map_err(|error| BundleError::Encoding(error.to_string()))?;
        encoded.push(base64::engine::general_purpose::STANDARD.encode(bytes));
    }
    Ok(json!([encoded, { "encoding": "base64" }]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_keypair::Keypair;

    fn engine() -> BlockEngine {
        let tip_account = Some(Pubkey::new_unique().to_string());
        let config =
            JitoConfig { url: Some("http://127.0.0.1:1".into()), tip_account, tip_lamports: 5_000, wait_millis: 1 };
        BlockEngine::new(&config, reqwest::Client::new()).unwrap().unwrap()
    }

    #[tokio::test]
    async fn the_tip_is_a_transfer_of_the_system_program() {
        let payer = Pubkey::new_unique();
        let tip = engine().tip(&payer).await.unwrap();
        assert_eq!(tip.data, [2, 0, 0, 0, 0x88, 0x13, 0, 0, 0, 0, 0, 0]);
        assert!(tip.accounts[0].is_signer && tip.accounts[0].pubkey == payer && tip.accounts[1].is_writable);
    }

    #[tokio::test]
    async fn a_bundle_has_one_to_five_transactions() {
        let payer = Keypair::new();
        let tip = engine().tip(&solana_signer::Signer::pubkey(&payer)).await.unwrap();
        let transaction = plimsoll_rpc::send::sign(&payer, &[], &[tip], solana_hash::Hash::default()).unwrap();
        let sized = |count: usize| bundle(&vec![transaction.clone(); count]);
        assert!(sized(1).is_ok() && sized(5).is_ok());
        assert!(matches!(sized(0), Err(BundleError::Size(0))) && matches!(sized(6), Err(BundleError::Size(6))));
    }
}
