//! The price board: normalised state of every underlying, as margin reads it. Where it comes from is in the
//! [`crate::FeedBook`].

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::breaker::{oddities, oddity, Limits, Pause, Spell, PRICE_BREAKER};
use plimsoll_risk::oracle::averages_are_ready;
use plimsoll_risk::oracle::MaxAge;
use plimsoll_risk::params::MAX_PRICES;
use plimsoll_risk::units::{Ppm, UnixSecs};

use crate::{assert_layout, ensure, Address, EngineAccount, InvariantViolation, PriceTerms, StoredPause, StoredPrice};

/// One underlying.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct PriceSlot {
    /// One where listed.
    pub active: u8,
    /// 0: the held price is the primary's, 1: the secondary's, 2: the standby's.
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
    /// Until when its breaker stands or stood, Unix seconds: beside it no risk is added.
    pub tripped_until_at: i64,
    /// How often the breaker has tripped in a row.
    pub tripped_in_a_row: u32,
    /// Why it tripped last, bits of `oddity`.
    pub tripped_by: u32,
    /// The held price when it last began to wait for its averages, dollars per whole unit; zero where it never did.
    pub before: StoredPrice,
    /// Zero.
    pub _reserved: [u8; 40],
}

assert_layout!(PriceSlot, 256);

/// Stands where a halt's end stands while a price waits for its averages: it ends when they are ready.
pub const UNTIL_READY: i64 = i64::MAX;

impl PriceSlot {
    /// Begins anew, as where another source has been named or switched to: until its averages are ready its legs count as
    /// stale (PRICE-9, PRICE-10).
    ///
    /// What it was until then stays known: of one that waits already, what it was before it began to.
    pub fn restart(&mut self) {
        if !self.awaits_averages() {
            self.before = self.spot;
        }
        (self.update_count, self.first_published_at) = (0, 0);
        self.halted_until_at = UNTIL_READY;
    }

    /// Whether it has begun anew and its averages are not known to be ready.
    #[inline(always)]
    pub const fn awaits_averages(&self) -> bool {
        self.halted_until_at == UNTIL_READY
    }

    /// Ends the wait for its averages where they are ready; a halt goes on.
    #[cold]
    #[inline(never)]
    pub fn end_wait(&mut self) {
        if self.is_ready() {
            self.halted_until_at = self.halt.get().until().get();
        }
    }

    /// Whether it holds a price that is young enough and not halted.
    #[inline(always)]
    pub const fn is_fresh(&self, max_age: MaxAge) -> bool {
        self.is_young(max_age) && max_age.is_over(self.halted_until())
    }

    /// Whether it holds a price that is young enough, be it halted or not.
    #[inline(always)]
    pub const fn is_young(&self, max_age: MaxAge) -> bool {
        max_age.admits(self.published()) && self.spot.mantissa != 0
    }

    /// What is odd about the price that it holds, and that its sources are apart where the caller has seen it, trips its
    /// breaker; see [`oddities`]. Whether it has tripped just now.
    #[inline(always)]
    pub fn look(&mut self, apart: bool, now: UnixSecs) -> bool {
        let (terms, sources) = (&self.terms, if apart { oddity::SOURCES } else { 0 });
        let limits = Limits { spot_band: Ppm::new(terms.spot_band_ppm), max_sigma: Ppm::new(terms.max_sigma_ppm) };
        let odd = oddities(self.spot.get(), self.slow.get(), Ppm::new(self.sigma_ppm), &limits) | sources;
        odd != 0 && self.trip(odd, now)
    }

    #[cold]
    #[inline(never)]
    fn trip(&mut self, odd: u32, now: UnixSecs) -> bool {
        let held = Spell { until: self.tripped_until(), in_a_row: self.tripped_in_a_row };
        let next = held.tripped(now, &PRICE_BREAKER);
        (self.tripped_until_at, self.tripped_in_a_row) = (next.until.get(), next.in_a_row);
        if next == held {
            return false;
        }
        self.tripped_by = odd;
        true
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
    /// When the last halt or breaker of any slot ends or ended, Unix seconds: later than that no slot is asked.
    pub stopped_until_at: i64,
    /// Zero.
    pub _reserved: [u8; 200],
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

    /// Stores a halt in a listed slot, and until when it stands where margin reads it; false where nothing is listed.
    pub fn set_halt(&mut self, index: usize, halt: Pause) -> bool {
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.active == 1) else { return false };
        let until_at = if slot.awaits_averages() { UNTIL_READY } else { halt.until().get() };
        (slot.halt, slot.halted_until_at) = (halt.into(), until_at);
        self.stopped_until_at = self.stopped_until_at.max(until_at);
        true
    }

    /// [`PriceSlot::restart`] of a slot.
    pub fn restart(&mut self, index: usize) {
        if let Some(slot) = self.slots.get_mut(index) {
            slot.restart();
            self.stopped_until_at = UNTIL_READY;
        }
    }

    /// Sets when the last halt, breaker or wait ends, from those that stand.
    #[cold]
    #[inline(never)]
    pub fn recount_stops(&mut self) {
        let ends = self.slots.iter().map(|slot| slot.halted_until_at.max(slot.tripped_until_at));
        self.stopped_until_at = ends.max().unwrap_or(0);
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
