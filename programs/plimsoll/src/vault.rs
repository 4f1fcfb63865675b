//! Token CPIs: what enters and leaves a bank's vault, measured on the vault's own balance. Nothing else calls a token
//! program.
//!
//! Token accounts and mints are read by offset, which both token programs share; deserialising them costs more than
//! the transfer.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::{invoke, invoke_signed};
use plimsoll_risk::params::MAX_ATOMS;
use plimsoll_state::{seeds, Bank};

use crate::error::{EngineError, Result};

/// Offset of a token account's amount.
const AMOUNT_OFFSET: usize = 64;
/// Length of a token account without extensions; a mint's account type stands here.
const TOKEN_ACCOUNT_LEN: usize = 165;
/// Length of a mint without extensions.
const MINT_LEN: usize = 82;
/// `AccountType::Mint` of Token-2022.
const ACCOUNT_TYPE_MINT: u8 = 1;
/// `TransferChecked` of both token programs.
const TRANSFER_CHECKED: u8 = 12;

/// Token-2022 mint extensions that may be listed: none of them can move, tax, freeze or hide a balance.
/// MetadataPointer, TokenMetadata, GroupPointer, TokenGroup, GroupMemberPointer, TokenGroupMember.
const ALLOWED_MINT_EXTENSIONS: core::ops::RangeInclusive<u16> = 18..=23;

/// Accounts of one transfer between a vault and somebody's token account.
#[derive(Clone, Copy, Debug)]
pub struct VaultTransfer<'a, 'info> {
    /// The bank's vault.
    pub vault: &'a AccountInfo<'info>,
    /// Where tokens come from or go to.
    pub outside: &'a AccountInfo<'info>,
    /// The mint.
    pub mint: &'a AccountInfo<'info>,
    /// Its token program.
    pub token_program: &'a AccountInfo<'info>,
}

/// What a bank signs for its vault with, copied so that no borrow of the bank is alive in the call.
#[derive(Clone, Copy, Debug)]
pub struct VaultSigner {
    engine: [u8; 32],
    index: u8,
    bump: u8,
    decimals: u8,
}

impl From<&Bank> for VaultSigner {
    fn from(bank: &Bank) -> Self {
        Self { engine: bank.engine, index: bank.index, bump: bank.bump, decimals: bank.decimals }
    }
}

impl<'info> VaultTransfer<'_, 'info> {
    /// Vault, mint and token program are the bank's.
    ///
    /// # Errors
    /// `VaultMismatch`, `MintMismatch`, `AccountMismatch`.
    pub fn validate(&self, bank: &Bank) -> Result<()> {
        ensure!(self.vault.key.as_array() == &bank.vault, EngineError::VaultMismatch);
        ensure!(self.mint.key.as_array() == &bank.mint, EngineError::MintMismatch);
        ensure!(self.token_program.key.as_array() == &bank.token_program, EngineError::AccountMismatch);
        Ok(())
    }

    /// Moves `atoms` from the outside account, whose owner signs, into the vault. Returns what arrived (MONEY-4).
    ///
    /// # Errors
    /// The token program's; `AmountZero` where nothing arrived, `VaultDeltaMismatch` where more did than was sent.
    #[inline(never)]
    pub fn pull(&self, owner: &AccountInfo<'info>, atoms: u64, decimals: u8) -> Result<u64> {
        let before = amount(self.vault)?;
        let instruction = self.instruction(self.outside, self.vault, owner.key, atoms, decimals);
        invoke(&instruction, &[self.outside.clone(), self.mint.clone(), self.vault.clone(), owner.clone()])?;
        let received = amount(self.vault)?.checked_sub(before).ok_or(EngineError::VaultDeltaMismatch)?;
        ensure!(received > 0, EngineError::AmountZero);
        ensure!(received <= atoms, EngineError::VaultDeltaMismatch);
        Ok(received)
    }

    /// Moves exactly `atoms` from the vault, whose authority is the bank's address, to the outside account.
    ///
    /// No `Ref` of the bank may be alive.
    ///
    /// # Errors
    /// The token program's; `VaultDeltaMismatch` where the vault lost another amount.
    #[inline(never)]
    pub fn push(&self, bank: &AccountInfo<'info>, signer: &VaultSigner, atoms: u64) -> Result<()> {
        let VaultSigner { engine, index, bump, decimals } = signer;
        let before = amount(self.vault)?;
        let instruction = self.instruction(self.vault, self.outside, bank.key, atoms, *decimals);
        let infos = [self.vault.clone(), self.mint.clone(), self.outside.clone(), bank.clone()];
        invoke_signed(&instruction, &infos, &[&[seeds::BANK, engine, &[*index], &[*bump]]])?;
        ensure!(before.checked_sub(amount(self.vault)?) == Some(atoms), EngineError::VaultDeltaMismatch);
        Ok(())
    }

    fn instruction(
        &self,
        from: &AccountInfo,
        to: &AccountInfo,
        authority: &Pubkey,
        atoms: u64,
        decimals: u8,
    ) -> Instruction {
        let mut data = Vec::with_capacity(10);
        data.push(TRANSFER_CHECKED);
        data.extend_from_slice(&atoms.to_le_bytes());
        data.push(decimals);
        let accounts = vec![
            AccountMeta::new(*from.key, false),
            AccountMeta::new_readonly(*self.mint.key, false),
            AccountMeta::new(*to.key, false),
            AccountMeta::new_readonly(*authority, true),
        ];
        Instruction { program_id: *self.token_program.key, accounts, data }
    }
}

/// An amount named by a caller: at least one atom and within what a balance can hold.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`.
#[inline(always)]
pub fn require_amount(atoms: u64) -> Result<()> {
    ensure!(atoms > 0, EngineError::AmountZero);
    ensure!(atoms <= MAX_ATOMS, EngineError::AmountTooLarge);
    Ok(())
}

/// Atoms in a token account.
///
/// # Errors
/// `VaultMismatch` where the account is too short to be one.
#[expect(clippy::indexing_slicing, reason = "the account is as long as a token account, as was asked")]
fn amount(token_account: &AccountInfo) -> Result<u64> {
    let data = token_account.try_borrow_data()?;
    ensure!(data.len() >= TOKEN_ACCOUNT_LEN, EngineError::VaultMismatch);
    let bytes = data[AMOUNT_OFFSET..AMOUNT_OFFSET + 8].try_into();
    Ok(u64::from_le_bytes(bytes.map_err(|_| EngineError::VaultMismatch)?))
}

/// Whether every extension of a mint is on the list of allowed ones; an unknown or malformed one is not (LISTING-6).
pub fn mint_extensions_allowed(mint_data: &[u8]) -> bool {
    if mint_data.len() == MINT_LEN {
        return true;
    }
    let Some((&ACCOUNT_TYPE_MINT, mut entries)) = mint_data.get(TOKEN_ACCOUNT_LEN..).and_then(<[u8]>::split_first)
    else {
        return false;
    };
    // Entries of type, length, value; type 0 ends them, and nothing but zeros may follow.
    while let [type_low, type_high, rest @ ..] = entries {
        let extension = u16::from_le_bytes([*type_low, *type_high]);
        if extension == 0 {
            return rest.iter().all(|byte| *byte == 0);
        }
        let [length_low, length_high, value @ ..] = rest else {
            return false;
        };
        let length = u16::from_le_bytes([*length_low, *length_high]) as usize;
        let (true, Some(next)) = (ALLOWED_MINT_EXTENSIONS.contains(&extension), value.get(length..)) else {
            return false;
        };
        entries = next;
    }
    entries.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mint_with(extensions: &[(u16, usize)]) -> Vec<u8> {
        let mut data = vec![0; TOKEN_ACCOUNT_LEN];
        data.push(ACCOUNT_TYPE_MINT);
        for (extension, length) in extensions {
            data.extend_from_slice(&extension.to_le_bytes());
            data.extend_from_slice(&(*length as u16).to_le_bytes());
            data.extend(vec![7; *length]);
        }
        data
    }

    /// LISTING-6
    #[test]
    fn only_metadata_and_group_extensions_are_allowed() {
        assert!(mint_extensions_allowed(&[0; MINT_LEN]));
        assert!(mint_extensions_allowed(&mint_with(&[])));
        assert!(mint_extensions_allowed(&mint_with(&[(18, 64), (19, 130), (20, 64), (21, 80), (22, 64), (23, 72)])));
        for extension in (1..=u16::MAX).filter(|e| !ALLOWED_MINT_EXTENSIONS.contains(e)) {
            assert!(!mint_extensions_allowed(&mint_with(&[(18, 64), (extension, 32)])), "{extension}");
        }
    }

    #[test]
    fn what_does_not_parse_as_extensions_is_refused() {
        let good = mint_with(&[(18, 64)]);
        for length in MINT_LEN + 1..good.len() {
            let whole = length == TOKEN_ACCOUNT_LEN + 1;
            assert_eq!(mint_extensions_allowed(&good[..length]), whole, "{length}");
        }
        assert!(mint_extensions_allowed(&[good.as_slice(), &[0; 2]].concat()));
        // Type 0 ends the list, and zeros alone may follow.
        for (end, allowed) in [([0; 6], true), ([0, 0, 3, 0, 0, 0], false), ([0, 0, 3, 3, 3, 3], false)] {
            assert_eq!(mint_extensions_allowed(&[good.as_slice(), &end].concat()), allowed, "{end:?}");
        }
        let mut account = good;
        account[TOKEN_ACCOUNT_LEN] = 2;
        assert!(!mint_extensions_allowed(&account));
    }
}
