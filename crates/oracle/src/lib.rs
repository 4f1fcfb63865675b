//! Reads raw oracle accounts: whose account it is, what it is, what it says, and what a price slot becomes by it. Time and
//! averages are the pure crate's. The program refreshes prices by these functions, and a keeper asks them before it sends.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Where money is, nothing may overflow, panic or truncate unsaid; tests may (CONTRIBUTING).
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

/// Fails with an error of the engine unless something holds.
macro_rules! ensure {
    ($holds:expr, $error:expr $(,)?) => {
        if !($holds) {
            return Err($error);
        }
    };
}

pub mod pyth;
pub mod switchboard;
#[cfg(test)]
mod tests;

use anchor_lang::prelude::AccountInfo;
use plimsoll_interface::EngineError;
use plimsoll_risk::breaker::is_beyond;
use plimsoll_risk::oracle::{choose, update, Choice, MaxAge, Observation, PriceSource, PriceState};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::units::{Ppm, UnixSecs};
use plimsoll_state::{Address, Feed, OracleKind, OracleSource, PriceSlot};

/// What the readers return.
pub type Result<T> = core::result::Result<T, EngineError>;

/// The chain's time, in both its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the clock.
    pub time: UnixSecs,
    /// Slots.
    pub slot: u64,
}

/// An oracle's account, as it is shown to the engine.
pub trait Shown {
    /// Where it is.
    fn address(&self) -> &Address;

    /// The program that writes it.
    fn owner(&self) -> &Address;

    /// What a reader makes of its bytes.
    ///
    /// # Errors
    /// The reader's.
    fn decoded<T>(&self, reader: impl FnOnce(&[u8]) -> Result<T>) -> Result<T>;
}

/// In the program.
impl Shown for AccountInfo<'_> {
    #[inline(always)]
    fn address(&self) -> &Address {
        self.key.as_array()
    }

    #[inline(always)]
    fn owner(&self) -> &Address {
        self.owner.as_array()
    }

    #[inline(always)]
    fn decoded<T>(&self, reader: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        // Borrowed already are only the engine's own accounts, which no oracle's program owns.
        reader(&self.try_borrow_data().map_err(|_| EngineError::OracleOwnerMismatch)?)
    }
}

/// An account that a client has read.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// Where it is.
    pub address: &'a Address,
    /// The program that writes it.
    pub owner: &'a Address,
    /// Its bytes.
    pub data: &'a [u8],
}

impl Shown for Fetched<'_> {
    fn address(&self) -> &Address {
        self.address
    }

    fn owner(&self) -> &Address {
        self.owner
    }

    fn decoded<T>(&self, reader: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        reader(self.data)
    }
}

/// The kind of a stored source.
#[inline(always)]
fn kind_of(source: &OracleSource) -> Result<OracleKind> {
    OracleKind::try_from(source.kind).map_err(|_| EngineError::InvariantBroken)
}

/// What a source's account says, after every check of the account itself; `slot` is the chain's (PRICE-1).
///
/// # Errors
/// `OracleAddressMismatch`, `OracleOwnerMismatch`; `OracleTypeMismatch` where the discriminator or length is another or
/// the slot has no such source; `OracleFeedMismatch`, `OracleQueueMismatch`, `OracleTooFewSamples`,
/// `PriceNotVerified`, `PriceNotPositive`, `PriceExponentOutOfRange`.
pub fn read(account: &impl Shown, source: &OracleSource, params: &GlobalParams, slot: u64) -> Result<Observation> {
    let kind = kind_of(source)?;
    ensure!(kind != OracleKind::None, EngineError::OracleTypeMismatch);
    // The pinned account, unless the caller may choose it.
    ensure!(kind == OracleKind::PythPosted || is_pinned(account, source), EngineError::OracleAddressMismatch);
    // Written by the pinned program: without this anyone fabricates prices.
    ensure!(*account.owner() == source.program, EngineError::OracleOwnerMismatch);
    account.decoded(|data| decode(data, source, params, slot))
}

/// What the bytes of a source's account say, by the reader of its kind; whose they are is [`read`]'s to ask.
///
/// # Errors
/// Those of [`read`] but for address and owner.
#[inline(always)]
pub fn decode(data: &[u8], source: &OracleSource, params: &GlobalParams, slot: u64) -> Result<Observation> {
    match kind_of(source)? {
        OracleKind::PythPinned | OracleKind::PythPosted => pyth::decode(data, source),
        OracleKind::SwitchboardPull => switchboard::decode(data, source, params, slot),
        OracleKind::None => Err(EngineError::OracleTypeMismatch),
    }
}

/// Whether this is the account that the source pins.
fn is_pinned(account: &impl Shown, source: &OracleSource) -> bool {
    const NOBODY: Address = [0; 32];
    source.address != NOBODY && *account.address() == source.address
}

/// What a slot becomes by the account of the source in use, its primary or, while it is switched to that, its standby
/// (PRICE-10); none where it is not newer.
///
/// # Errors
/// See [`read`]; `PriceStale`, `PriceFromFuture`, `PriceNotFirstOfSecond`.
#[inline(never)]
pub fn update_from_one(
    slot: &PriceSlot,
    feed: &Feed,
    account: &impl Shown,
    params: &GlobalParams,
    now: Moment,
) -> Result<Option<PriceState>> {
    let source = feed.in_use();
    let observation = read(account, feed.source(source), params, now.slot)?;
    update(&slot.state(feed), source, &observation, params, now.time).map_err(Into::into)
}

/// Whether both sources are valid and young now, and further apart than the slot lets them be (LIMIT-2).
#[inline(never)]
pub fn are_apart(
    slot: &PriceSlot,
    feed: &Feed,
    primary: &impl Shown,
    secondary: &impl Shown,
    params: &GlobalParams,
    now: Moment,
) -> bool {
    let [first, second, _] = &feed.sources;
    let young = MaxAge::new(params.prices.read_age(), now.time);
    let fresh = |seen: &Observation| !seen.overdue && young.admits(seen.published_at);
    let shown = read(primary, first, params, now.slot).ok().filter(fresh);
    let other = read(secondary, second, params, now.slot).ok().filter(fresh);
    let apart = Ppm::new(slot.terms.sources_apart_ppm);
    shown.zip(other).is_some_and(|(one, other)| is_beyond(one.price, other.price, apart))
}

/// What a slot becomes where the caller also shows the secondary: it counts only if the primary is silent (PRICE-5).
///
/// A primary whose account is broken (closed, not verified, not positive) is silent since the board last took it.
///
/// # Errors
/// `OnStandby` where neither counts, since the price is switched to its standby; `PrimaryMissing` where the first account
/// is not the pinned primary; `PrimaryNotStale`; else as [`update_from_one`].
#[inline(never)]
pub fn update_from_pair(
    slot: &PriceSlot,
    feed: &Feed,
    primary: &impl Shown,
    secondary: &impl Shown,
    params: &GlobalParams,
    now: Moment,
) -> Result<Option<PriceState>> {
    let [first, second, _] = &feed.sources;
    // What was found to be wrong does not come back by the standby's silence.
    ensure!(feed.on_standby == 0, EngineError::OnStandby);
    ensure!(is_pinned(primary, first), EngineError::PrimaryMissing);
    let (state, shown) = (slot.state(feed), read(primary, first, params, now.slot).ok());
    let (source, observation) = match (choose(&state, shown.as_ref(), params, now.time), shown) {
        (Choice::Primary, Some(observation)) => (PriceSource::Primary, observation),
        (Choice::Secondary, _) => (PriceSource::Secondary, read(secondary, second, params, now.slot)?),
        _ => return Err(EngineError::PrimaryNotStale),
    };
    update(&state, source, &observation, params, now.time).map_err(Into::into)
}
