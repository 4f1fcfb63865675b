//! Engines, layouts and time.

use anchor_lang::prelude::*;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{same_address, OfEngine, LAYOUT_VERSION};

use crate::error::{EngineError, Result};

/// Whether two addresses are the same.
#[inline(always)]
pub fn same(one: &Pubkey, other: &Pubkey) -> bool {
    same_address(one.as_array(), other.as_array())
}

/// The clock's time.
///
/// # Errors
/// None in practice: the runtime always provides the sysvar.
#[inline(never)]
pub fn now() -> Result<UnixSecs> {
    Ok(UnixSecs::new(Clock::get()?.unix_timestamp))
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
