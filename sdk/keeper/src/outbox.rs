//! Sending: simulate, limit, price, sign, send until confirmed; signed again where a blockhash has expired.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_rpc::send::sign;
use plimsoll_rpc::{Connection, Error, Result, Sent, Simulated};
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use tokio::sync::Mutex;

use crate::config::SendConfig;
use crate::jito::BlockEngine;
use crate::metrics::Metrics;

/// What became of a submission that was not refused.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// Simulated only.
    Dry(Simulated),
    /// Confirmed.
    Confirmed(Sent),
}

/// A blockhash, the height at which it expires, and when it was read.
type Blockhash = (Hash, u64, Instant);

/// Sends the keeper's transactions.
pub struct Outbox {
    connection: Connection,
    payer: Keypair,
    config: SendConfig,
    dry_run: bool,
    block_engine: Option<BlockEngine>,
    metrics: Arc<Metrics>,
    blockhash: Mutex<Option<Blockhash>>,
}

impl Outbox {
    /// Sends with `payer`, or only simulates in a dry run.
    pub fn new(
        connection: Connection,
        payer: Keypair,
        config: SendConfig,
        dry_run: bool,
        block_engine: Option<BlockEngine>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { connection, payer, config, dry_run, block_engine, metrics, blockhash: Mutex::new(None) }
    }

    /// The key that pays and signs.
    pub fn payer(&self) -> Pubkey {
        self.payer.pubkey()
    }

    /// Whether nothing is sent.
    pub const fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Simulates and, but in a dry run, sends; comes back when it is confirmed. Every refusal is counted under `job`.
    ///
    /// # Errors
    /// `Rejected` by simulation or chain, `Expired` where every signature expired, an RPC error.
    pub async fn submit(&self, job: &str, instructions: &[Instruction]) -> Result<Submitted> {
        self.submit_signed(job, instructions, &[]).await
    }

    /// As [`Outbox::submit`], where others than the payer sign too.
    ///
    /// # Errors
    /// As there; `Configuration` where a signature is missing.
    pub async fn submit_signed(
        &self,
        job: &str,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Submitted> {
        let simulated = match self.connection.simulate(&self.payer(), instructions).await {
            Ok(simulated) => simulated,
            Err(error) => return Err(self.refused(job, "simulation", error)),
        };
        if self.dry_run {
            tracing::info!(job, compute_units = simulated.compute_units, "dry run: would be sent");
            return Ok(Submitted::Dry(simulated));
        }
        match self.send(job, &simulated, instructions, signers).await {
            Ok(sent) => {
                self.metrics.confirmed.with_label_values(&[job]).inc();
                tracing::info!(job, signature = %sent.signature, slot = sent.slot, attempts = sent.attempts, "confirmed");
                Ok(Submitted::Confirmed(sent))
            }
            Err(error) => Err(self.refused(job, "chain", error)),
        }
    }

    fn refused(&self, job: &str, stage: &str, error: Error) -> Error {
        self.metrics.refuse(job, stage, &error.reason());
        tracing::debug!(job, stage, reason = error.reason(), %error, "refused");
        error
    }

    async fn send(
        &self,
        job: &str,
        simulated: &Simulated,
        instructions: &[Instruction],
        signers: &[&Keypair],
    ) -> Result<Sent> {
        let began = Instant::now();
        let tipped = self.with_tip(job, instructions);
        let mut all = self.connection.budget(simulated, &tipped, &self.config.options()).await?;
        all.extend_from_slice(&tipped);
        let mut resigned = 0;
        loop {
            let (blockhash, last_height) = self.blockhash().await?;
            let transaction = self.sign(signers, &all, blockhash)?;
            if resigned == 0 {
                self.metrics.to_signed.observe(began.elapsed().as_secs_f64());
            }
            self.metrics.sent.with_label_values(&[job]).inc();
            if let Some(engine) = self.block_engine_of(job) {
                if let Err(error) = engine.send_bundle(std::slice::from_ref(&transaction)).await {
                    self.metrics.refuse(job, "bundle", error.reason());
                    tracing::warn!(job, %error, "the bundle was not accepted; the transaction goes to the node alone");
                }
            }
            match self.connection.deliver(&transaction, last_height).await {
                Ok((signature, slot, attempts)) => {
                    return Ok(Sent { signature, slot, compute_units: simulated.compute_units, attempts })
                }
                Err(Error::Expired) if resigned < self.config.resigns => {
                    // It can no longer land, so another signature cannot make it land twice.
                    resigned += 1;
                    self.metrics.refuse(job, "expired", "resigned");
                    *self.blockhash.lock().await = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn sign(
        &self,
        signers: &[&Keypair],
        instructions: &[Instruction],
        blockhash: Hash,
    ) -> Result<VersionedTransaction> {
        let signers: Vec<&dyn Signer> = signers.iter().map(|signer| *signer as &dyn Signer).collect();
        sign(&self.payer, &signers, instructions, blockhash)
    }

    /// Liquidations alone race, and so alone are worth a tip.
    fn block_engine_of(&self, job: &str) -> Option<&BlockEngine> {
        self.block_engine.as_ref().filter(|_| job == crate::jobs::LIQUIDATE)
    }

    fn with_tip(&self, job: &str, instructions: &[Instruction]) -> Vec<Instruction> {
        let tip = self.block_engine_of(job).and_then(|engine| engine.tip(&self.payer()));
        instructions.iter().cloned().chain(tip).collect()
    }

    /// A recent blockhash; the same for some time, so that a burst does not ask for one each.
    async fn blockhash(&self) -> Result<(Hash, u64)> {
        let mut held = self.blockhash.lock().await;
        let young = Duration::from_millis(self.config.blockhash_millis);
        if let Some((hash, height, at)) = *held {
            if at.elapsed() < young {
                return Ok((hash, height));
            }
        }
        let commitment = self.connection.rpc.commitment();
        let (hash, height) = self.connection.rpc.get_latest_blockhash_with_commitment(commitment).await?;
        *held = Some((hash, height, Instant::now()));
        Ok((hash, height))
    }
}
