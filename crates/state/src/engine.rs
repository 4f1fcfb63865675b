//! The engine: who may do what.

use bytemuck::{Pod, Zeroable};

use crate::{assert_layout, ensure, stored_enum, Address, EngineAccount, InvariantViolation, Reserve};

stored_enum! {
    /// A key of an engine, by what it may do. What each can do to users: docs/powers.md.
    EngineRole {
        /// Sets the engine up, proposes changes, makes those that tighten, pauses for some days.
        Authority = 0,
        /// Proposes changes and makes those that tighten.
        RiskAuthority = 1,
        /// Pauses for some hours, and cancels changes that wait.
        Guardian = 2,
        /// Takes the protocol's fees.
        FeeCollector = 3,
    }
}

/// Roles of an engine.
pub const ROLES: usize = 4;

/// Keys of one engine. Its parameters live in the registry's header.
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
    /// Bump of the executor's address.
    pub executor_bump: u8,
    /// Zero.
    pub _pad: [u8; 2],
    /// Who created it (a seed).
    pub creator: Address,
    /// Proposes changes, makes those that tighten at once, pauses for some days.
    pub authority: Address,
    /// Proposes changes and makes those that tighten at once.
    pub risk_authority: Address,
    /// Pauses for some hours, and cancels changes that wait.
    pub guardian: Address,
    /// Takes the protocol's fees.
    pub fee_collector: Address,
    /// Who may accept each role by its own signature, in the order of [`EngineRole`]; zero for nobody.
    pub pending: [Address; ROLES],
    /// The registry.
    pub registry: Address,
    /// The price board.
    pub board: Address,
    /// The address that signs for a change that has waited: `["executor", engine]`.
    pub executor: Address,
    /// Changes proposed so far; the number of the next.
    pub changes_proposed: u64,
    /// Zero.
    pub _reserved: [u8; 120],
}

assert_layout!(Engine, 520, authority @ 40);

impl EngineAccount for Engine {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [246, 94, 41, 147, 231, 121, 110, 19];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        ensure(self.test_cluster <= 1, "engine test_cluster is not a flag")?;
        let keys = [&self.authority, &self.risk_authority, &self.guardian, &self.fee_collector];
        ensure(keys.iter().all(|key| **key != [0; 32]), "engine has a role that nobody holds")?;
        ensure(self.reserve_is_zero(), "engine reserve is not zero")
    }
}

impl Engine {
    /// Who holds a role.
    pub const fn holder(&self, role: EngineRole) -> &Address {
        match role {
            EngineRole::Authority => &self.authority,
            EngineRole::RiskAuthority => &self.risk_authority,
            EngineRole::Guardian => &self.guardian,
            EngineRole::FeeCollector => &self.fee_collector,
        }
    }

    /// Who holds each role, in the order of [`EngineRole`].
    pub const fn held(&self) -> [Address; ROLES] {
        [self.authority, self.risk_authority, self.guardian, self.fee_collector]
    }

    /// Who may accept a role; zero for nobody.
    pub const fn pending(&self, role: EngineRole) -> &Address {
        let [authority, risk_authority, guardian, fee_collector] = &self.pending;
        match role {
            EngineRole::Authority => authority,
            EngineRole::RiskAuthority => risk_authority,
            EngineRole::Guardian => guardian,
            EngineRole::FeeCollector => fee_collector,
        }
    }

    /// Names who may accept a role; zero for nobody.
    pub fn propose(&mut self, role: EngineRole, key: Address) {
        if let Some(pending) = self.pending.get_mut(role as usize) {
            *pending = key;
        }
    }

    /// Gives a role to whom it was proposed to; returns who held it.
    pub fn accept(&mut self, role: EngineRole) -> Address {
        let next = *self.pending(role);
        let holder = match role {
            EngineRole::Authority => &mut self.authority,
            EngineRole::RiskAuthority => &mut self.risk_authority,
            EngineRole::Guardian => &mut self.guardian,
            EngineRole::FeeCollector => &mut self.fee_collector,
        };
        let previous = core::mem::replace(holder, next);
        self.propose(role, [0; 32]);
        previous
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
