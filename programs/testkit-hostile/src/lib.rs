//! A program that attacks the engine by CPI, for tests.
//!
//! What a program can do to another one is to call it, in any order, with any accounts and data, to sign with its own
//! addresses, to leave return data behind, and to be called in place of another program. [`testkit_hostile::run`] does
//! the first three as a script says, so that an attack is written down in its test; the fallback does the last.
#![allow(clippy::diverging_sub_expression, missing_docs, reason = "Anchor's macros expand to such code")]

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::{invoke, invoke_signed, set_return_data};

pub mod client;

declare_id!("FMNFAGTGb9eGMvBM76g2xhy3YVkZn2NXwdWTnFDt4Z5y");

/// Seed of the address that this program signs with.
pub const SIGNER: &[u8] = b"signer";

/// What the program logs where somebody took it for another program.
pub const CALLED: &str = "hostile: called in place of another program";

/// One account of a call.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallAccount {
    /// Place among the script's accounts.
    pub place: u8,
    /// Claims its signature.
    pub is_signer: bool,
    /// Claims to be allowed to write.
    pub is_writable: bool,
}

/// One step of a script.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Calls a program.
    Call {
        /// Place of the program among the script's accounts.
        program: u8,
        /// Accounts.
        accounts: Vec<CallAccount>,
        /// Data.
        data: Vec<u8>,
    },
    /// Sets return data.
    Answer(Vec<u8>),
}

/// Why a script stopped before it could call anything.
#[error_code]
pub enum HostileError {
    #[msg("A step names an account that was not passed")]
    AccountMissing,
}

/// A script's accounts are all remaining ones.
#[derive(Accounts)]
pub struct Run {}

/// Instructions of the attacker.
#[program]
pub mod testkit_hostile {
    use super::*;

    /// Runs a script; whatever a call refuses ends it.
    pub fn run<'info>(ctx: Context<'info, Run>, steps: Vec<Step>) -> Result<()> {
        let (_, bump) = Pubkey::find_program_address(&[SIGNER], &crate::ID);
        steps.iter().try_for_each(|step| match step {
            Step::Answer(data) => {
                set_return_data(data);
                Ok(())
            }
            Step::Call { program, accounts, data } => {
                call(ctx.remaining_accounts, *program, accounts, data, &[SIGNER, &[bump]])
            }
        })
    }

    /// Stands in for a program that somebody should have checked: calls back whatever program it was handed, with all
    /// that it was handed; without one it does nothing and calls that a success.
    pub fn fallback<'info>(_program: &Pubkey, accounts: &'info [AccountInfo<'info>], data: &[u8]) -> Result<()> {
        msg!(CALLED);
        let Some(program) = accounts.iter().find(|account| account.executable) else { return Ok(()) };
        let metas = accounts.iter().map(|account| AccountMeta {
            pubkey: *account.key,
            is_signer: account.is_signer,
            is_writable: account.is_writable,
        });
        let back = Instruction { program_id: *program.key, accounts: metas.collect(), data: data.to_vec() };
        invoke(&back, accounts).map_err(Into::into)
    }
}

fn call(infos: &[AccountInfo], program: u8, accounts: &[CallAccount], data: &[u8], seeds: &[&[u8]]) -> Result<()> {
    let at = |place: u8| infos.get(place as usize).ok_or(HostileError::AccountMissing);
    let metas = accounts.iter().map(|account| {
        let pubkey = *at(account.place)?.key;
        Ok(AccountMeta { pubkey, is_signer: account.is_signer, is_writable: account.is_writable })
    });
    let instruction = Instruction {
        program_id: *at(program)?.key,
        accounts: metas.collect::<Result<Vec<AccountMeta>>>()?,
        data: data.to_vec(),
    };
    invoke_signed(&instruction, infos, &[seeds]).map_err(Into::into)
}
