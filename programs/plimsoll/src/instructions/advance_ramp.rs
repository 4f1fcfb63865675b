//! Moves what ramps to now: anybody may, and skipping it makes no step larger.

use anchor_lang::prelude::*;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{EngineAccount, PriceBoard, Registry, RAMPED_PARAMS};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::RampAdvanced;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::{AdvanceRampArgs, RampArg};

/// Only the registry is written.
#[derive(Accounts)]
pub struct AdvanceRamp<'info> {
    /// The registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its prices, for their calibrations.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl AdvanceRamp<'_> {
    #[inline(never)]
    fn validate(&self) -> Result<()> {
        let registry = read::<Registry>(&self.registry)?;
        // Registry and board belong together.
        require_same_engine(&*registry, &*read::<PriceBoard>(&self.board)?)?;
        permit(Action::AdvanceRamp).in_engine(&registry)
    }

    /// Two ramps may move at different speeds: a step that the listings would not be accepted beside waits for the other.
    #[inline(never)]
    fn apply(&self, of: RampArg, now: UnixSecs) -> Result<RampAdvanced> {
        let mut registry = write::<Registry>(&self.registry)?;
        let params = *registry.params();
        let (moves, ramped_at, held_ppm) = match of {
            RampArg::Params => {
                let moves = registry.params_ramped_at != 0;
                registry.advance_params(now);
                (moves, registry.params_ramped_at, held(registry.ramped()))
            }
            RampArg::Bank(index) => {
                let slot = registry.banks.get_mut(index as usize).filter(|slot| slot.is_listed());
                let slot = slot.ok_or(EngineError::SlotEmpty)?;
                let moves = slot.ramped_at != 0;
                slot.advance_ramps(&params, now);
                (moves, slot.ramped_at, held(slot.ramped()))
            }
            RampArg::Market(index) => {
                let slot = registry.markets.get_mut(index as usize).filter(|slot| slot.is_listed());
                let slot = slot.ok_or(EngineError::SlotEmpty)?;
                let moves = slot.ramped_at != 0;
                slot.advance_ramps(&params, now);
                (moves, slot.ramped_at, held(slot.ramped()))
            }
        };
        ensure!(moves, EngineError::NothingRamps);
        registry.check_listings(&*read::<PriceBoard>(&self.board)?)?;
        registry.invariant()?;
        Ok(RampAdvanced { engine: Pubkey::from(registry.engine), of, arrived: ramped_at == 0, held_ppm })
    }
}

/// Moves one ramp.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`; `SlotEmpty`, `NothingRamps`; `ParameterOutOfBounds` where another ramp has to move
/// first.
pub fn handler(ctx: Context<AdvanceRamp>, args: AdvanceRampArgs) -> Result<()> {
    ctx.accounts.validate()?;
    let event = ctx.accounts.apply(args.of, now()?)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

/// As the event lists them.
fn held<const N: usize>(numbers: [u32; N]) -> [u32; RAMPED_PARAMS] {
    core::array::from_fn(|index| numbers.get(index).copied().unwrap_or(0))
}
