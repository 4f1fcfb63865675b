//! Replaces a bank's configuration, and stops or allows what grows positions in it.

use anchor_lang::prelude::*;
use plimsoll_ledger::interest;
use plimsoll_risk::ratchet::{Ratcheted, Standing};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Bank, Engine, EngineAccount, PriceBoard, Registry, SlotStatus};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::{BankRecord, BankUpdated};
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::UpdateBankArgs;

/// Mint, vault, decimals and price slot stay what they are.
#[derive(Accounts)]
pub struct UpdateBank<'info> {
    /// The engine's authority or risk authority, or its executor.
    pub authority: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
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

impl UpdateBank<'_> {
    /// Books interest under the old configuration, and moves what ramps to now: both are in force before the change.
    #[inline(never)]
    fn bring_to(&self, now: UnixSecs) -> Result<()> {
        let mut registry = write::<Registry>(&self.registry)?;
        let mut bank = write::<Bank>(&self.bank)?;
        let params = *registry.params();
        let slot = registry.banks.get_mut(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        interest::book_now(&mut bank, slot, now);
        slot.advance_ramps(&params, now);
        Ok(())
    }

    /// In whose name the configuration is set, and when a cap was last raised if it is.
    #[inline(never)]
    fn validate(&self, args: &UpdateBankArgs, now: UnixSecs) -> Result<(Standing, UnixSecs)> {
        let (registry, board, bank) =
            (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?, read::<Bank>(&self.bank)?);
        let engine = self.engine.key().to_bytes();
        // Registry, board and bank are this engine's.
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        require_of_engine(&*bank, &engine)?;
        permit(Action::UpdateBank).in_engine(&registry)?;
        // A weight decides who may be liquidated.
        let standing =
            permit(Action::UpdateBank).standing_in(&*read::<Engine>(&self.engine)?, &registry, self.authority.key)?;
        // What users would be worse off by has waited.
        let slot = registry.bank(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        let in_force = UpdateBankArgs::in_force(&bank, slot);
        ratchet::admit(standing, &in_force.verdict(args))?;
        // The same conditions as at the listing, at today's price.
        let (params, price) = (registry.params(), board.slot(slot.price_slot as usize));
        let price = price.ok_or(EngineError::PriceSlotEmpty)?.spot.get();
        args.config.validate::<Failure>(bank.decimals, price, params)?;
        // What a wrong listing can take is bounded by its caps.
        let changes = args.config.cap_changes(&in_force.config, bank.decimals, price)?;
        let raised_at = ratchet::caps(standing, &changes, &params.changes, UnixSecs::new(bank.cap_raised_at), now)?;
        Ok((standing, raised_at))
    }

    #[inline(never)]
    fn apply(
        &self,
        args: &UpdateBankArgs,
        standing: Standing,
        raised_at: UnixSecs,
        now: UnixSecs,
    ) -> Result<BankUpdated> {
        let mut registry = write::<Registry>(&self.registry)?;
        let (mut bank, board) = (write::<Bank>(&self.bank)?, read::<PriceBoard>(&self.board)?);
        let params = *registry.params();
        let slot = registry.banks.get_mut(bank.index as usize).ok_or(EngineError::SlotEmpty)?;
        args.config.write(standing.ramps(), &params, &mut bank, slot, now);
        bank.cap_raised_at = raised_at.get();
        if slot.status != SlotStatus::Terminal as u8 {
            slot.status = if args.reduce_only { SlotStatus::ReduceOnly } else { SlotStatus::Active } as u8;
        }
        slot.invariant()?;
        let status = slot.status;
        bank.invariant()?;
        registry.invariant()?;
        // Beside every other token, and for quote beside every market: now, and where all ramps end.
        registry.check_listings(&board)?;
        registry.check_goals(&board)?;
        Ok(BankUpdated {
            engine: self.engine.key(),
            bank: bank.index,
            status,
            config: args.config,
            after: BankRecord::from(&*bank),
        })
    }
}

/// Books interest under the old configuration, then writes the new one; a new curve counts from the next `accrue`.
///
/// A terminal bank stays terminal. What tightens and can liquidate goes there by a ramp.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `PriceSlotEmpty`; `ChangeWaits`, `CapGrowthLimited`; those
/// of [`BankConfigArgs::validate`](crate::instructions::BankConfigArgs::validate); `ParameterOutOfBounds` beside what else is
/// listed.
pub fn handler(ctx: Context<UpdateBank>, args: UpdateBankArgs) -> Result<()> {
    let now = now()?;
    ctx.accounts.bring_to(now)?;
    let (standing, raised_at) = ctx.accounts.validate(&args, now)?;
    let event = ctx.accounts.apply(&args, standing, raised_at, now)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}
