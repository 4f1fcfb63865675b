//! Accounts that the program creates, at once or in steps of at most 10,240 bytes, loadable only when complete; and closes.
//!
//! Until the last step the discriminator is zero, which every loader refuses, so no incomplete account is ever used (ACCOUNT-2). Anchor's
//! `init` writes the same steps anew for each account, which takes three kilobytes of program each time.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::solana_program::program::invoke_signed;
use anchor_lang::solana_program::system_instruction;
use plimsoll_state::{EngineAccount, DISCRIMINATOR_LEN, LAYOUT_VERSION, MAX_GROWTH_BYTES};

use crate::error::{EngineError, Result};
use crate::event::AccountGrown;

/// An account that is being created, and who pays for it.
pub struct Growth<'a, 'info> {
    /// The account; the caller has verified its address.
    pub account: &'a UncheckedAccount<'info>,
    /// Pays what rent is missing.
    pub payer: &'a Signer<'info>,
    /// Creates the account.
    pub system_program: &'a Program<'info, System>,
    /// Seeds of its address, without the bump.
    pub seeds: &'a [&'a [u8]],
    /// The bump.
    pub bump: u8,
}

impl<'info> Growth<'_, 'info> {
    /// Creates or grows the account by one step; the last one writes version, bump and discriminator, and the caller
    /// the rest. True when it is complete.
    ///
    /// # Errors
    /// `AlreadyComplete` where the discriminator is written; `AccountMismatch` where another program owns the account.
    #[inline(always)]
    pub fn step<T: EngineAccount>(&self) -> Result<bool> {
        self.step_of(T::SPACE, &T::ACCOUNT_DISCRIMINATOR)
    }

    #[inline(never)]
    fn step_of(&self, space: usize, discriminator: &[u8; DISCRIMINATOR_LEN]) -> Result<bool> {
        if !self.grow(space)? {
            return Ok(false);
        }
        let mut data = self.account.try_borrow_mut_data()?;
        let head = data.first_chunk_mut::<{ DISCRIMINATOR_LEN + 2 }>().ok_or(EngineError::AccountMismatch)?;
        let (first, rest) = head.split_at_mut(DISCRIMINATOR_LEN);
        first.copy_from_slice(discriminator);
        // Every type begins with its version and its bump (ACCOUNT-1).
        rest.copy_from_slice(&[LAYOUT_VERSION, self.bump]);
        Ok(true)
    }

    /// Grows the account towards `space` bytes and tops up its rent; true when it has them.
    fn grow(&self, space: usize) -> Result<bool> {
        let account = self.account;
        let length = account.data_len();
        if *account.owner == crate::ID {
            let started = account.try_borrow_data()?.iter().take(DISCRIMINATOR_LEN).any(|byte| *byte != 0);
            ensure!(!started, EngineError::AlreadyComplete);
        } else {
            ensure!(*account.owner == System::id() && length == 0, EngineError::AccountMismatch);
        }
        let next = space.min(length.saturating_add(MAX_GROWTH_BYTES));
        let rent = Rent::get()?.minimum_balance(next);
        if length == 0 && account.lamports() == 0 {
            // One call instead of three, but only for an address without lamports: anyone may have sent it one.
            let create = system_instruction::create_account(self.payer.key, account.key, rent, next as u64, &crate::ID);
            self.sign(&create)?;
            return Ok(next == space);
        }
        let missing = rent.saturating_sub(account.lamports());
        if missing > 0 {
            self.sign(&system_instruction::transfer(self.payer.key, account.key, missing))?;
        }
        if length == 0 {
            self.sign(&system_instruction::allocate(account.key, next as u64))?;
            self.sign(&system_instruction::assign(account.key, &crate::ID))?;
        } else if next > length {
            account.resize(next)?;
        }
        Ok(next == space)
    }

    /// Calls the system program with the account's own signature.
    #[inline(never)]
    fn sign(&self, instruction: &Instruction) -> Result<()> {
        let bump = [self.bump];
        let seeds = [self.seeds, &[&bump]].concat();
        let infos =
            [self.payer.to_account_info(), self.account.to_account_info(), self.system_program.to_account_info()];
        Ok(invoke_signed(instruction, &infos, &[&seeds])?)
    }

    /// What happened to an engine's account.
    #[expect(clippy::cast_possible_truncation, reason = "an account has at most ten megabytes")]
    pub fn event(&self, engine: Pubkey, complete: bool) -> AccountGrown {
        let (account, payer) = (self.account.key(), self.payer.key());
        AccountGrown { engine, account, payer, bytes: self.account.data_len() as u32, complete }
    }
}

/// Ends an account: its lamports go to the receiver, and the address is the system program's again.
///
/// The last thing an instruction does with it: no call may follow in which the runtime would see only one of the two.
///
/// # Errors
/// `AccountBorrowFailed`, `ArithmeticOverflow`; none where neither is borrowed and both are accounts of the transaction.
#[inline(never)]
pub fn close(account: &UncheckedAccount<'_>, receiver: &UncheckedAccount<'_>) -> Result<()> {
    // To itself, it would burn its lamports.
    ensure!(account.key != receiver.key, EngineError::AccountMismatch);
    {
        let (mut left, mut received) = (account.try_borrow_mut_lamports()?, receiver.try_borrow_mut_lamports()?);
        let sum = received.checked_add(**left).ok_or(ProgramError::ArithmeticOverflow)?;
        **received = sum;
        **left = 0;
    }
    account.assign(&System::id());
    Ok(account.resize(0)?)
}
