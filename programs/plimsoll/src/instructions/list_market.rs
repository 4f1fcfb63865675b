//! Lists a perp.

use anchor_lang::prelude::*;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::{GlobalParams, MarketRates, MAX_MARKETS};
use plimsoll_risk::perp::validate_unit;
use plimsoll_risk::price::{base_scale_down, token_scale_down, BasePrice, Price, UnitPrice};
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{
    seeds, Engine, EngineAccount, Market, MarketSlot, PriceBoard, Registry, SideIndex, SlotStatus, StoredRates,
    LAYOUT_VERSION,
};

use crate::access::{now, require_of_engine};
use crate::error::{EngineError, Failure, Result};
use crate::event::MarketListed;
use crate::guard::{permit, Action};

pub use plimsoll_interface::args::{ListMarketArgs, MarketTerms};

/// Creates the market's account.
#[derive(Accounts)]
#[instruction(args: ListMarketArgs)]
pub struct ListMarket<'info> {
    /// The engine's authority.
    pub authority: Signer<'info>,
    /// Pays the rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The engine.
    pub engine: AccountLoader<'info, Engine>,
    /// Its registry, which gets the slot.
    #[account(mut)]
    pub registry: AccountLoader<'info, Registry>,
    /// Its prices.
    pub board: AccountLoader<'info, PriceBoard>,
    /// `["market", engine, index]`.
    #[account(
        init, payer = payer, space = Market::SPACE,
        seeds = [seeds::MARKET, engine.key().as_ref(), &[args.index]], bump,
    )]
    pub market: AccountLoader<'info, Market>,
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
    fn validate(&self, args: &ListMarketArgs, now: UnixSecs) -> Result<(MarketRates, Price)> {
        // Only the authority lists.
        permit(Action::ListMarket).signed_in(&*self.engine.load()?, self.authority.key)?;
        // Registry and board of this engine.
        let (registry, board) = (self.registry.load()?, self.board.load()?);
        let engine = self.engine.key().to_bytes();
        require_of_engine(&*registry, &engine)?;
        require_of_engine(&*board, &engine)?;
        permit(Action::ListMarket).in_engine(&registry)?;
        // Slots are taken in order, so that a count tells which are in use.
        ensure!((args.index as usize) < MAX_MARKETS, EngineError::SlotsFull);
        ensure!(args.index == registry.market_count, EngineError::SlotTaken);
        ensure!(core::str::from_utf8(&args.name).is_ok(), EngineError::ParameterOutOfBounds);
        let rates = args.terms.validate::<Failure>(args.price_slot, &registry, &board)?;
        let scale = self.validate_unit(args, &registry, &board, now)?;
        Ok((rates, scale))
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
        let dollars = UnitPrice::new_down(price.spot.get(), token_scale_down(args.base_decimals)?);
        validate_unit(dollars, BasePrice::new_down(price.spot.get(), scale), params)?;
        Ok(scale)
    }
}

/// Writes the market and its slot of the registry, both sides empty, no funding.
///
/// # Errors
/// `NotAuthority`, `VersionUnknown`, `EngineMismatch`, `SlotsFull`, `SlotTaken`, `PriceSlotEmpty`, `PriceStale`,
/// `SlotEmpty`, `ParameterOutOfBounds`.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "validated: there are fewer markets than slots, 32, and the index is their number"
)]
pub fn handler(ctx: Context<ListMarket>, args: ListMarketArgs) -> Result<()> {
    let now = now()?;
    let (rates, scale) = ctx.accounts.validate(&args, now)?;
    {
        let mut registry = ctx.accounts.registry.load_mut()?;
        registry.market_count += 1;
        let slot = &mut registry.markets[args.index as usize];
        *slot = bytemuck::Zeroable::zeroed();
        fill_slot(slot, &args, scale, now);
        let mut market = ctx.accounts.market.load_init()?;
        market.version = LAYOUT_VERSION;
        market.bump = ctx.bumps.market;
        market.index = args.index;
        market.price_slot = args.price_slot;
        market.engine = ctx.accounts.engine.key().to_bytes();
        market.name = args.name;
        market.premium_at = now.get();
        market.premium_from = now.get();
        market.premium_reported_at = now.get();
        set_terms(&mut market, slot, rates, &args.terms);
        market.invariant()?;
        registry.invariant()?;
        registry.check_listings(&*ctx.accounts.board.load()?)?;
    }
    crate::event::emit_event!(
        ctx,
        listed(
            ctx.accounts.engine.key(),
            ctx.accounts.market.key(),
            args.index,
            args.price_slot,
            1,
            rates,
            &args.terms
        )
    );
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

/// Writes the terms, with the rates that follow from them.
pub(super) fn set_terms(market: &mut Market, slot: &mut MarketSlot, rates: MarketRates, terms: &MarketTerms) {
    terms.store(market, slot);
    slot.rates = StoredRates(rates);
}

/// The event of a listing or of an update.
pub(super) fn listed(
    engine: Pubkey,
    market: Pubkey,
    index: u8,
    price_slot: u8,
    status: u8,
    rates: MarketRates,
    terms: &MarketTerms,
) -> MarketListed {
    MarketListed { engine, market, index, status, price_slot, target_rate_ppm: rates.target_ppm.get(), terms: *terms }
}
