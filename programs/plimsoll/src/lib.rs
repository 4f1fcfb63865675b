//! Plimsoll: a cross-margin liquidation engine. This file is the list of instructions; each lives in a file of its own.
#![allow(
    clippy::diverging_sub_expression,
    clippy::too_many_arguments,
    missing_docs,
    reason = "Anchor's macros expand to code that these lints do not fit"
)]
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

use anchor_lang::prelude::*;

/// Fails with an error unless the condition holds.
///
/// Stands in for Anchor's macro, which writes the construction of the error, its name, text and source line, into every
/// place it is used: a fifth of the program's size.
macro_rules! ensure {
    ($holds:expr, $error:expr $(,)?) => {
        if !($holds) {
            return Err($crate::error::fail($error));
        }
    };
}

#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod access;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod entry;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod error;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod event;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod gate;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod growth;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod guard;
#[cfg(any(test, all(target_os = "solana", feature = "entrypoint")))]
mod heap;
pub mod instructions;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod known;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod liquidation;
mod loader;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod margin_call;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod outflow;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod ratchet;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod report;
#[cfg_attr(not(feature = "idl-build"), deny(missing_docs))]
pub mod vault;

pub use error::EngineError;
use instructions::*;

declare_id!("9BkS8UanPej9U7Y6JqbkKzU74nLaxT2uMMLNHdapcJ8a");

#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled: both have 32 bytes")]
const _: () = {
    let (ours, shared) = (crate::ID.to_bytes(), plimsoll_state::PROGRAM_ID_BYTES);
    let mut i = 0;
    while i < 32 {
        assert!(ours[i] == shared[i], "the program id and the id in plimsoll-state differ");
        i += 1;
    }
};

/// Instructions of the engine.
#[program]
pub mod plimsoll {
    // `entry.rs` dispatches them, by the rows of `guard.rs`.
    use super::*;

    /// Takes over a perp of an account under water at spot, against a penalty.
    pub fn liquidate_position(ctx: Context<LiquidatePosition>, args: LiquidatePositionArgs) -> Result<()> {
        Ok(instructions::liquidate_position::handler(ctx, args)?)
    }

    /// Repays a borrow or negative PnL of an account under water and takes collateral for it.
    pub fn liquidate_collateral(ctx: Context<LiquidateCollateral>, args: LiquidateCollateralArgs) -> Result<()> {
        Ok(instructions::liquidate_collateral::handler(ctx, args)?)
    }

    /// Returns NAV, requirements and ratio of an account at every level; changes nothing.
    pub fn check_margin(ctx: Context<CheckMargin>, args: CheckMarginArgs) -> Result<()> {
        Ok(instructions::check_margin::handler(ctx, args)?)
    }

    /// Takes newer prices from oracle accounts into the board, several feeds at once.
    pub fn refresh_price<'info>(ctx: Context<'info, RefreshPrice<'info>>, args: RefreshPriceArgs) -> Result<()> {
        Ok(instructions::refresh_price::handler(ctx, args)?)
    }

    /// Deposits tokens into a margin account; a debt in the same token is repaid first.
    pub fn deposit(ctx: Context<Deposit>, args: DepositArgs) -> Result<()> {
        Ok(instructions::deposit::handler(ctx, args)?)
    }

    /// Withdraws a deposit; never borrows.
    pub fn withdraw(ctx: Context<Withdraw>, args: WithdrawArgs) -> Result<()> {
        Ok(instructions::withdraw::handler(ctx, args)?)
    }

    /// Takes tokens out of a bank on credit; a deposit in the same token is used up first.
    pub fn borrow(ctx: Context<Borrow>, args: BorrowArgs) -> Result<()> {
        Ok(instructions::borrow::handler(ctx, args)?)
    }

    /// Repays a debt of any account, a bankrupt one included; always works.
    pub fn repay(ctx: Context<Repay>, args: RepayArgs) -> Result<()> {
        Ok(instructions::repay::handler(ctx, args)?)
    }

    /// Moves a position between two accounts, for a venue that both owners approved or for both owners.
    pub fn settle_fill(ctx: Context<SettleFill>, args: SettleFillArgs) -> Result<()> {
        Ok(instructions::settle_fill::handler(ctx, args)?)
    }

    /// Records whether an account is under water: what the auction's clock counts.
    pub fn observe_margin(ctx: Context<ObserveMargin>) -> Result<()> {
        Ok(instructions::observe_margin::handler(ctx)?)
    }

    /// Turns PnL into quote, at the PnL nearest to zero among all prices; or pays the market's own claim to insurance.
    pub fn settle_pnl(ctx: Context<SettlePnl>) -> Result<()> {
        Ok(instructions::settle_pnl::handler(ctx)?)
    }

    /// Books a bank's interest, sets its borrow rate and refreshes the registry's indices.
    pub fn accrue(ctx: Context<Accrue>) -> Result<()> {
        Ok(instructions::accrue::handler(ctx)?)
    }

    /// Books funding and sets its rate from the mean premium.
    pub fn crank_funding(ctx: Context<CrankFunding>) -> Result<()> {
        Ok(instructions::crank_funding::handler(ctx)?)
    }

    /// Applies the market's indices to a position.
    pub fn touch_position(ctx: Context<TouchPosition>) -> Result<()> {
        Ok(instructions::touch_position::handler(ctx)?)
    }

    /// Resolves a bankrupt account: freezes, seizes, pays from insurance, socializes the rest; one step a call.
    pub fn resolve_bankruptcy(ctx: Context<ResolveBankruptcy>, args: ResolveBankruptcyArgs) -> Result<()> {
        Ok(instructions::resolve_bankruptcy::handler(ctx, args)?)
    }

    /// Turns deposits that wait for it into insurance, as far as there is free liquidity.
    pub fn sweep_insurance(ctx: Context<SweepInsurance>) -> Result<()> {
        Ok(instructions::sweep_insurance::handler(ctx)?)
    }

    /// A winner leaves a market with a deficit for his share of the pool.
    pub fn take_win(ctx: Context<TakeWin>, args: TakeWinArgs) -> Result<()> {
        Ok(instructions::take_win::handler(ctx, args)?)
    }

    /// A venue reports by how much its mark price is above the index price.
    pub fn report_premium(ctx: Context<ReportPremium>, args: ReportPremiumArgs) -> Result<()> {
        Ok(instructions::report_premium::handler(ctx, args)?)
    }

    /// Opens a margin account; the payer need not be the owner.
    pub fn open_account(ctx: Context<OpenAccount>, args: OpenAccountArgs) -> Result<()> {
        Ok(instructions::open_account::handler(ctx, args)?)
    }

    /// Closes an empty margin account and returns the rent to its payer.
    pub fn close_account(ctx: Context<CloseAccount>) -> Result<()> {
        Ok(instructions::close_account::handler(ctx)?)
    }

    /// Creates an engine: its authorities and the addresses of its registry and board.
    pub fn create_engine(ctx: Context<CreateEngine>, args: CreateEngineArgs) -> Result<()> {
        Ok(instructions::create_engine::handler(ctx, args)?)
    }

    /// Creates an engine's registry, 10,240 bytes a call; the last call writes the parameters.
    pub fn grow_registry(ctx: Context<GrowRegistry>, args: GrowRegistryArgs) -> Result<()> {
        Ok(instructions::grow_registry::handler(ctx, args)?)
    }

    /// Creates an engine's price board, 10,240 bytes a call.
    pub fn grow_board(ctx: Context<GrowBoard>) -> Result<()> {
        Ok(instructions::grow_board::handler(ctx)?)
    }

    /// Creates an engine's feed book, 10,240 bytes a call.
    pub fn grow_feeds(ctx: Context<GrowFeeds>) -> Result<()> {
        Ok(instructions::grow_feeds::handler(ctx)?)
    }

    /// Replaces the engine's parameters and derives every listed target from them.
    pub fn update_params(ctx: Context<UpdateParams>, args: UpdateParamsArgs) -> Result<()> {
        Ok(instructions::update_params::handler(ctx, args)?)
    }

    /// Lists an underlying: its price sources, averages and calibration.
    pub fn list_price(ctx: Context<ListPrice>, args: ListPriceArgs) -> Result<()> {
        Ok(instructions::list_price::handler(ctx, args)?)
    }

    /// Changes the sources, averages or calibration of a listed price.
    pub fn update_price(ctx: Context<UpdatePrice>, args: UpdatePriceArgs) -> Result<()> {
        Ok(instructions::update_price::handler(ctx, args)?)
    }

    /// Pauses, and ends pauses; the guardian may only add some of hours, and each ends by itself.
    pub fn set_pause(ctx: Context<SetPause>, args: SetPauseArgs) -> Result<()> {
        Ok(instructions::set_pause::handler(ctx, args)?)
    }

    /// Halts a price that is not to be trusted, so that its legs count as stale, or ends its halt.
    pub fn halt_price(ctx: Context<HaltPrice>, args: HaltPriceArgs) -> Result<()> {
        Ok(instructions::halt_price::handler(ctx, args)?)
    }

    /// Switches a price to its standby source or back: its legs count as stale until the averages of that one are ready.
    pub fn switch_source(ctx: Context<SwitchSource>, args: SwitchSourceArgs) -> Result<()> {
        Ok(instructions::switch_source::handler(ctx, args)?)
    }

    /// Launches an engine: from now on accounts can be opened, and changes wait. Cannot be taken back.
    pub fn launch_engine(ctx: Context<LaunchEngine>) -> Result<()> {
        Ok(instructions::launch_engine::handler(ctx)?)
    }

    /// Names who may accept a role of the engine, or withdraws that.
    pub fn propose_role(ctx: Context<ProposeRole>, args: ProposeRoleArgs) -> Result<()> {
        Ok(instructions::propose_role::handler(ctx, args)?)
    }

    /// The proposed key takes over a role.
    pub fn accept_role(ctx: Context<AcceptRole>, args: AcceptRoleArgs) -> Result<()> {
        Ok(instructions::accept_role::handler(ctx, args)?)
    }

    /// Proposes a change, which anyone may execute once it has waited.
    pub fn propose_change<'info>(ctx: Context<'info, ProposeChange<'info>>, args: ProposeChangeArgs) -> Result<()> {
        Ok(instructions::propose_change::handler(ctx, args)?)
    }

    /// Executes a change that is due.
    pub fn execute_change<'info>(ctx: Context<'info, ExecuteChange<'info>>) -> Result<()> {
        Ok(instructions::execute_change::handler(ctx)?)
    }

    /// Ends a change without executing it.
    pub fn cancel_change(ctx: Context<CancelChange>) -> Result<()> {
        Ok(instructions::cancel_change::handler(ctx)?)
    }

    /// Moves numbers that ramp to now.
    pub fn advance_ramp(ctx: Context<AdvanceRamp>, args: AdvanceRampArgs) -> Result<()> {
        Ok(instructions::advance_ramp::handler(ctx, args)?)
    }

    /// Registers a program that may settle fills by CPI.
    pub fn register_venue(ctx: Context<RegisterVenue>, args: RegisterVenueArgs) -> Result<()> {
        Ok(instructions::register_venue::handler(ctx, args)?)
    }

    /// Changes what a venue may do, or stops it.
    pub fn update_venue(ctx: Context<UpdateVenue>, args: UpdateVenueArgs) -> Result<()> {
        Ok(instructions::update_venue::handler(ctx, args)?)
    }

    /// Names, replaces or removes an account's delegate.
    pub fn set_delegate(ctx: Context<SetDelegate>, args: SetDelegateArgs) -> Result<()> {
        Ok(instructions::set_delegate::handler(ctx, args)?)
    }

    /// Lets a registered venue settle fills on an account, up to a notional.
    pub fn approve_venue(ctx: Context<ApproveVenue>, args: ApproveVenueArgs) -> Result<()> {
        Ok(instructions::approve_venue::handler(ctx, args)?)
    }

    /// Takes a venue's approval away.
    pub fn revoke_venue(ctx: Context<RevokeVenue>, args: RevokeVenueArgs) -> Result<()> {
        Ok(instructions::revoke_venue::handler(ctx, args)?)
    }

    /// Lists a perp.
    pub fn list_market(ctx: Context<ListMarket>, args: ListMarketArgs) -> Result<()> {
        Ok(instructions::list_market::handler(ctx, args)?)
    }

    /// Changes a market's terms.
    pub fn update_market(ctx: Context<UpdateMarket>, args: UpdateMarketArgs) -> Result<()> {
        Ok(instructions::update_market::handler(ctx, args)?)
    }

    /// Lists a token: its bank, vault and slot in the registry.
    pub fn list_bank(ctx: Context<ListBank>, args: ListBankArgs) -> Result<()> {
        Ok(instructions::list_bank::handler(ctx, args)?)
    }

    /// Replaces a bank's configuration, and stops or allows what grows positions in it.
    pub fn update_bank(ctx: Context<UpdateBank>, args: UpdateBankArgs) -> Result<()> {
        Ok(instructions::update_bank::handler(ctx, args)?)
    }

    /// Pays tokens into a bank's insurance; anyone may.
    pub fn fund_insurance(ctx: Context<FundInsurance>, args: FundInsuranceArgs) -> Result<()> {
        Ok(instructions::fund_insurance::handler(ctx, args)?)
    }

    /// Takes insurance above its target out of a vault.
    pub fn withdraw_insurance(ctx: Context<WithdrawInsurance>, args: WithdrawInsuranceArgs) -> Result<()> {
        Ok(instructions::withdraw_insurance::handler(ctx, args)?)
    }

    /// Pays protocol fees out of a vault.
    pub fn collect_fees(ctx: Context<CollectFees>, args: CollectFeesArgs) -> Result<()> {
        Ok(instructions::collect_fees::handler(ctx, args)?)
    }

    /// Brings an account of the previous layout version to this program's; anyone may.
    pub fn migrate_account(ctx: Context<MigrateAccount>) -> Result<()> {
        Ok(instructions::migrate_account::handler(ctx)?)
    }
}
