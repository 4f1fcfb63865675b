//! Banks and markets with their defaults.

use plimsoll_risk::params::MAX_BASE_UNITS;
use plimsoll_sdk::ix::{self, args};

use super::{Sent, World};

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
    /// SOL-PERP as the replay lists it.
    pub const SOL: Self = Self {
        name: "SOL-PERP",
        base_decimals: 6,
        price_slot: SOL,
        rate_ppm: [30_000, 60_000],
        fill_fee_ppm: 100,
        open_interest_cap_units: MAX_BASE_UNITS,
    };
    /// BTC-PERP as the replay lists it.
    pub const BTC: Self =
        Self { name: "BTC-PERP", base_decimals: 9, price_slot: BTC, rate_ppm: [25_000, 50_000], ..Self::SOL };

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
                draw_cap_event_atoms: u64::MAX,
            },
        }
    }
}

impl World {
    /// Lists a market in the next free slot and returns the slot. Its price must be fresh.
    ///
    /// # Errors
    /// What the program refuses.
    pub fn list_market(&mut self, config: &MarketConfig) -> Result<u8, super::Failure> {
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
