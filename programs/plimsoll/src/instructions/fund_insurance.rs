//! Pays tokens into a bank's insurance; anyone may.

use anchor_lang::prelude::*;
use plimsoll_ledger::insurance;
use plimsoll_state::{Bank, EngineAccount};

use crate::error::Result;
use crate::event::{BankRecord, InsuranceFunded};
use crate::loader::{read, write};
use crate::vault::{require_amount, VaultTransfer};
use plimsoll_risk::units::Atoms;

pub use plimsoll_interface::args::FundInsuranceArgs;

/// A gift: nothing is owed for it.
#[derive(Accounts)]
pub struct FundInsurance<'info> {
    /// Owner of the tokens.
    pub funder: Signer<'info>,
    /// The bank.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub bank: UncheckedAccount<'info>,
    /// The bank's vault.
    /// CHECK: compared with the bank.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// Where the tokens come from.
    /// CHECK: the token program checks mint and owner.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// The bank's mint.
    /// CHECK: compared with the bank.
    pub mint: UncheckedAccount<'info>,
    /// The mint's token program.
    /// CHECK: compared with the bank.
    pub token_program: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl<'info> FundInsurance<'info> {
    /// Returns the mint's decimals.
    fn validate(&self, args: &FundInsuranceArgs) -> Result<u8> {
        require_amount(args.amount_atoms)?;
        // Vault, mint and token program are the bank's.
        let bank = read::<Bank>(&self.bank)?;
        self.transfer().validate(&bank)?;
        Ok(bank.decimals)
    }

    fn transfer(&self) -> VaultTransfer<'_, 'info> {
        VaultTransfer {
            vault: &self.vault,
            outside: &self.source,
            mint: &self.mint,
            token_program: &self.token_program,
        }
    }
}

/// Moves the tokens, then adds what arrived to the insurance, uncovered debt paid first. Shares and indices stay, so
/// nothing is booked.
///
/// # Errors
/// `AmountZero`, `AmountTooLarge`, `VaultMismatch`, `MintMismatch`, `AccountMismatch`; the token program's.
pub fn handler(ctx: Context<FundInsurance>, args: FundInsuranceArgs) -> Result<()> {
    let decimals = ctx.accounts.validate(&args)?;
    let atoms = ctx.accounts.transfer().pull(&ctx.accounts.funder, args.amount_atoms, decimals)?;
    let event = {
        let mut bank = write::<Bank>(&ctx.accounts.bank)?;
        insurance::add_insurance(&mut bank, Atoms::new(atoms))?;
        bank.invariant()?;
        InsuranceFunded {
            engine: Pubkey::new_from_array(bank.engine),
            bank: bank.index,
            funder: ctx.accounts.funder.key(),
            atoms,
            after: BankRecord::from(&*bank),
        }
    };
    crate::event::emit_event!(ctx, event);
    Ok(())
}
