//! Recorded steps on solana-program-test.

use std::collections::{BTreeMap, HashMap};

use anchor_lang::prelude::Pubkey;
use plimsoll_sim::world::{keypair, Outcome, Step};
use solana_account::Account;
use solana_clock::Clock;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::error::InstructionError;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_program_test::ProgramTestContext;
use solana_signer::Signer;
use solana_transaction::{Message, Transaction, TransactionError};

const COMPUTE_UNIT_LIMIT: u32 = 1_400_000;

/// A chain that verifies signatures.
pub struct Bank {
    context: ProgramTestContext,
    sent: u64,
}

/// Signers by address.
pub struct Keys(HashMap<Pubkey, Keypair>);

impl Keys {
    /// The keys of these parties.
    pub fn of<'a>(parties: impl IntoIterator<Item = &'a str>) -> Self {
        let keypairs = parties.into_iter().map(keypair);
        Self(keypairs.map(|keypair| (keypair.pubkey(), keypair)).collect())
    }
}

impl Bank {
    /// A bank that was just started.
    pub const fn new(context: ProgramTestContext) -> Self {
        Self { context, sent: 0 }
    }

    /// Writes an account.
    fn put(&mut self, key: &Pubkey, account: Account) {
        self.context.set_account(key, &account.into());
    }

    /// Sets the clock; slots stay what they are, the program never reads them.
    async fn set_clock(&mut self, unix_timestamp: i64) {
        let clock: Clock = self.context.banks_client.get_sysvar().await.expect("there is a clock");
        self.context.set_sysvar(&Clock { unix_timestamp, ..clock });
    }

    /// An account as it stands.
    async fn account(&mut self, key: &Pubkey) -> Option<Account> {
        self.context.banks_client.get_account(*key).await.expect("the bank answers")
    }

    /// Sends a signed transaction.
    async fn send(&mut self, keys: &Keys, payer: &Pubkey, instructions: &[Instruction]) -> Outcome {
        let transaction = self.transaction(keys, payer, instructions).await;
        let answer = self.context.banks_client.process_transaction_with_metadata(transaction).await;
        outcome(answer.expect("the bank answers").result)
    }

    /// Runs a signed transaction without keeping what it does.
    async fn simulate(&mut self, keys: &Keys, payer: &Pubkey, instructions: &[Instruction]) -> Outcome {
        let transaction = self.transaction(keys, payer, instructions).await;
        let answer = self.context.banks_client.simulate_transaction(transaction).await;
        outcome(answer.expect("the bank answers").result.expect("the transaction ran"))
    }

    /// Signed, and different from every earlier one by the fee it offers.
    async fn transaction(&mut self, keys: &Keys, payer: &Pubkey, instructions: &[Instruction]) -> Transaction {
        self.sent += 1;
        let mut all = vec![
            ComputeBudgetInstruction::set_compute_unit_limit(COMPUTE_UNIT_LIMIT),
            ComputeBudgetInstruction::set_compute_unit_price(self.sent),
        ];
        all.extend_from_slice(instructions);
        let blockhash = self.context.banks_client.get_latest_blockhash().await.expect("the bank answers");
        let message = Message::new_with_blockhash(&all, Some(payer), &blockhash);
        let signers = &message.account_keys[..message.header.num_required_signatures as usize];
        let keypairs: Vec<&Keypair> = signers
            .iter()
            .map(|signer| keys.0.get(signer).unwrap_or_else(|| panic!("{signer} signs and is no party")))
            .collect();
        Transaction::new(&keypairs, message, blockhash)
    }

    /// Does a recorded step; returns where its outcome differs from the recorded one.
    pub async fn step(&mut self, keys: &Keys, step: &Step) -> Result<(), String> {
        let (recorded, outcome) = match step {
            Step::Program(id, _) => return Err(format!("{id} must be there from the start")),
            Step::Put(key, account) => {
                self.put(key, account.clone());
                return Ok(());
            }
            Step::Clock(unix) => {
                self.set_clock(*unix).await;
                return Ok(());
            }
            Step::Send(payer, instructions, recorded) => (recorded, self.send(keys, payer, instructions).await),
            Step::Simulate(payer, instructions, recorded) => (recorded, self.simulate(keys, payer, instructions).await),
        };
        if outcome == *recorded {
            Ok(())
        } else {
            Err(format!("recorded {recorded:?}, now {outcome:?}"))
        }
    }

    /// Whether every account is what it is here, to the byte; returns those that are not.
    pub async fn different(&mut self, expected: &BTreeMap<Pubkey, Account>) -> Vec<String> {
        let mut different = Vec::new();
        for (key, expected) in expected {
            let found = self.account(key).await.unwrap_or_default();
            if found.data != expected.data {
                let byte = found.data.iter().zip(&expected.data).position(|(a, b)| a != b);
                let lengths = (expected.data.len(), found.data.len());
                different.push(format!("{key}: first byte {byte:?}, lengths {lengths:?}"));
            } else if (found.owner, found.lamports) != (expected.owner, expected.lamports) {
                different.push(format!("{key}: {} lamports, expected {}", found.lamports, expected.lamports));
            }
        }
        different
    }
}

fn outcome(result: Result<(), TransactionError>) -> Outcome {
    result.map_err(|error| match error {
        TransactionError::InstructionError(_, InstructionError::Custom(code)) => Some(code),
        _ => None,
    })
}
