//! One transaction, measured.

use anchor_lang::prelude::Pubkey;
use plimsoll_tests::{size_and_keys, transaction, Chain, BUDGET_INSTRUCTION_UNITS};
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_instruction::Instruction;

/// `solana_cost_model::block_cost_limits` 4.2.2: `SIGNATURE_COST`.
const SIGNATURE_COST: u64 = 720;
/// `WRITE_LOCK_UNITS`.
const WRITE_LOCK_UNITS: u64 = 300;
/// `INSTRUCTION_DATA_BYTES_COST`: bytes of instruction data a compute unit.
const INSTRUCTION_DATA_BYTES_COST: u64 = 4;
/// `solana_program_runtime::execution_budget::DEFAULT_HEAP_COST`, for each page of loaded account data.
const PAGE_COST: u64 = 8;
/// `solana_cost_model::cost_model::ACCOUNT_DATA_COST_PAGE_SIZE`.
const PAGE_BYTES: u64 = 32 * 1024;
/// `solana_svm::account_loader::TRANSACTION_ACCOUNT_BASE_SIZE`: what each loaded account counts besides its data.
const ACCOUNT_BASE_BYTES: u64 = 64;
const LARGEST_LOADED_BYTES: u32 = 64 * 1024 * 1024;
/// Length of an upgradeable program's account, which names its program data.
const PROGRAM_ACCOUNT_LEN: usize = 36;

/// What a transaction with one instruction and both compute-budget limits costs.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Of the instruction alone.
    pub compute_units: u64,
    /// Legacy transaction, no lookup tables.
    pub bytes: u64,
    /// Distinct keys, the compute-budget program's included.
    pub accounts: u64,
    /// What the cost model charges every account that the transaction writes.
    pub cost: u64,
}

/// Runs the instruction without keeping what it does; `case` is for the message where it is refused.
///
/// # Panics
/// Where it is refused.
pub fn measure(chain: &Chain, payer: &Pubkey, instruction: &Instruction, case: &str) -> Measured {
    let with_limit =
        |bytes: u32| [ComputeBudgetInstruction::set_loaded_accounts_data_size_limit(bytes), instruction.clone()];
    let refused = |failure| panic!("{case}: {failure}");
    let free = with_limit(LARGEST_LOADED_BYTES);
    let meta = chain.simulate(payer, &free).unwrap_or_else(refused);
    let loaded = loaded_bytes(chain, payer, &free);
    // The limit that a sender would set: it must be enough.
    let limited = with_limit(loaded as u32);
    chain.simulate(payer, &limited).unwrap_or_else(refused);
    let (bytes, accounts) = size_and_keys(payer, &limited);
    Measured {
        // The two compute-budget instructions are the transaction's, not the operation's.
        compute_units: meta.compute_units_consumed - 2 * BUDGET_INSTRUCTION_UNITS,
        bytes: bytes as u64,
        accounts: accounts as u64,
        cost: meta.compute_units_consumed + overhead(payer, &limited, loaded),
    }
}

/// `CostModel::calculate_cost_for_executed_transaction` without the execution itself.
fn overhead(payer: &Pubkey, instructions: &[Instruction], loaded_bytes: u64) -> u64 {
    let built = transaction(payer, instructions);
    let message = &built.message;
    let header = message.header();
    let keys = message.static_account_keys().len() as u64;
    let read_only = header.num_readonly_signed_accounts as u64 + header.num_readonly_unsigned_accounts as u64;
    let data: u64 = message.instructions().iter().map(|instruction| instruction.data.len() as u64).sum();
    SIGNATURE_COST * header.num_required_signatures as u64
        + WRITE_LOCK_UNITS * (keys - read_only)
        + data / INSTRUCTION_DATA_BYTES_COST
        + PAGE_COST * loaded_bytes.div_ceil(PAGE_BYTES)
}

/// Data that the runtime loads: every key's account, and the program data behind upgradeable programs.
fn loaded_bytes(chain: &Chain, payer: &Pubkey, instructions: &[Instruction]) -> u64 {
    let built = transaction(payer, instructions);
    let size = |key: &Pubkey| chain.svm.get_account(key).map(|account| ACCOUNT_BASE_BYTES + account.data.len() as u64);
    let keys = built.message.static_account_keys();
    let own: u64 = keys.iter().filter_map(size).sum();
    let behind: u64 = keys.iter().filter_map(|key| size(&program_data(chain, key)?)).sum();
    own + behind
}

/// Where an upgradeable program's code is.
fn program_data(chain: &Chain, key: &Pubkey) -> Option<Pubkey> {
    let account = chain.svm.get_account(key)?;
    if !account.executable || account.data.len() != PROGRAM_ACCOUNT_LEN {
        return None;
    }
    let address: [u8; 32] = account.data[4..].try_into().ok()?;
    Some(Pubkey::new_from_array(address))
}
