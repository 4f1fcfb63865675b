//! The price board: normalised state of every underlying, as margin reads it. Where it comes from is in the
//! [`crate::FeedBook`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::breaker::Pause;
use plimsoll_risk::oracle::averages_are_ready;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::MAX_PRICES;

use crate::{assert_layout, ensure, Address, EngineAccount, InvariantViolation, PriceTerms, StoredPause, StoredPrice};

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
    /// How it is averaged, and how it may fall.
    pub terms: PriceTerms,
    /// Volatility over a longer window, ppm like `vol_ppm_per_sqrt_sec`; zero until margins follow volatility.
    pub slow_vol_ppm_per_sqrt_sec: u32,
    /// Zero.
    pub _pad2: [u8; 4],
    /// Until when its legs count as stale, Unix seconds: when the last halt ends or ended.
    pub halted_until_at: i64,
    /// By whom it is halted, and how often the guardian has asked for it.
    pub halt: StoredPause,
    /// Zero.
    pub _reserved: [u8; 72],
}

assert_layout!(PriceSlot, 256);

impl PriceSlot {
    /// Whether it holds a price that is young enough and not halted.
    #[inline(always)]
    pub const fn is_fresh(&self, max_age: MaxAge) -> bool {
        max_age.admits(self.published()) && self.spot.mantissa != 0 && max_age.is_over(self.halted_until())
    }

    /// Stores a halt, and until when it stands where margin reads it.
    pub fn set_halt(&mut self, halt: Pause) {
        self.halt = halt.into();
        self.halted_until_at = halt.until().get();
    }

    /// Whether risk may be added: both averages have seen enough updates and enough time.
    #[inline(always)]
    pub const fn is_ready(&self) -> bool {
        averages_are_ready(self.update_count, self.first_published(), self.published(), self.terms.slow())
    }
}

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
    /// Zero.
    pub _reserved: [u8; 208],
    /// Slots.
    pub slots: [PriceSlot; MAX_PRICES],
}

impl PriceBoard {
    /// Whole size of the account, discriminator included.
    pub const ACCOUNT_LEN: usize = 16_640;

    /// A listed slot; none where nothing is listed.
    #[inline(always)]
    pub fn slot(&self, index: usize) -> Option<&PriceSlot> {
        self.slots.get(index).filter(|slot| slot.active == 1)
    }
}

assert_layout!(PriceBoard, PriceBoard::ACCOUNT_LEN - 8, engine @ 8, slots @ 248);

impl EngineAccount for PriceBoard {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [74, 250, 122, 11, 105, 241, 227, 218];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.count as usize <= MAX_PRICES, "board counts more slots than it has")
    }
}
