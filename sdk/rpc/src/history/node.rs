//! What is asked of a node, again where it fails.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_sdk::event::{events_of, RecordedEvent, Unreadable};
use serde::Deserialize;
use serde_json::{json, Value};
use solana_pubkey::Pubkey;
use solana_rpc_client::nonblocking::rpc_client::RpcClient;
use solana_rpc_client_api::request::RpcRequest;
use solana_signature::Signature;

use super::answer::{Found, Listed};
use super::cursor::Position;
use super::error::HistoryError;
use super::listing::{Listing, WHOLE_PAGE};
use super::stream::Start;
use crate::error::{Error, Result};

/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// Transactions of the newest slot that are looked for at most.
const NEWEST: usize = 50;
/// What a node says to a request that it will never answer: invalid requests, methods and parameters that it does not have,
/// transactions of a version that was not asked for, and refusals by HTTP.
const FINAL: [&str; 5] = ["-32600", "-32601", "-32602", "-32015", "HTTP 4"];

/// A node, the address whose transactions are read, and its patience.
pub(super) struct Node {
    pub rpc: Arc<RpcClient>,
    pub address: Pubkey,
    pub commitment: &'static str,
    /// How often a request is sent until its failure is an error.
    pub attempts: u32,
    /// Wait before the second attempt, twice as long before each further one.
    pub first_wait: Duration,
}

/// A transaction with its events.
pub(super) struct Read {
    pub signature: Signature,
    pub block_time: Option<i64>,
    pub events: Vec<RecordedEvent>,
}

/// Whether the same request may succeed later.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::History(error) => error.may_pass(),
        Error::Node(text) => !FINAL.iter().any(|code| text.contains(code)),
        error => error.is_transient(),
    }
}

impl Node {
    /// Asks until there is an answer, a failure that cannot pass, or as many failures as are allowed.
    async fn persist<T, F: Future<Output = Result<T>>>(&self, mut ask: impl FnMut() -> F) -> Result<T> {
        let mut wait = self.first_wait;
        for attempt in 1.. {
            match ask().await {
                Err(error) if attempt < self.attempts && may_pass(&error) => {
                    tracing::warn!(%error, attempt, "reading events: asking again");
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                    wait = wait.saturating_mul(2);
                }
                answer => return answer,
            }
        }
        Err(Error::Stopped)
    }

    /// Where a start is; none for the oldest.
    pub async fn position(&self, start: &Start) -> Result<Option<Position>> {
        match start {
            Start::Oldest => Ok(None),
            Start::After(cursor) => Ok(Some(cursor.clone().into_position())),
            Start::Slot(slot) => Ok(Some(Position::before(*slot))),
            Start::AfterSignature(signature) => self.after(&signature.to_string()).await.map(Some),
            Start::Now => {
                let page = self.persist(|| self.page(NEWEST, None)).await?;
                let newest = page.first().map(|listed| listed.slot);
                let of_it = page.iter().filter(|listed| Some(listed.slot) == newest);
                Ok(of_it.fold(None, |position, listed| {
                    Some(Position::after(position.as_ref(), listed.slot, &listed.signature))
                }))
            }
        }
    }

    /// After a transaction, and what the node lists before it in its slot.
    async fn after(&self, signature: &str) -> Result<Position> {
        let slot = self.persist(|| self.slot_of(signature)).await?;
        let older = self.persist(|| self.page(WHOLE_PAGE, Some(signature))).await?;
        let before = older.iter().take_while(|listed| listed.slot == slot).map(|listed| listed.signature.as_str());
        let position = before.fold(None, |position, listed| Some(Position::after(position.as_ref(), slot, listed)));
        Ok(Position::after(position.as_ref(), slot, signature))
    }

    async fn slot_of(&self, signature: &str) -> Result<u64> {
        #[derive(Deserialize)]
        struct Statuses {
            value: Vec<Option<Status>>,
        }
        #[derive(Deserialize)]
        struct Status {
            slot: u64,
        }
        let params = json!([[signature], { "searchTransactionHistory": true }]);
        let statuses: Statuses = self.rpc.send(RpcRequest::GetSignatureStatuses, params).await?;
        let found = statuses.value.into_iter().flatten().next();
        found.map(|status| status.slot).ok_or_else(|| HistoryError::SignatureUnknown(signature.to_owned()).into())
    }

    /// The transactions after a position, oldest first.
    pub async fn newer(&self, position: Option<&Position>) -> Result<Vec<Listed>> {
        let mut wait = self.first_wait;
        for attempt in 1.. {
            match self.list(position).await {
                // Of the list as a whole; what a request says was repeated below.
                Err(Error::History(error)) if attempt < self.attempts && is_of_list(&error) => {
                    tracing::warn!(%error, attempt, "reading events: listing again");
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                    wait = wait.saturating_mul(2);
                }
                answer => return answer,
            }
        }
        Err(Error::Stopped)
    }

    async fn list(&self, position: Option<&Position>) -> Result<Vec<Listed>> {
        let mut listing = Listing::new(position);
        let listing = loop {
            let next = listing.page();
            let before = next.before.as_deref();
            // The list is taken out for the request, as it decides whether the answer will do.
            let (mut attempt, mut wait) = (1, self.first_wait);
            let is_whole = loop {
                let page = self.persist(|| self.page(next.limit, before)).await?;
                match listing.take(page) {
                    Ok(is_whole) => break is_whole,
                    Err(error) if attempt >= self.attempts => return Err(error.into()),
                    Err(error) => tracing::warn!(%error, attempt, "reading events: asking for the page again"),
                }
                tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                (attempt, wait) = (attempt + 1, wait.saturating_mul(2));
            };
            if is_whole {
                break listing;
            }
        };
        let from_slot = position.filter(|position| position.is_of_slot() && !listing.is_past());
        if let Some(Position { slot, .. }) = from_slot {
            self.require_slot(*slot).await?;
        }
        Ok(listing.newer()?)
    }

    /// The node's history reaches back to a slot.
    async fn require_slot(&self, slot: u64) -> Result<()> {
        let first: u64 = self.persist(|| async { Ok(self.rpc.get_first_available_block().await?) }).await?;
        if first > slot {
            return Err(HistoryError::SlotGone { slot, first }.into());
        }
        Ok(())
    }

    /// The events of a listed transaction; none of one that failed.
    pub async fn events_of(&self, listed: &Listed) -> Result<Read> {
        let text = &listed.signature;
        let signature: Signature = text.parse().map_err(|_| Error::Node(format!("{text:?} is not a signature")))?;
        if listed.err.is_some() {
            return Ok(Read { signature, block_time: listed.block_time, events: Vec::new() });
        }
        let found = self.persist(|| self.transaction(text)).await?;
        let block_time = found.block_time.or(listed.block_time);
        let malformed = || Error::Node(format!("transaction {signature} cannot be decoded"));
        let recorded = found.recorded().ok_or_else(malformed)?;
        let events = events_of(&recorded).map_err(|error| match error {
            Unreadable::InnerInstructionsMissing => HistoryError::InnerInstructionsMissing(text.clone()).into(),
            Unreadable::Malformed => malformed(),
        })?;
        Ok(Read { signature, block_time, events })
    }

    async fn transaction(&self, signature: &str) -> Result<Found> {
        let config = json!({ "commitment": self.commitment, "encoding": "json", "maxSupportedTransactionVersion": 0 });
        let params = json!([signature, config]);
        let found: Option<Found> = self.rpc.send(RpcRequest::GetTransaction, params).await?;
        found.ok_or_else(|| HistoryError::TransactionMissing(signature.to_owned()).into())
    }

    async fn page(&self, limit: usize, before: Option<&str>) -> Result<Vec<Listed>> {
        let mut config = json!({ "commitment": self.commitment, "limit": limit });
        if let Some(before) = before {
            config["before"] = Value::from(before);
        }
        let params = json!([self.address.to_string(), config]);
        Ok(self.rpc.send(RpcRequest::GetSignaturesForAddress, params).await?)
    }
}

/// Whether a list as a whole may be another one from another node.
const fn is_of_list(error: &HistoryError) -> bool {
    matches!(error, HistoryError::CursorUnknown(_) | HistoryError::HistoryEnds(_) | HistoryError::NodeBehind(_))
}
