//! Replaces the engine's parameters, and with them the target weights and rates that follow from them.

use anchor_lang::prelude::*;
use plimsoll_risk::params::{Contradiction, GlobalParams};
use plimsoll_risk::ratchet::{Ratcheted, Standing};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{Engine, EngineAccount, PriceBoard, Registry};

use crate::access::{now, require_of_engine};
use crate::error::Result;
use crate::event::ParamsUpdated;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::UpdateParamsArgs;

/// The board is read for calibrations and for what parameters mean at today's prices.
#[derive(Accounts)]
pub struct UpdateParams<'info> {
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
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl UpdateParams<'_> {
    /// Moves what ramps to now: that is in force before the change.
    #[inline(never)]
    fn bring_to(&self, now: UnixSecs) -> Result<()> {
        write::<Registry>(&self.registry)?.advance_params(now);
        Ok(())
    }

    /// In whose name the parameters are set.
    #[inline(never)]
    fn validate(&self, params: &GlobalParams) -> Result<Standing> {
        let (engine, key, registry) =
            (read::<Engine>(&self.engine)?, self.engine.key().to_bytes(), read::<Registry>(&self.registry)?);
        // Registry and board are this engine's.
        require_of_engine(&*registry, &key)?;
        require_of_engine(&*read::<PriceBoard>(&self.board)?, &key)?;
        permit(Action::UpdateParams).in_engine(&registry)?;
        // Parameters decide over everybody's money.
        let standing = permit(Action::UpdateParams).standing_in(&engine, &registry, self.authority.key)?;
        // What users would be worse off by has waited.
        ratchet::admit(standing, &registry.params().verdict(params))?;
        // Bounds of each parameter.
        params.validate()?;
        Contradiction::DELAY.unless(params.changes.delay_is_allowed(registry.test_cluster == 1))?;
        Ok(standing)
    }

    /// Writes parameters and targets: now, and where all ramps end, whatever is listed is still accepted.
    #[inline(never)]
    fn apply(&self, params: &GlobalParams, standing: Standing, now: UnixSecs) -> Result<()> {
        let (mut registry, board) = (write::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let landing = if standing.ramps() { params.landing(registry.params()) } else { *params };
        registry.set_params(&landing, params, now);
        registry.check_listings(&board)?;
        registry.check_goals(&board)?;
        registry.check_units(&board)?;
        Ok(registry.invariant()?)
    }
}

/// Replaces the parameters and derives every listed target from them. What tightens and can liquidate goes there by a ramp.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`; `ParameterOutOfBounds` where a parameter would be out of
/// bounds, or anything that is listed would not be accepted under the new parameters.
pub fn handler(ctx: Context<UpdateParams>, args: UpdateParamsArgs) -> Result<()> {
    let (params, now) = (GlobalParams::from(args.params), now()?);
    ctx.accounts.bring_to(now)?;
    let standing = ctx.accounts.validate(&params)?;
    ctx.accounts.apply(&params, standing, now)?;
    crate::event::emit_event!(ctx, ParamsUpdated { engine: ctx.accounts.engine.key(), params: args.params });
    Ok(())
}
