//! Price slots: listing them, posting oracle account bytes, refreshing.

use anchor_lang::prelude::Pubkey;

/// One dollar in the units of this module's prices.
pub const E8: i64 = 100_000_000;

/// A price slot to be listed.
#[derive(Clone, Copy, Debug)]
pub struct PriceConfig {
    /// Names its oracle accounts.
    pub name: &'static str,
    /// Time constants of the averages, seconds.
    pub fast_secs: u32,
    /// See `fast_secs`.
    pub slow_secs: u32,
    /// Fastest fall of the calibration, ppm per second.
    pub fastest_fall_ppm_per_sec: u32,
    /// How often the feed moves, seconds.
    pub update_secs: u32,
    /// Prior of the volatility, ppm per square root of a second.
    pub vol_ppm_per_sqrt_sec: u32,
    /// Whether a Switchboard feed is listed as second source.
    pub secondary: bool,
}

impl PriceConfig {
    /// Defaults of risk-design 7.1 with a slow average short enough for a test to wait for.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            fast_secs: 15,
            slow_secs: 60,
            fastest_fall_ppm_per_sec: 2_100,
            update_secs: 2,
            vol_ppm_per_sqrt_sec: 100,
            secondary: true,
        }
    }
}

/// A listed price slot.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// Slot of the board.
    pub slot: u8,
    /// Pinned Pyth `PriceUpdateV2`.
    pub primary: Pubkey,
    /// Pyth feed id, or the hash of the Switchboard feed.
    pub feed_id: [u8; 32],
    /// Pinned Switchboard feed; none where it has no second source.
    pub secondary: Option<Pubkey>,
    /// Last posted price, units of 1e-8 dollars.
    pub price_e8: i64,
}

/// An oracle's statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Units of 1e-8 dollars.
    pub price_e8: i64,
    /// One sigma in the same units.
    pub conf_e8: i64,
    /// Unix seconds.
    pub published_at: i64,
}
