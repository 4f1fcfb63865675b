//! Lists a perp.

use anchor_lang::prelude::*;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::{GlobalParams, MAX_MARKETS};
use plimsoll_risk::perp::validate_unit;
use plimsoll_risk::price::{base_scale_down, token_scale_down, BasePrice, Price, UnitPrice};
use plimsoll_risk::units::{BaseUnits, UnixSecs, UsdMicro};
use plimsoll_state::{seeds, Engine, EngineAccount, Market, MarketSlot, PriceBoard, Registry, SideIndex, SlotStatus};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::MarketListed;
use crate::growth::Growth;
use crate::guard::{permit, Action};
use crate::loader::{read, write};
use crate::ratchet;

pub use plimsoll_interface::args::{ListMarketArgs, MarketTerms};

/// Creates the market's account.
#[derive(Accounts)]
#[instruction(args: ListMarketArgs)]
pub struct ListMarket<'info> {
    /// The engine's executor; before the launch its authority.
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    /// CHECK: an [`Engine`] by `loader::read`.
    pub engine: UncheckedAccount<'info>,
    /// Its registry, which gets the slot.
    /// CHECK: a [`Registry`] by `loader::write`.
    #[account(mut)]
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// `["market", engine, index]`, which is created.
    /// CHECK: its address is verified by its seeds, its owner and state by `Growth::step`.
    #[account(mut, seeds = [seeds::MARKET, engine.key().as_ref(), &[args.index]], bump)]
    pub market: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl ListMarket<'_> {
    /// Returns the scale, and when the cap was raised if it was.
    #[inline(never)]
    fn validate(&self, args: &ListMarketArgs, now: UnixSecs) -> Result<(Price, UnixSecs)> {
        // Registry and board of this engine.
        let (registry, board) = (read::<Registry>(&self.registry)?, read::<PriceBoard>(&self.board)?);
        let engine = self.engine.key().to_bytes();
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        permit(Action::ListMarket).in_engine(&registry)?;
        // A listing decides over everybody's insurance.
        let standing =
            permit(Action::ListMarket).standing_in(&*read::<Engine>(&self.engine)?, &registry, self.authority.key)?;
        // Slots are taken in order, so that a count tells which are in use.
        ensure!((args.index as usize) < MAX_MARKETS, EngineError::SlotsFull);
        ensure!(args.index == registry.market_count, EngineError::SlotTaken);
        ensure!(core::str::from_utf8(&args.name).is_ok(), EngineError::ParameterOutOfBounds);
        args.terms.validate::<Failure>(args.price_slot, &registry, &board)?;
        let scale = self.validate_unit(args, &registry, &board, now)?;
        // The cap starts low.
        let unit = unit_in_dollars(&board, args.price_slot, args.base_decimals)?;
        let change = args.terms.cap_change(&MarketTerms::default(), unit);
        let raised_at = ratchet::caps(standing, &[change], &registry.params().changes, UnixSecs::new(0), now)?;
        Ok((scale, raised_at))
    }

    /// One base unit is worth at most a thousandth of a dollar at the present price, and the numbers hold the largest
    /// position.
    fn validate_unit(
        &self,
        args: &ListMarketArgs,
        registry: &Registry,
        board: &PriceBoard,
        now: UnixSecs,
    ) -> Result<Price> {
        let params: &GlobalParams = registry.params();
        let price = board.slot(args.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        ensure!(price.is_fresh(MaxAge::new(params.prices.read_age(), now)), EngineError::PriceStale);
        let quote = registry.bank(Registry::QUOTE_BANK).ok_or(EngineError::SlotEmpty)?;
        let scale = base_scale_down(quote.decimals, args.base_decimals)?;
        let dollars = unit_in_dollars(board, args.price_slot, args.base_decimals)?;
        validate_unit(dollars, BasePrice::new_down(price.spot.get(), scale), params)?;
        Ok(scale)
    }

    #[inline(never)]
    #[expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "validated: there are fewer markets than slots, 32, and the index is their number"
    )]
    fn apply(
        &self,
        args: &ListMarketArgs,
        (scale, raised_at): (Price, UnixSecs),
        bump: u8,
        now: UnixSecs,
    ) -> Result<MarketListed> {
        let engine = self.engine.key();
        let growth = Growth {
            account: &self.market,
            payer: &self.payer,
            system_program: &self.system_program,
            seeds: &[seeds::MARKET, engine.as_ref(), &[args.index]],
            bump,
        };
        growth.step::<Market>()?;
        let mut registry = write::<Registry>(&self.registry)?;
        registry.market_count += 1;
        let params = *registry.params();
        let slot = &mut registry.markets[args.index as usize];
        *slot = bytemuck::Zeroable::zeroed();
        fill_slot(slot, args, scale, now);
        let mut market = write::<Market>(&self.market)?;
        market.index = args.index;
        market.price_slot = args.price_slot;
        market.engine = engine.to_bytes();
        market.name = args.name;
        market.premium_at = now.get();
        market.premium_from = now.get();
        market.premium_reported_at = now.get();
        market.cap_raised_at = raised_at.get();
        args.terms.write(false, &params, &mut market, slot, now);
        let event = listed((engine, self.market.key()), &market, slot, &args.terms);
        market.invariant()?;
        registry.invariant()?;
        registry.check_listings(&*read::<PriceBoard>(&self.board)?)?;
        Ok(event)
    }
}

/// What a base unit is worth in dollars.
///
/// # Errors
/// `PriceSlotEmpty`, `NumberOutOfRange`.
pub(super) fn unit_in_dollars(
    board: &PriceBoard,
    price_slot: u8,
    base_decimals: u8,
) -> Result<UnitPrice<UsdMicro, BaseUnits>> {
    let price = board.slot(price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?.spot.get();
    Ok(UnitPrice::new_down(price, token_scale_down(base_decimals)?))
}

/// Writes the market and its slot of the registry, both sides empty, no funding.
///
/// # Errors
/// `NotAuthority`, `ChangeWaits`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `PriceSlotEmpty`, `PriceStale`,
/// `SlotEmpty`, `ParameterOutOfBounds`, `CapGrowthLimited`.
pub fn handler(ctx: Context<ListMarket>, args: ListMarketArgs) -> Result<()> {
    let now = now()?;
    let validated = ctx.accounts.validate(&args, now)?;
    let event = ctx.accounts.apply(&args, validated, ctx.bumps.market, now)?;
    crate::event::emit_event!(ctx, event);
    Ok(())
}

fn fill_slot(slot: &mut MarketSlot, args: &ListMarketArgs, scale: Price, now: UnixSecs) {
    slot.status = SlotStatus::Active as u8;
    slot.base_decimals = args.base_decimals;
    slot.price_slot = args.price_slot;
    slot.scale = scale.into();
    slot.funding_at = now.get();
    slot.sides = [SideIndex::start(); 2];
}

/// The event of a listing or of an update.
pub(super) fn listed(
    (engine, key): (Pubkey, Pubkey),
    market: &Market,
    slot: &MarketSlot,
    terms: &MarketTerms,
) -> MarketListed {
    MarketListed {
        engine,
        market: key,
        index: market.index,
        status: slot.status,
        price_slot: market.price_slot,
        target_rate_ppm: slot.rates.0.target_ppm.get(),
        terms: *terms,
    }
}
