//! Scripts out of ordinary instructions.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::InstructionData;

use crate::{CallAccount, Step};

/// The address that the program signs with.
pub fn signer() -> Pubkey {
    Pubkey::find_program_address(&[crate::SIGNER], &crate::ID).0
}

/// A script in the making.
#[derive(Clone, Debug, Default)]
pub struct Script {
    accounts: Vec<AccountMeta>,
    steps: Vec<Step>,
}

impl Script {
    /// A script that does nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then calls what the instruction says, as it stands.
    ///
    /// The transaction has to grant what the call claims, the program's own signature apart; see
    /// [`Script::instruction`].
    pub fn call(mut self, instruction: &Instruction) -> Self {
        let program = self.place(&AccountMeta::new_readonly(instruction.program_id, false));
        let accounts = instruction.accounts.iter().map(|meta| CallAccount {
            place: self.place(meta),
            is_signer: meta.is_signer,
            is_writable: meta.is_writable,
        });
        let accounts = accounts.collect();
        self.steps.push(Step::Call { program, accounts, data: instruction.data.clone() });
        self
    }

    /// Then sets return data.
    pub fn answer(mut self, data: &[u8]) -> Self {
        self.steps.push(Step::Answer(data.to_vec()));
        self
    }

    /// The instruction that runs the script: it asks for the signature of those in `signers` only, and for every right
    /// to write that some call claims.
    pub fn instruction(self, signers: &[Pubkey]) -> Instruction {
        let accounts = self.accounts.into_iter();
        let accounts = accounts.map(|meta| AccountMeta { is_signer: signers.contains(&meta.pubkey), ..meta });
        Instruction {
            program_id: crate::ID,
            accounts: accounts.collect(),
            data: crate::instruction::Run { steps: self.steps }.data(),
        }
    }

    /// Where the account stands in the script's list, which it joins if it is not in it.
    fn place(&mut self, meta: &AccountMeta) -> u8 {
        let found = self.accounts.iter().position(|known| known.pubkey == meta.pubkey);
        let place = found.unwrap_or_else(|| {
            self.accounts.push(AccountMeta { is_writable: false, ..meta.clone() });
            self.accounts.len() - 1
        });
        self.accounts[place].is_writable |= meta.is_writable;
        place as u8
    }
}
