//! Sending: transactions that differ from each other and are tried again where that may help.

use std::future::Future;
use std::time::Duration;

use plimsoll_rpc::{Error, Fee, SendOptions, Sent};
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

use super::Live;

/// Attempts before a transient error is passed on.
pub(super) const MOST_ATTEMPTS: u32 = 6;
/// Questions before a transient error is passed on: reading costs nothing.
const MOST_QUESTIONS: u32 = 40;
pub(super) const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(500);
/// Over the simulation's compute units, per cent: others' transactions may land in between.
const HEADROOM_PERCENT: u32 = 40;
/// Priority fees stay below this, micro-lamports a compute unit: they only tell transactions apart.
pub(super) const FEES: u64 = 1_000;

/// What failed, and why.
#[derive(Debug)]
pub struct Failed {
    /// What was tried.
    pub what: String,
    /// Why it failed.
    pub error: Error,
}

/// Result of something tried on the cluster.
pub type Tried<T> = Result<T, Failed>;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.error)?;
        if let Error::Rejected { logs, .. } = &self.error {
            logs.iter().rev().take(4).rev().try_for_each(|line| write!(f, "\n    {line}"))?;
        }
        if let Some(advice) = self.error.advice() {
            write!(f, " ({advice})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failed {}

impl Failed {
    /// A failure that is none of the node's.
    pub fn because(what: &str, reason: impl Into<String>) -> Self {
        Self { what: what.to_owned(), error: Error::Configuration(reason.into()) }
    }
}

/// Names what an RPC call was for.
pub(super) fn of<T>(what: &str, result: plimsoll_rpc::Result<T>) -> Tried<T> {
    result.map_err(|error| Failed { what: what.to_owned(), error })
}

impl Live {
    /// Sends instructions as one transaction, paid by the authority, and comes back when it is confirmed. What expires
    /// or does not reach the node is tried again.
    ///
    /// # Errors
    /// What the chain refuses; the last transient error.
    pub async fn send(&self, what: &str, signers: &[&Keypair], instructions: &[Instruction]) -> Tried<Sent> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.send_once(signers, instructions).await {
                Err(error) if error.is_transient() && attempts < MOST_ATTEMPTS => {
                    self.tally.retried(&error);
                    tokio::time::sleep(BETWEEN_ATTEMPTS).await;
                }
                other => return of(what, other),
            }
        }
    }

    /// Asks again where the node does not answer, and counts it.
    ///
    /// # Errors
    /// What asking again does not help; the last transient error.
    pub(super) async fn patiently<T, F: Future<Output = Tried<T>>>(&self, ask: impl Fn() -> F) -> Tried<T> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match ask().await {
                Err(failed) if failed.error.is_transient() && attempts < MOST_QUESTIONS => {
                    self.tally.retried(&failed.error);
                    tokio::time::sleep(BETWEEN_ATTEMPTS).await;
                }
                other => return other,
            }
        }
    }

    async fn send_once(&self, signers: &[&Keypair], instructions: &[Instruction]) -> plimsoll_rpc::Result<Sent> {
        // Two equal transactions with one blockhash are the same transaction, and the second would do nothing.
        let fee = Fee::Fixed(1 + self.tally.next() % FEES);
        let options =
            SendOptions { fee, headroom_percent: HEADROOM_PERCENT, limit_loaded_data: false, ..SendOptions::default() };
        let simulated = self.connection.simulate(&self.authority(), instructions).await?;
        let mut all = self.connection.budget(&simulated, instructions, &options).await?;
        all.extend_from_slice(instructions);
        let rpc = &self.connection.rpc;
        let (blockhash, last_height) = rpc.get_latest_blockhash_with_commitment(rpc.commitment()).await?;
        let transaction = {
            let signers: Vec<&dyn Signer> = signers.iter().map(|signer| *signer as &dyn Signer).collect();
            plimsoll_rpc::send::sign(&*self.authority, &signers, &all, blockhash)?
        };
        let (signature, slot, attempts) = self.connection.deliver(&transaction, last_height).await?;
        Ok(Sent { signature, slot, compute_units: simulated.compute_units, attempts })
    }
}
