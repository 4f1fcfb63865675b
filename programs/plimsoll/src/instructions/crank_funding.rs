//! Books funding into both sides, sets the rate from the mean premium and updates what claims are worth.
//! Permissionless.

use anchor_lang::prelude::*;
use plimsoll_ledger::{perp, pool};
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::perp::{funding_rate, mean_premium_ppm};
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{EngineAccount, I128Le, Market, PriceBoard, Registry};

use super::report_premium::integrate;
use crate::access::{now, require_same_engine};
use crate::error::{EngineError, Result};
use crate::event::FundingCranked;
use crate::guard::{permit, Action};
use crate::loader::{read, write};

/// A market and its slot of the registry.
#[derive(Accounts)]
pub struct CrankFunding<'info> {
    /// The engine's registry.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// The engine's prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
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

impl CrankFunding<'_> {
    fn validate(&self) -> Result<()> {
        // All of one engine; anyone may call.
        let (registry, board, market) =
            (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?, read::<Market>(&self.market)?);
        require_same_engine(&*registry, &*board)?;
        permit(Action::CrankFunding).in_engine(&registry)?;
        require_same_engine(&*registry, &*market)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the registry has a market at this index, as was asked; the quote bank is slot zero"
    )]
    fn crank(&self, now: UnixSecs) -> Result<FundingCranked> {
        let mut registry = write::<Registry>(&self.registry)?;
        let mut market = write::<Market>(&self.market)?;
        let board = read::<PriceBoard>(&self.board)?;
        let params = *registry.params();
        let (index, clock) = (market.index, registry.funding_at(now));
        ensure!(registry.market(index as usize).is_some(), EngineError::SlotEmpty);
        let engine = Pubkey::new_from_array(registry.engine);
        let quote_index = registry.banks[Registry::QUOTE_BANK].deposit_index;
        let slot = &mut registry.markets[index as usize];
        pool::note_smaller_deficit(slot, &market, quote_index);
        perp::accrue_funding(slot, clock)?;
        perp::end_epochs(slot, &mut market)?;
        integrate(&mut market, clock)?;
        let elapsed = now.elapsed_since(market.premium_since());
        let mean = mean_premium_ppm(market.premium_integral.get(), elapsed, params.perps.premium_bound());
        let spot = board
            .slot(slot.price_slot as usize)
            .filter(|price| price.is_fresh(MaxAge::new(params.prices.read_age(), now)))
            .map(|p| BasePrice::new_down(p.spot.get(), slot.scale.get()));
        match spot {
            // Without a price the cost of a premium is unknown: nothing accrues until there is one (FUNDING-1).
            None => slot.funding_per_unit_sec = 0,
            // A second crank of the same second has no new mean.
            Some(_) if elapsed.is_zero() => {}
            Some(spot) => slot.funding_per_unit_sec = funding_rate(mean, spot, params.perps.funding_bound_per_hour()),
        }
        if !elapsed.is_zero() {
            market.premium_integral = I128Le::new(0);
            market.premium_from = now.get();
        }
        market.invariant()?;
        let cranked = FundingCranked {
            engine,
            market: index,
            mean_premium_ppm: mean.get(),
            funding_per_unit_sec: slot.funding_per_unit_sec,
            deficit_share_ppm: slot.deficit_share_ppm,
            k_long: slot.sides[0].k.get(),
            k_short: slot.sides[1].k.get(),
            epoch_long: slot.sides[0].epoch,
            epoch_short: slot.sides[1].epoch,
        };
        registry.invariant()?;
        Ok(cranked)
    }
}

/// Books what accrued, ends worn-out epochs where the ring has room, and stores the rate of the mean premium since
/// the last crank; a rate of zero where no price is valid. A market whose deficit has shrunk gives its claims back what
/// they are worth.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`, `SlotEmpty`, `NumberOutOfRange`.
pub fn handler(ctx: Context<CrankFunding>) -> Result<()> {
    ctx.accounts.validate()?;
    let cranked = ctx.accounts.crank(now()?)?;
    crate::event::emit_event!(ctx, cranked);
    Ok(())
}
