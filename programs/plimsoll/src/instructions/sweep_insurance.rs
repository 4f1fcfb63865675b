//! Lets deposits that wait as insurance pay uncovered debt, and turns the rest into insurance as far as there is free
//! liquidity; permissionless.

use anchor_lang::prelude::*;
use plimsoll_state::{Bank, EngineAccount, Registry};

use crate::access::{now_secs, require_same_engine};
use crate::error::{EngineError, IntoEngine};
use crate::event::{BankRecord, InsuranceSwept};

/// Nobody signs: the atoms stay in the vault and only leave the deposits.
#[event_cpi]
#[derive(Accounts)]
pub struct SweepInsurance<'info> {
    /// The bank's engine's registry.
    pub registry: AccountLoader<'info, Registry>,
    /// The bank.
    #[account(mut)]
    pub bank: AccountLoader<'info, Bank>,
}

impl SweepInsurance<'_> {
    fn validate(&self) -> Result<()> {
        // The registry is the bank's engine's.
        require_same_engine(&*self.registry.load()?, &*self.bank.load()?)
    }
}

/// Books interest and sweeps.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `NothingToSweep`.
pub fn handler(ctx: Context<SweepInsurance>) -> Result<()> {
    ctx.accounts.validate()?;
    let event = {
        let registry = ctx.accounts.registry.load()?;
        let mut bank = ctx.accounts.bank.load_mut()?;
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        bank.book_now(slot, now_secs()?);
        let atoms = bank.sweep_waiting().engine()?;
        ensure!(atoms > 0, EngineError::NothingToSweep);
        bank.invariant().engine()?;
        InsuranceSwept {
            engine: Pubkey::new_from_array(bank.engine),
            bank: bank.index,
            atoms,
            after: BankRecord::from(&*bank),
        }
    };
    crate::event::emit_event!(ctx, event);
    Ok(())
}
