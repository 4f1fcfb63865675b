//! Takes over a perp of an account under water at spot, against a penalty out of its PnL.

use anchor_lang::prelude::*;
use plimsoll_ledger::{account, perp, pool};
use plimsoll_risk::liquidate::{plan, Leg, Plan};
use plimsoll_state::{pause, right, EngineAccount, MarginAccount, Market, MarketSlot, PriceBoard, Registry};

use crate::access::{now_secs, require_active, require_not_paused, require_owner_or_delegate, require_same_address};
use crate::error::{EngineError, IntoEngine};
use crate::event::PositionLiquidated;
use crate::gate;
use crate::liquidation::{liquidator_error, refuse, LiquidationBounds, LiquidationOutcome};
use crate::loader::{read, write};

/// Which position, and within which bounds.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct LiquidatePositionArgs {
    /// Slot of the market.
    pub market: u8,
    /// Sizes in base units.
    pub bounds: LiquidationBounds,
}

/// The liquidator trades through a margin account of his own.
#[derive(Accounts)]
pub struct LiquidatePosition<'info> {
    /// Owner of the liquidator's account, or its delegate with the right to liquidate.
    pub signer: Signer<'info>,
    /// CHECK: takes the position over; a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub liquidator: UncheckedAccount<'info>,
    /// CHECK: is under water; a [`MarginAccount`] by `loader::write`.
    #[account(mut)]
    pub liquidatee: UncheckedAccount<'info>,
    /// CHECK: their engine's registry; a [`Registry`] by `loader::read`.
    pub registry: UncheckedAccount<'info>,
    /// CHECK: its prices; a [`PriceBoard`] by `loader::read`.
    pub board: UncheckedAccount<'info>,
    /// CHECK: the market: its open interest and own claim move; a [`Market`] by `loader::write`.
    #[account(mut)]
    pub market: UncheckedAccount<'info>,
    /// CHECK: signs events; compared in `event::send`.
    pub event_authority: UncheckedAccount<'info>,
    /// CHECK: this program, which events call; the runtime finds no other.
    pub program: UncheckedAccount<'info>,
}

impl LiquidatePosition<'_> {
    fn validate(&self, args: &LiquidatePositionArgs) -> Result<()> {
        // Both accounts are writable and of one type, which Anchor does not compare.
        require_keys_neq!(self.liquidator.key(), self.liquidatee.key(), EngineError::SelfLiquidation);

        let registry = read::<Registry>(&self.registry)?;
        require_not_paused(&registry, pause::LIQUIDATE)?;
        require_same_address(&read::<PriceBoard>(&self.board)?.engine, &registry.engine)?;

        // The liquidator: its owner's or a delegate's that may do this, not bankrupt itself.
        let liquidator = read::<MarginAccount>(&self.liquidator)?;
        require_same_address(&liquidator.engine, &registry.engine)?;
        require_owner_or_delegate(&liquidator, self.signer.key, right::LIQUIDATE)?;
        require_active(&liquidator)?;

        // The liquidatee: anyone's, as long as nobody resolves it.
        let liquidatee = read::<MarginAccount>(&self.liquidatee)?;
        require_same_address(&liquidatee.engine, &registry.engine)?;
        require_active(&liquidatee)?;

        // The market is the one of the request.
        let market = read::<Market>(&self.market)?;
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
    ctx.accounts.validate(&args)?;
    let request = args.bounds.request(Leg::Perp { market: args.market })?;
    let now = now_secs()?;
    let (plan, long, netted_units) = {
        let accounts = &ctx.accounts;
        let registry = read::<Registry>(&accounts.registry)?;
        let board = read::<PriceBoard>(&accounts.board)?;
        let mut liquidatee = write::<MarginAccount>(&accounts.liquidatee)?;
        let mut loaded = gate::load(&liquidatee, &registry, &board, now, plimsoll_state::snapshot::Views::LIQUIDATION)?;
        let plan = match plan(&mut loaded.0, &liquidatee.clocks(), &request, now) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(&refusal, args.bounds.no_op_if_refused),
        };
        let slot = registry.market(args.market as usize).ok_or(EngineError::SlotEmpty)?;
        let mut liquidator = write::<MarginAccount>(&accounts.liquidator)?;
        let mut market = write::<Market>(&accounts.market)?;
        let funding_max_secs = registry.params().funding_max_secs;
        let (long, netted) = apply(&plan, slot, &mut market, &mut liquidator, &mut liquidatee, now, funding_max_secs)?;
        account::set_clocks(&mut liquidatee, &plan.clocks);
        gate::require_takeover(&mut liquidator, &registry, &board, now).map_err(liquidator_error)?;
        liquidatee.invariant().engine()?;
        liquidator.invariant().engine()?;
        market.invariant().engine()?;
        (plan, long, netted)
    };
    crate::event::emit_event!(ctx, event(&ctx, &args, &plan, long, netted_units));
    LiquidationOutcome::from(&plan).report();
    Ok(())
}

/// Moves base and cash; returns whether a long was taken over and how much both sides' open interest fell (CURE-6).
#[inline(never)]
fn apply(
    plan: &Plan,
    slot: &MarketSlot,
    market: &mut Market,
    liquidator: &mut MarginAccount,
    liquidatee: &mut MarginAccount,
    now: i64,
    funding_max_secs: u32,
) -> Result<(bool, u64)> {
    let from = liquidatee.perp_index(market.index).ok_or(EngineError::PositionMissing)?;
    let to = perp::open_leg(liquidator, market).engine()?;
    let (taken, taker) = (&mut liquidatee.derivatives[from], &mut liquidator.derivatives[to]);
    let long = taken.shares > 0;
    let range = EngineError::NumberOutOfRange;
    let signed = |atoms: u64| i64::try_from(atoms).map_err(|_| crate::error::fail(range));
    let worth = signed(plan.paid_atoms)?;
    let (kept, fee) = (signed(plan.received_atoms)?, signed(plan.fee_atoms)?);
    // The liquidatee sells a long (is paid) or buys back a short (pays); the penalty comes out of his PnL.
    let sold = if long { worth } else { -worth };
    let liquidatee_cash = sold.checked_sub(kept).and_then(|cash| cash.checked_sub(fee)).ok_or(range)?;
    let liquidator_cash = kept.checked_sub(sold).ok_or(range)?;
    let exchanged = if long {
        perp::exchange(slot, market, taker, taken, plan.size, liquidator_cash, liquidatee_cash, now, funding_max_secs)
    } else {
        perp::exchange(slot, market, taken, taker, plan.size, liquidatee_cash, liquidator_cash, now, funding_max_secs)
    }
    .engine()?;
    pool::add_own_claim(market, plan.fee_atoms).engine()?;
    perp::close_leg_if_zero(liquidatee, from, market).engine()?;
    perp::close_leg_if_zero(liquidator, to, market).engine()?;
    Ok((long, exchanged.netted_units))
}

fn event(
    ctx: &Context<LiquidatePosition>,
    args: &LiquidatePositionArgs,
    plan: &Plan,
    long: bool,
    netted_units: u64,
) -> PositionLiquidated {
    PositionLiquidated {
        liquidatee: ctx.accounts.liquidatee.key(),
        liquidator: ctx.accounts.liquidator.key(),
        signer: ctx.accounts.signer.key(),
        market: args.market,
        long: long as u8,
        regime: plan.regime as u8,
        penalty_ppm: plan.penalty_ppm,
        under_water_secs: plan.clocks.under_water_secs,
        units: plan.size,
        notional_atoms: plan.paid_atoms,
        liquidator_penalty_atoms: plan.received_atoms,
        insurance_fee_atoms: plan.fee_atoms,
        netted_units,
        notional_usd_micro: plan.notional_usd_micro,
        nav_before_usd_pico: plan.before.nav,
        nav_after_usd_pico: plan.after.nav,
        mmr_before_usd_pico: plan.before.mmr(),
        mmr_after_usd_pico: plan.after.mmr(),
    }
}
