//! The chain: programs, clock, transactions, raw accounts.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use litesvm::types::{FailedTransactionMetadata, TransactionMetadata};
use litesvm::LiteSVM;
use plimsoll_sdk::pda;
use plimsoll_state::EngineAccount;
use solana_account::Account;
use solana_clock::Clock;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::error::InstructionError;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction::TransactionError;

/// Where every world's clock starts, Unix seconds: 10 October 2025, 21:00 UTC.
pub const BASE_TIME: i64 = 1_760_130_000;
/// Slots are 200 ms on this chain.
const SLOTS_PER_SEC: u64 = 5;
const BASE_SLOT: u64 = 400_000_000;
const PARTY_LAMPORTS: u64 = 1_000_000_000_000;
const COMPUTE_UNIT_LIMIT: u32 = 1_400_000;

/// A refused transaction.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The program's own or Anchor's error code, where it failed with one.
    pub code: Option<u32>,
    /// The runtime's words.
    pub text: String,
    /// What the programs logged.
    pub logs: Vec<String>,
    /// Compute units until it failed.
    pub compute_units: u64,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?})\n{}", self.text, self.code, self.logs.join("\n"))
    }
}

impl std::error::Error for Failure {}

/// Result of a transaction.
pub type Sent = Result<TransactionMetadata, Failure>;

/// Whether a transaction succeeded, or with which of the programs' codes it failed.
pub type Outcome = Result<(), Option<u32>>;

/// What was done to a chain, for doing the same to another kind of it.
#[derive(Clone, Debug)]
pub enum Step {
    /// A program was deployed.
    Program(Pubkey, PathBuf),
    /// An account was written.
    Put(Pubkey, Account),
    /// The clock was set, Unix seconds.
    Clock(i64),
    /// A transaction of these instructions was sent by this payer; the last is whether it succeeded, or its code.
    Send(Pubkey, Vec<Instruction>, Outcome),
    /// The same without keeping what it does.
    Simulate(Pubkey, Vec<Instruction>, Outcome),
}

/// The chain under a [`World`](super::World).
#[derive(Clone)]
pub struct Chain {
    /// The virtual machine, for what this type does not offer.
    pub svm: LiteSVM,
    now: i64,
    parties: BTreeSet<String>,
    record: RefCell<Option<Vec<Step>>>,
}

/// The file of a deployed program: `variable` if set, else `target/deploy/<name>.so` of this workspace.
pub fn program_file(variable: &str, name: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/deploy").join(format!("{name}.so")),
    }
}

/// The slot of this chain at a time, Unix seconds.
pub const fn slot_at(unix: i64) -> u64 {
    BASE_SLOT.saturating_add_signed((unix - BASE_TIME).saturating_mul(SLOTS_PER_SEC as i64))
}

impl Chain {
    /// A chain with the engine's program; others are deployed by [`Chain::add_program`].
    ///
    /// # Panics
    /// Where the program file is missing or the loader refuses it.
    pub fn new() -> Self {
        let mut svm = Self::machine();
        let program = program_file("PLIMSOLL_SO", "plimsoll");
        svm.add_program_from_file(pda::PROGRAM_ID, &program)
            .unwrap_or_else(|e| panic!("{}: {e}; build it with `cargo xtask build`", program.display()));
        Self::on(svm)
    }

    /// The virtual machine of every chain, before the engine's program is on it.
    pub fn machine() -> LiteSVM {
        LiteSVM::new()
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0)
            .with_log_bytes_limit(Some(100_000))
    }

    /// A chain on a machine that has the engine's program, in whatever form.
    pub fn on(svm: LiteSVM) -> Self {
        let mut chain = Self { svm, now: 0, parties: BTreeSet::new(), record: RefCell::new(None) };
        chain.set_clock(BASE_TIME);
        chain
    }

    /// Starts to record every step from the present state on, which is recorded first.
    pub fn start_recording(&mut self) {
        let owners = [pda::PROGRAM_ID, pda::TOKEN_PROGRAM, pda::TOKEN_2022_PROGRAM, Pubkey::default()];
        let accounts = owners.iter().flat_map(|owner| self.svm.get_program_accounts(owner));
        let mut steps = vec![Step::Clock(self.now)];
        steps.extend(accounts.map(|(key, account)| Step::Put(key, account)));
        self.record.replace(Some(steps));
    }

    /// What was recorded.
    pub fn recorded(&self) -> Vec<Step> {
        self.record.borrow().clone().unwrap_or_default()
    }

    fn note(&self, step: impl FnOnce() -> Step) {
        if let Some(record) = self.record.borrow_mut().as_mut() {
            record.push(step());
        }
    }

    /// Deploys a further program from its file.
    ///
    /// # Panics
    /// Where the file is missing or the loader refuses it.
    pub fn add_program(&mut self, id: Pubkey, file: &std::path::Path) {
        self.svm.add_program_from_file(id, file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.note(|| Step::Program(id, file.to_path_buf()));
    }

    /// The clock, Unix seconds.
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// Sets the clock, forwards or backwards; slots follow at five a second.
    pub fn set_clock(&mut self, unix: i64) {
        self.now = unix;
        self.note(|| Step::Clock(unix));
        self.svm.set_sysvar(&Clock { slot: slot_at(unix), unix_timestamp: unix, ..self.svm.get_sysvar::<Clock>() });
    }

    /// Lets `secs` pass.
    pub fn advance(&mut self, secs: i64) {
        self.set_clock(self.now + secs);
    }

    /// The address that a name stands for, always the same, with lamports to pay fees and rent.
    pub fn party(&mut self, name: &str) -> Pubkey {
        let key = address(name);
        self.parties.insert(name.to_owned());
        if self.svm.get_balance(&key).unwrap_or(0) < PARTY_LAMPORTS / 2 {
            self.set_lamports(&key, PARTY_LAMPORTS);
        }
        key
    }

    /// Names of everyone who was ever a party, in order: whose signatures a chain that verifies them needs.
    pub fn parties(&self) -> impl Iterator<Item = &str> {
        self.parties.iter().map(String::as_str)
    }

    /// Sets the lamports of an address that holds nothing else.
    pub fn set_lamports(&mut self, key: &Pubkey, lamports: u64) {
        self.put(key, Account { lamports, ..Account::default() });
    }

    /// Writes a whole account.
    ///
    /// # Panics
    /// Where the chain refuses it (a sysvar that does not decode).
    pub fn put(&mut self, key: &Pubkey, account: Account) {
        self.note(|| Step::Put(*key, account.clone()));
        self.svm.set_account(*key, account).expect("the account is not a sysvar");
    }

    /// Writes a rent-exempt data account.
    pub fn put_data(&mut self, key: &Pubkey, owner: &Pubkey, data: Vec<u8>) {
        let lamports = self.svm.minimum_balance_for_rent_exemption(data.len());
        self.put(key, Account { lamports, data, owner: *owner, executable: false, rent_epoch: u64::MAX });
    }

    /// An account's data; empty where there is no account.
    pub fn data(&self, key: &Pubkey) -> Vec<u8> {
        self.svm.get_account(key).map(|account| account.data).unwrap_or_default()
    }

    /// Lamports of an address.
    pub fn lamports(&self, key: &Pubkey) -> u64 {
        self.svm.get_balance(key).unwrap_or(0)
    }

    /// A decoded account of the engine.
    ///
    /// # Panics
    /// Where there is none of this type.
    pub fn read<T: EngineAccount>(&self, key: &Pubkey) -> T {
        self.try_read(key).unwrap_or_else(|| panic!("{key} is no {}", std::any::type_name::<T>()))
    }

    /// A decoded account of the engine, if it is there.
    pub fn try_read<T: EngineAccount>(&self, key: &Pubkey) -> Option<T> {
        plimsoll_sdk::decode::account(&self.svm.get_account(key)?.data)
    }

    /// Overwrites an account of the engine, keeping its lamports: for states that are tedious to reach.
    ///
    /// # Panics
    /// Where the account does not exist.
    pub fn write<T: EngineAccount>(&mut self, key: &Pubkey, value: &T) {
        let mut account = self.svm.get_account(key).expect("the account exists");
        account.data = plimsoll_sdk::decode::encode(value);
        self.put(key, account);
    }

    /// Every account that the program owns and every token account, by address.
    pub fn snapshot(&self) -> BTreeMap<Pubkey, Account> {
        let owners = [pda::PROGRAM_ID, pda::TOKEN_PROGRAM, pda::TOKEN_2022_PROGRAM];
        owners.iter().flat_map(|owner| self.svm.get_program_accounts(owner)).collect()
    }

    /// Sends one transaction of `instructions`, paid by `payer`, with both compute-budget limits left at their largest.
    ///
    /// # Errors
    /// What the runtime or a program refused.
    pub fn send(&mut self, payer: &Pubkey, instructions: &[Instruction]) -> Sent {
        let transaction = transaction(payer, instructions);
        let sent = self.send_transaction(transaction);
        self.note(|| Step::Send(*payer, instructions.to_vec(), outcome(&sent)));
        sent
    }

    /// Sends a transaction that the caller built.
    ///
    /// # Errors
    /// What the runtime or a program refused.
    pub fn send_transaction(&mut self, transaction: VersionedTransaction) -> Sent {
        self.svm.send_transaction(transaction).map_err(failure)
    }

    /// Runs a transaction without keeping what it does.
    ///
    /// # Errors
    /// What the runtime or a program refused.
    pub fn simulate(&self, payer: &Pubkey, instructions: &[Instruction]) -> Sent {
        let simulated = self.svm.simulate_transaction(transaction(payer, instructions));
        let sent = simulated.map(|done| done.meta).map_err(failure);
        self.note(|| Step::Simulate(*payer, instructions.to_vec(), outcome(&sent)));
        sent
    }

    /// Compute units of one instruction alone, the compute-budget instruction's own not counted.
    ///
    /// # Errors
    /// What the runtime or a program refused.
    pub fn compute_units(&self, payer: &Pubkey, instruction: &Instruction) -> Result<u64, Failure> {
        let meta = self.simulate(payer, std::slice::from_ref(instruction))?;
        Ok(meta.compute_units_consumed.saturating_sub(BUDGET_INSTRUCTION_UNITS))
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

/// What the compute-budget instruction of [`transaction`] costs.
pub const BUDGET_INSTRUCTION_UNITS: u64 = 150;

/// The address that a name stands for.
pub fn address(name: &str) -> Pubkey {
    keypair(name).pubkey()
}

/// The key of the address that a name stands for, for chains that verify signatures.
pub fn keypair(name: &str) -> Keypair {
    let mut seed = [0; 32];
    let length = name.len().min(32);
    seed[..length].copy_from_slice(&name.as_bytes()[..length]);
    Keypair::new_from_array(seed)
}

/// An unsigned legacy transaction with a compute-unit limit in front.
pub fn transaction(payer: &Pubkey, instructions: &[Instruction]) -> VersionedTransaction {
    let mut all = vec![ComputeBudgetInstruction::set_compute_unit_limit(COMPUTE_UNIT_LIMIT)];
    all.extend_from_slice(instructions);
    let message = Message::new(&all, Some(payer));
    let signatures = vec![Default::default(); message.header.num_required_signatures as usize];
    VersionedTransaction { signatures, message: VersionedMessage::Legacy(message) }
}

/// Bytes on the wire and distinct keys of the transaction that [`transaction`] builds.
pub fn size_and_keys(payer: &Pubkey, instructions: &[Instruction]) -> (usize, usize) {
    let transaction = transaction(payer, instructions);
    weigh(&transaction)
}

/// Bytes on the wire and distinct keys of a legacy transaction.
pub fn weigh(transaction: &VersionedTransaction) -> (usize, usize) {
    let keys = transaction.message.static_account_keys().len();
    let parts = transaction.message.instructions().iter();
    let body: usize = parts
        .map(|ix| 1 + prefix_len(ix.accounts.len()) + ix.accounts.len() + prefix_len(ix.data.len()) + ix.data.len())
        .sum();
    let signatures = 1 + 64 * transaction.signatures.len();
    let header = 3 + prefix_len(keys) + 32 * keys + 32 + prefix_len(transaction.message.instructions().len());
    (signatures + header + body, keys)
}

/// Bytes of a length in a transaction: seven bits each.
const fn prefix_len(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        _ => 3,
    }
}

fn outcome(sent: &Sent) -> Outcome {
    sent.as_ref().map(|_| ()).map_err(|failure| failure.code)
}

fn failure(failed: FailedTransactionMetadata) -> Failure {
    let code = match &failed.err {
        TransactionError::InstructionError(_, InstructionError::Custom(code)) => Some(*code),
        _ => None,
    };
    let failure = Failure {
        code,
        text: failed.err.to_string(),
        logs: failed.meta.logs,
        compute_units: failed.meta.compute_units_consumed,
    };
    super::provoked::note(&failure);
    failure
}
