//! One instruction in a transaction of its own, sent without simulating it first, confirmed and measured.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use plimsoll_rpc::Error;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_rpc_client_api::config::RpcTransactionConfig;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction_status_client_types::{UiTransactionEncoding, UiTransactionStatusMeta};
use tokio::task::JoinSet;

use super::send::{BETWEEN_ATTEMPTS, FEES, MOST_ATTEMPTS};
use super::{Failed, Live, Tried};
use crate::measure::KnownCost;
use crate::order;
use crate::world::{weigh, BUDGET_INSTRUCTION_UNITS};

/// Over ten times what the dearest instruction of a replay uses.
const COMPUTE_UNIT_LIMIT: u32 = 400_000;
/// Compute-budget instructions in front: limit and price.
const BUDGET_INSTRUCTIONS: u64 = 2;
/// A node knows a transaction's meta some time after it has confirmed it.
const MOST_META_READS: u32 = 20;
/// Reads of a meta that a node leaves unanswered, before it is given up.
const MOST_UNANSWERED: u32 = 200;
const BETWEEN_META_READS: Duration = Duration::from_millis(250);
/// Transactions that are under way at once.
const AT_ONCE: usize = 8;

/// An instruction, by whom it is paid and signed.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The instruction's name in the measurements.
    pub name: String,
    pub payer: Arc<Keypair>,
    /// Signers besides the payer.
    pub signers: Vec<Arc<Keypair>>,
    pub instruction: Instruction,
    /// How often it is tried where the node does not answer or it expires.
    pub attempts: u32,
}

/// A confirmed transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    pub signature: Signature,
    pub slot: u64,
    bytes: usize,
    keys: usize,
}

/// What the chain says of a transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Without those of the compute-budget instructions.
    pub compute_units: Option<u64>,
    pub return_data: Vec<u8>,
}

impl Order {
    /// Paid by `payer`, tried again where the node does not answer.
    pub fn new(name: &str, payer: &Arc<Keypair>, signers: &[&Arc<Keypair>], instruction: Instruction) -> Self {
        let signers = signers.iter().map(|key| Arc::clone(key)).collect();
        Self { name: name.to_owned(), payer: Arc::clone(payer), signers, instruction, attempts: MOST_ATTEMPTS }
    }

    /// Tried once: what it asks for is soon out of date.
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }
}

impl Live {
    /// Sends, and comes back when it is confirmed; it is measured in the background. What is refused is counted.
    pub(super) async fn order(&self, order: &Order) -> Tried<Confirmed> {
        let confirmed = self.confirm(order).await?;
        let (live, name) = (self.clone(), order.name.clone());
        self.tally.begin_measuring();
        tokio::spawn(async move {
            live.measure(&name, &confirmed).await;
            live.tally.end_measuring();
        });
        Ok(confirmed)
    }

    /// Sends several at once and answers in their order.
    pub(super) async fn orders(&self, orders: Vec<Order>) -> Vec<Tried<Confirmed>> {
        let count = orders.len();
        let mut waiting = orders.into_iter().enumerate();
        let (mut tasks, mut answers) = (JoinSet::new(), Vec::with_capacity(count));
        answers.resize_with(count, || None);
        loop {
            while tasks.len() < AT_ONCE {
                let Some((i, order)) = waiting.next() else { break };
                let live = self.clone();
                tasks.spawn(async move { (i, live.order(&order).await) });
            }
            match tasks.join_next().await {
                Some(Ok((i, answer))) => answers[i] = Some(answer),
                Some(Err(_)) => {}
                None => break,
            }
        }
        let lost = || Err(Failed::because("sending several transactions", "one of them was lost on the way"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    /// Sends until it is confirmed, refused, or has been tried often enough. What failed is counted by reason.
    pub(super) async fn confirm(&self, order: &Order) -> Tried<Confirmed> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.confirm_once(order).await {
                Ok(confirmed) => return Ok(confirmed),
                Err(error) if error.is_transient() && attempts < order.attempts => {
                    self.tally.retried(&error);
                    tokio::time::sleep(BETWEEN_ATTEMPTS).await;
                }
                Err(error) => {
                    self.tally.meter().refused(&order.name, &error.reason());
                    return Err(Failed { what: order.name.clone(), error });
                }
            }
        }
    }

    async fn confirm_once(&self, order: &Order) -> plimsoll_rpc::Result<Confirmed> {
        // Two equal transactions with one blockhash are the same transaction, and the second would do nothing.
        let price = 1 + self.tally.next() % FEES;
        let instructions = [
            ComputeBudgetInstruction::set_compute_unit_limit(COMPUTE_UNIT_LIMIT),
            ComputeBudgetInstruction::set_compute_unit_price(price),
            order.instruction.clone(),
        ];
        let (blockhash, last_height) = self.blockhash().await?;
        let transaction = {
            let signers: Vec<&dyn Signer> = order.signers.iter().map(|key| &**key as &dyn Signer).collect();
            plimsoll_rpc::send::sign(&*order.payer, &signers, &instructions, blockhash)?
        };
        let (bytes, keys) = weigh(&transaction);
        let (signature, slot, _) = self.connection.deliver(&transaction, last_height).await?;
        Ok(Confirmed { signature, slot, bytes, keys })
    }

    async fn blockhash(&self) -> plimsoll_rpc::Result<(Hash, u64)> {
        if let Some(known) = self.tally.blockhash() {
            return Ok(known);
        }
        let rpc = &self.connection.rpc;
        let (hash, last_height) =
            rpc.get_latest_blockhash_with_commitment(rpc.commitment()).await.map_err(Error::from)?;
        self.tally.set_blockhash(hash, last_height);
        Ok((hash, last_height))
    }

    /// Reads what the chain says of a transaction, and counts it under `name`.
    pub(super) async fn measure(&self, name: &str, confirmed: &Confirmed) -> Measured {
        let measured = self.meta(&confirmed.signature).await.map(measured).unwrap_or_default();
        let cost = KnownCost {
            compute_units: measured.compute_units,
            bytes: Some(confirmed.bytes),
            accounts: Some(confirmed.keys),
        };
        self.tally.meter().landed(name, order::outcome(&measured.return_data), cost);
        measured
    }

    async fn meta(&self, signature: &Signature) -> Option<UiTransactionStatusMeta> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(self.connection.rpc.commitment()),
            max_supported_transaction_version: Some(0),
        };
        let (mut missing, mut unanswered) = (0, 0);
        while missing < MOST_META_READS && unanswered < MOST_UNANSWERED {
            match self.connection.rpc.get_transaction_with_config(signature, config).await.map_err(Error::from) {
                Ok(found) => return found.transaction.meta,
                Err(error) if error.is_transient() => unanswered += 1,
                Err(_) => missing += 1,
            }
            tokio::time::sleep(BETWEEN_META_READS).await;
        }
        None
    }
}

fn measured(meta: UiTransactionStatusMeta) -> Measured {
    let units: Option<u64> = meta.compute_units_consumed.into();
    let logs: Option<Vec<String>> = meta.log_messages.into();
    let returned = Option::from(meta.return_data)
        .map(|data: solana_transaction_status_client_types::UiTransactionReturnData| data.data.0);
    // Some nodes tell return data in the logs only.
    let logged = || {
        logs?.iter().rev().find_map(|line| line.strip_prefix("Program return: ")?.split(' ').nth(1).map(str::to_owned))
    };
    let decoded = returned.or_else(logged).and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    Measured {
        compute_units: units.map(|units| units.saturating_sub(BUDGET_INSTRUCTIONS * BUDGET_INSTRUCTION_UNITS)),
        return_data: decoded.unwrap_or_default(),
    }
}
