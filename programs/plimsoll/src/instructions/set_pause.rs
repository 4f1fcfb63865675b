//! Pauses and ends pauses. Each ends by itself; the guardian adds some of hours, the authority of days and ends any.

use anchor_lang::prelude::*;
use plimsoll_risk::breaker::{Pause, Pauser};
use plimsoll_risk::units::{Secs, UnixSecs};
use plimsoll_state::{pause, Engine, EngineAccount, Registry};

use crate::access::{now, require_of_engine};
use crate::error::{fail, EngineError, Result};
use crate::event::PauseSet;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::report::{decimal, line};

pub use plimsoll_interface::args::SetPauseArgs;

/// Either authority signs.
#[derive(Accounts)]
pub struct SetPause<'info> {
    /// The engine's authority or its guardian.
    pub signer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl SetPause<'_> {
    /// Who asks, and for how long.
    fn validate(&self, args: &SetPauseArgs) -> Result<(Pauser, Secs)> {
        let (engine, registry) = (read::<Engine>(&self.engine)?, read::<Registry>(&self.registry)?);
        require_of_engine(&*registry, &self.engine.key().to_bytes())?;
        let pauser = permit(Action::SetPause).pauser_in(&engine, self.signer.key)?;
        permit(Action::SetPause).in_engine(&registry)?;
        let (add, remove) = (args.add_bits, args.remove_bits);
        // A bit without a meaning would suggest a protection that does not exist, one in both masks says nothing.
        ensure!((add | remove) & !pause::ALL == 0 && add & remove == 0 && add | remove != 0, EngineError::UnknownValue);
        ensure!(pauser == Pauser::Authority || remove == 0, EngineError::PauseOnly);
        Ok((pauser, lasting(pauser, args.lasts_secs)?))
    }
}

/// How long a pause is to last: what is asked for, or as long as this pauser may.
///
/// # Errors
/// `ParameterOutOfBounds` for none at all and for more than that.
pub fn lasting(pauser: Pauser, asked_secs: Option<u32>) -> Result<Secs> {
    let lasts = asked_secs.map_or(pauser.longest(), Secs::new);
    ensure!(!lasts.is_zero() && lasts <= pauser.longest(), EngineError::ParameterOutOfBounds);
    Ok(lasts)
}

/// `held` with a pause of `what` from now on.
///
/// # Errors
/// `PauseSpent`, after a line that says from when on the guardian may pause it again.
#[inline(never)]
pub fn paused(held: Pause, what: &str, by: Pauser, now: UnixSecs, lasts: Secs) -> Result<Pause> {
    held.add(by, now, lasts).map_err(|from| {
        line(&["the guardian may pause ", what, " again from ", &decimal(from.get().unsigned_abs())]);
        fail(EngineError::PauseSpent)
    })
}

/// Adds pauses, each for the asked time or the longest that its signer may ask for, and ends others (KEY-4).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `UnknownValue`, `NotAuthority`, `PauseOnly`, `ParameterOutOfBounds`, `PauseSpent`.
pub fn handler(ctx: Context<SetPause>, args: SetPauseArgs) -> Result<()> {
    let (pauser, lasts) = ctx.accounts.validate(&args)?;
    let (now, standing) = (now()?, {
        let mut registry = write::<Registry>(&ctx.accounts.registry)?;
        apply(&mut registry, &args, pauser, lasts)?;
        registry.invariant()?;
        registry.pause_bits
    });
    crate::event::emit_event!(
        ctx,
        PauseSet {
            engine: ctx.accounts.engine.key(),
            signer: ctx.accounts.signer.key(),
            by_guardian: pauser == Pauser::Guardian,
            added_bits: args.add_bits,
            removed_bits: args.remove_bits,
            until_at: now.plus(lasts).get(),
            pause_bits: standing,
        }
    );
    Ok(())
}

/// Writes the pauses, and forgets the bits of those that have ended.
#[inline(never)]
fn apply(registry: &mut Registry, args: &SetPauseArgs, pauser: Pauser, lasts: Secs) -> Result<()> {
    let now = now()?;
    let mut standing = 0;
    for (place, stored) in registry.pauses.iter_mut().enumerate() {
        let bit = 1 << place;
        let mut held = stored.get();
        if args.add_bits & bit != 0 {
            held = paused(held, pause::name(bit), pauser, now, lasts)?;
        } else if args.remove_bits & bit != 0 {
            held = held.ended(now);
        }
        *stored = held.into();
        if held.until() > now {
            standing |= bit;
        }
    }
    registry.pause_bits = standing;
    Ok(())
}
