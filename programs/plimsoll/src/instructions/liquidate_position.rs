//! Takes over a perp of an account under water at spot, against a penalty out of its PnL.

use anchor_lang::prelude::*;
use plimsoll_interface::answer::LiquidationOutcome;
use plimsoll_ledger::liquidation::{apply_position, TakenOver};
use plimsoll_risk::liquidate::{plan, Leg, Plan};
use plimsoll_state::snapshot::Views;
use plimsoll_state::{Books, EngineAccount, MarginAccount, Market, PriceBoard, Registry};

use crate::access::{now, require_same_address, same};
use crate::error::{EngineError, Result};
use crate::event::PositionLiquidated;
use crate::gate;
use crate::guard::{permit, Action};
use crate::liquidation::{liquidator_error, refuse, report, Bounds};
use crate::loader::{read, write};
use crate::margin_call;

pub use plimsoll_interface::args::LiquidatePositionArgs;

/// The liquidator trades through a margin account of his own.
#[derive(Accounts)]
pub struct LiquidatePosition<'info> {
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    pub signer: Signer<'info>,
    /// The liquidator's account, which takes the position over.
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
    /// The market: its open interest and own claim move.
    /// CHECK: a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// Signs events.
    /// CHECK: compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// This program, which events call.
    /// CHECK: the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl LiquidatePosition<'_> {
    fn validate(
        &self,
        args: &LiquidatePositionArgs,
        books: &Books<'_>,
        liquidator: &MarginAccount,
        liquidatee: &MarginAccount,
        market: &Market,
    ) -> Result<()> {
        let registry = books.registry;
        permit(Action::LiquidatePosition).in_engine(registry)?;
        require_same_address(&books.board.engine, &registry.engine)?;

        // The liquidator: its owner's or a delegate's that may do this, not bankrupt itself.
        require_same_address(&liquidator.engine, &registry.engine)?;
        permit(Action::LiquidatePosition).signed_for(liquidator, self.signer.key)?;
        permit(Action::LiquidatePosition).on(liquidator)?;

        // The liquidatee: anyone's, as long as nobody resolves it.
        require_same_address(&liquidatee.engine, &registry.engine)?;
        permit(Action::LiquidatePosition).on(liquidatee)?;

        // The market is the one of the request.
        require_same_address(&market.engine, &registry.engine)?;
        ensure!(market.index == args.market, EngineError::MarketMismatch);
        Ok(())
    }
}

/// Plans on the pure crate, moves whole units within the side, checks the liquidator, emits one event (LIQ-1).
///
/// # Errors
/// Any reason of a [`plimsoll_risk::liquidate::Refusal`], `LiquidatorMarginInsufficient`, `PositionTableFull`, and
/// what `validate` names.
pub fn handler(ctx: Context<LiquidatePosition>, args: LiquidatePositionArgs) -> Result<()> {
    // Both accounts are writable and of one type, which Anchor does not compare.
    ensure!(!same(ctx.accounts.liquidator.key, ctx.accounts.liquidatee.key), EngineError::SelfLiquidation);
    let (engine, plan, taken) = {
        let accounts = &ctx.accounts;
        let (registry, board) = (read::<Registry>(&accounts.registry)?, read::<PriceBoard>(&accounts.board)?);
        let books = Books { registry: &registry, board: &board, now: now()? };
        let mut liquidator = write::<MarginAccount>(&accounts.liquidator)?;
        let mut liquidatee = write::<MarginAccount>(&accounts.liquidatee)?;
        let mut market = write::<Market>(&accounts.market)?;
        accounts.validate(&args, &books, &liquidator, &liquidatee, &market)?;
        let request = args.bounds.request(Leg::Perp { market: args.market })?;
        let mut loaded = gate::load(&liquidatee, &books, Views::LIQUIDATION)?;
        let plan = match plan(&mut loaded.0, &liquidatee.clocks(), &request, books.now) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(&refusal, args.bounds.no_op_if_refused),
        };
        let taken = apply_position(&plan, &books, &mut market, &mut liquidator, &mut liquidatee)?;
        margin_call::record_liquidated(&mut liquidatee, &plan, &loaded.0);
        gate::require_takeover(&mut liquidator, &books).map_err(liquidator_error)?;
        liquidatee.invariant()?;
        liquidator.invariant()?;
        market.invariant()?;
        (Pubkey::new_from_array(registry.engine), plan, taken)
    };
    crate::event::emit_event!(ctx, event(engine, &ctx, &args, &plan, taken));
    report(&LiquidationOutcome::from(&plan));
    Ok(())
}

fn event(
    engine: Pubkey,
    ctx: &Context<LiquidatePosition>,
    args: &LiquidatePositionArgs,
    plan: &Plan,
    taken: TakenOver,
) -> PositionLiquidated {
    PositionLiquidated {
        engine,
        liquidatee: ctx.accounts.liquidatee.key(),
        liquidator: ctx.accounts.liquidator.key(),
        signer: ctx.accounts.signer.key(),
        market: args.market,
        long: taken.long as u8,
        regime: plan.regime as u8,
        penalty_ppm: plan.penalty_ppm.get(),
        under_water_secs: plan.clocks.under_water_secs.stored(),
        units: plan.size.get(),
        notional_atoms: plan.paid_atoms.get(),
        liquidator_penalty_atoms: plan.received_atoms.get(),
        insurance_fee_atoms: plan.fee_atoms.get(),
        netted_units: taken.netted_units.get(),
        notional_usd_micro: plan.notional.get(),
        nav_before_usd_pico: plan.before.nav.get(),
        nav_after_usd_pico: plan.after.nav.get(),
        mmr_before_usd_pico: plan.before.mmr().get(),
        mmr_after_usd_pico: plan.after.mmr().get(),
    }
}
