//! One function per instruction. Accounts are named in the order in which the program takes them.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use solana_instruction::Instruction;

mod account;
mod bank;
mod bankruptcy;
mod engine;
mod margin;
mod perp;
mod price;
mod settle;

pub use account::*;
pub use bank::*;
pub use bankruptcy::*;
pub use engine::*;
pub use margin::*;
pub use perp::*;
pub use price::*;
pub use settle::*;

pub use plimsoll::instructions as args;

const SYSTEM_PROGRAM: Pubkey = anchor_lang::system_program::ID;

fn build(accounts: impl ToAccountMetas, data: impl InstructionData) -> Instruction {
    Instruction { program_id: crate::pda::PROGRAM_ID, accounts: accounts.to_account_metas(None), data: data.data() }
}
