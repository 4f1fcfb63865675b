//! Sets an engine up: empty accounts, then prices, banks and markets from the arguments that the program takes.

use std::sync::Arc;

use bytemuck::Zeroable;
use plimsoll_interface::args::{ListBankArgs, ListMarketArgs, ListPriceArgs};
use plimsoll_interface::pda;
use plimsoll_risk::oracle::{MaxAge, PriceState, DEFAULT_PRIOR_PICO_PER_SEC};
use plimsoll_risk::params::{Contradiction, GlobalParams, INDEX_ONE, MAX_BANKS, MAX_MARKETS, MAX_PRICES};
use plimsoll_risk::perp::validate_unit;
use plimsoll_risk::price::{base_scale_down, token_scale_down, BasePrice, Price, UnitPrice};
use plimsoll_risk::units::{Ppm, Secs, UnixSecs};
use plimsoll_state::{
    Bank, BankSlot, Feed, FeedBook, Market, MarketSlot, PriceBoard, PriceSlot, Registry, SideIndex, SlotStatus,
    StoredParams, LAYOUT_VERSION,
};
use solana_pubkey::Pubkey;

use crate::accounts::{require_sound, sound};
use crate::{Engine, EngineError, Result};

/// Largest prior of a variance, units of 1e-12 per second: 1e-3 is 3 % in a second.
const MAX_PRIOR_PICO_PER_SEC: u32 = 1_000_000_000;

/// The token of a bank that is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its mint.
    pub mint: Pubkey,
    /// The mint's token program.
    pub token_program: Pubkey,
    /// The mint's decimals.
    pub decimals: u8,
}

impl Engine {
    /// A complete, empty engine at this address, not launched, at `now` in Unix seconds.
    ///
    /// # Errors
    /// `ParameterOutOfBounds`.
    pub fn create(engine: Pubkey, params: &GlobalParams, test_cluster: bool, now: i64) -> Result<Self> {
        params.validate()?;
        Contradiction::DELAY.unless(params.changes.delay_is_allowed(test_cluster))?;
        let registry = Registry {
            version: LAYOUT_VERSION,
            bump: pda::registry(&engine).1,
            test_cluster: test_cluster as u8,
            engine: engine.to_bytes(),
            params: StoredParams(*params),
            ..Registry::zeroed()
        };
        let board = PriceBoard {
            version: LAYOUT_VERSION,
            bump: pda::board(&engine).1,
            engine: engine.to_bytes(),
            ..PriceBoard::zeroed()
        };
        let feeds = FeedBook {
            version: LAYOUT_VERSION,
            bump: pda::feeds(&engine).1,
            engine: engine.to_bytes(),
            ..FeedBook::zeroed()
        };
        require_sound(&registry)?;
        require_sound(&board)?;
        require_sound(&feeds)?;
        Ok(Self {
            registry: Arc::new(registry),
            board: Arc::new(board),
            feeds: Arc::new(feeds),
            banks: Vec::new(),
            vaults: Vec::new(),
            markets: Vec::new(),
            accounts: Vec::new(),
            now: UnixSecs::new(now),
        })
    }

    /// Launches the engine: from now on accounts can be opened, and nothing is listed any more.
    ///
    /// # Errors
    /// `AlreadyComplete`.
    pub fn launch(&mut self) -> Result<()> {
        ensure!(self.registry.launched == 0, EngineError::AlreadyComplete);
        Arc::make_mut(&mut self.registry).launched = 1;
        Ok(())
    }

    /// Lists an underlying, which has no price yet.
    ///
    /// # Errors
    /// `ChangeWaits` once the engine is launched, `SlotsFull`, `SlotTaken`, `ParameterOutOfBounds`; those of
    /// `PriceConfigArgs::validate`.
    pub fn list_price(&mut self, args: &ListPriceArgs) -> Result<()> {
        self.require_set_up_freely()?;
        let mut board = *self.board;
        ensure!((board.count as usize) < MAX_PRICES, EngineError::SlotsFull);
        ensure!(args.slot == board.count, EngineError::SlotTaken);
        args.config.validate::<EngineError>(self.registry.params(), self.registry.test_cluster == 1)?;
        let prior = args.variance_prior_pico_per_sec.unwrap_or(DEFAULT_PRIOR_PICO_PER_SEC);
        ensure!(prior > 0 && prior <= MAX_PRIOR_PICO_PER_SEC, EngineError::ParameterOutOfBounds);
        let mut feeds = *self.feeds;
        let slot: &mut PriceSlot = board.slots.get_mut(args.slot as usize).ok_or(EngineError::SlotsFull)?;
        let feed: &mut Feed = feeds.feeds.get_mut(args.slot as usize).ok_or(EngineError::SlotsFull)?;
        slot.active = 1;
        let (fast, slow) = (Secs::new(args.config.fast_secs()), Secs::new(args.config.slow_secs()));
        slot.store(feed, &PriceState::listed(fast, slow, prior));
        args.config.write(slot, feed);
        sound(slot.invariant())?;
        sound(feed.invariant(slot))?;
        board.count = args.slot.saturating_add(1);
        require_sound(&board)?;
        require_sound(&feeds)?;
        (self.board, self.feeds) = (Arc::new(board), Arc::new(feeds));
        Ok(())
    }

    /// Lists a token: its bank, with an empty vault, and its slot in the registry.
    ///
    /// # Errors
    /// `ChangeWaits` once the engine is launched, `SlotsFull`, `SlotTaken`, `PriceSlotEmpty`; those of
    /// `BankConfigArgs::validate`; `ParameterOutOfBounds` beside what else is listed.
    pub fn list_bank(&mut self, args: &ListBankArgs, token: &Token) -> Result<()> {
        self.require_set_up_freely()?;
        let mut registry = *self.registry;
        ensure!((registry.bank_count as usize) < MAX_BANKS, EngineError::SlotsFull);
        ensure!(args.index == registry.bank_count, EngineError::SlotTaken);
        let price = self.board.slot(args.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?.spot.get();
        args.config.validate::<EngineError>(token.decimals, price, registry.params())?;
        let params = *registry.params();
        let mut bank = self.empty_bank(args.index, token);
        registry.bank_count = registry.bank_count.saturating_add(1);
        let slot: &mut BankSlot = registry.banks.get_mut(args.index as usize).ok_or(EngineError::SlotsFull)?;
        *slot = BankSlot {
            status: SlotStatus::Active as u8,
            decimals: token.decimals,
            price_slot: args.price_slot,
            scale: token_scale_down(token.decimals)?.into(),
            deposit_index: INDEX_ONE,
            borrow_index: INDEX_ONE,
            accrued_at: self.now.get(),
            ..BankSlot::zeroed()
        };
        args.config.write(false, &params, &mut bank, slot, self.now);
        slot.borrow_rate_per_sec = bank.rate_curve().rate_per_sec_up(Ppm::ZERO)?;
        sound(slot.invariant())?;
        require_sound(&bank)?;
        require_sound(&registry)?;
        registry.check_listings(&self.board)?;
        self.registry = Arc::new(registry);
        self.banks.push(bank);
        self.vaults.push(0);
        Ok(())
    }

    fn empty_bank(&self, index: u8, token: &Token) -> Bank {
        let (address, bump) = pda::bank(&Pubkey::new_from_array(self.registry.engine), index);
        let (vault, vault_bump) = pda::vault(&address);
        Bank {
            version: LAYOUT_VERSION,
            bump,
            vault_bump,
            index,
            decimals: token.decimals,
            engine: self.registry.engine,
            mint: token.mint.to_bytes(),
            vault: vault.to_bytes(),
            token_program: token.token_program.to_bytes(),
            deposit_index: INDEX_ONE,
            booked_borrow_index: INDEX_ONE,
            utilization_at: self.now.get(),
            accrued_at: self.now.get(),
            ..Bank::zeroed()
        }
    }

    /// Lists a perp, both sides empty, no funding.
    ///
    /// # Errors
    /// `ChangeWaits` once the engine is launched, `SlotsFull`, `SlotTaken`, `PriceSlotEmpty`, `PriceStale`, `SlotEmpty`,
    /// `ParameterOutOfBounds`; those of `MarketTerms::validate`.
    pub fn list_market(&mut self, args: &ListMarketArgs) -> Result<()> {
        self.require_set_up_freely()?;
        let mut registry = *self.registry;
        ensure!((args.index as usize) < MAX_MARKETS, EngineError::SlotsFull);
        ensure!(args.index == registry.market_count, EngineError::SlotTaken);
        ensure!(core::str::from_utf8(&args.name).is_ok(), EngineError::ParameterOutOfBounds);
        args.terms.validate::<EngineError>(args.price_slot, &registry, &self.board)?;
        let scale = self.unit_scale(args)?;
        registry.market_count = registry.market_count.saturating_add(1);
        let (params, now) = (*registry.params(), self.now);
        let slot = registry.markets.get_mut(args.index as usize).ok_or(EngineError::SlotsFull)?;
        *slot = MarketSlot {
            status: SlotStatus::Active as u8,
            base_decimals: args.base_decimals,
            price_slot: args.price_slot,
            scale: scale.into(),
            funding_at: now.get(),
            sides: [SideIndex::start(); 2],
            ..MarketSlot::zeroed()
        };
        let engine = Pubkey::new_from_array(registry.engine);
        let mut market = Market {
            version: LAYOUT_VERSION,
            bump: pda::market(&engine, args.index).1,
            index: args.index,
            price_slot: args.price_slot,
            engine: registry.engine,
            name: args.name,
            premium_at: now.get(),
            premium_from: now.get(),
            premium_reported_at: now.get(),
            ..Market::zeroed()
        };
        args.terms.write(false, &params, &mut market, slot, now);
        require_sound(&market)?;
        require_sound(&registry)?;
        registry.check_listings(&self.board)?;
        self.registry = Arc::new(registry);
        self.markets.push(market);
        Ok(())
    }

    /// One base unit is worth at most a thousandth of a dollar at the present price, and the numbers hold the largest
    /// position. Returns the scale.
    fn unit_scale(&self, args: &ListMarketArgs) -> Result<Price> {
        let params = self.registry.params();
        let price = self.board.slot(args.price_slot as usize).ok_or(EngineError::PriceSlotEmpty)?;
        ensure!(price.is_fresh(MaxAge::new(params.prices.read_age(), self.now)), EngineError::PriceStale);
        let quote = self.registry.bank(Registry::QUOTE_BANK).ok_or(EngineError::SlotEmpty)?;
        let scale = base_scale_down(quote.decimals, args.base_decimals)?;
        let dollars = UnitPrice::new_down(price.spot.get(), token_scale_down(args.base_decimals)?);
        validate_unit(dollars, BasePrice::new_down(price.spot.get(), scale), params)?;
        Ok(scale)
    }

    /// Nobody is there yet whom a listing could surprise; afterwards the program lets it wait.
    fn require_set_up_freely(&self) -> Result<()> {
        ensure!(self.registry.is_set_up_freely(), EngineError::ChangeWaits);
        Ok(())
    }
}
