//! Signed transactions, sent again until it is certain what became of them.

use std::time::{Duration, Instant};

use solana_rpc_client_api::client_error::ErrorKind;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;
use solana_transaction_status_client_types::TransactionStatus;

use crate::engine::Connection;
use crate::error::{Error, Result};
use crate::pace::Pace;

/// A node that answers nothing for so long is given up; every blockhash of before has expired by then.
const SILENCE: Duration = Duration::from_secs(120);

impl Connection {
    /// Sends a signed transaction again and again until it is confirmed or its blockhash has expired: signature, slot and
    /// number of attempts. Errors of the node on the way are tried again; only the chain's answer ends it.
    ///
    /// A slot that the connection's commitment does not cover yet may be of a fork that is dropped, and the transaction
    /// with it: such a status, a failure included, ends nothing.
    ///
    /// # Errors
    /// `Rejected`; `Expired` where it is certain that the transaction did not land and cannot any more; `Unreachable`
    /// where the node reported nothing useful for two minutes, so that the outcome of the transaction is unknown.
    pub async fn deliver(&self, transaction: &VersionedTransaction, last_height: u64) -> Result<(Signature, u64, u32)> {
        self.until_confirmed(transaction, last_height, self.pace.resend_every).await
    }

    /// As [`Connection::deliver`], for a transaction that is on its way by other means: it is sent only where it is not
    /// confirmed before it would be sent again.
    ///
    /// # Errors
    /// As there.
    pub async fn confirm(&self, transaction: &VersionedTransaction, last_height: u64) -> Result<(Signature, u64, u32)> {
        self.until_confirmed(transaction, last_height, Duration::ZERO).await
    }

    /// Whether the node has a transaction in a block, be it one that is not confirmed yet.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn has_seen(&self, signature: &Signature) -> Result<bool> {
        Ok(self.status(signature, false).await?.1.is_some())
    }

    async fn until_confirmed(
        &self,
        transaction: &VersionedTransaction,
        last_height: u64,
        mut waited: Duration,
    ) -> Result<(Signature, u64, u32)> {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let config = RpcSendTransactionConfig {
            skip_preflight: true,
            max_retries: Some(0),
            ..RpcSendTransactionConfig::default()
        };
        let Pace { look_every, resend_every } = self.pace;
        let (mut attempts, mut heard) = (0, Instant::now());
        loop {
            if heard.elapsed() > SILENCE {
                return Err(Error::Unreachable(format!("the outcome of the transaction {signature} is not known")));
            }
            if waited >= resend_every {
                waited = Duration::ZERO;
                attempts += 1;
                if let Err(error) = self.rpc.send_transaction_with_config(transaction, config).await {
                    tracing::debug!(%signature, %error, "sending failed, trying again");
                }
            }
            tokio::time::sleep(look_every).await;
            waited += look_every;
            match self.fate(&signature, last_height).await {
                Ok(Fate::Settled(slot)) => return Ok((signature, slot, attempts)),
                Ok(Fate::Failed(error)) => return Err(Error::rejected(error, Vec::new())),
                Ok(Fate::Expired) => return Err(Error::Expired),
                Ok(Fate::Pending) => heard = Instant::now(),
                Ok(Fate::Unsettled) => {}
                Err(error) => tracing::debug!(%signature, %error, "no status yet, asking again"),
            }
        }
    }

    /// What became of a transaction whose blockhash is valid up to `last_height`.
    async fn fate(&self, signature: &Signature, last_height: u64) -> Result<Fate> {
        let (_, status) = self.status(signature, false).await?;
        if let Some(status) = status {
            return Ok(self.fate_of(status));
        }
        let epoch = self.rpc.get_epoch_info_with_commitment(self.rpc.commitment()).await?;
        if epoch.block_height <= last_height {
            return Ok(Fate::Pending);
        }
        // It may have landed in the last of its blocks between the two answers: only a state that has all of them tells.
        match self.status(signature, true).await? {
            (_, Some(status)) => Ok(self.fate_of(status)),
            (slot, None) if slot >= epoch.absolute_slot => Ok(Fate::Expired),
            (_, None) => Ok(Fate::Pending),
        }
    }

    fn fate_of(&self, status: TransactionStatus) -> Fate {
        match status.err {
            _ if !status.satisfies_commitment(self.rpc.commitment()) => Fate::Unsettled,
            Some(error) => Fate::Failed(error),
            None => Fate::Settled(status.slot),
        }
    }

    /// A transaction's status and the slot of the node's state; with history also where the node no longer remembers it.
    async fn status(&self, signature: &Signature, history: bool) -> Result<(u64, Option<TransactionStatus>)> {
        let signatures = std::slice::from_ref(signature);
        let found = match history {
            true => match self.rpc.get_signature_statuses_with_history(signatures).await {
                // A node without a history still remembers what is recent.
                Err(error) if matches!(error.kind(), ErrorKind::RpcError(_)) => {
                    self.rpc.get_signature_statuses(signatures).await?
                }
                found => found?,
            },
            false => self.rpc.get_signature_statuses(signatures).await?,
        };
        Ok((found.context.slot, found.value.into_iter().next().flatten()))
    }
}

/// What is known of a transaction that was sent.
enum Fate {
    /// Not there, and can still land.
    Pending,
    /// In a slot that may yet be dropped.
    Unsettled,
    /// Done, in this slot.
    Settled(u64),
    /// Failed on the chain.
    Failed(TransactionError),
    /// Not there, and can no longer land.
    Expired,
}
