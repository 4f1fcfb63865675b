//! The table of guards: one row an instruction.

use plimsoll_state::{pause, right};

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
