//! The default listing with lenders and a liquidator, from which scenarios start.

use std::cell::RefCell;
use std::collections::BTreeMap;

use plimsoll_risk::params::{BreakerParams, DrawParams, GlobalParams, MAX_ATOMS};
use plimsoll_sdk::view::Accounts;
use plimsoll_sim::listing::BANKS;
use plimsoll_sim::world::{BankConfig, MarketConfig, Sent, Trader, World, AT_ONCE, BTC, E8, SOL, USDC};
use plimsoll_state::MarginView;

use crate::{check_step, Act, Books};

/// Atoms of a dollar of USDC.
pub const USD: u64 = 10u64.pow(QUOTE_DECIMALS as u32);
/// Decimals of USDC.
pub const QUOTE_DECIMALS: u8 = 6;
/// Decimals that a settlement token may have, as far as tests go through them.
pub const EVERY_QUOTE_DECIMALS: [u8; 5] = [0, 2, 6, 8, 9];
/// Atoms of a SOL.
pub const ONE_SOL: u64 = 1_000_000_000;
/// Atoms of a BTC.
pub const ONE_BTC: u64 = 100_000_000;
/// Base units of SOL-PERP in a SOL.
pub const SOL_UNITS: u64 = 1_000_000;
/// Base units of BTC-PERP in a BTC.
pub const BTC_UNITS: u64 = 1_000_000_000;

/// A world with somebody to lend every token and somebody to liquidate.
#[derive(Clone)]
pub struct Stage {
    /// The world.
    pub world: World,
    /// Has deposited of everything and takes the other side of every fill.
    pub maker: Trader,
    /// Has deposited USDC.
    pub liquidator: Trader,
    books: Books,
}

impl std::ops::Deref for Stage {
    type Target = World;
    fn deref(&self) -> &World {
        &self.world
    }
}

impl std::ops::DerefMut for Stage {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Stage {
    /// Prices at 1, 200 and 100,000 dollars; the clock two minutes after the base time.
    pub fn new() -> Self {
        Self::with_quote(QUOTE_DECIMALS)
    }

    /// [`Stage::new`] with a settlement token of so many decimals.
    pub fn with_quote(decimals: u8) -> Self {
        Self::once((decimals, false))
    }

    /// [`Stage::new`] where changes wait and ramp as they do by default.
    pub fn waiting() -> Self {
        Self::once((QUOTE_DECIMALS, true))
    }

    fn once(kind: (u8, bool)) -> Self {
        thread_local!(static STAGES: RefCell<BTreeMap<(u8, bool), Stage>> = RefCell::default());
        STAGES.with_borrow_mut(|stages| stages.entry(kind).or_insert_with(|| Stage::set(kind)).clone())
    }

    /// How a bank of the listing is configured.
    pub fn bank_config(&self, bank: u8) -> BankConfig {
        let config = BankConfig::of(&BANKS[bank as usize], bank);
        if bank == USDC {
            config.with_decimals(self.mints[USDC as usize].decimals)
        } else {
            config
        }
    }

    /// How a market of the listing is configured.
    pub fn market_config(&self, market: u8) -> MarketConfig {
        [MarketConfig::SOL, MarketConfig::BTC][market as usize].with_quote(self.mints[USDC as usize].decimals)
    }

    /// Base units of a market in one of its underlying.
    pub fn whole_units(&self, market: u8) -> u64 {
        10u64.pow(self.market_config(market).base_decimals as u32)
    }

    /// Atoms of some dollars of the settlement token.
    pub fn usd(&self, dollars: u64) -> u64 {
        dollars * 10u64.pow(self.mints[USDC as usize].decimals as u32)
    }

    fn set((quote_decimals, waiting): (u8, bool)) -> Self {
        let params = if waiting { GlobalParams::DEFAULT } else { AT_ONCE };
        let mut world = World::with_params(&params, true);
        world.listing_with_quote(quote_decimals);
        let usd = 10u64.pow(quote_decimals as u32);
        let maker = world.funded_trader("maker", USDC, (5_000_000 * usd).min(MAX_ATOMS / 4));
        for (bank, atoms) in [(SOL, 10_000 * ONE_SOL), (BTC, 100 * ONE_BTC)] {
            world.deposit(&maker, bank, atoms).unwrap_or_else(|failure| panic!("{failure}"));
        }
        let liquidator = world.funded_trader("liquidator", USDC, 1_000_000 * usd);
        let books = Books::read(&world);
        Self { world, maker, liquidator, books }
    }

    /// Whatever was sent since the last look kept the books in order; `steps` bounds how many legs were rounded.
    ///
    /// # Panics
    /// Naming what does not hold.
    #[track_caller]
    pub fn audit(&mut self) -> &Books {
        let books = Books::read(&self.world);
        books.check().and_then(|()| check_step(&self.books, &books)).unwrap_or_else(|fact| panic!("{fact}"));
        self.books = books;
        &self.books
    }

    /// All views of an account, as the program would answer them now.
    ///
    /// # Panics
    /// Where it cannot be loaded.
    #[track_caller]
    pub fn view(&self, of: &Trader) -> MarginView {
        let (account, registry, board) = (self.margin_account(of), self.registry(), self.board());
        let accounts = Accounts { account: &account, registry: &registry, board: &board, now: self.now() };
        accounts.margin_view(&of.account, true).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// From now on every loss may draw all that insurance has.
    pub fn lift_draw_caps(&mut self) {
        let (key, mut registry) = (self.keys.registry, self.registry());
        registry.params.0.draws = DrawParams::UNLIMITED;
        self.world.write(&key, &*registry);
    }

    /// From now on no breaker trips by what is liquidated or drawn.
    pub fn lift_breakers(&mut self) {
        let (key, mut registry) = (self.keys.registry, self.registry());
        registry.params.0.breakers = BreakerParams::UNLIMITED;
        self.world.write(&key, &*registry);
    }

    /// From now on a price may be as far from its average as it likes.
    pub fn lift_spot_band(&mut self, slot: u8) {
        let (key, mut board) = (self.keys.board, self.board());
        board.slots[slot as usize].terms.spot_band_ppm = u32::MAX;
        self.world.write(&key, &*board);
    }

    /// Sets a price of dollars now.
    ///
    /// # Panics
    /// Where the refresh is refused.
    #[track_caller]
    pub fn price(&mut self, slot: u8, dollars: i64) -> &mut Self {
        self.set_price(slot, dollars * E8).unwrap_or_else(|failure| panic!("{failure}"));
        self
    }

    /// The price moves after two seconds, and stands for `secs` while the account is observed.
    ///
    /// # Panics
    /// Where the refresh is refused.
    #[track_caller]
    pub fn falls_to(&mut self, slot: u8, dollars: i64, of: &Trader, secs: i64) {
        self.advance(2);
        self.repeat_prices_except(slot);
        self.price(slot, dollars);
        self.watch(of, secs);
    }

    /// Every other feed repeats its last price.
    fn repeat_prices_except(&mut self, slot: u8) {
        let others: Vec<(u8, i64)> = self
            .feeds
            .iter()
            .filter(|feed| feed.slot != slot)
            .filter_map(|feed| Some((feed.slot, feed.last?.price_e8)))
            .collect();
        for (slot, price) in others {
            self.set_price(slot, price).unwrap_or_else(|failure| panic!("{failure}"));
        }
    }

    /// A transaction that must go through and keep the books.
    ///
    /// # Panics
    /// Where it does not.
    #[track_caller]
    pub fn done(&mut self, sent: Sent) -> litesvm::types::TransactionMetadata {
        let meta = crate::assert_sent(sent);
        self.audit();
        meta
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}
