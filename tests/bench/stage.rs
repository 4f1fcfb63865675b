//! The engine under measurement. Everything in it was done by its own instructions.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::params::{MAX_ATOMS, MAX_BASE_UNITS};
use plimsoll_tests::{args, ix, program_file, BankConfig, MarketConfig, Mint, PriceConfig, Tick, Trader, World, E8};
use solana_instruction::Instruction;

/// A token with a perp on it.
struct Underlying {
    name: &'static str,
    price_e8: i64,
    mint_decimals: u8,
    base_decimals: u8,
}

const fn underlying(name: &'static str, price_e8: i64, mint_decimals: u8, base_decimals: u8) -> Underlying {
    Underlying { name, price_e8, mint_decimals, base_decimals }
}

/// Token `i` has bank and price slot `i + 1` and market `i`.
const UNDERLYINGS: [Underlying; 16] = [
    underlying("SOL", 200 * E8, 9, 6),
    underlying("BTC", 110_000 * E8, 8, 9),
    underlying("ETH", 4_000 * E8, 8, 7),
    underlying("JUP", E8 / 2, 6, 3),
    underlying("PYTH", E8 / 8, 6, 3),
    underlying("JTO", 3 * E8 / 2, 9, 4),
    underlying("WIF", 7 * E8 / 10, 6, 3),
    underlying("W", E8 / 10, 6, 2),
    underlying("RAY", 3 * E8, 6, 4),
    underlying("ORCA", 3 * E8 / 2, 6, 4),
    underlying("HNT", 5 * E8 / 2, 8, 4),
    underlying("XRP", 14 * E8 / 5, 6, 4),
    underlying("BNB", 1_200 * E8, 8, 7),
    underlying("LINK", 22 * E8, 8, 5),
    underlying("TAO", 310 * E8, 9, 6),
    underlying("SUI", 17 * E8 / 5, 9, 4),
];

/// Settlement token's price slot, bank and decimals.
pub const QUOTE: u8 = 0;
const QUOTE_DECIMALS: u8 = 6;
/// A bank of a Token-2022 mint without a market, priced like the settlement token.
pub const TOKEN_2022: u8 = 17;
/// Long enough for both averages to be ready.
const WARM_UP_SECS: i64 = 130;
const STEP_SECS: i64 = 5;
const ANNUAL_RATES_PPM: [u32; 3] = [20_000, 80_000, 1_000_000];
const PREMIUM_PPM: i32 = 300;
/// Caps of each bank.
const CAP_USD: u64 = 1_000_000_000;

/// An engine with sixteen tokens and perps, somebody on the other side of everything, interest and funding running.
#[derive(Clone)]
pub struct Stage {
    /// The chain.
    pub world: World,
    /// Takes the other side of every fill.
    pub maker: Trader,
    /// Signs for the venue; no program stands behind it.
    pub venue_signer: Pubkey,
}

impl Stage {
    /// Sets everything up.
    ///
    /// # Panics
    /// Where the program refuses a step.
    pub fn new() -> Self {
        let mut world = World::new();
        list_prices(&mut world);
        list_banks(&mut world);
        list_markets(&mut world);
        world.hold_prices(WARM_UP_SECS, STEP_SECS);
        let (maker, lender) = (world.trader("maker"), world.trader("lender"));
        let venue_signer = world.party("venue");
        let mut stage = Self { world, maker, venue_signer };
        stage.deposit_usd(&maker, QUOTE, 100_000_000);
        stage.deposit_usd(&lender, QUOTE, 20_000_000);
        for bank in 1..16 {
            stage.deposit_usd(&lender, bank, 2_000_000);
        }
        stage.start_interest();
        stage.start_funding();
        stage
    }

    /// Somebody owes every token, and each bank's rate follows.
    fn start_interest(&mut self) {
        let debtor = self.world.trader("debtor");
        self.deposit_usd(&debtor, QUOTE, 20_000_000);
        for bank in 1..16 {
            self.borrow_usd(&debtor, bank, 200_000);
        }
        let other = self.world.trader("quote debtor");
        self.deposit_usd(&other, 1, 10_000_000);
        self.borrow_usd(&other, QUOTE, 5_000_000);
        self.world.hold_prices(60, STEP_SECS);
        for bank in 0..16 {
            self.world.accrue(bank).unwrap_or_else(|failure| panic!("accrue {bank}: {failure}"));
        }
    }

    /// A venue reports a premium for every market, and funding follows.
    fn start_funding(&mut self) {
        let (keys, authority, signer) = (self.world.keys, self.world.authority, self.venue_signer);
        let terms = args::RegisterVenueArgs { signer, settle_markets: u32::MAX, premium_markets: u32::MAX };
        self.sent("register_venue", authority, ix::register_venue(&keys, authority, authority, terms));
        for market in 0..16 {
            self.sent("report_premium", signer, ix::report_premium(&keys, market, signer, PREMIUM_PPM));
        }
        self.world.hold_prices(60, STEP_SECS);
        for market in 0..16 {
            self.sent("crank_funding", authority, ix::crank_funding(&keys, market));
        }
    }

    /// Sends one instruction; whoever it names as signer has signed.
    ///
    /// # Panics
    /// Where it is refused.
    #[track_caller]
    pub fn sent(&mut self, what: &str, payer: Pubkey, instruction: Instruction) {
        self.world.send(&payer, &[instruction]).unwrap_or_else(|failure| panic!("{what}: {failure}"));
    }

    /// Dollars as atoms of a bank at its last price, rounded down.
    pub fn atoms(&self, bank: u8, usd: u64) -> u64 {
        let decimals = self.world.mints[bank as usize].decimals;
        per_dollar(usd, decimals, self.last_price(self.price_slot(bank)))
    }

    /// Dollars as base units of a market at its last price, rounded down.
    pub fn units(&self, market: u8, usd: u64) -> u64 {
        per_dollar(usd, UNDERLYINGS[market as usize].base_decimals, self.last_price(market + 1))
    }

    fn price_slot(&self, bank: u8) -> u8 {
        if bank == TOKEN_2022 {
            QUOTE
        } else {
            bank
        }
    }

    fn last_price(&self, slot: u8) -> i64 {
        self.world.feeds[slot as usize].last.expect("a price was posted").price_e8
    }

    /// Deposits dollars' worth of a token.
    pub fn deposit_usd(&mut self, trader: &Trader, bank: u8, usd: u64) {
        let atoms = self.atoms(bank, usd);
        self.world.deposit(trader, bank, atoms).unwrap_or_else(|failure| panic!("deposit {bank}: {failure}"));
    }

    /// The instruction that borrows dollars' worth of a token.
    pub fn borrow_instruction(&mut self, trader: &Trader, bank: u8, usd: u64) -> Instruction {
        let destination = self.world.funded(&trader.owner, bank, 0);
        let args = args::BorrowArgs { amount_atoms: self.atoms(bank, usd) };
        ix::borrow(&self.world.keys, &self.world.token(bank), trader.owner, trader.account, destination, args)
    }

    /// Borrows dollars' worth of a token.
    pub fn borrow_usd(&mut self, trader: &Trader, bank: u8, usd: u64) {
        let borrow = self.borrow_instruction(trader, bank, usd);
        self.sent("borrow", trader.owner, borrow);
    }

    /// Buys dollars' worth of a perp from the maker, or sells it to him.
    pub fn trade_usd(&mut self, trader: &Trader, market: u8, usd: u64, buys: bool) {
        let units = self.units(market, usd);
        let (buyer, seller) = if buys { (*trader, self.maker) } else { (self.maker, *trader) };
        self.world
            .fill(market, &buyer, &seller, units, None)
            .unwrap_or_else(|failure| panic!("settle_fill: {failure}"));
    }

    /// Lets a step pass in which every price but the settlement token's moves by so many ppm.
    pub fn move_prices(&mut self, ppm: i64) {
        self.world.advance(STEP_SECS);
        for slot in 1..=16 {
            let last = self.world.feeds[slot as usize].last.expect("a price was posted");
            let price_e8 = (last.price_e8 + (last.price_e8 as i128 * ppm as i128 / 1_000_000) as i64).max(1);
            self.world.post_primary(slot, Tick { price_e8, published_at: self.world.now(), ..last });
        }
        self.refresh_all();
    }

    /// Lets a step pass in which prices stand still.
    pub fn wait(&mut self) {
        self.world.hold_prices(STEP_SECS, STEP_SECS);
    }

    fn refresh_all(&mut self) {
        let quote = self.world.feeds[0].last.expect("a price was posted");
        self.world.post_primary(QUOTE, Tick { published_at: self.world.now(), ..quote });
        let slots: Vec<u8> = (0..=16).collect();
        for some in slots.chunks(12) {
            self.world.refresh(some).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));
        }
    }
}

fn per_dollar(usd: u64, decimals: u8, price_e8: i64) -> u64 {
    (usd as u128 * E8 as u128 * 10u128.pow(decimals as u32) / price_e8 as u128) as u64
}

fn list_prices(world: &mut World) {
    let quote = PriceConfig { fastest_fall_ppm_per_sec: 100, ..PriceConfig::named("USDC") };
    for (config, price_e8) in std::iter::once((quote, E8))
        .chain(UNDERLYINGS.iter().map(|underlying| (PriceConfig::named(underlying.name), underlying.price_e8)))
    {
        let slot = world.list_price(&config);
        world.set_price(slot, price_e8).unwrap_or_else(|failure| panic!("refresh_price: {failure}"));
    }
}

fn list_banks(world: &mut World) {
    let quote = world.create_mint("USDC", QUOTE_DECIMALS);
    list_bank(world, quote, QUOTE, [1_000_000, 990_000], [1_000_000, 1_010_000]);
    for (i, underlying) in UNDERLYINGS.iter().enumerate() {
        let mint = world.create_mint(underlying.name, underlying.mint_decimals);
        // Every token has weights of its own; the first is the worst collateral and thereby the best leg.
        let asset_ppm = 850_000 + 4_000 * i as u32;
        list_bank(world, mint, i as u8 + 1, [asset_ppm, asset_ppm - 80_000], [1_100_000, 1_180_000]);
    }
    let mint = world.create_mint_2022("USD-2022", 6, &[]);
    list_bank(world, mint, QUOTE, [980_000, 950_000], [1_020_000, 1_050_000]);
}

fn list_bank(world: &mut World, mint: Mint, price_slot: u8, asset_ppm: [u32; 2], liability_ppm: [u32; 2]) {
    let price_e8 = world.feeds[price_slot as usize].last.expect("a price was posted").price_e8;
    let cap_atoms = per_dollar(CAP_USD, mint.decimals, price_e8).min(MAX_ATOMS);
    let config = BankConfig {
        price_slot,
        asset_ppm,
        liability_ppm,
        rates_ppm: ANNUAL_RATES_PPM,
        kink_ppm: 800_000,
        interest_fee_ppm: 100_000,
        deposit_cap_atoms: cap_atoms,
        borrow_cap_atoms: cap_atoms,
        // Within what the program lets out by default.
        outflow_ppm: [250_000, 500_000],
    };
    world.list_bank(mint, &config).unwrap_or_else(|failure| panic!("list_bank: {failure}"));
}

fn list_markets(world: &mut World) {
    for (i, underlying) in UNDERLYINGS.iter().enumerate() {
        let config = MarketConfig {
            name: underlying.name,
            base_decimals: underlying.base_decimals,
            price_slot: i as u8 + 1,
            open_interest_cap_units: MAX_BASE_UNITS,
            rate_ppm: [30_000, 60_000],
            fill_fee_ppm: 100,
        };
        world.list_market(&config).unwrap_or_else(|failure| panic!("list_market {}: {failure}", underlying.name));
    }
}

/// The example venue's program, which calls the engine.
pub fn venue_program() -> (Pubkey, std::path::PathBuf) {
    (example_venue::ID, program_file("PLIMSOLL_VENUE_SO", "example_venue"))
}
