//! What the replayed engine lists: three banks and two perps, at the default parameters (docs/math.md).

use crate::scenario::Underlying;

/// A bank of the replay.
#[derive(Clone, Copy, Debug)]
pub struct BankListing {
    /// Ticker.
    pub name: &'static str,
    /// Decimals of its mint.
    pub decimals: u8,
    /// What its price follows; none for the settlement token, which stands at one dollar.
    pub underlying: Option<Underlying>,
    /// Asset weight at maintenance and at initial.
    pub asset_ppm: [u32; 2],
    /// Liability weight at maintenance and at initial.
    pub liability_ppm: [u32; 2],
}

/// A market of the replay.
#[derive(Clone, Copy, Debug)]
pub struct MarketListing {
    /// Name.
    pub name: &'static str,
    /// Decimals of a base unit: one is worth at most a thousandth of a dollar.
    pub base_decimals: u8,
    /// What its price follows.
    pub underlying: Underlying,
    /// Charge rate at maintenance and at initial.
    pub rate_ppm: [u32; 2],
}

/// Banks by slot; the first is the settlement token's.
pub const BANKS: [BankListing; 3] = [
    BankListing {
        name: "USDC",
        decimals: 6,
        underlying: None,
        asset_ppm: [1_000_000, 990_000],
        liability_ppm: [1_000_000, 1_010_000],
    },
    BankListing {
        name: "SOL",
        decimals: 9,
        underlying: Some(Underlying::Sol),
        asset_ppm: [850_000, 750_000],
        liability_ppm: [1_120_000, 1_200_000],
    },
    BankListing {
        name: "BTC",
        decimals: 8,
        underlying: Some(Underlying::Btc),
        asset_ppm: [900_000, 820_000],
        liability_ppm: [1_080_000, 1_150_000],
    },
];

/// Markets by slot.
pub const MARKETS: [MarketListing; 2] = [
    MarketListing { name: "SOL-PERP", base_decimals: 6, underlying: Underlying::Sol, rate_ppm: [30_000, 60_000] },
    MarketListing { name: "BTC-PERP", base_decimals: 9, underlying: Underlying::Btc, rate_ppm: [25_000, 50_000] },
];

/// Fastest fall per second that each underlying is listed with, ppm (SOL on 10 October 2025: 0.21 %).
pub const FASTEST_FALL_PPM_PER_SEC: [u32; 2] = [2_100, 2_000];

/// Dollars as atoms of a bank at a price in units of 1e-8 dollars, rounded down.
pub fn atoms_of_usd_down(bank: usize, usd: u64, price_e8: i64) -> u64 {
    let power = 10u128.pow(BANKS[bank].decimals as u32);
    (usd as u128 * crate::data::E8 as u128 * power / price_e8.max(1) as u128) as u64
}

/// Dollars of notional as base units of a market, rounded down.
pub fn units_of_usd_down(market: usize, usd: u64, price_e8: i64) -> u64 {
    let power = 10u128.pow(MARKETS[market].base_decimals as u32);
    (usd as u128 * crate::data::E8 as u128 * power / price_e8.max(1) as u128) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_convert_at_the_price() {
        assert_eq!(atoms_of_usd_down(0, 5, crate::data::E8), 5_000_000);
        assert_eq!(atoms_of_usd_down(1, 200, 200 * crate::data::E8), 1_000_000_000);
        assert_eq!(units_of_usd_down(1, 100_000, 100_000 * crate::data::E8), 1_000_000_000);
    }

    #[test]
    fn a_base_unit_is_worth_at_most_a_thousandth_of_a_dollar() {
        for (market, price) in [(0usize, 1_000i64), (1, 200_000)] {
            assert!(units_of_usd_down(market, 1, price * crate::data::E8) >= 1_000);
        }
    }
}
