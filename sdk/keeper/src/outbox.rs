//! Sending: simulate, limit, price, sign, send until confirmed; signed again where a blockhash has expired.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_rpc::send::{budget_at, sign, unit_limit};
use plimsoll_rpc::{Connection, Error, Result, Sent, Simulated};
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use tokio::sync::Mutex;

use crate::config::{SendConfig, LIQUIDATE};
use crate::fees::{priority_lamports_up, Bids, SIGNATURE_LAMPORTS};
use crate::jito::{BlockEngine, BundleError};
use crate::metrics::Metrics;

/// What became of a submission that was not refused.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// Simulated only.
    Dry(Simulated),
    /// Confirmed, and what it cost.
    Confirmed(Sent, Cost),
}

/// What a transaction cost that is on the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Signatures and priority fee, lamports.
    pub fee_lamports: u64,
    /// Tip of a block engine, lamports; nothing of it is paid where the transaction fails.
    pub tip_lamports: u64,
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
    closed: AtomicBool,
    in_flight: std::sync::Mutex<HashMap<Signature, String>>,
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
        let (blockhash, closed, in_flight) = (Mutex::new(None), AtomicBool::new(false), Default::default());
        Self { connection, payer, config, dry_run, block_engine, metrics, blockhash, closed, in_flight }
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
        self.deliver_all(job, instructions, &[], None).await
    }

    /// As [`Outbox::submit`], where the transaction may cost at most this in all, tip and signatures included; none leaves
    /// the configuration's bound of the priority fee.
    ///
    /// # Errors
    /// As there.
    pub async fn submit_at_stake(
        &self,
        job: &str,
        instructions: &[Instruction],
        stake_lamports: Option<u64>,
    ) -> Result<Submitted> {
        self.deliver_all(job, instructions, &[], stake_lamports).await
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
        self.deliver_all(job, instructions, signers, None).await
    }

    async fn deliver_all(
        &self,
        job: &str,
        instructions: &[Instruction],
        signers: &[&Keypair],
        stake_lamports: Option<u64>,
    ) -> Result<Submitted> {
        if self.is_closed() {
            return Err(self.refused(job, "stop", Error::Stopped));
        }
        let tip = self.tip(job).await;
        let tipped: Vec<Instruction> = instructions.iter().chain(&tip).cloned().collect();
        let simulated = match self.connection.simulate(&self.payer(), &tipped).await {
            Ok(simulated) => simulated,
            Err(error) => return Err(self.refused(job, "simulation", error)),
        };
        if self.dry_run {
            tracing::info!(job, compute_units = simulated.compute_units, "dry run: would be sent");
            return Ok(Submitted::Dry(simulated));
        }
        let engine = self.block_engine.as_ref().filter(|_| tip.is_some());
        let task = Task { job, instructions: &tipped, signers, engine };
        match self.send(&task, &simulated, stake_lamports).await {
            Ok((sent, cost)) => {
                self.metrics.confirmed.with_label_values(&[job]).inc();
                let (signature, slot, attempts) = (&sent.signature, sent.slot, sent.attempts);
                let Cost { fee_lamports, tip_lamports } = cost;
                tracing::info!(job, %signature, slot, attempts, fee_lamports, tip_lamports, "confirmed");
                Ok(Submitted::Confirmed(sent, cost))
            }
            Err(error) => Err(self.refused(job, "chain", error)),
        }
    }

    fn refused(&self, job: &str, stage: &str, error: Error) -> Error {
        self.metrics.refuse(job, stage, &error.reason());
        tracing::debug!(job, stage, reason = error.reason(), %error, "refused");
        error
    }

    async fn send(&self, task: &Task<'_>, simulated: &Simulated, stake_lamports: Option<u64>) -> Result<(Sent, Cost)> {
        let (began, options) = (Instant::now(), self.config.options());
        let units = unit_limit(simulated.compute_units, &options);
        let other = task.other_cost();
        let mut bids = Bids::new(&self.config, units, other.fee_lamports + other.tip_lamports, stake_lamports);
        let mut resigned = 0;
        loop {
            let price = bids.next(self.recent_fee(task).await);
            // The budget comes last: a precompile's instruction names others by their place.
            let all = [task.instructions, &budget_at(price, simulated, &options)].concat();
            let (blockhash, last_height) = self.blockhash().await?;
            if self.is_closed() {
                return Err(Error::Stopped);
            }
            let transaction = self.sign(task.signers, &all, blockhash)?;
            if resigned == 0 {
                self.metrics.to_signed.observe(began.elapsed().as_secs_f64());
            }
            self.metrics.sent.with_label_values(&[task.job]).inc();
            let in_flight = InFlight::begin(self, task.job, &transaction);
            let delivered = self.deliver(task.job, &transaction, last_height, task.engine).await;
            in_flight.end();
            let fee_lamports = other.fee_lamports + priority_lamports_up(price, units);
            match delivered {
                Ok((signature, slot, attempts)) => {
                    let cost = Cost { fee_lamports, ..other };
                    self.metrics.paid(task.job, &cost);
                    let compute_units = simulated.compute_units;
                    return Ok((Sent { signature, slot, compute_units, attempts }, cost));
                }
                Err(error @ Error::Rejected { .. }) => {
                    // It is on the chain and failed: the fee is paid, the tip is not.
                    self.metrics.paid(task.job, &Cost { fee_lamports, tip_lamports: 0 });
                    return Err(error);
                }
                Err(Error::Expired) if resigned < self.config.resigns && !self.is_closed() => {
                    // It can no longer land, so another signature cannot make it land twice.
                    resigned += 1;
                    self.metrics.refuse(task.job, "expired", "resigned");
                    *self.blockhash.lock().await = None;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What is paid now for the accounts that a transaction writes; zero where the node does not say, which stops nothing.
    async fn recent_fee(&self, task: &Task<'_>) -> u64 {
        match self.connection.recent_fee(task.instructions, self.config.fee_percentile).await {
            Ok(fee) => fee,
            Err(error) => {
                tracing::warn!(job = task.job, %error, "recent fees are not known: the least is bid");
                0
            }
        }
    }

    /// By the block engine where there is one, else, and where that does not work, by the node.
    async fn deliver(
        &self,
        job: &str,
        transaction: &VersionedTransaction,
        last_height: u64,
        engine: Option<&BlockEngine>,
    ) -> Result<(Signature, u64, u32)> {
        let Some(engine) = engine else { return self.connection.deliver(transaction, last_height).await };
        match self.bundled(engine, transaction).await {
            Ok(()) => {
                self.metrics.bundles_landed.with_label_values(&[job]).inc();
                self.connection.confirm(transaction, last_height).await
            }
            Err(error) => {
                self.metrics.refuse(job, "bundle", error.reason());
                tracing::warn!(job, %error, "no bundle: the transaction goes to the node");
                // The same transaction: were the bundle to land yet, this one would be known and not executed again.
                self.connection.deliver(transaction, last_height).await
            }
        }
    }

    /// Sends a transaction as a bundle and waits for the node to have it.
    async fn bundled(
        &self,
        engine: &BlockEngine,
        transaction: &VersionedTransaction,
    ) -> std::result::Result<(), BundleError> {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let id = engine.send_bundle(std::slice::from_ref(transaction)).await?;
        let seen = async {
            while !self.connection.has_seen(&signature).await.unwrap_or(false) {
                tokio::time::sleep(self.config.pace().look_every).await;
            }
        };
        match tokio::time::timeout(engine.wait, seen).await {
            Ok(()) => Ok(()),
            Err(_) => engine.why_not_landed(&id).await,
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

    /// The instruction that tips the block engine: liquidations alone race, and so alone are worth it. None without an
    /// engine, or where it does not say whom to tip: then there is no bundle either.
    async fn tip(&self, job: &str) -> Option<Instruction> {
        let engine = self.block_engine.as_ref().filter(|_| job == LIQUIDATE)?;
        match engine.tip(&self.payer()).await {
            Ok(tip) => Some(tip),
            Err(error) => {
                self.metrics.refuse(job, "bundle", error.reason());
                tracing::warn!(job, %error, "the tip could not be added: the transaction goes to the node without a bundle");
                None
            }
        }
    }

    /// Nothing more is sent, and nothing signed again; what is under way is waited for by whoever sent it.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether nothing more is sent.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Transactions that were sent and whose end is not known, with the job of each. Those whose sender was ended before
    /// it knew stay: they land or expire by themselves.
    pub fn in_flight(&self) -> Vec<(Signature, String)> {
        let in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.iter().map(|(signature, job)| (*signature, job.clone())).collect()
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

/// What is to be sent.
struct Task<'a> {
    job: &'a str,
    instructions: &'a [Instruction],
    /// Who signs besides the payer.
    signers: &'a [&'a Keypair],
    /// Where it goes first.
    engine: Option<&'a BlockEngine>,
}

impl Task<'_> {
    /// What it costs besides a priority fee: signatures and a tip.
    fn other_cost(&self) -> Cost {
        Cost {
            fee_lamports: (1 + self.signers.len() as u64) * SIGNATURE_LAMPORTS,
            tip_lamports: self.engine.map_or(0, |engine| engine.tip_lamports),
        }
    }
}

/// A transaction whose end is not known yet.
struct InFlight<'a> {
    outbox: &'a Outbox,
    signature: Signature,
}

impl<'a> InFlight<'a> {
    fn begin(outbox: &'a Outbox, job: &str, transaction: &VersionedTransaction) -> Self {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        outbox.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(signature, job.to_owned());
        Self { outbox, signature }
    }

    fn end(self) {
        self.outbox.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.signature);
    }
}
