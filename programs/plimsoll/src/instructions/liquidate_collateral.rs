//! Repays a borrow or negative PnL of an account under water and takes collateral for it.

use std::cell::RefMut;

use anchor_lang::prelude::*;
use plimsoll_interface::answer::LiquidationOutcome;
use plimsoll_ledger::liquidation::{apply_pair, PairAccounts};
use plimsoll_risk::liquidate::{plan, Leg, Liability, Plan};
use plimsoll_risk::RiskError;
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Bank, Books, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use crate::access::{now, require_same_address, same};
use crate::error::{EngineError, Result};
use crate::event::CollateralLiquidated;
use crate::gate;
use crate::guard::{permit, Action};
use crate::liquidation::{liquidator_error, refuse, report, Bounds};
use crate::loader::{read, write};
use crate::margin_call;

pub use plimsoll_interface::args::{LiabilityArg, LiquidateCollateralArgs};

fn leg(args: &LiquidateCollateralArgs) -> Leg {
    let liability = match args.liability {
        LiabilityArg::Borrow(bank) => Liability::Borrow(bank),
        LiabilityArg::NegativePnl(market) => Liability::NegativePnl(market),
    };
    Leg::Pair { asset: args.asset_bank, liability }
}

#[expect(clippy::cast_possible_truncation, reason = "the quote bank is slot zero")]
fn liability_bank(args: &LiquidateCollateralArgs) -> u8 {
    match args.liability {
        LiabilityArg::Borrow(bank) => bank,
        LiabilityArg::NegativePnl(_) => Registry::QUOTE_BANK as u8,
    }
}

/// No vault is among them: a liquidation moves shares of the ledger only.
#[derive(Accounts)]
pub struct LiquidateCollateral<'info> {
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    pub signer: Signer<'info>,
    /// The liquidator's account, which pays the debt and takes the collateral.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub liquidator: UncheckedAccount<'info>,
    /// The account under water.
    /// CHECK: a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub liquidatee: UncheckedAccount<'info>,
    /// Their engine's registry.
    /// CHECK: a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// Its prices.
    /// CHECK: a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// Bank of the debt (the quote bank for negative PnL): its totals and waiting insurance move.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub liability_bank: UncheckedAccount<'info>,
    /// Bank of the collateral, needed where the liquidator owes the same token and its totals therefore move; where it is there shares are counted at its own index.
    /// CHECK: a [`Bank`] by `loader::write`.
    #[account(mut)]
    pub asset_bank: Option<UncheckedAccount<'info>>,
    /// The market whose negative PnL is repaid.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: Option<UncheckedAccount<'info>>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl LiquidateCollateral<'_> {
    /// Two accounts and two tokens, before the accounts are borrowed for writing (LIQ-6).
    fn validate_request(&self, args: &LiquidateCollateralArgs) -> Result<()> {
        // Both accounts are writable and of one type, which Anchor does not compare.
        ensure!(!same(self.liquidator.key, self.liquidatee.key), EngineError::SelfLiquidation);
        ensure!(args.asset_bank != liability_bank(args), EngineError::AssetIsLiability);
        Ok(())
    }

    fn validate(
        &self,
        args: &LiquidateCollateralArgs,
        books: &Books<'_>,
        liquidator: &MarginAccount,
        liquidatee: &MarginAccount,
        totals: &Totals<'_>,
    ) -> Result<()> {
        let registry = books.registry;
        permit(Action::LiquidateCollateral).in_engine(registry)?;
        require_same_address(&books.board.engine, &registry.engine)?;

        // The liquidator: its owner's or a delegate's that may do this, not bankrupt itself.
        require_same_address(&liquidator.engine, &registry.engine)?;
        permit(Action::LiquidateCollateral).signed_for(liquidator, self.signer.key)?;
        permit(Action::LiquidateCollateral).on(liquidator)?;

        // The liquidatee: anyone's, as long as nobody resolves it.
        require_same_address(&liquidatee.engine, &registry.engine)?;
        permit(Action::LiquidateCollateral).on(liquidatee)?;

        // The banks are those of the request; they differ because the request's indices do.
        require_same_address(&totals.liability_bank.engine, &registry.engine)?;
        ensure!(totals.liability_bank.index == liability_bank(args), EngineError::BankMismatch);
        if let Some(bank) = &totals.asset_bank {
            require_same_address(&bank.engine, &registry.engine)?;
            ensure!(bank.index == args.asset_bank, EngineError::BankMismatch);
        }

        // The market is the one of the request, and only there.
        match (&totals.market, args.liability) {
            (Some(market), LiabilityArg::NegativePnl(index)) => {
                require_same_address(&market.engine, &registry.engine)?;
                ensure!(market.index == index, EngineError::MarketMismatch);
            }
            (None, LiabilityArg::NegativePnl(_)) => return Err(crate::error::fail(EngineError::TotalsRequired)),
            (Some(_), LiabilityArg::Borrow(_)) => return Err(crate::error::fail(EngineError::MarketMismatch)),
            (None, LiabilityArg::Borrow(_)) => {}
        }
        Ok(())
    }
}

/// What is written beside the two margin accounts, borrowed once for checks and changes.
struct Totals<'a> {
    liability_bank: RefMut<'a, Bank>,
    asset_bank: Option<RefMut<'a, Bank>>,
    market: Option<RefMut<'a, Market>>,
}

impl<'a> Totals<'a> {
    #[inline(always)]
    fn of(accounts: &'a LiquidateCollateral<'_>) -> Result<Self> {
        // One account in both places could not be borrowed twice, and is not the bank of both.
        let is_twice = accounts.asset_bank.as_ref().is_some_and(|bank| same(bank.key, accounts.liability_bank.key));
        ensure!(!is_twice, EngineError::BankMismatch);
        Ok(Self {
            liability_bank: write::<Bank>(&accounts.liability_bank)?,
            asset_bank: accounts.asset_bank.as_ref().map(write::<Bank>).transpose()?,
            market: accounts.market.as_ref().map(write::<Market>).transpose()?,
        })
    }

    /// Moves what the plan says and checks the totals afterwards; returns the collateral's deposit shares.
    #[inline(never)]
    fn apply(
        &mut self,
        asset: u8,
        plan: &Plan,
        books: &Books<'_>,
        liquidator: &mut MarginAccount,
        liquidatee: &mut MarginAccount,
    ) -> Result<u64> {
        let moved = PairAccounts {
            asset,
            asset_bank: self.asset_bank.as_deref_mut(),
            liability_bank: &mut self.liability_bank,
            market: self.market.as_deref_mut(),
        };
        let seized_shares = apply_pair(plan, books, moved, liquidator, liquidatee).map_err(|error| {
            // Names the bit where he would have to borrow and nobody may.
            let paused =
                if error == RiskError::Paused { permit(Action::Borrow).in_engine(books.registry) } else { Ok(()) };
            paused.err().unwrap_or_else(|| error.into())
        })?;
        if let Some(bank) = &self.asset_bank {
            bank.invariant()?;
        }
        if let Some(market) = &self.market {
            market.invariant()?;
        }
        self.liability_bank.invariant()?;
        Ok(seized_shares)
    }
}

/// Plans on the pure crate, moves shares, checks the liquidator, emits one event (LIQ-1).
///
/// # Errors
/// Any reason of a [`plimsoll_risk::liquidate::Refusal`], `LiquidatorMarginInsufficient`, `TotalsRequired`,
/// `TokenTableFull`; where negative PnL is paid with quote that the liquidator does not have: `Paused`, `ReduceOnly`,
/// `BankTerminal`, `BorrowCapReached`; and what `validate` names.
pub fn handler(ctx: Context<LiquidateCollateral>, args: LiquidateCollateralArgs) -> Result<()> {
    ctx.accounts.validate_request(&args)?;
    let (engine, plan, seized_shares) = {
        let accounts = &ctx.accounts;
        let (registry, board) = (read::<Registry>(&accounts.registry)?, read::<PriceBoard>(&accounts.board)?);
        let books = Books { registry: &registry, board: &board, now: now()? };
        let mut liquidator = write::<MarginAccount>(&accounts.liquidator)?;
        let mut liquidatee = write::<MarginAccount>(&accounts.liquidatee)?;
        let mut totals = Totals::of(accounts)?;
        accounts.validate(&args, &books, &liquidator, &liquidatee, &totals)?;
        let request = args.bounds.request(leg(&args))?;
        let mut loaded = gate::load(&liquidatee, &books, Views::LIQUIDATION)?;
        let plan = match plan(&mut loaded.0, &liquidatee.clocks(), &request, books.now) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(&refusal, args.bounds.no_op_if_refused),
        };
        let seized_shares = totals.apply(args.asset_bank, &plan, &books, &mut liquidator, &mut liquidatee)?;
        margin_call::record_liquidated(&mut liquidatee, &plan, &loaded.0);
        gate::require_takeover(&mut liquidator, &books).map_err(liquidator_error)?;
        liquidatee.invariant()?;
        liquidator.invariant()?;
        (Pubkey::new_from_array(registry.engine), plan, seized_shares)
    };
    crate::event::emit_event!(ctx, event(engine, &ctx, &args, &plan, seized_shares));
    report(&LiquidationOutcome::from(&plan));
    Ok(())
}

fn event(
    engine: Pubkey,
    ctx: &Context<LiquidateCollateral>,
    args: &LiquidateCollateralArgs,
    plan: &Plan,
    seized_shares: u64,
) -> CollateralLiquidated {
    CollateralLiquidated {
        engine,
        liquidatee: ctx.accounts.liquidatee.key(),
        liquidator: ctx.accounts.liquidator.key(),
        signer: ctx.accounts.signer.key(),
        asset_bank: args.asset_bank,
        liability_bank: liability_bank(args),
        market: match args.liability {
            LiabilityArg::NegativePnl(market) => market,
            LiabilityArg::Borrow(_) => u8::MAX,
        },
        regime: plan.regime as u8,
        penalty_ppm: plan.penalty_ppm.get(),
        under_water_secs: plan.clocks.under_water_secs.stored(),
        repaid_atoms: plan.size.get(),
        insurance_fee_atoms: plan.fee_atoms.get(),
        seized_atoms: plan.received_atoms.get(),
        seized_shares,
        notional_usd_micro: plan.notional.get(),
        nav_before_usd_pico: plan.before.nav.get(),
        nav_after_usd_pico: plan.after.nav.get(),
        mmr_before_usd_pico: plan.before.mmr().get(),
        mmr_after_usd_pico: plan.after.mmr().get(),
    }
}
