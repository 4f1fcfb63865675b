//! Account layouts of the Plimsoll engine: plain `repr(C)` data that programs, keepers and simulators share.
//!
//! Nothing here needs Anchor; with the feature `anchor` the accounts implement its traits. 128-bit numbers are
//! stored as byte wrappers because their alignment differs between hosts and sBPF. Every size and every offset
//! that clients filter on is asserted at compile time (ACCOUNT-1).
#![no_std]
#![deny(missing_docs)]
// Code that handles money may not overflow, panic or truncate without saying so; tests may (CONTRIBUTING).
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

#[cfg(any(test, feature = "idl-build"))]
extern crate std;

mod allowance;
mod amounts;
mod anchor;
mod bank;
mod board;
mod books;
mod breakers;
mod change;
mod engine;
mod feeds;
mod index;
mod limits;
mod listings;
mod margin_account;
mod margin_view;
mod market;
mod migrate;
mod outflow;
mod pauses;
mod pnl;
mod price_state;
mod ramps;
mod registry;
mod reserve;
pub mod seeds;
mod settings;
mod shares;
pub mod snapshot;
mod standby;
mod times;
mod wrap;

pub use allowance::*;
pub use bank::*;
pub use board::*;
pub use books::{Books, BooksMut, FundingClock};
pub use breakers::*;
pub use change::*;
pub use engine::*;
pub use feeds::*;
pub use index::*;
pub use limits::*;
pub use margin_account::*;
pub use margin_view::*;
pub use market::*;
pub use migrate::*;
pub use outflow::*;
pub use pauses::*;
pub use pnl::*;
pub use ramps::*;
pub use registry::*;
pub use reserve::*;
pub use settings::*;
pub use wrap::*;

/// Address of the program, as 32 bytes.
pub const PROGRAM_ID_BYTES: [u8; 32] = program_id_bytes();

const fn program_id_bytes() -> [u8; 32] {
    decode_base58_32(b"9BkS8UanPej9U7Y6JqbkKzU74nLaxT2uMMLNHdapcJ8a")
}

/// Length of an account discriminator.
pub const DISCRIMINATOR_LEN: usize = 8;

/// Most bytes that the runtime lets an account grow by in one instruction.
pub const MAX_GROWTH_BYTES: usize = 10_240;

/// The layout version that this build reads and writes.
#[cfg(not(feature = "next-layout"))]
pub const LAYOUT_VERSION: u8 = 1;
/// The layout version that this build reads and writes: the next one, with which migration is tested.
#[cfg(feature = "next-layout")]
pub const LAYOUT_VERSION: u8 = 2;

/// Decodes a base58 address at compile time, so that no build tool is needed for it.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "evaluated when this is compiled: what overflows or lies outside does not compile; the cast keeps the low byte, the rest is carried"
)]
const fn decode_base58_32(text: &[u8]) -> [u8; 32] {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut out = [0u8; 32];
    let mut i = 0;
    while i < text.len() {
        let mut digit = 0;
        while ALPHABET[digit] != text[i] {
            digit += 1;
        }
        let mut carry = digit as u32;
        let mut j = 32;
        while j > 0 {
            j -= 1;
            carry += out[j] as u32 * 58;
            out[j] = carry as u8;
            carry >>= 8;
        }
        assert!(carry == 0, "not a 32-byte address");
        i += 1;
    }
    out
}

/// An account of the engine: its discriminator, its bytes and what must hold after every instruction.
pub trait EngineAccount: bytemuck::Pod {
    /// First eight bytes of the account.
    const ACCOUNT_DISCRIMINATOR: [u8; DISCRIMINATOR_LEN];
    /// Whole size of the account, discriminator included, in bytes.
    const SPACE: usize = DISCRIMINATOR_LEN + core::mem::size_of::<Self>();

    /// What holds after every instruction that wrote the account (ACCOUNT-4).
    ///
    /// # Errors
    /// The invariant that is broken.
    fn invariant(&self) -> Result<(), InvariantViolation>;

    /// Reads an account's data, discriminator included; none where the type or the length is another.
    #[expect(
        clippy::indexing_slicing,
        reason = "data from the discriminator on were found, so the discriminator is there"
    )]
    fn from_account_data(data: &[u8]) -> Option<&Self> {
        let body = data.get(DISCRIMINATOR_LEN..Self::SPACE)?;
        if data[..DISCRIMINATOR_LEN] != Self::ACCOUNT_DISCRIMINATOR || data.len() != Self::SPACE {
            return None;
        }
        bytemuck::try_from_bytes(body).ok()
    }
}

/// An account that belongs to an engine.
pub trait OfEngine: EngineAccount {
    /// The layout version that wrote it.
    fn layout_version(&self) -> u8;
    /// The engine's address.
    fn engine(&self) -> &Address;
}

macro_rules! of_engine {
    ($($type:ty),+) => {$(
        impl OfEngine for $type {
            fn layout_version(&self) -> u8 {
                self.version
            }

            fn engine(&self) -> &Address {
                &self.engine
            }
        }
    )+};
}

of_engine!(Bank, FeedBook, MarginAccount, Market, PendingChange, PriceBoard, Registry, Venue);

/// An invariant of an account that does not hold, named by the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvariantViolation(pub &'static str);

impl InvariantViolation {
    /// The account is of another layout version than this build's. Every type's first invariant.
    pub const VERSION: Self = Self("the layout version is unknown");
}

/// The first invariant of every type.
#[inline(always)]
pub(crate) fn ensure_version(version: u8) -> Result<(), InvariantViolation> {
    if version == LAYOUT_VERSION {
        Ok(())
    } else {
        Err(InvariantViolation::VERSION)
    }
}

/// Fails with `fact` unless `holds`.
#[inline(always)]
pub(crate) fn ensure(holds: bool, fact: &'static str) -> Result<(), InvariantViolation> {
    if holds {
        Ok(())
    } else {
        Err(InvariantViolation(fact))
    }
}
