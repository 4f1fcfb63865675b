//! A change of an engine that waits in public (POWER-1): the instruction that will be executed, byte by byte.

use bytemuck::{Pod, Zeroable};
use plimsoll_risk::ratchet::Schedule;
use plimsoll_risk::units::UnixSecs;

use crate::{assert_layout, ensure, Address, EngineAccount, InvariantViolation, Reserve};

/// Most bytes of data that a change's instruction has.
pub const MAX_CHANGE_DATA: usize = 512;
/// Most accounts that a change's instruction takes.
pub const MAX_CHANGE_ACCOUNTS: usize = 16;

/// Flags of an account that a change's instruction takes.
pub mod change_flag {
    /// It is written.
    pub const WRITABLE: u8 = 1 << 0;
    /// It stands for whoever executes the change, who signs and pays.
    pub const PAYER: u8 = 1 << 1;
    /// Every flag that has a meaning.
    pub const ALL: u8 = (1 << 2) - 1;
}

/// An account that a change's instruction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct ChangeAccount {
    /// Its address; zero where whoever executes the change stands.
    pub key: Address,
    /// Bits of [`change_flag`].
    pub flags: u8,
}

/// A change that was proposed. It ends when it is executed, cancelled or cleared away.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub struct PendingChange {
    /// [`crate::LAYOUT_VERSION`].
    pub version: u8,
    /// Bump of the change's address.
    pub bump: u8,
    /// Accounts that its instruction takes.
    pub account_count: u8,
    /// Zero.
    pub _pad: [u8; 3],
    /// Bytes of data that its instruction has.
    pub data_len: u16,
    /// The engine.
    pub engine: Address,
    /// Its number among the engine's changes, from zero.
    pub id: u64,
    /// Who proposed it.
    pub proposer: Address,
    /// Who gets the rent back.
    pub rent_payer: Address,
    /// When it was proposed, Unix seconds.
    pub proposed_at: i64,
    /// From when on anybody may execute it, Unix seconds.
    pub due_at: i64,
    /// From when on nobody may any more, Unix seconds.
    pub expires_at: i64,
    /// Zero.
    pub _reserved: [u8; 64],
    /// The accounts, in order.
    pub accounts: [ChangeAccount; MAX_CHANGE_ACCOUNTS],
    /// The data: the discriminator of an instruction and its arguments.
    pub data: [u8; MAX_CHANGE_DATA],
}

assert_layout!(PendingChange, 1_240, engine @ 8, proposer @ 48);

impl EngineAccount for PendingChange {
    const ACCOUNT_DISCRIMINATOR: [u8; 8] = [232, 183, 176, 196, 15, 195, 115, 147];

    fn invariant(&self) -> Result<(), InvariantViolation> {
        crate::ensure_version(self.version)?;
        let (accounts, data) = (self.account_count as usize, self.data_len as usize);
        ensure(accounts <= MAX_CHANGE_ACCOUNTS && data <= MAX_CHANGE_DATA, "change counts more than it holds")?;
        let unused = self.accounts.iter().skip(accounts).all(|account| *account == ChangeAccount::zeroed());
        ensure(
            unused && self.data.iter().skip(data).all(|byte| *byte == 0),
            "change has bytes that it does not count",
        )?;
        ensure(
            self.accounts.iter().all(|account| account.flags & !change_flag::ALL == 0),
            "change has an unknown flag",
        )?;
        ensure(self.proposed_at <= self.due_at && self.due_at < self.expires_at, "change expires before it is due")?;
        ensure(self.reserve_is_zero(), "change reserve is not zero")
    }
}

impl PendingChange {
    /// The instruction's data; empty where the stored length is none.
    pub fn data(&self) -> &[u8] {
        self.data.get(..self.data_len as usize).unwrap_or_default()
    }

    /// The instruction's accounts, in order; empty where the stored number is none.
    pub fn accounts(&self) -> &[ChangeAccount] {
        self.accounts.get(..self.account_count as usize).unwrap_or_default()
    }

    /// From when until when it can be executed.
    pub const fn schedule(&self) -> Schedule {
        Schedule { due_at: UnixSecs::new(self.due_at), expires_at: UnixSecs::new(self.expires_at) }
    }
}
