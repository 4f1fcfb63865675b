//! The registry: what every margin check reads besides prices.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::bank::{borrow_index_at_up, deposit_index_at_most_up, Indices};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights, INDEX_ONE, MAX_BANKS, MAX_MARKETS};
use plimsoll_risk::units::{Atoms, Secs, UnixSecs};

use crate::{
    assert_layout, ensure, stored_enum, Address, EngineAccount, I128Le, InvariantViolation, MarketFees, StoredBreaker,
    StoredGoal, StoredPause, StoredPrice, PAUSE_PLACES, RAMPED_PARAMS,
};

/// [`GlobalParams`] as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct StoredParams(pub GlobalParams);

/// [`TokenWeights`] as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(transparent)]
pub struct StoredWeights(pub TokenWeights);

/// [`MarketRates`] as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(transparent)]
pub struct StoredRates(pub MarketRates);

macro_rules! stored_pod {
    ($($type:ident),+) => {$(
        // SAFETY: each is `repr(transparent)` over a `repr(C)` struct of integers without padding: one u64 and an even
        // number of u32 fields, room included (asserted of each group), or u32 fields alone; every bit pattern is a value.
        #[expect(unsafe_code, reason = "the pure crate knows no bytemuck, so it cannot derive this")]
        unsafe impl Zeroable for $type {}
        // SAFETY: as above.
        #[expect(unsafe_code, reason = "the pure crate knows no bytemuck, so it cannot derive this")]
        unsafe impl Pod for $type {}
    )+};
}
stored_pod!(StoredParams, StoredWeights, StoredRates);
const _: () = assert!(core::mem::size_of::<StoredParams>() == 336);
const _: () = assert!(core::mem::size_of::<StoredWeights>() == 24);
const _: () = assert!(core::mem::size_of::<StoredRates>() == 12);

stored_enum! {
    /// What a bank or market slot may be used for.
    SlotStatus {
        /// Nothing is listed here.
        Empty = 0,
        /// Everything.
        Active = 1,
        /// Only what reduces positions.
        ReduceOnly = 2,
        /// Repay and withdraw only: the deposit index is at its floor.
        Terminal = 3,
    }
}

/// A bank, as margin reads it.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct BankSlot {
    /// [`SlotStatus`].
    pub status: u8,
    /// Decimals of the mint.
    pub decimals: u8,
    /// Slot of the price board.
    pub price_slot: u8,
    /// Zero.
    pub _pad: [u8; 5],
    /// Weights.
    pub weights: StoredWeights,
    /// Micro-dollars per atom and per dollar of price.
    pub scale: StoredPrice,
    /// Copy of the bank's deposit index (48 fraction bits); older than the bank's, never higher.
    pub deposit_index: u64,
    /// Borrow index at `accrued_at`, 48 fraction bits.
    pub borrow_index: u64,
    /// Borrow rate per second since then, in units of 2^-64.
    pub borrow_rate_per_sec: u64,
    /// When the two were written, Unix seconds.
    pub accrued_at: i64,
    /// Debts of frozen accounts in this bank that are not paid yet, atoms.
    pub known_loss_atoms: u64,
    /// Up to when the weights were moved by their ramps, Unix seconds; zero where they stand still.
    pub ramped_at: i64,
    /// Where the asset weight and the liability weight at maintenance go; zero where they stand still.
    pub goals: [StoredGoal; 2],
    /// Trips where too much of the bank's insurance is drawn.
    pub drawdown: StoredBreaker,
}

assert_layout!(BankSlot, 128);

/// Final state of an epoch of a market side, for positions that still have to be carried over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct EpochEnd {
    /// Cash per share at the end, 64 fraction bits.
    pub k: I128Le,
    /// Size per share at the end, 63 fraction bits.
    pub a: u64,
    /// Number of the epoch.
    pub epoch: u32,
    /// One while the entry may still be needed.
    pub used: u32,
}

assert_layout!(EpochEnd, 32);

/// Entries of the ring of ended epochs.
pub const EPOCH_RING: usize = 4;

/// The lazy index of one side of a market (INDEX-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SideIndex {
    /// Cash per share, quote atoms with 64 fraction bits, at `funding_at`.
    pub k: I128Le,
    /// Size per share, 63 fraction bits.
    pub a: u64,
    /// Current epoch.
    pub epoch: u32,
    /// Zero.
    pub _pad: u32,
    /// Ended epochs.
    pub ring: [EpochEnd; EPOCH_RING],
}

assert_layout!(SideIndex, 160);

/// A market, as margin reads it.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct MarketSlot {
    /// [`SlotStatus`].
    pub status: u8,
    /// Decimals of a base unit.
    pub base_decimals: u8,
    /// Slot of the price board.
    pub price_slot: u8,
    /// Zero.
    pub _pad: u8,
    /// Charge rates.
    pub rates: StoredRates,
    /// Quote atoms per base unit and per dollar of price.
    pub scale: StoredPrice,
    /// Funding that a long pays a short, per base unit and second, quote atoms in units of 2^-64.
    pub funding_per_unit_sec: i64,
    /// Since when, Unix seconds.
    pub funding_at: i64,
    /// Longs, then shorts.
    pub sides: [SideIndex; 2],
    /// Copy of what the market's deficit takes of a claim, ppm; older than the market's, never lower.
    pub deficit_share_ppm: u32,
    /// What a fill costs.
    pub fees: MarketFees,
    /// Zero.
    pub _pad2: u32,
    /// Losses of frozen accounts that are not paid yet, quote atoms, by the side that bears what insurance does not: longs,
    /// then shorts.
    pub known_loss_atoms: [u64; 2],
    /// What insurance pays on them as last seen, what the market has drawn within the day included, quote atoms.
    pub loss_cover_atoms: u64,
    /// Up to when the rates were moved by their ramp, Unix seconds; zero where they stand still.
    pub ramped_at: i64,
    /// Where the rate at maintenance goes; zero where it stands still.
    pub goals: [StoredGoal; 1],
    /// Zero.
    pub _reserved: [u8; 16],
}

assert_layout!(MarketSlot, 448);

/// Bank slots, market slots and the parameters of an engine.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Registry {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the registry's address.
    pub bump: u8,
    /// One where the engine was created for a test cluster.
    pub test_cluster: u8,
    /// Bank slots in use; the first is the quote bank.
    pub bank_count: u8,
    /// Market slots in use.
    pub market_count: u8,
    /// One from the launch on: accounts can be opened, and changes wait as the parameters say.
    pub launched: u8,
    /// Zero.
    pub _pad: [u8; 2],
    /// The engine.
    pub engine: Address,
    /// Bits of [`crate::pause`] that may stand; until when each does is in `pauses`, and a bit beyond its end stops nothing.
    pub pause_bits: u32,
    /// Accounts that are being resolved.
    pub frozen_accounts: u32,
    /// Parameters.
    pub params: StoredParams,
    /// Up to when parameters were moved by their ramps, Unix seconds; zero where they stand still.
    pub params_ramped_at: i64,
    /// Where the parameters go that ramp, in the order of docs/math.md; zero where they stand still.
    pub params_goals: [StoredGoal; RAMPED_PARAMS],
    /// When the last breaker of a bank's insurance ends or ended, Unix seconds: later than that no bank is asked.
    pub drawn_until_at: i64,
    /// Banks.
    pub banks: [BankSlot; MAX_BANKS],
    /// Markets.
    pub markets: [MarketSlot; MAX_MARKETS],
    /// Until when each bit of `pause_bits` stands, at the bit's place.
    pub pauses: [StoredPause; PAUSE_PLACES],
    /// Zero.
    pub _tail: [u8; Registry::TAIL],
}

impl Registry {
    /// Whole size of the account, discriminator included.
    pub const ACCOUNT_LEN: usize = 30_720;
    const TAIL: usize =
        Self::ACCOUNT_LEN - 8 - (8 + 32 + 8 + 336 + 56 + 8) - MAX_BANKS * 128 - MAX_MARKETS * 448 - PAUSE_PLACES * 24;

    /// Index of the settlement token's bank.
    pub const QUOTE_BANK: usize = 0;

    /// The parameters.
    #[inline(always)]
    pub const fn params(&self) -> &GlobalParams {
        &self.params.0
    }

    /// A listed bank's slot; none where nothing is listed.
    #[inline(always)]
    pub fn bank(&self, index: usize) -> Option<&BankSlot> {
        self.banks.get(index).filter(|slot| slot.status != SlotStatus::Empty as u8)
    }

    /// A listed market's slot; none where nothing is listed.
    #[inline(always)]
    pub fn market(&self, index: usize) -> Option<&MarketSlot> {
        self.markets.get(index).filter(|slot| slot.status != SlotStatus::Empty as u8)
    }

    /// Whether the authority sets the engine up freely: it is not launched, or one for tests without a delay.
    #[inline(always)]
    pub const fn is_set_up_freely(&self) -> bool {
        self.launched == 0 || self.params.0.changes.change_delay_secs == 0
    }

    /// How long a change that is proposed now has to wait, also before the launch: it could else be kept for the day on which
    /// others have accounts.
    pub const fn change_delay(&self) -> Secs {
        self.params.0.changes.change_delay()
    }

    /// Whether any of `bits` is paused at `now`. Where no bit is set, as on most days, nothing else is read.
    #[inline(always)]
    pub fn is_paused(&self, bits: u32, now: UnixSecs) -> bool {
        self.pause_bits & bits != 0 && self.paused_until(bits, now).is_some()
    }

    /// All that is paused at `now`.
    pub fn paused_at(&self, now: UnixSecs) -> u32 {
        let stands = |place: &u32| self.is_paused(1 << place, now);
        (0..u32::BITS).filter(stands).fold(0, |bits, place| bits | 1 << place)
    }

    /// Of those among `bits` that are paused at `now` the one that ends last, and when; none where nothing is.
    #[cold]
    #[inline(never)]
    pub fn paused_until(&self, bits: u32, now: UnixSecs) -> Option<(u32, UnixSecs)> {
        let set = self.pause_bits & bits;
        let places = self.pauses.iter().zip(0u32..);
        let standing = places.filter(|(_, place)| set >> place & 1 == 1);
        let until = standing.map(|(pause, place)| (1 << place, pause.get().until())).filter(|(_, until)| *until > now);
        until.max_by_key(|(_, until)| *until)
    }
}

assert_layout!(Registry, Registry::ACCOUNT_LEN - 8, engine @ 8, banks @ 448);

impl EngineAccount for Registry {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [47, 174, 110, 246, 184, 182, 252, 218];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.bank_count as usize <= MAX_BANKS, "registry counts more banks than it has")?;
        ensure(self.market_count as usize <= MAX_MARKETS, "registry counts more markets than it has")?;
        ensure(self.launched <= 1, "registry launched is not a flag")?;
        ensure(self.params.0.validate().is_ok(), "registry parameters are out of bounds")?;
        let allowed = self.params.0.changes.delay_is_allowed(self.test_cluster == 1);
        ensure(allowed, "registry has a delay for test clusters")
    }
}

impl MarketSlot {
    /// Known losses of both sides, quote.
    pub const fn known_loss(&self) -> Atoms {
        let [long, short] = self.known_loss_atoms;
        Atoms::new(long).saturating_add(Atoms::new(short))
    }
}

impl BankSlot {
    /// Whether something is listed here.
    #[inline(always)]
    pub const fn is_listed(&self) -> bool {
        self.status != SlotStatus::Empty as u8
    }

    /// What holds of a listed slot.
    ///
    /// # Errors
    /// The invariant that is broken.
    pub fn invariant(&self) -> Result<(), InvariantViolation> {
        SlotStatus::try_from(self.status)?;
        ensure(self.borrow_index >= INDEX_ONE, "borrow index is below one")?;
        ensure(self.deposit_index >= plimsoll_risk::params::DEPOSIT_INDEX_FLOOR, "deposit index is below its floor")
    }
}

impl BankSlot {
    /// The borrow index projected to `now`, 48 fraction bits, rounded up; a clock behind the last crank adds nothing.
    #[inline(always)]
    pub const fn borrow_index_at(&self, now: UnixSecs) -> u64 {
        borrow_index_at_up(self.borrow_index, self.borrow_rate_per_sec, now.elapsed_since(self.accrued()))
    }

    /// The indices by which margin and share transfers are counted: the copy of the deposit index and the projected borrow index.
    #[inline(always)]
    pub const fn indices_at(&self, now: UnixSecs) -> Indices {
        Indices { deposit_index: self.deposit_index, borrow_index: self.borrow_index_at(now) }
    }

    /// The most that the bank's own deposit index can be at `now`, however old the copy is; exact right after a crank.
    pub const fn deposit_index_at_most(&self, now: UnixSecs) -> u64 {
        deposit_index_at_most_up(self.deposit_index, self.borrow_index, self.borrow_index_at(now))
    }
}

impl MarketSlot {
    /// Whether something is listed here.
    #[inline(always)]
    pub const fn is_listed(&self) -> bool {
        self.status != SlotStatus::Empty as u8
    }
}
