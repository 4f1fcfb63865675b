//! Accounts too large to be created at once: made in steps of at most 10,240 bytes, loadable only when complete.
//!
//! Until the last step the discriminator is zero, which `AccountLoader` refuses: nothing half-grown (ACCOUNT-2).

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::{invoke, invoke_signed};
use anchor_lang::solana_program::system_instruction;
use plimsoll_state::{EngineAccount, DISCRIMINATOR_LEN};

use crate::error::EngineError;

/// Most bytes that the runtime lets an account grow by in one instruction.
pub const MAX_STEP: usize = 10_240;

/// Creates or grows `account` by one step and tops up its rent; true when it has its final length.
///
/// `signer_seeds` are those of the account's address, which the caller has verified. `create_account` is not used:
/// it fails on an address that anyone has sent a lamport to.
///
/// # Errors
/// `AlreadyComplete` where the discriminator is written; `AccountMismatch` where another program owns the account.
pub fn grow_step<'info, T: EngineAccount>(
    account: &UncheckedAccount<'info>,
    payer: &Signer<'info>,
    system_program: &Program<'info, System>,
    signer_seeds: &[&[u8]],
) -> Result<bool> {
    let length = account.data_len();
    if *account.owner == crate::ID {
        let started = account.try_borrow_data()?.iter().take(DISCRIMINATOR_LEN).any(|byte| *byte != 0);
        ensure!(!started, EngineError::AlreadyComplete);
    } else {
        ensure!(*account.owner == System::id() && length == 0, EngineError::AccountMismatch);
    }
    let next = T::SPACE.min(length.saturating_add(MAX_STEP));
    let missing = Rent::get()?.minimum_balance(next).saturating_sub(account.lamports());
    if missing > 0 {
        let transfer = system_instruction::transfer(payer.key, account.key, missing);
        invoke(&transfer, &[payer.to_account_info(), account.to_account_info(), system_program.to_account_info()])?;
    }
    if length == 0 {
        let infos = [account.to_account_info(), system_program.to_account_info()];
        let allocate = system_instruction::allocate(account.key, next as u64);
        invoke_signed(&allocate, &infos, &[signer_seeds])?;
        let assign = system_instruction::assign(account.key, &crate::ID);
        invoke_signed(&assign, &infos, &[signer_seeds])?;
    } else if next > length {
        account.resize(next)?;
    }
    Ok(next == T::SPACE)
}

/// Writes the body of a fully grown account by `fill`, then its discriminator.
///
/// # Errors
/// Those of `fill`; `AccountMismatch` where the length is another.
pub fn complete<T: EngineAccount>(account: &UncheckedAccount, fill: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
    let mut data = account.try_borrow_mut_data()?;
    ensure!(data.len() == T::SPACE, EngineError::AccountMismatch);
    let (discriminator, body) = data.split_at_mut(DISCRIMINATOR_LEN);
    let body = bytemuck::try_from_bytes_mut(body).map_err(|_| crate::error::fail(EngineError::AccountMismatch))?;
    fill(body)?;
    discriminator.copy_from_slice(&T::ACCOUNT_DISCRIMINATOR);
    Ok(())
}
