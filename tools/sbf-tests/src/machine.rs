//! A chain with one program.

use litesvm::LiteSVM;
use plimsoll_sbf_arithmetic::{Input, Output, GROUPS, HEADER_BYTES};
use solana_account::Account;
use solana_compute_budget::compute_budget::ComputeBudget;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_message::Message;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::Transaction;
use std::path::Path;

/// Far above any transaction's limit: thousands of inputs run in one instruction here.
const COMPUTE_UNITS: u64 = 10_000_000_000;

/// A chain in this process, a funded payer, and a program.
pub struct Machine {
    /// The chain.
    pub chain: LiteSVM,
    /// The program's address.
    pub program: Pubkey,
    payer: Keypair,
}

impl Machine {
    /// Loads a program file.
    ///
    /// # Panics
    /// Where the loader refuses the file.
    pub fn load(program: Pubkey, file: &Path) -> Self {
        let budget = ComputeBudget { compute_unit_limit: COMPUTE_UNITS, ..ComputeBudget::new_with_defaults(false) };
        let mut chain = LiteSVM::new().with_compute_budget(budget);
        let payer = Keypair::new();
        chain.airdrop(&payer.pubkey(), 1_000_000_000).expect("a new account can be funded");
        let loaded = chain.add_program_from_file(program, file);
        loaded.unwrap_or_else(|error| panic!("the loader refuses {}: {error:?}", file.display()));
        Machine { chain, program, payer }
    }

    /// Sends one instruction and returns its return data, or the chain's error with its logs.
    ///
    /// # Errors
    /// Where the transaction fails.
    pub fn send(&mut self, accounts: Vec<AccountMeta>, data: Vec<u8>) -> Result<Vec<u8>, String> {
        // A new hash each time, or the same instruction sent twice would count as one transaction.
        self.chain.expire_blockhash();
        let instruction = Instruction { program_id: self.program, accounts, data };
        let message = Message::new(&[instruction], Some(&self.payer.pubkey()));
        let transaction = Transaction::new(&[&self.payer], message, self.chain.latest_blockhash());
        match self.chain.send_transaction(transaction) {
            Ok(done) => Ok(done.return_data.data),
            Err(failed) => Err(format!("{:?}\n{}", failed.err, failed.meta.logs.join("\n"))),
        }
    }

    /// Runs one operation of the arithmetic program on these inputs.
    ///
    /// # Panics
    /// Where the program fails.
    pub fn outputs(&mut self, group: usize, operation: usize, inputs: &[Input]) -> Vec<[u8; Output::BYTES]> {
        let outputs = self.try_outputs(group, operation, inputs);
        outputs.unwrap_or_else(|error| panic!("{:?} fails: {error}", GROUPS[group].1[operation].0))
    }

    /// Runs one operation of the arithmetic program on these inputs.
    ///
    /// # Errors
    /// Where the program fails.
    pub fn try_outputs(
        &mut self,
        group: usize,
        operation: usize,
        inputs: &[Input],
    ) -> Result<Vec<[u8; Output::BYTES]>, String> {
        let mut data = [group, operation, inputs.len()].map(|word| (word as u64).to_le_bytes()).concat();
        inputs.iter().for_each(|input| data.extend_from_slice(&input.to_bytes()));
        let outputs_at = data.len();
        data.resize(outputs_at + inputs.len() * Output::BYTES, 0xee);
        debug_assert_eq!(outputs_at, HEADER_BYTES + inputs.len() * Input::BYTES);

        let address = Pubkey::new_unique();
        let lamports = self.chain.minimum_balance_for_rent_exemption(data.len());
        let account = Account { lamports, data, owner: self.program, executable: false, rent_epoch: 0 };
        self.chain.set_account(address, account).expect("an account can be set");
        self.send(vec![AccountMeta::new(address, false)], Vec::new())?;
        let account = self.chain.get_account(&address).expect("the account is still there");
        let outputs = account.data[outputs_at..].chunks_exact(Output::BYTES);
        Ok(outputs.map(|bytes| bytes.try_into().expect("whole outputs")).collect())
    }
}
