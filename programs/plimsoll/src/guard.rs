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

/// Who has to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// Nobody in particular: whoever pays for the transaction.
    Anyone,
    /// The engine's authority.
    Authority,
    /// The engine's authority; its guardian may only stop, for hours.
    AuthorityOrGuardian,
    /// The engine's authority or its risk authority for what tightens, at once; its executor for a change that has waited.
    Setter,
    /// The engine's executor, for a change that has waited; before the launch the authority.
    Lister,
    /// The engine's authority or its risk authority.
    Proposer,
    /// The engine's authority or its risk authority, each a few times in a row.
    Switcher,
    /// The key that a role was proposed to.
    PendingRole,
    /// Its fee collector.
    FeeCollector,
    /// The change's proposer, the engine's authority or its guardian; anyone once the change has expired.
    Canceller,
    /// The margin account's owner.
    Owner,
    /// Its owner, or its delegate with this right of [`right`].
    OwnerOr(u8),
    /// Its owner; anyone while it is under water.
    OwnerOrUnderWater,
    /// The signer of a registered venue.
    Venue,
    /// The signer of a venue that both owners approved, or for each account its owner or its delegate with this right.
    VenueOrSides(u8),
}

/// What halts the adding of risk by itself, and the taking out of what pays for it; a bit each.
pub mod breaker {
    /// A price of the account is odd; asked by the initial check, as the age of prices is.
    pub const PRICE: u8 = 1 << 0;
    /// So much was liquidated of a bank's debts or a market's positions that nobody adds risk through it; asked where it is
    /// written.
    pub const THROUGHPUT: u8 = 1 << 1;
    /// So much was drawn of the insurance of what the account owes; asked by the initial check too, and where insurance leaves.
    pub const DRAWDOWN: u8 = 1 << 2;
    /// Every one, as what adds risk through a bank or market is held by.
    pub const ALL: u8 = PRICE | THROUGHPUT | DRAWDOWN;
}

/// Which margin accounts it works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Works {
    /// It takes none.
    WithoutAccount,
    /// On accounts that are not being resolved.
    OnActive,
    /// Whatever the account's status.
    OnAny,
    /// On what each stage of a resolution names.
    ByStage,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Name of the instruction.
    pub instruction: &'static str,
    /// Who has to sign.
    pub signed_by: SignedBy,
    /// Bits of [`pause`] of which each stops it; zero for what can never be paused.
    pub stopped_by: u32,
    /// Bits of which each stops it only where somebody's position would become larger.
    pub growth_stopped_by: u32,
    /// Bits of [`breaker`] of which each stops it where it adds risk, or takes out what pays for it.
    pub risk_held_by: u8,
    /// Which margin accounts it works on.
    pub works: Works,
}

/// Defines the actions and the table.
macro_rules! rules {
    ($($action:ident $instruction:ident: $signed_by:expr, $stopped_by:expr, $works:ident $(, $growth:expr, $held_by:expr)?;)+) => {
        /// What a handler asks permission for: one for each instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = concat!("`", stringify!($instruction), "`")] $action,)+
        }

        impl Action {
            /// Every action, in the order of the list of instructions.
            pub const ALL: &[Self] = &[$(Self::$action),+];

            /// Its row.
            pub const fn rule(self) -> Rule {
                match self {
                    $(Self::$action => Rule {
                        instruction: stringify!($instruction),
                        signed_by: $signed_by,
                        stopped_by: $stopped_by,
                        growth_stopped_by: 0 $(| $growth)?,
                        risk_held_by: 0 $(| $held_by)?,
                        works: Works::$works,
                    },)+
                }
            }
        }

        /// The table, in the order of the list of instructions.
        pub const RULES: &[Rule] = &[$(Action::$action.rule()),+];
    };
}

use SignedBy::{
    Anyone, Authority, AuthorityOrGuardian, Canceller, FeeCollector, Lister, Owner, OwnerOr, OwnerOrUnderWater,
    PendingRole, Proposer, Setter, Switcher, Venue, VenueOrSides,
};

/// Hands the rows to a macro: [`rules`] makes this table of them, and `entry.rs` the one by which it dispatches.
macro_rules! each_instruction {
    ($with:ident) => {
        $with! {
            LiquidatePosition liquidate_position: OwnerOr(right::LIQUIDATE), pause::LIQUIDATE, OnActive;
            LiquidateCollateral liquidate_collateral: OwnerOr(right::LIQUIDATE), pause::LIQUIDATE, OnActive;
            CheckMargin check_margin: Anyone, 0, OnAny;
            RefreshPrice refresh_price: Anyone, pause::PRICE | pause::LIQUIDATE, WithoutAccount;
            Deposit deposit: OwnerOr(right::DEPOSIT), 0, OnActive;
            Withdraw withdraw: Owner, pause::WITHDRAW | pause::LIQUIDATE, OnActive, 0, breaker::ALL;
            Borrow borrow: Owner, pause::BORROW | pause::LIQUIDATE, OnActive, 0, breaker::ALL;
            Repay repay: Anyone, 0, OnAny;
            SettleFill settle_fill: VenueOrSides(right::TRADE), 0, OnActive, pause::FILL | pause::LIQUIDATE, breaker::ALL;
            ObserveMargin observe_margin: Anyone, 0, OnActive;
            SettlePnl settle_pnl: Anyone, pause::SETTLE, OnActive;
            Accrue accrue: Anyone, 0, WithoutAccount;
            CrankFunding crank_funding: Anyone, 0, WithoutAccount;
            TouchPosition touch_position: Anyone, 0, OnAny;
            ResolveBankruptcy resolve_bankruptcy: Anyone, pause::RESOLVE | pause::LIQUIDATE, ByStage;
            SweepInsurance sweep_insurance: Anyone, 0, WithoutAccount;
            TakeWin take_win: OwnerOrUnderWater, pause::SETTLE, OnActive;
            ReportPremium report_premium: Venue, 0, WithoutAccount;
            OpenAccount open_account: Anyone, pause::OPEN_ACCOUNT, WithoutAccount;
            CloseAccount close_account: Owner, 0, OnActive;
            CreateEngine create_engine: Anyone, 0, WithoutAccount;
            GrowRegistry grow_registry: Authority, 0, WithoutAccount;
            GrowBoard grow_board: Anyone, 0, WithoutAccount;
            GrowFeeds grow_feeds: Anyone, 0, WithoutAccount;
            UpdateParams update_params: Setter, 0, WithoutAccount;
            ListPrice list_price: Lister, 0, WithoutAccount;
            UpdatePrice update_price: Setter, 0, WithoutAccount;
            SetPause set_pause: AuthorityOrGuardian, 0, WithoutAccount;
            HaltPrice halt_price: AuthorityOrGuardian, 0, WithoutAccount;
            SwitchSource switch_source: Switcher, pause::PRICE | pause::LIQUIDATE, WithoutAccount;
            LaunchEngine launch_engine: Authority, 0, WithoutAccount;
            ProposeRole propose_role: Lister, 0, WithoutAccount;
            AcceptRole accept_role: PendingRole, 0, WithoutAccount;
            ProposeChange propose_change: Proposer, 0, WithoutAccount;
            ExecuteChange execute_change: Anyone, 0, WithoutAccount;
            CancelChange cancel_change: Canceller, 0, WithoutAccount;
            AdvanceRamp advance_ramp: Anyone, 0, WithoutAccount;
            RegisterVenue register_venue: Setter, 0, WithoutAccount;
            UpdateVenue update_venue: Setter, 0, WithoutAccount;
            SetDelegate set_delegate: Owner, 0, OnActive;
            ApproveVenue approve_venue: Owner, 0, OnActive;
            RevokeVenue revoke_venue: Owner, 0, OnAny;
            ListMarket list_market: Lister, 0, WithoutAccount;
            UpdateMarket update_market: Setter, 0, WithoutAccount;
            ListBank list_bank: Lister, 0, WithoutAccount;
            UpdateBank update_bank: Setter, 0, WithoutAccount;
            FundInsurance fund_insurance: Anyone, 0, WithoutAccount;
            WithdrawInsurance withdraw_insurance: Lister, 0, WithoutAccount, 0, breaker::DRAWDOWN;
            CollectFees collect_fees: FeeCollector, 0, WithoutAccount;
            MigrateAccount migrate_account: Anyone, 0, OnAny;
        }
    };
}
pub(crate) use each_instruction;

each_instruction!(rules);

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
