//! Books a bank's interest, sets its borrow rate and refreshes the registry's indices; permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::interest;
use plimsoll_state::{Bank, EngineAccount, Registry};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankAccrued, BankRecord};
use crate::guard::{permit, Action};
use crate::loader::{read, write};

/// Nobody signs: twice in one second is once.
#[derive(Accounts)]
pub struct Accrue<'info> {
    /// The bank's engine's registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
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

impl Accrue<'_> {
    fn validate(&self) -> Result<()> {
        // The registry is the bank's engine's.
        let registry = read::<Registry>(&self.registry)?;
        require_same_engine(&*registry, &*read::<Bank>(&self.bank)?)?;
        permit(Action::Accrue).in_engine(&registry)
    }
}

/// Writes the projected borrow index, the rate from now on and the copy of the deposit index.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `SlotEmpty`.
#[expect(clippy::indexing_slicing, reason = "the registry has a bank at this index, as was asked")]
pub fn handler(ctx: Context<Accrue>) -> Result<()> {
    ctx.accounts.validate()?;
    let event = {
        let mut registry = write::<Registry>(&ctx.accounts.registry)?;
        let mut bank = write::<Bank>(&ctx.accounts.bank)?;
        let index = bank.index as usize;
        ensure!(registry.bank(index).is_some(), EngineError::SlotEmpty);
        let window = registry.params().lending.utilization_window();
        let slot = &mut registry.banks[index];
        interest::accrue(&mut bank, slot, window, now()?)?;
        slot.invariant()?;
        bank.invariant()?;
        let borrow_rate_per_sec = slot.borrow_rate_per_sec;
        registry.invariant()?;
        BankAccrued {
            engine: Pubkey::new_from_array(bank.engine),
            bank: bank.index,
            utilization_ema_ppm: bank.utilization_ema_ppm,
            borrow_rate_per_sec,
            after: BankRecord::from(&*bank),
        }
    };
    crate::event::emit_event!(ctx, event);
    Ok(())
}
