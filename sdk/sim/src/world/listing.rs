//! Banks and markets with their defaults.

use plimsoll_risk::num::PPM;
use plimsoll_risk::params::{MAX_ATOMS, MAX_BASE_UNITS};
use plimsoll_sdk::ix::{self, args};

use super::{Failure, Mint, PriceConfig, Sent, World, E8};
use crate::listing::{BankListing, MarketListing, BANKS, MARKETS};

/// Caps of listed banks: the program wants the value of a position at its cap to be representable.
const CAP_ATOMS: u64 = MAX_ATOMS / 8;
/// Time until the averages of [`PriceConfig::named`] are ready: twice the slow one's constant.
pub const READY_SECS: i64 = 120;

/// Slot of the settlement token's bank and price after [`World::default_listing`].
pub const USDC: u8 = 0;
/// Slot of SOL's bank and price.
pub const SOL: u8 = 1;
/// Slot of BTC's bank and price.
pub const BTC: u8 = 2;
/// Market of SOL.
pub const SOL_PERP: u8 = 0;
/// Market of BTC.
pub const BTC_PERP: u8 = 1;

/// A bank to be listed.
#[derive(Clone, Copy, Debug)]
pub struct BankConfig {
    /// Slot of the board.
    pub price_slot: u8,
    /// Asset weights at maintenance and initial.
    pub asset_ppm: [u32; 2],
    /// Liability weights at maintenance and initial.
    pub liability_ppm: [u32; 2],
    /// Annual rates at utilization 0, at the kink and at 1.
    pub rates_ppm: [u32; 3],
    /// Utilization at the kink.
    pub kink_ppm: u32,
    /// Protocol's share of interest.
    pub interest_fee_ppm: u32,
    /// Largest deposits of all accounts together, atoms.
    pub deposit_cap_atoms: u64,
    /// Largest borrows of all accounts together, atoms.
    pub borrow_cap_atoms: u64,
    /// Most of the deposits that may leave within an hour and within a day, net.
    pub outflow_ppm: [u32; 2],
}

impl BankConfig {
    /// A bank with the replay's weights, a curve with its kink at 80 % and no cap or limit that a test would meet.
    pub const fn of(listing: &BankListing, price_slot: u8) -> Self {
        Self {
            price_slot,
            asset_ppm: listing.asset_ppm,
            liability_ppm: listing.liability_ppm,
            rates_ppm: [0, 100_000, 1_000_000],
            kink_ppm: 800_000,
            interest_fee_ppm: 100_000,
            deposit_cap_atoms: CAP_ATOMS,
            borrow_cap_atoms: CAP_ATOMS,
            outflow_ppm: [PPM; 2],
        }
    }

    /// With the caps of a settlement token of so many decimals: what fits of an atom worth a micro-dollar is too much of a
    /// larger one, and of a smaller one more is needed.
    pub fn with_decimals(self, decimals: u8) -> Self {
        let cap_atoms = match 6u32.checked_sub(decimals as u32) {
            Some(fewer) => CAP_ATOMS / 10u64.pow(fewer),
            None => MAX_ATOMS,
        };
        Self { deposit_cap_atoms: cap_atoms, borrow_cap_atoms: cap_atoms, ..self }
    }

    /// The program's arguments.
    pub fn args(&self) -> args::BankConfigArgs {
        args::BankConfigArgs {
            asset_maint_ppm: self.asset_ppm[0],
            asset_init_ppm: self.asset_ppm[1],
            liability_maint_ppm: self.liability_ppm[0],
            liability_init_ppm: self.liability_ppm[1],
            kink_ppm: self.kink_ppm,
            rate_zero_ppm: self.rates_ppm[0],
            rate_kink_ppm: self.rates_ppm[1],
            rate_full_ppm: self.rates_ppm[2],
            interest_fee_ppm: self.interest_fee_ppm,
            deposit_cap_atoms: self.deposit_cap_atoms,
            borrow_cap_atoms: self.borrow_cap_atoms,
            outflow_hour_ppm: Some(self.outflow_ppm[0]),
            outflow_day_ppm: Some(self.outflow_ppm[1]),
            ..Default::default()
        }
    }
}

/// A market to be listed.
#[derive(Clone, Copy, Debug)]
pub struct MarketConfig {
    /// Name, at most 16 bytes.
    pub name: &'static str,
    /// Decimals of a base unit: one is worth at most a thousandth of a dollar.
    pub base_decimals: u8,
    /// Slot of the board.
    pub price_slot: u8,
    /// Charge rates at maintenance and initial.
    pub rate_ppm: [u32; 2],
    /// Fee of each side of a fill.
    pub fill_fee_ppm: u32,
    /// Largest open interest a side, base units.
    pub open_interest_cap_units: u64,
}

impl MarketConfig {
    /// SOL-PERP of [`World::default_listing`].
    pub const SOL: Self = Self::of(&MARKETS[SOL_PERP as usize], SOL);
    /// BTC-PERP of [`World::default_listing`].
    pub const BTC: Self = Self::of(&MARKETS[BTC_PERP as usize], BTC);

    /// A market with the replay's rates, a fee of a basis point and no cap that a test would meet.
    pub const fn of(listing: &MarketListing, price_slot: u8) -> Self {
        Self {
            name: listing.name,
            base_decimals: listing.base_decimals,
            price_slot,
            rate_ppm: listing.rate_ppm,
            fill_fee_ppm: 100,
            open_interest_cap_units: MAX_BASE_UNITS,
        }
    }

    /// Of a market that settles in a token of so many decimals: the largest position must be representable in its atoms, so
    /// a base unit is worth less where an atom is.
    pub fn with_quote(self, decimals: u8) -> Self {
        Self { base_decimals: self.base_decimals + decimals.saturating_sub(6), ..self }
    }

    /// The program's arguments for the slot `index`.
    ///
    /// # Panics
    /// Where the name is too long.
    pub fn args(&self, index: u8) -> args::ListMarketArgs {
        let mut name = [0; 16];
        name[..self.name.len()].copy_from_slice(self.name.as_bytes());
        args::ListMarketArgs {
            index,
            name,
            base_decimals: self.base_decimals,
            price_slot: self.price_slot,
            terms: args::MarketTerms {
                maint_rate_ppm: self.rate_ppm[0],
                init_rate_ppm: self.rate_ppm[1],
                fill_fee_ppm: self.fill_fee_ppm,
                open_interest_cap_units: self.open_interest_cap_units,
                ..Default::default()
            },
        }
    }
}

impl World {
    /// Lists a token in the next free slot and returns the slot. Its price slot must have a price.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn list_bank(&mut self, mint: Mint, config: &BankConfig) -> Result<u8, Failure> {
        let index = self.registry().bank_count;
        let args = args::ListBankArgs { index, price_slot: config.price_slot, config: config.args() };
        let list = ix::list_bank(&self.keys, self.authority, self.authority, (mint.key, mint.program), args);
        self.send_as_authority(list)?;
        self.mints.push(mint);
        Ok(index)
    }

    /// Lists what the replay lists (USDC, SOL and BTC; SOL-PERP and BTC-PERP) at 1, 200 and 100,000 dollars, and lets
    /// two minutes pass until the averages are ready.
    ///
    /// # Panics
    /// Where the program refuses any of it.
    pub fn default_listing(&mut self) {
        self.listing_with_quote(BANKS[USDC as usize].decimals);
    }

    /// [`World::default_listing`] with a settlement token of so many decimals, and dust of at least 200 of its atoms: a
    /// bank is listed whose atom is worth at most a hundredth of dust.
    ///
    /// # Panics
    /// Where the program refuses any of it.
    pub fn listing_with_quote(&mut self, quote_decimals: u8) {
        for (name, dollars) in [("USDC", 1), ("SOL", 200), ("BTC", 100_000)] {
            let slot = self.list_price(&PriceConfig::named(name));
            self.set_price(slot, dollars * E8).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        }
        let defaults = *self.registry().params();
        let dust_usd_micro = defaults.legs.dust_usd_micro.max(200_000_000 / 10u64.pow(quote_decimals as u32));
        if dust_usd_micro != defaults.legs.dust_usd_micro {
            let params = defaults.with(|new| new.legs.dust_usd_micro = dust_usd_micro);
            let update = ix::update_params(&self.keys, self.authority, &params);
            self.send_as_authority(update).unwrap_or_else(|failure| panic!("dust: {failure}"));
        }
        for (listing, slot) in BANKS.iter().zip(0..) {
            let decimals = if slot == USDC { quote_decimals } else { listing.decimals };
            let mint = self.create_mint(listing.name, decimals);
            let config = BankConfig::of(listing, slot);
            let config = if slot == USDC { config.with_decimals(decimals) } else { config };
            let listed = self.list_bank(mint, &config);
            listed.unwrap_or_else(|failure| panic!("{}: {failure}", listing.name));
        }
        for config in [MarketConfig::SOL, MarketConfig::BTC] {
            let listed = self.list_market(&config.with_quote(quote_decimals));
            listed.unwrap_or_else(|failure| panic!("{}: {failure}", config.name));
        }
        self.hold_prices(READY_SECS, 5);
    }

    /// Books interest of a bank and sets its next rate.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn accrue(&mut self, bank: u8) -> Sent {
        let accrue = ix::accrue(&self.keys, bank);
        self.send_as_authority(accrue)
    }

    /// Lists a market in the next free slot and returns the slot. Its price must be fresh.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn list_market(&mut self, config: &MarketConfig) -> Result<u8, Failure> {
        let index = self.registry().market_count;
        let list = ix::list_market(&self.keys, self.authority, self.authority, config.args(index));
        self.send_as_authority(list)?;
        Ok(index)
    }

    /// Books funding of a market.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn crank_funding(&mut self, market: u8) -> Sent {
        let crank = ix::crank_funding(&self.keys, market);
        self.send_as_authority(crank)
    }
}
