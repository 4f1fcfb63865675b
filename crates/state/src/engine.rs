//! The engine: who may do what.

use bytemuck::{Pod, Zeroable};

use crate::{assert_layout, ensure, Address, EngineAccount, InvariantViolation, Reserve};

/// Authorities of one engine. Its parameters live in the registry's header.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Engine {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the engine's address.
    pub bump: u8,
    /// Number that lets one creator have several engines.
    pub id: u16,
    /// One where the engine was created for a test cluster; visible permanently.
    pub test_cluster: u8,
    /// Zero.
    pub _pad: [u8; 3],
    /// Who created it (a seed).
    pub creator: Address,
    /// May change parameters, list, collect fees, hand over.
    pub authority: Address,
    /// Proposed next authority, or zero; takes over by its own signature.
    pub pending_authority: Address,
    /// May pause for hours and end no pause.
    pub pause_authority: Address,
    /// The registry.
    pub registry: Address,
    /// The price board.
    pub board: Address,
    /// Zero.
    pub _reserved: [u8; 120],
}

assert_layout!(Engine, 320, authority @ 40);

impl EngineAccount for Engine {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [246, 94, 41, 147, 231, 121, 110, 19];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.test_cluster <= 1, "engine test_cluster is not a flag")?;
        ensure(self.authority != [0; 32], "engine has no authority")?;
        ensure(self.reserve_is_zero(), "engine reserve is not zero")
    }
}

/// Bits of the registry's `pause_bits`. Repay and deposit have none, and neither has what only reduces a position: they
/// always work (KEY-4).
pub mod pause {
    /// No withdrawals.
    pub const WITHDRAW: u32 = 1 << 0;
    /// No borrowing.
    pub const BORROW: u32 = 1 << 1;
    /// No fill makes a position larger, but one that its holder signs himself against a position that shrinks.
    pub const FILL: u32 = 1 << 2;
    /// No liquidations, and nothing that could change whom they would have been: no price, no withdrawal, no borrowing, no
    /// larger position, no resolution.
    pub const LIQUIDATE: u32 = 1 << 3;
    /// No settlement of PnL.
    pub const SETTLE: u32 = 1 << 4;
    /// No bankruptcy resolution.
    pub const RESOLVE: u32 = 1 << 5;
    /// No price updates.
    pub const PRICE: u32 = 1 << 6;
    /// No new margin accounts.
    pub const OPEN_ACCOUNT: u32 = 1 << 7;
    /// Every bit that has a meaning.
    pub const ALL: u32 = (1 << 8) - 1;
    /// Names, in the order of the bits.
    pub const NAMES: [&str; 8] =
        ["WITHDRAW", "BORROW", "FILL", "LIQUIDATE", "SETTLE", "RESOLVE", "PRICE", "OPEN_ACCOUNT"];

    /// The name of one bit; empty of one without a meaning.
    pub fn name(bit: u32) -> &'static str {
        NAMES.get(bit.trailing_zeros() as usize).copied().unwrap_or_default()
    }
}

/// A program that may settle fills by CPI.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct Venue {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the venue's address.
    pub bump: u8,
    /// One while it may settle and report.
    pub active: u8,
    /// Zero.
    pub _pad: [u8; 5],
    /// Engine it is registered with.
    pub engine: Address,
    /// The PDA of the venue's program that signs its calls.
    pub signer: Address,
    /// Markets it may settle, a bit each.
    pub settle_markets: u32,
    /// Markets whose premium it reports, a bit each.
    pub premium_markets: u32,
    /// Zero.
    pub _reserved: [u8; 48],
}

assert_layout!(Venue, 128, engine @ 8, signer @ 40);

impl EngineAccount for Venue {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [8, 155, 85, 226, 234, 173, 42, 242];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.active <= 1, "venue active is not a flag")?;
        ensure(self.reserve_is_zero(), "venue reserve is not zero")
    }
}
