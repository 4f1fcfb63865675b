//! Who may do what, and when: one row an instruction. Handlers ask [`permit`]; `docs/guards.md` and the tests of roles,
//! pauses and resolutions are made from the same table.

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::breaker::Pauser;
use plimsoll_risk::oracle::SwitchedBy;
use plimsoll_risk::ratchet::Standing;
use plimsoll_risk::units::UnixSecs;
use plimsoll_state::{
    pause, right, same_address, AccountStatus, Engine, EngineRole, MarginAccount, Registry, StoredThroughput,
    LAYOUT_VERSION,
};

use crate::access::{now, require_layout};
use crate::error::{fail, EngineError, Failure, Result};
use crate::report::{decimal, line};

pub mod powers;
pub mod table;

pub(crate) use table::each_instruction;
pub use table::{breaker, Action, Rule, SignedBy, Works, RULES};
use SignedBy::{
    Anyone, Authority, AuthorityOrGuardian, Canceller, FeeCollector, Lister, Owner, OwnerOr, OwnerOrUnderWater,
    PendingRole, Proposer, Setter, Switcher, Venue, VenueOrSides,
};

/// Who signed for a margin account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Its owner, who may do anything.
    Owner,
    /// Its delegate, with the right that was asked for.
    Delegate,
}

/// A row of the table, to be asked of the accounts at hand.
#[derive(Clone, Copy, Debug)]
pub struct Permit(Rule);

/// The row of an action.
#[inline(always)]
pub const fn permit(action: Action) -> Permit {
    Permit(action.rule())
}

impl Permit {
    /// Nothing stops the action in this engine (KEY-4). Asked wherever the registry is at hand, also of what nothing can
    /// stop: a row without a bit compiles to nothing. The clock is read only where a bit is set.
    ///
    /// # Errors
    /// `Paused`, after a line that names the bit and when it ends.
    #[inline(always)]
    pub fn in_engine(self, registry: &Registry) -> Result<()> {
        if registry.pause_bits & self.0.stopped_by == 0 {
            return Ok(());
        }
        require_over(registry, self.0.stopped_by)
    }

    /// Nothing stops somebody's position from becoming larger by it; `but` are bits that do not count this time.
    ///
    /// # Errors
    /// `Paused`, as [`Self::in_engine`].
    #[inline(always)]
    pub fn growth_in(self, registry: &Registry, but: u32) -> Result<()> {
        let bits = self.0.growth_stopped_by & !but;
        if registry.pause_bits & bits == 0 {
            return Ok(());
        }
        require_over(registry, bits)
    }

    /// Nothing that was liquidated lately keeps risk from being added through this bank or market (LIMIT-3).
    ///
    /// # Errors
    /// `ThroughputBreakerTripped`, after a line that says of what and until when.
    #[inline(always)]
    pub fn calm_in(self, kind: &str, index: u8, throughput: &StoredThroughput, now: UnixSecs) -> Result<()> {
        if self.0.risk_held_by & breaker::THROUGHPUT == 0 || !throughput.breaker.get().stands(now) {
            return Ok(());
        }
        Err(liquidated(kind, index, throughput))
    }

    /// Who stops something: the authority or the guardian.
    ///
    /// # Errors
    /// `VersionUnknown`, `NotAuthority`.
    #[inline(never)]
    pub fn pauser_in(self, engine: &Engine, signer: &Pubkey) -> Result<Pauser> {
        require_layout(engine.version)?;
        if same_address(&engine.authority, signer.as_array()) {
            return Ok(Pauser::Authority);
        }
        ensure!(same_address(&engine.guardian, signer.as_array()), EngineError::NotAuthority);
        Ok(Pauser::Guardian)
    }

    /// Who switches a price: the authority or the risk authority.
    ///
    /// # Errors
    /// `VersionUnknown`, `NotAuthority`.
    #[inline(never)]
    pub fn switcher_in(self, engine: &Engine, signer: &Pubkey) -> Result<SwitchedBy> {
        require_layout(engine.version)?;
        if same_address(&engine.authority, signer.as_array()) {
            return Ok(SwitchedBy::Authority);
        }
        ensure!(same_address(&engine.risk_authority, signer.as_array()), EngineError::NotAuthority);
        Ok(SwitchedBy::RiskAuthority)
    }

    /// The signer may do it for this account (KEY-1).
    ///
    /// # Errors
    /// `NotOwner`; where a delegate may, `NotOwnerOrDelegate`, and of one without the right `DelegateMayNotLiquidate` and
    /// so on.
    #[inline(always)]
    pub fn signed_for(self, account: &MarginAccount, signer: &Pubkey) -> Result<Role> {
        if same_address(&account.owner, signer.as_array()) {
            return Ok(Role::Owner);
        }
        match self.0.signed_by {
            OwnerOr(right) | VenueOrSides(right) => require_delegate(account, signer.as_array(), right),
            _ => Err(fail(EngineError::NotOwner)),
        }
    }

    /// The account may be worked on.
    ///
    /// # Errors
    /// `AccountBankrupt` where it is being resolved; `VersionUnknown`, and `InvariantBroken` where the stored status is
    /// unknown.
    #[inline(always)]
    pub fn on(self, account: &MarginAccount) -> Result<()> {
        match self.0.works {
            Works::OnActive => require_active(account),
            Works::OnAny | Works::ByStage | Works::WithoutAccount => Ok(()),
        }
    }

    /// The signer may do it in this engine.
    ///
    /// # Errors
    /// `VersionUnknown`, `NotAuthority`.
    #[inline(always)]
    pub fn signed_in(self, engine: &Engine, signer: &Pubkey) -> Result<()> {
        match self.0.signed_by {
            FeeCollector => require_holder(engine, &[&engine.fee_collector], signer),
            Proposer => require_holder(engine, &[&engine.authority, &engine.risk_authority], signer),
            _ => require_holder(engine, &[&engine.authority], signer),
        }
    }

    /// In whose name the signer may do it in this engine, whose registry this is (POWER-1).
    ///
    /// # Errors
    /// `VersionUnknown`, `NotAuthority`; `ChangeWaits` of the authority where only a change that has waited may.
    #[inline(always)]
    pub fn standing_in(self, engine: &Engine, registry: &Registry, signer: &Pubkey) -> Result<Standing> {
        standing(engine, registry, signer, matches!(self.0.signed_by, Setter))
    }
}

impl Rule {
    /// Whether the engine's executor may sign for the instruction, so that it can be proposed as a change.
    pub const fn takes_a_change(&self) -> bool {
        matches!(self.signed_by, Setter | Lister)
    }
}

#[inline(never)]
fn standing(engine: &Engine, registry: &Registry, signer: &Pubkey, sets: bool) -> Result<Standing> {
    require_layout(engine.version)?;
    let key = signer.as_array();
    if same_address(&engine.executor, key) {
        return Ok(Standing::Waited);
    }
    let authority = same_address(&engine.authority, key);
    if authority && registry.is_set_up_freely() {
        return Ok(Standing::SettingUp);
    }
    ensure!(authority || sets && same_address(&engine.risk_authority, key), EngineError::NotAuthority);
    ensure!(sets, EngineError::ChangeWaits);
    Ok(Standing::Direct)
}

/// No bit that is set among these stands any more.
#[cold]
#[inline(never)]
fn require_over(registry: &Registry, bits: u32) -> Result<()> {
    let Some((bit, until)) = registry.paused_until(bits, now()?) else { return Ok(()) };
    line(&["paused: ", pause::name(bit), " until ", &decimal(until.get().unsigned_abs())]);
    Err(fail(EngineError::Paused))
}

#[cold]
#[inline(never)]
fn liquidated(kind: &str, index: u8, throughput: &StoredThroughput) -> Failure {
    let until = throughput.breaker.until_at.unsigned_abs();
    line(&[kind, &decimal(index as u64), ": much was liquidated, nobody adds risk until ", &decimal(until)]);
    fail(EngineError::ThroughputBreakerTripped)
}

#[inline(never)]
fn require_delegate(account: &MarginAccount, key: &[u8; 32], right: u8) -> Result<Role> {
    let delegated = same_address(&account.delegate, key) && !same_address(key, &[0; 32]);
    ensure!(delegated, EngineError::NotOwnerOrDelegate);
    if account.delegate_rights & right != 0 {
        return Ok(Role::Delegate);
    }
    Err(fail(match right {
        right::LIQUIDATE => EngineError::DelegateMayNotLiquidate,
        right::DEPOSIT => EngineError::DelegateMayNotDeposit,
        _ => EngineError::DelegateMayNotTrade,
    }))
}

#[inline(never)]
fn require_active(account: &MarginAccount) -> Result<()> {
    ensure!(account.version == LAYOUT_VERSION, EngineError::VersionUnknown);
    ensure!(AccountStatus::try_from(account.status)? == AccountStatus::Active, EngineError::AccountBankrupt);
    Ok(())
}

#[inline(never)]
fn require_holder(engine: &Engine, holders: &[&[u8; 32]], signer: &Pubkey) -> Result<()> {
    require_layout(engine.version)?;
    let holds = holders.iter().any(|holder| same_address(holder, signer.as_array()));
    ensure!(holds, EngineError::NotAuthority);
    Ok(())
}

/// A role was proposed to the signer. Zero means to nobody; no signer has that address, and none is accepted for it.
///
/// # Errors
/// `VersionUnknown`, `NotPendingAuthority`.
#[inline(never)]
pub fn require_pending(engine: &Engine, role: EngineRole, signer: &Pubkey) -> Result<()> {
    require_layout(engine.version)?;
    let pending = engine.pending(role);
    let proposed = *pending != [0; 32] && same_address(pending, signer.as_array());
    ensure!(proposed, EngineError::NotPendingAuthority);
    Ok(())
}

#[cfg(test)]
mod tests;
