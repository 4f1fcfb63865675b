//! Lets deposits that wait as insurance pay uncovered debt, and turns the rest into insurance as far as there is free
//! liquidity; permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::{insurance, interest};
use plimsoll_state::{Bank, EngineAccount, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, InsuranceSwept};
use crate::guard::{permit, Action};
use crate::loader::{read, write};

/// Nobody signs: the atoms stay in the vault and only leave the deposits.
#[derive(Accounts)]
pub struct SweepInsurance<'info> {
    /// The bank's engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The bank.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub bank: UncheckedAccount<'info>,
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
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*read::<Bank>(&self.bank)?)?;
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
        let registry = read::<Registry>(&ctx.accounts.registry)?;
        let mut bank = write::<Bank>(&ctx.accounts.bank)?;
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
