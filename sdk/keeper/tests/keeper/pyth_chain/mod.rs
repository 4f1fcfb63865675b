//! Pyth's three programs on the in-process chain, which has not their binaries: they decode, check and verify what they
//! are given (accounts, authorities, guardians' signatures, Merkle proofs) and write what the real ones write.

mod bridge;
mod receiver;

use anchor_lang::AccountSerialize;
use plimsoll_keeper::source::pyth::programs::{Programs, KNOWN};
use plimsoll_sim::world::World;
use pyth_solana_receiver_sdk::config::{Config, DataSource};
use solana_account::Account;
use solana_instruction::error::InstructionError;
use solana_program_runtime::invoke_context::InvokeContext;
use solana_program_runtime::solana_sbpf::program::BuiltinFunctionDefinition;
use solana_pubkey::Pubkey;

/// Who may sign, by index of the set.
pub struct Guardians {
    pub index: u32,
    pub keys: Vec<[u8; 20]>,
}

/// Lamports that the receiver asks for an update.
pub const UPDATE_FEE_LAMPORTS: u64 = 3;
/// The programs that are there.
pub const PROGRAMS: Programs = KNOWN[0];

/// Why a program refuses, as its own error codes.
pub mod refusal {
    pub const AUTHORITY: u32 = 1;
    pub const STATUS: u32 = 2;
    pub const GUARDIAN_SET: u32 = 3;
    pub const SIGNATURE: u32 = 4;
    pub const NO_QUORUM: u32 = 5;
    pub const UNVERIFIED: u32 = 6;
    pub const DATA_SOURCE: u32 = 7;
    pub const PROOF: u32 = 8;
    pub const ADDRESS: u32 = 9;
    pub const MALFORMED: u32 = 10;
}

pub type Done = Result<(), InstructionError>;

fn ensure(is_so: bool, code: u32) -> Done {
    is_so.then_some(()).ok_or(InstructionError::Custom(code))
}

fn malformed<E>(_: E) -> InstructionError {
    InstructionError::Custom(refusal::MALFORMED)
}

/// An account as an instruction shows it.
pub struct CallAccount {
    pub key: Pubkey,
    pub owner: Pubkey,
    pub data: Vec<u8>,
    pub lamports: u64,
    pub signer: bool,
    pub writable: bool,
}

/// Program, data and accounts of the instruction that runs.
pub struct Call {
    pub program: Pubkey,
    pub data: Vec<u8>,
    pub accounts: Vec<CallAccount>,
}

impl Call {
    pub fn of(context: &InvokeContext) -> Result<Self, InstructionError> {
        let here = context.transaction_context.get_current_instruction_context()?;
        let seen = |index| -> Result<CallAccount, InstructionError> {
            let account = here.try_borrow_instruction_account(index)?;
            Ok(CallAccount {
                key: *account.get_key(),
                owner: *account.get_owner(),
                data: account.get_data().to_vec(),
                lamports: account.get_lamports(),
                signer: account.is_signer(),
                writable: account.is_writable(),
            })
        };
        let accounts = (0..here.get_number_of_instruction_accounts()).map(seen).collect::<Result<_, _>>()?;
        Ok(Self { program: *here.get_program_key()?, data: here.get_instruction_data().to_vec(), accounts })
    }

    /// Discriminator and arguments.
    pub fn parts(&self) -> Result<([u8; 8], &[u8]), InstructionError> {
        let (head, rest) = self.data.split_first_chunk::<8>().ok_or(InstructionError::Custom(refusal::MALFORMED))?;
        Ok((*head, rest))
    }
}

pub fn write(context: &InvokeContext, account: usize, data: &[u8]) -> Done {
    let here = context.transaction_context.get_current_instruction_context()?;
    let mut account = here.try_borrow_instruction_account(account as u16)?;
    account.set_data_from_slice(data)
}

/// Gives an account's lamports to the first account and takes its data away.
fn close(context: &InvokeContext, account: usize) -> Done {
    let here = context.transaction_context.get_current_instruction_context()?;
    let lamports = {
        let mut account = here.try_borrow_instruction_account(account as u16)?;
        let lamports = account.get_lamports();
        account.set_lamports(0)?;
        account.set_data_length(0)?;
        account.set_owner(&[0; 32])?;
        lamports
    };
    let mut payer = here.try_borrow_instruction_account(0)?;
    payer.checked_add_lamports(lamports)
}

/// The programs, the receiver's configuration with these sources of data, and a guardian set.
pub fn install(world: &mut World, guardians: &Guardians, emitters: &[[u8; 32]]) {
    world.svm.add_builtin(PROGRAMS.bridge, bridge::Bridge::register);
    world.svm.add_builtin(PROGRAMS.receiver, receiver::Receiver::register);
    world.svm.add_builtin(PROGRAMS.push_oracle, receiver::PushOracle::register);
    let config = Config {
        governance_authority: Pubkey::default(),
        target_governance_authority: None,
        wormhole: PROGRAMS.bridge,
        valid_data_sources: emitters.iter().map(|of| DataSource { chain: 26, emitter: Pubkey::from(*of) }).collect(),
        single_update_fee_in_lamports: UPDATE_FEE_LAMPORTS,
        minimum_signatures: 3,
    };
    let mut data = Vec::new();
    config.try_serialize(&mut data).expect("a vector takes everything");
    world.put_data(&PROGRAMS.config(), &PROGRAMS.receiver, data);
    world.set_lamports(&PROGRAMS.treasury(0), 1_000_000);
    let set = bridge::guardian_set(guardians);
    world.put_data(&PROGRAMS.guardian_set(guardians.index), &PROGRAMS.bridge, set);
}

/// Whether an address holds nothing.
pub fn is_gone(world: &World, key: &Pubkey) -> bool {
    world.svm.get_account(key).is_none_or(|account: Account| account.lamports == 0 && account.data.is_empty())
}
