//! The feed book: where every price comes from. Read where prices are refreshed or listed, by no margin check.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::oracle::PriceSource;
use plimsoll_risk::params::MAX_PRICES;

use crate::{
    assert_layout, ensure, stored_enum, Address, EngineAccount, I128Le, InvariantViolation, PriceSlot, StoredPrice,
};

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

/// One source of a price.
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

/// What the price in the slot of the same number is made from.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Feed {
    /// First the primary, then the secondary, then the standby.
    pub sources: [OracleSource; PriceSource::COUNT],
    /// Price at the last variance sample, dollars per whole unit.
    pub sample: StoredPrice,
    /// Its publish time, Unix seconds.
    pub sampled_at: i64,
    /// Variance per second, I80F48 bits.
    pub variance: I128Le,
    /// Variance per second over a longer window, I80F48 bits; zero until margins follow volatility.
    pub slow_variance: I128Le,
    /// One while the price is switched to its standby, which then counts alone.
    pub on_standby: u8,
    /// Who switched last: 0 the authority, 1 the risk authority.
    pub switched_by: u8,
    /// Zero.
    pub _pad: [u8; 6],
    /// When the authority switched last, Unix seconds; its answers to the risk authority are not counted.
    pub authority_switched_at: i64,
    /// When the risk authority switched last, Unix seconds.
    pub risk_authority_switched_at: i64,
    /// Switches of the authority in a row.
    pub authority_switches: u32,
    /// Switches of the risk authority in a row.
    pub risk_authority_switches: u32,
    /// Zero.
    pub _reserved: [u8; 40],
}

assert_layout!(Feed, 560);

impl Feed {
    /// What holds of a listed feed, beside its slot of the board, after every instruction that wrote it.
    ///
    /// # Errors
    /// The invariant that is broken.
    pub fn invariant(&self, slot: &PriceSlot) -> Result<(), InvariantViolation> {
        ensure(self.variance.get() >= 0, "price variance is negative")?;
        let sampled_in_time = slot.update_count == 0 || self.sampled_at <= slot.published_at;
        ensure(sampled_in_time, "price is older than its variance sample")?;
        ensure(self.on_standby <= 1 && self.switched_by <= 1, "price feed flags are unknown")?;
        ensure(self.on_standby == 0 || self.has_standby(), "price is switched to a standby that it does not have")
    }
}

/// Feeds of an engine.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct FeedBook {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the book's address.
    pub bump: u8,
    /// Zero.
    pub _pad: [u8; 6],
    /// The engine.
    pub engine: Address,
    /// Zero.
    pub _reserved: [u8; 208],
    /// Feeds, each of the slot of the board with its number.
    pub feeds: [Feed; MAX_PRICES],
}

impl FeedBook {
    /// Whole size of the account, discriminator included.
    pub const ACCOUNT_LEN: usize = 36_096;
}

assert_layout!(FeedBook, FeedBook::ACCOUNT_LEN - 8, engine @ 8, feeds @ 248);

impl EngineAccount for FeedBook {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [125, 160, 132, 191, 66, 171, 206, 6];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)
    }
}
