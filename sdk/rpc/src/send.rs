//! Transactions that arrive: simulated, limited, priced, signed, and [delivered](crate::deliver).

use base64::Engine as _;
use serde_json::{json, Value};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_message::{Message, VersionedMessage};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcSimulateTransactionConfig;
use solana_rpc_client_api::request::RpcRequest;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_status_client_types::UiTransactionEncoding;

use crate::engine::Connection;
use crate::error::{Error, Result};

/// Most compute units of a transaction.
pub const MOST_COMPUTE_UNITS: u32 = 1_400_000;
/// Most bytes of account data that a transaction may load.
pub const MOST_LOADED_BYTES: u32 = 64 * 1024 * 1024;
/// What the two or three compute-budget instructions themselves use.
const BUDGET_UNITS: u32 = 450;

/// Priority fee, micro-lamports a compute unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// This much.
    Fixed(u64),
    /// This percentile of what was recently paid for the accounts that the transaction writes, within bounds. Slots in which
    /// nobody paid for them say nothing of what it costs to be served first.
    Recent {
        /// 0 to 100.
        percentile: u8,
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
}

/// How a transaction is sent.
#[derive(Clone, Copy, Debug)]
pub struct SendOptions {
    /// Priority fee.
    pub fee: Fee,
    /// Compute-unit limit over what the simulation used, per cent.
    pub headroom_percent: u32,
    /// Least units over it. What an instruction does can depend on the second in which it runs: a price that is passed
    /// over while simulated and taken when executed costs up to 5,400 more.
    pub headroom_units: u32,
    /// Sets the limit of loaded account data to what the simulation loaded, rounded up to a page: it is paid for.
    pub limit_loaded_data: bool,
}

impl Default for SendOptions {
    fn default() -> Self {
        let fee = Fee::Recent { percentile: 50, least: 0, most: 100_000 };
        // Eight such prices, which is as many as one refresh takes.
        Self { fee, headroom_percent: 10, headroom_units: 45_000, limit_loaded_data: true }
    }
}

/// What a simulation found.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Compute units used.
    pub compute_units: u64,
    /// Bytes of account data loaded, where the node says so.
    pub loaded_bytes: Option<u32>,
    /// What programs logged.
    pub logs: Vec<String>,
    /// Return data, and the program that set it.
    pub return_data: Option<(Pubkey, Vec<u8>)>,
    /// The slot it ran at.
    pub slot: u64,
}

/// A confirmed transaction.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its signature.
    pub signature: Signature,
    /// The slot that has it.
    pub slot: u64,
    /// Compute units of the simulation.
    pub compute_units: u64,
    /// How often it was sent.
    pub attempts: u32,
}

/// A signed transaction that was simulated and not sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The transaction.
    pub transaction: VersionedTransaction,
    /// The last block height at which it can land.
    pub last_height: u64,
    /// Compute units of the simulation.
    pub compute_units: u64,
}

impl Prepared {
    /// By which the chain will know it.
    pub fn signature(&self) -> Signature {
        self.transaction.signatures.first().copied().unwrap_or_default()
    }
}

impl Connection {
    /// Runs instructions without keeping what they do.
    ///
    /// # Errors
    /// `Rejected` with the logs; an RPC error.
    pub async fn simulate(&self, payer: &Pubkey, instructions: &[Instruction]) -> Result<Simulated> {
        let limit = ComputeBudgetInstruction::set_compute_unit_limit(MOST_COMPUTE_UNITS);
        // Last, so that instructions that name others by their place (precompiles' do) find them there.
        let all: Vec<Instruction> = instructions.iter().cloned().chain([limit]).collect();
        let message = Message::new_with_blockhash(&all, Some(payer), &Hash::default());
        let signatures = vec![Signature::default(); message.header.num_required_signatures as usize];
        let transaction = VersionedTransaction { signatures, message: VersionedMessage::Legacy(message) };
        let config = RpcSimulateTransactionConfig {
            sig_verify: false,
            replace_recent_blockhash: true,
            commitment: Some(self.rpc.commitment()),
            encoding: Some(UiTransactionEncoding::Base64),
            ..RpcSimulateTransactionConfig::default()
        };
        let answer = self.rpc.simulate_transaction_with_config(&transaction, config).await?;
        let found = answer.value;
        let logs = found.logs.unwrap_or_default();
        if let Some(error) = found.err {
            return Err(Error::rejected(error.into(), logs));
        }
        let return_data = found.return_data.and_then(|data| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(data.data.0).ok()?;
            Some((data.program_id.parse().ok()?, bytes))
        });
        Ok(Simulated {
            compute_units: found.units_consumed.unwrap_or_default(),
            loaded_bytes: found.loaded_accounts_data_size,
            logs,
            return_data,
            slot: answer.context.slot,
        })
    }

    /// The compute-budget instructions that fit a simulation.
    ///
    /// # Errors
    /// An RPC error, where recent fees are asked for.
    pub async fn budget(
        &self,
        simulated: &Simulated,
        instructions: &[Instruction],
        options: &SendOptions,
    ) -> Result<Vec<Instruction>> {
        Ok(budget_at(self.fee(instructions, &options.fee).await?, simulated, options))
    }

    /// Micro-lamports a compute unit.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn fee(&self, instructions: &[Instruction], fee: &Fee) -> Result<u64> {
        match *fee {
            Fee::Fixed(price) => Ok(price),
            Fee::Recent { percentile, least, most } => {
                Ok(self.recent_fee(instructions, percentile).await?.clamp(least, most))
            }
        }
    }

    /// This percentile, 0 to 100, of what was recently paid for the accounts that instructions write, of the slots in which
    /// anything was; micro-lamports a compute unit, zero where nobody paid. A slot that cannot be read counts as no slot.
    ///
    /// # Errors
    /// An RPC error.
    pub async fn recent_fee(&self, instructions: &[Instruction], percentile: u8) -> Result<u64> {
        let mut written: Vec<Pubkey> = instructions
            .iter()
            .flat_map(|i| &i.accounts)
            .filter(|meta| meta.is_writable)
            .map(|meta| meta.pubkey)
            .collect();
        written.sort_unstable();
        written.dedup();
        written.truncate(128);
        let addresses: Vec<String> = written.iter().map(Pubkey::to_string).collect();
        let request = RpcRequest::GetRecentPrioritizationFees;
        let recent: Vec<Value> = self.rpc.send(request, json!([addresses])).await?;
        let paid = recent.iter().filter_map(|slot| slot["prioritizationFee"].as_u64()).filter(|paid| *paid > 0);
        Ok(percentile_of(paid.collect(), percentile))
    }

    /// Simulates, limits, prices and signs; sends nothing.
    ///
    /// # Errors
    /// `Rejected` where the simulation refuses, `Configuration` where a signature is missing; an RPC error.
    pub async fn prepare(
        &self,
        payer: &(dyn Signer + Sync),
        signers: &[&(dyn Signer + Sync)],
        instructions: &[Instruction],
        options: &SendOptions,
    ) -> Result<Prepared> {
        let simulated = self.simulate(&payer.pubkey(), instructions).await?;
        // Last, as in the simulation: a precompile names the instructions whose data it reads by their place.
        let mut all = instructions.to_vec();
        all.extend(self.budget(&simulated, instructions, options).await?);
        let (blockhash, last_height) = self.rpc.get_latest_blockhash_with_commitment(self.rpc.commitment()).await?;
        let signers: Vec<&dyn Signer> = signers.iter().map(|signer| *signer as &dyn Signer).collect();
        let transaction = sign(payer, &signers, &all, blockhash)?;
        Ok(Prepared { transaction, last_height, compute_units: simulated.compute_units })
    }

    /// Sends what was prepared; comes back when it is confirmed.
    ///
    /// # Errors
    /// Those of [`Connection::deliver`].
    pub async fn finish(&self, prepared: &Prepared) -> Result<Sent> {
        let (signature, slot, attempts) = self.deliver(&prepared.transaction, prepared.last_height).await?;
        Ok(Sent { signature, slot, compute_units: prepared.compute_units, attempts })
    }

    /// Simulates, limits, prices, signs and sends; comes back when it is confirmed.
    ///
    /// # Errors
    /// `Rejected` where the simulation or the chain refuses, `Expired`, `Configuration` where a signature is missing; an
    /// RPC error from before anything was sent.
    pub async fn send(
        &self,
        payer: &(dyn Signer + Sync),
        signers: &[&(dyn Signer + Sync)],
        instructions: &[Instruction],
        options: &SendOptions,
    ) -> Result<Sent> {
        let prepared = self.prepare(payer, signers, instructions, options).await?;
        self.finish(&prepared).await
    }
}

/// Signs a legacy transaction: no lookup table is ever needed.
///
/// # Errors
/// `Configuration` where a signature is missing.
pub fn sign(
    payer: &dyn Signer,
    signers: &[&dyn Signer],
    instructions: &[Instruction],
    blockhash: Hash,
) -> Result<VersionedTransaction> {
    let message = Message::new_with_blockhash(instructions, Some(&payer.pubkey()), &blockhash);
    let mut all: Vec<&dyn Signer> = vec![payer];
    for signer in signers {
        if !all.iter().any(|known| known.pubkey() == signer.pubkey()) {
            all.push(*signer);
        }
    }
    let required = &message.account_keys[..message.header.num_required_signatures as usize];
    all.retain(|signer| required.contains(&signer.pubkey()));
    VersionedTransaction::try_new(VersionedMessage::Legacy(message), &all)
        .map_err(|error| Error::Configuration(format!("the transaction cannot be signed: {error}")))
}

/// The compute-budget instructions that fit a simulation, at a price in micro-lamports a compute unit.
pub fn budget_at(price_micro_lamports: u64, simulated: &Simulated, options: &SendOptions) -> Vec<Instruction> {
    let units = unit_limit(simulated.compute_units, options);
    let mut budget = vec![ComputeBudgetInstruction::set_compute_unit_limit(units)];
    if price_micro_lamports > 0 {
        budget.push(ComputeBudgetInstruction::set_compute_unit_price(price_micro_lamports));
    }
    if let Some(bytes) = simulated.loaded_bytes.filter(|_| options.limit_loaded_data) {
        // The compute-budget program is loaded too; a page is what is paid for.
        let limit = bytes.saturating_add(1_024).next_multiple_of(32 * 1024).min(MOST_LOADED_BYTES);
        budget.push(ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(limit));
    }
    budget
}

/// The compute-unit limit of what used so many when it was simulated: the priority fee is paid for all of them.
pub fn unit_limit(used_units: u64, options: &SendOptions) -> u32 {
    let share = used_units.saturating_mul(options.headroom_percent as u64) / 100;
    let units = used_units.saturating_add(share.max(options.headroom_units as u64)).saturating_add(BUDGET_UNITS as u64);
    units.min(MOST_COMPUTE_UNITS as u64) as u32
}

/// The value below which `percentile` per cent of the others lie; zero of nothing.
fn percentile_of(mut values: Vec<u64>, percentile: u8) -> u64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values.get(last * percentile.min(100) as usize / 100).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_keypair::Keypair;

    #[test]
    fn percentiles_are_taken_of_the_sorted_values() {
        assert_eq!(percentile_of(vec![], 50), 0);
        assert_eq!(percentile_of(vec![9, 1, 5], 50), 5);
        assert_eq!((percentile_of(vec![9, 1, 5], 0), percentile_of(vec![9, 1, 5], 100)), (1, 9));
    }

    /// Seen in the field: of the slots of the last minute more than half had no transaction on the accounts, so the median
    /// was zero and nothing landed while everybody else paid.
    #[tokio::test]
    async fn slots_in_which_nobody_paid_or_that_cannot_be_read_do_not_lower_the_fee() {
        let slots = [0, 0, 0, 0, 0, 900, 500, 700].map(|fee| json!({ "slot": 1, "prioritizationFee": fee }));
        let odd = [json!(null), json!({ "slot": 2 }), json!({ "slot": 3, "prioritizationFee": -5 })];
        let answers = std::collections::HashMap::from([(
            RpcRequest::GetRecentPrioritizationFees,
            Value::from([slots.to_vec(), odd.to_vec()].concat()),
        )]);
        let rpc =
            solana_rpc_client::nonblocking::rpc_client::RpcClient::new_mock_with_mocks("succeeds".to_owned(), answers);
        let connection = Connection::over(rpc);
        assert_eq!(connection.recent_fee(&[], 50).await.unwrap(), 700);
        let fee = Fee::Recent { percentile: 50, least: 0, most: 600 };
        assert_eq!(connection.fee(&[], &fee).await.unwrap(), 600);
    }

    #[test]
    fn a_price_that_is_taken_after_it_was_passed_over_in_the_simulation_fits_the_limit() {
        let options = SendOptions::default();
        // `docs/benchmarks.md`: a refresh that finds nothing newer, and one that takes the second source.
        assert!(unit_limit(2_456, &options) >= 7_773 + BUDGET_UNITS);
        let tight = SendOptions { headroom_percent: 10, headroom_units: 0, ..options };
        assert_eq!(unit_limit(100_000, &tight), 110_000 + BUDGET_UNITS);
        assert_eq!((unit_limit(0, &tight), unit_limit(u64::MAX, &options)), (BUDGET_UNITS, MOST_COMPUTE_UNITS));
    }

    #[tokio::test]
    async fn sending_can_be_spawned() {
        fn is_send<T: Send>(future: T) -> T {
            future
        }
        let cluster: crate::Cluster = "http://127.0.0.1:1".parse().unwrap();
        let connection = Connection::new(&cluster);
        let sent = tokio::spawn(is_send(async move {
            let (payer, other) = (Keypair::new(), Keypair::new());
            connection.send(&payer, &[&other], &[], &SendOptions::default()).await
        }));
        assert!(matches!(sent.await.unwrap(), Err(Error::Unreachable(_))), "nothing listens there");
    }

    #[test]
    fn a_missing_signature_is_named_before_anything_is_sent() {
        let (payer, other) = (Keypair::new(), Pubkey::new_unique());
        let meta = solana_instruction::AccountMeta::new(other, true);
        let instruction = Instruction::new_with_bytes(Pubkey::new_unique(), &[], vec![meta]);
        let error = sign(&payer, &[], &[instruction], Hash::default()).unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error}");
    }
}
