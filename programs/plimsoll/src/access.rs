//! Who may do what: signers, engines and pause bits.

use anchor_lang::prelude::*;
use plimsoll_state::{right, same_address, AccountStatus, Engine, MarginAccount, OfEngine, Registry, LAYOUT_VERSION};

use crate::error::{EngineError, Result};

/// Whether two addresses are the same.
#[inline(always)]
pub fn same(one: &Pubkey, other: &Pubkey) -> bool {
    same_address(one.as_array(), other.as_array())
}

/// The clock's Unix time, seconds.
///
/// # Errors
/// None in practice; the sysvar is always there.
#[inline(never)]
pub fn now_secs() -> Result<i64> {
    Ok(Clock::get()?.unix_timestamp)
}

/// The chain's time, in both its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Unix seconds.
    pub secs: i64,
    /// Slots.
    pub slot: u64,
}

impl Moment {
    /// Now.
    ///
    /// # Errors
    /// None that the runtime gives.
    pub fn now() -> Result<Self> {
        let clock = Clock::get()?;
        Ok(Self { secs: clock.unix_timestamp, slot: clock.slot })
    }
}

/// The signer is the engine's authority.
///
/// # Errors
/// `VersionUnknown`, `NotAuthority`.
#[inline(never)]
pub fn require_authority(engine: &Engine, signer: &Pubkey) -> Result<()> {
    require_layout(engine.version)?;
    ensure!(engine.authority == signer.to_bytes(), EngineError::NotAuthority);
    Ok(())
}

/// The signer owns the account (KEY-1).
///
/// # Errors
/// `NotOwner`.
#[inline(never)]
pub fn require_owner(account: &MarginAccount, signer: &Pubkey) -> Result<()> {
    ensure!(same_address(&account.owner, signer.as_array()), EngineError::NotOwner);
    Ok(())
}

/// Who signs for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its owner, who may do anything.
    Owner,
    /// Its delegate, with the right that was asked for.
    Delegate,
}

/// The signer owns the account, or is its delegate with a right of [`right`] (KEY-1).
///
/// # Errors
/// `NotOwnerOrDelegate`; of a delegate without the right `DelegateMayNotLiquidate` and so on.
#[inline(always)]
pub fn require_owner_or_delegate(account: &MarginAccount, signer: &Pubkey, right: u8) -> Result<Role> {
    if same_address(&account.owner, signer.as_array()) {
        return Ok(Role::Owner);
    }
    require_delegate(account, signer.as_array(), right)
}

#[inline(never)]
fn require_delegate(account: &MarginAccount, key: &[u8; 32], right: u8) -> Result<Role> {
    let delegated = same_address(&account.delegate, key) && !same_address(key, &[0; 32]);
    ensure!(delegated, EngineError::NotOwnerOrDelegate);
    if account.delegate_rights & right != 0 {
        return Ok(Role::Delegate);
    }
    Err(crate::error::fail(match right {
        right::LIQUIDATE => EngineError::DelegateMayNotLiquidate,
        right::DEPOSIT => EngineError::DelegateMayNotDeposit,
        _ => EngineError::DelegateMayNotTrade,
    }))
}

/// None of `bits` is paused.
///
/// # Errors
/// `Paused`.
#[inline(always)]
pub fn require_not_paused(registry: &Registry, bits: u32) -> Result<()> {
    ensure!(!registry.is_paused(bits), EngineError::Paused);
    Ok(())
}

/// The account is of this build's layout (ACCOUNT-3).
///
/// # Errors
/// `VersionUnknown`.
pub fn require_layout(version: u8) -> Result<()> {
    ensure!(version == LAYOUT_VERSION, EngineError::VersionUnknown);
    Ok(())
}

/// The account is of this build's layout and belongs to the engine.
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`.
#[inline(always)]
pub fn require_of_engine(account: &impl OfEngine, engine: &[u8; 32]) -> Result<()> {
    belongs(LAYOUT_VERSION, account.layout_version(), engine, account.engine())
}

/// Two accounts are of this build's layout and belong to the same engine (ACCOUNT-4).
///
/// # Errors
/// `VersionUnknown`, `EngineMismatch`.
#[inline(always)]
pub fn require_same_engine(ours: &impl OfEngine, theirs: &impl OfEngine) -> Result<()> {
    belongs(ours.layout_version(), theirs.layout_version(), ours.engine(), theirs.engine())
}

/// [`require_same_engine`] in one piece of code: most instructions have the units to call it.
#[inline(never)]
fn belongs(our_version: u8, their_version: u8, ours: &[u8; 32], theirs: &[u8; 32]) -> Result<()> {
    require_layout(our_version)?;
    require_layout(their_version)?;
    require_same_address(ours, theirs)
}

/// Two accounts belong to the same engine, for the instructions that run in a crash: their versions are checked by
/// [`crate::gate::load`], and by the invariant of what is written.
///
/// # Errors
/// `EngineMismatch`.
#[inline(never)]
pub fn require_same_address(ours: &[u8; 32], theirs: &[u8; 32]) -> Result<()> {
    ensure!(same_address(ours, theirs), EngineError::EngineMismatch);
    Ok(())
}

/// The account is not being resolved.
///
/// # Errors
/// `AccountBankrupt`; `VersionUnknown`, and `InvariantBroken` where the stored status is unknown.
#[inline(never)]
pub fn require_active(account: &MarginAccount) -> Result<()> {
    ensure!(account.version == LAYOUT_VERSION, EngineError::VersionUnknown);
    let status = AccountStatus::try_from(account.status)?;
    ensure!(status == AccountStatus::Active, EngineError::AccountBankrupt);
    Ok(())
}
