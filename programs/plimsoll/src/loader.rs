//! Accounts of the engine in place.
//!
//! `read` and `write` check what Anchor's `AccountLoader` checks, with its error codes: owner, discriminator, length,
//! and for writing that the transaction marked the account writable. They check it at every use and in one piece of
//! code for all types, which takes a third of the compute units: Anchor checks once where it takes the accounts, again
//! at each load, and rewrites the discriminator when the instruction ends. It would also write all of that anew into every
//! instruction, a tenth of the program's size.

use std::cell::{Ref, RefMut};

use anchor_lang::error::ErrorCode;
use anchor_lang::prelude::*;
use plimsoll_state::{EngineAccount, DISCRIMINATOR_LEN};

use crate::access::same;
use crate::error::{Failure, Result};
use crate::report::line;

/// An account of the engine, for reading (ACCOUNT-4).
///
/// # Errors
/// `AccountOwnedByWrongProgram`, `AccountDiscriminatorNotFound`, `AccountDiscriminatorMismatch`,
/// `AccountDidNotDeserialize` where it is shorter than its type, `AccountBorrowFailed`.
#[inline(never)]
pub fn read<'a, T: EngineAccount>(account: &'a UncheckedAccount<'_>) -> Result<Ref<'a, T>> {
    let body = body(account, &T::ACCOUNT_DISCRIMINATOR, T::SPACE)?;
    Ok(Ref::map(body, |body| bytemuck::from_bytes(body)))
}

/// An account of the engine, for writing.
///
/// # Errors
/// As [`read`], and `AccountNotMutable`.
#[inline(never)]
pub fn write<'a, T: EngineAccount>(account: &'a UncheckedAccount<'_>) -> Result<RefMut<'a, T>> {
    let body = body_mut(account, &T::ACCOUNT_DISCRIMINATOR, T::SPACE)?;
    Ok(RefMut::map(body, |body| bytemuck::from_bytes_mut(body)))
}

type Discriminator = [u8; DISCRIMINATOR_LEN];

/// What follows the discriminator, exactly as long as the type.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "checked: the data are at least as long as the type")]
fn body<'a>(account: &'a AccountInfo<'_>, discriminator: &Discriminator, space: usize) -> Result<Ref<'a, [u8]>> {
    let Ok(data) = account.data.try_borrow() else { return Err(borrowed()) };
    check(account, &data, discriminator, space)?;
    Ok(Ref::map(data, |data| &data[DISCRIMINATOR_LEN..space]))
}

#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "checked: the data are at least as long as the type")]
fn body_mut<'a>(account: &'a AccountInfo<'_>, discriminator: &Discriminator, space: usize) -> Result<RefMut<'a, [u8]>> {
    let Ok(data) = account.data.try_borrow_mut() else { return Err(borrowed()) };
    check(account, &data, discriminator, space)?;
    if !account.is_writable {
        return Err(refused(account, ErrorCode::AccountNotMutable));
    }
    Ok(RefMut::map(data, |data| &mut data[DISCRIMINATOR_LEN..space]))
}

#[inline(always)]
fn check(account: &AccountInfo<'_>, data: &[u8], discriminator: &Discriminator, space: usize) -> Result<()> {
    if !same(account.owner, &crate::ID) {
        return Err(refused(account, ErrorCode::AccountOwnedByWrongProgram));
    }
    let Some(given) = data.first_chunk::<DISCRIMINATOR_LEN>() else {
        return Err(refused(account, ErrorCode::AccountDiscriminatorNotFound));
    };
    if u64::from_le_bytes(*given) != u64::from_le_bytes(*discriminator) {
        return Err(refused(account, ErrorCode::AccountDiscriminatorMismatch));
    }
    if data.len() < space {
        return Err(refused(account, ErrorCode::AccountDidNotDeserialize));
    }
    Ok(())
}

/// The log says which account it was.
#[cold]
#[inline(never)]
fn refused(account: &AccountInfo<'_>, code: ErrorCode) -> Failure {
    line(&["Account:"]);
    account.key.log();
    code.into()
}

#[cold]
#[inline(never)]
fn borrowed() -> Failure {
    ProgramError::AccountBorrowFailed.into()
}
