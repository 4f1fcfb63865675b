//! What both liquidation instructions share: the request, refusals without failure, the result for callers.

use anchor_lang::prelude::*;
use anchor_lang::solana_program::program::set_return_data;
use plimsoll_interface::answer::LiquidationOutcome;
use plimsoll_ledger::liquidation::is_lost_race;
use plimsoll_risk::liquidate::{Leg, LegSize, Refusal, Request};

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

/// Sets the answer as return data. Last of all, since every CPI clears it.
pub fn report(outcome: &LiquidationOutcome) {
    set_return_data(bytemuck::bytes_of(outcome));
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
    if !(no_op && is_lost_race(refusal.reason)) {
        return Err(error.into());
    }
    report(&LiquidationOutcome { reason: error.into(), ..Default::default() });
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
