//! The price board: normalised state of every underlying.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::params::MAX_PRICES;

use crate::{assert_layout, ensure, stored_enum, Address, EngineAccount, I128Le, InvariantViolation, StoredPrice};

stored_enum! {
    /// Where a slot's price comes from.
    OracleKind {
        /// No source.
        None = 0,
        /// A Pyth `PriceUpdateV2` at a pinned address (a push feed).
        PythPinned = 1,
        /// Any Pyth `PriceUpdateV2` of the pinned receiver with the pinned feed id; the caller chooses the account.
        PythPosted = 2,
        /// A Switchboard on-demand pull feed at a pinned address.
        SwitchboardPull = 3,
    }
}

/// One source of a price slot.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct OracleSource {
    /// Pinned account, or zero where the caller chooses it.
    pub address: Address,
    /// Program that must own the account: the Pyth receiver or Switchboard on-demand.
    pub program: Address,
    /// Pyth feed id, or Switchboard feed hash.
    pub feed_id: Address,
    /// Switchboard queue; zero for Pyth.
    pub queue: Address,
    /// Publish time of the last update taken from this source, Unix seconds.
    pub published_at: i64,
    /// [`OracleKind`].
    pub kind: u8,
    /// Fewest samples of a Switchboard result.
    pub min_samples: u8,
    /// Zero.
    pub _pad: [u8; 6],
}

assert_layout!(OracleSource, 144);

/// One underlying.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct PriceSlot {
    /// One where listed.
    pub active: u8,
    /// 0: the held price is the primary's, 1: the secondary's.
    pub source: u8,
    /// Zero.
    pub _pad: [u8; 2],
    /// One sigma of the held price, ppm of it, rounded up.
    pub sigma_ppm: u32,
    /// Volatility: sigma per square root of a second, ppm, rounded up.
    pub vol_ppm_per_sqrt_sec: u32,
    /// Accepted updates, saturating.
    pub update_count: u32,
    /// Publish time of the held price, Unix seconds.
    pub published_at: i64,
    /// Publish time of the first update.
    pub first_published_at: i64,
    /// The held price, dollars per whole unit.
    pub spot: StoredPrice,
    /// Fast moving average.
    pub fast: StoredPrice,
    /// Slow moving average.
    pub slow: StoredPrice,
    /// What assets and longs count at when risk is added: worst of spot - z sigma, fast and slow.
    pub low: StoredPrice,
    /// What liabilities and shorts count at: worst of spot + z sigma, fast and slow.
    pub high: StoredPrice,
    /// Price at the last variance sample.
    pub sample: StoredPrice,
    /// Its publish time.
    pub sampled_at: i64,
    /// Variance per second, I80F48 bits.
    pub variance: I128Le,
    /// Time constant of the fast average.
    pub fast_secs: u32,
    /// Time constant of the slow average.
    pub slow_secs: u32,
    /// Fastest fall of the calibration, ppm per second.
    pub fastest_fall_ppm_per_sec: u32,
    /// How often the feed moves.
    pub update_secs: u32,
    /// First the primary, then the secondary.
    pub sources: [OracleSource; 2],
}

assert_layout!(PriceSlot, 456);

/// Prices of an engine.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct PriceBoard {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the board's address.
    pub bump: u8,
    /// Slots in use.
    pub count: u8,
    /// Zero.
    pub _pad: [u8; 5],
    /// The engine.
    pub engine: Address,
    /// Slots.
    pub slots: [PriceSlot; MAX_PRICES],
    /// Zero.
    pub _tail: [u8; PriceBoard::TAIL],
}

impl PriceBoard {
    /// Whole size of the account, discriminator included.
    pub const ACCOUNT_LEN: usize = 30_720;
    const TAIL: usize = Self::ACCOUNT_LEN - 8 - 40 - MAX_PRICES * 456;

    /// A listed slot; none where nothing is listed.
    #[inline(always)]
    pub fn slot(&self, index: usize) -> Option<&PriceSlot> {
        self.slots.get(index).filter(|slot| slot.active == 1)
    }
}

assert_layout!(PriceBoard, PriceBoard::ACCOUNT_LEN - 8, engine @ 8, slots @ 40);

impl EngineAccount for PriceBoard {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [74, 250, 122, 11, 105, 241, 227, 218];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.count as usize <= MAX_PRICES, "board counts more slots than it has")
    }
}
