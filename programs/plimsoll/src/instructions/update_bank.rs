//! Replaces a bank's configuration, and stops or allows what grows positions in it.

use anchor_lang::prelude::*;
use plimsoll_ledger::interest;
use plimsoll_risk::params::TokenWeights;
use plimsoll_state::{Bank, Engine, EngineAccount, PriceBoard, Registry, SlotStatus};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Result};
use crate::event::{BankRecord, BankUpdated};
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::UpdateBankArgs;

/// Mint, vault, decimals and price slot stay what they are.
#[derive(Accounts)]
pub struct UpdateBank<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// Its registry.
    #[account(mut)]
    pub registry: AccountLoader<'info, Registry>,
    /// Its prices.
    pub board: AccountLoader<'info, PriceBoard>,
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

impl UpdateBank<'_> {
    /// Returns the weights with their targets.
    #[inline(never)]
    fn validate(&self, args: &UpdateBankArgs) -> Result<TokenWeights> {
        let (registry, board, bank) = (self.registry.load()?, self.board.load()?, self.bank.load()?);
        let engine = self.engine.key().to_bytes();
        // A weight decides who may be liquidated.
        permit(Action::UpdateBank).signed_in(&*self.engine.load()?, self.authority.key)?;
        // Registry, board and bank are this engine's.
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        require_of_engine(&*bank, &engine)?;
        permit(Action::UpdateBank).in_engine(&registry)?;
        // The same conditions as at the listing, at today's price.
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        let price = board.slot(slot.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?.spot.get();
        args.config.validate(bank.decimals, price, registry.params())
    }
}

/// Books interest under the old configuration, then writes the new one; a new curve counts from the next `accrue`.
///
/// A terminal bank stays terminal.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `PriceSlotEmpty`; those of
/// [`BankConfigArgs::validate`](crate::instructions::BankConfigArgs::validate); `ParameterOutOfBounds` beside what else is listed.
pub fn handler(ctx: Context<UpdateBank>, args: UpdateBankArgs) -> Result<()> {
    let weights = ctx.accounts.validate(&args)?;
    let now = now()?;
    let event = {
        let mut registry = ctx.accounts.registry.load_mut()?;
        let mut bank = ctx.accounts.bank.load_mut()?;
        let slot = registry.banks.get_mut(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        args.config.write(weights, &mut bank, slot);
        if slot.status != SlotStatus::Terminal as u8 {
            slot.status = if args.reduce_only { SlotStatus::ReduceOnly } else { SlotStatus::Active } as u8;
        }
        slot.invariant()?;
        let status = slot.status;
        bank.invariant()?;
        registry.invariant()?;
        // Beside every other token, and for quote beside every market.
        registry.check_listings(&*ctx.accounts.board.load()?)?;
        BankUpdated {
            engine: ctx.accounts.engine.key(),
            bank: bank.index,
            status,
            config: args.config,
            after: BankRecord::from(&*bank),
        }
    };
    crate::event::emit_event!(ctx, event);
    Ok(())
}
