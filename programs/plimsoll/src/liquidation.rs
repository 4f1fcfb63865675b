//! What both liquidation instructions share: the request, refusals without failure, the result for callers.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::set_return_data;
use bytemuck::{Pod, Zeroable};
use plimsoll_risk::auction::Regime;
use plimsoll_risk::liquidate::{Leg, LegSize, Plan, Refusal, Request};
use plimsoll_risk::RiskError;

use crate::error::{fail, EngineError, Failure, Result};
use crate::report::{decimal, line};

pub use plimsoll_interface::args::LiquidationBounds;

/// Bounds as the pure crate takes them.
pub trait Bounds {
    /// The request for `leg`.
    ///
    /// # Errors
    /// `AmountZero` where at most nothing may be taken.
    fn request(&self, leg: Leg) -> Result<Request>;
}

impl Bounds for LiquidationBounds {
    fn request(&self, leg: Leg) -> Result<Request> {
        ensure!(self.as_much_as_allowed || self.max_size > 0, EngineError::AmountZero);
        Ok(Request {
            leg,
            max_size: (!self.as_much_as_allowed).then_some(LegSize::new(self.max_size)),
            min_size: LegSize::new(self.min_size),
            limit_numerator: self.limit_numerator,
            limit_denominator: self.limit_denominator,
        })
    }
}

/// Return data of a liquidation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct LiquidationOutcome {
    /// 0 where something was filled, else the [`EngineError`] code of the reason why nothing was.
    pub reason: u32,
    /// 0 cure, 1 wind-down.
    pub regime: u32,
    /// Penalty, ppm of the notional.
    pub penalty_ppm: u32,
    /// Zero.
    pub _pad: u32,
    /// Debt atoms repaid, or base units taken over.
    pub size: u64,
    /// Atoms paid, insurance share included; of a position the quote atoms its units are worth at spot.
    pub paid_atoms: u64,
    /// Collateral atoms received; of a position the liquidator's part of the penalty in quote atoms.
    pub received_atoms: u64,
    /// Insurance share, atoms of the debt's mint (quote atoms of a position).
    pub fee_atoms: u64,
}

impl From<&Plan> for LiquidationOutcome {
    fn from(plan: &Plan) -> Self {
        Self {
            reason: 0,
            regime: (plan.regime == Regime::WindDown) as u32,
            penalty_ppm: plan.penalty_ppm,
            _pad: 0,
            size: plan.size.get(),
            paid_atoms: plan.paid_atoms.get(),
            received_atoms: plan.received_atoms.get(),
            fee_atoms: plan.fee_atoms.get(),
        }
    }
}

impl LiquidationOutcome {
    /// Sets this as return data. Last of all, since every CPI clears it.
    pub fn report(&self) {
        set_return_data(bytemuck::bytes_of(self));
    }
}

/// Fails with the refusal's reason, or reports it and succeeds where the caller asked for that and nothing is wrong
/// with the request itself.
///
/// # Errors
/// The [`EngineError`] of the reason.
#[cold]
#[inline(never)]
pub fn refuse(refusal: &Refusal, no_op: bool) -> Result<()> {
    if let Some(best) = refusal.best {
        let ((first, slot), second) = best.slots();
        match second {
            Some((second, other)) => {
                line(&["best leg: ", first, " ", &decimal(slot as u64), ", ", second, " ", &decimal(other as u64)])
            }
            None => line(&["best leg: ", first, " ", &decimal(slot as u64)]),
        }
    }
    let error = EngineError::from(refusal.reason);
    let race = matches!(
        refusal.reason,
        RiskError::AccountHealthy
            | RiskError::AccountAlreadyCured
            | RiskError::CoolOff
            | RiskError::LegPriceInvalid
            | RiskError::NotBestLeg
            | RiskError::BelowLimit
            | RiskError::FillTooSmall
            | RiskError::LeavesDust
            | RiskError::LegEmpty
    );
    if !(no_op && race) {
        return Err(error.into());
    }
    LiquidationOutcome { reason: error.into(), ..Default::default() }.report();
    Ok(())
}

/// Names the liquidator in the error of his own initial check (LIQ-3).
#[cold]
pub fn liquidator_error(failure: Failure) -> Failure {
    if failure == fail(EngineError::InitialMarginInsufficient) {
        fail(EngineError::LiquidatorMarginInsufficient)
    } else {
        failure
    }
}
