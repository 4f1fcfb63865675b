//! Lets deposits that wait as insurance pay uncovered debt, and turns the rest into insurance as far as there is free
//! liquidity; permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::{insurance, interest};
use plimsoll_state::{Bank, EngineAccount, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, InsuranceSwept};
use crate::guard::{permit, Action};

/// Nobody signs: the atoms stay in the vault and only leave the deposits.
#[derive(Accounts)]
pub struct SweepInsurance<'info> {
    /// The bank's engine's registry.
    pub registry: AccountLoader<'info, Registry>,
    /// The bank.
    #[account(mut)]
    pub bank: AccountLoader<'info, Bank>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl SweepInsurance<'_> {
    fn validate(&self) -> Result<()> {
        // The registry is the bank's engine's.
        let registry = self.registry.load()?;
        require_same_engine(&*registry, &*self.bank.load()?)?;
        permit(Action::SweepInsurance).in_engine(&registry)
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
        interest::book_now(&mut bank, slot, now()?);
        let atoms = insurance::sweep_waiting(&mut bank)?;
        ensure!(!atoms.is_zero(), EngineError::NothingToSweep);
        bank.invariant()?;
        InsuranceSwept {
            engine: Pubkey::new_from_array(bank.engine),
            bank: bank.index,
            atoms: atoms.get(),
            after: BankRecord::from(&*bank),
        }
    };
    crate::event::emit_event!(ctx, event);
    Ok(())
}
