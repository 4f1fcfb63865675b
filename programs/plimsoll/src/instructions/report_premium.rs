//! A venue reports by how much its mark price is above the index price.

use anchor_lang::prelude::*;
use plimsoll_risk::perp::premium_integral_since;
use plimsoll_state::{EngineAccount, FundingClock, Market, Registry, Venue};

use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::PremiumReported;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

pub use plimsoll_interface::args::ReportPremiumArgs;

/// A venue and the market it reports on.
#[derive(Accounts)]
pub struct ReportPremium<'info> {
    /// The PDA of the venue's program.
    pub venue_signer: Signer<'info>,
    /// The venue.
    /// CHECK: a [`Venue`] by `loader::read`.
    pub venue: UncheckedAccount<'info>,
    /// The engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// The market.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ReportPremium<'_> {
    fn validate(&self, args: &ReportPremiumArgs) -> Result<()> {
        // All of one engine.
        let (venue, registry, market) =
            (read::<Venue>(&self.venue)?, read::<Registry>(&self.registry)?, read::<Market>(&self.market)?);
        require_same_engine(&*registry, &*venue)?;
        require_same_engine(&*registry, &*market)?;
        permit(Action::ReportPremium).in_engine(&registry)?;
        // An active venue's own signer, for a market whose premium it reports.
        let named = venue.signer == self.venue_signer.key().to_bytes();
        let may_report = venue.premium_markets & (1 << market.index) != 0;
        ensure!(venue.active == 1 && named && may_report, EngineError::VenueInactive);
        ensure!(
            args.premium_ppm.unsigned_abs() <= registry.params().perps.premium_bound_ppm,
            EngineError::PremiumOutOfBounds
        );
        Ok(())
    }
}

/// Integrates the previous premium up to now and holds the new one from now on (FUNDING-1).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `VenueInactive`, `PremiumOutOfBounds`.
pub fn handler(ctx: Context<ReportPremium>, args: ReportPremiumArgs) -> Result<()> {
    ctx.accounts.validate(&args)?;
    let now = now()?;
    let index = {
        let clock = read::<Registry>(&ctx.accounts.registry)?.funding_at(now);
        let mut market = write::<Market>(&ctx.accounts.market)?;
        integrate(&mut market, clock)?;
        market.premium_ppm = args.premium_ppm;
        market.premium_reported_at = now.get();
        market.invariant()?;
        market.index
    };
    let engine = Pubkey::new_from_array(read::<Registry>(&ctx.accounts.registry)?.engine);
    crate::event::emit_event!(ctx, PremiumReported { engine, market: index, premium_ppm: args.premium_ppm });
    Ok(())
}

/// Adds what the held premium has made since the integral was last brought up to date.
pub(super) fn integrate(market: &mut Market, clock: FundingClock) -> Result<()> {
    let (reported, from) = (market.premium_reported(), market.premium_until());
    let missing = premium_integral_since(market.premium(), reported, from, clock.now, clock.max_secs);
    let sum = market.premium_integral.get().checked_add(missing).ok_or(EngineError::NumberOutOfRange)?;
    market.premium_integral.set(sum);
    market.premium_at = from.max(clock.now).get();
    Ok(())
}
