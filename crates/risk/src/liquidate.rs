//! The plan of one liquidation: who is eligible, in which regime, how much, at what penalty, and what is left
//! (CURE, WINDDOWN). Pure and total; the keeper calls the same function as the program (LIQ-7).

mod assess;
mod best_leg;
mod closable;
mod size;

use core::cmp::Ordering;

use crate::auction::{cure_penalty_ppm_down, wind_down_penalty_ppm_down, Clocks, HealthState, Regime};
use crate::error::{RiskError, RiskResult};
use crate::margin::{margins, Margins};
use crate::portfolio::{Portfolio, PriceKind};
use crate::units::{cmp_ratios, Atoms, Count, Ppm, UnixSecs, UsdMicro, UsdPico};

pub use assess::{assess, Assessment, RegimeChoice};
pub use best_leg::{best_leg, BestLeg};
pub(crate) use closable::pair::largest_quote_liability;
use closable::{ask_closable, Closable, Fill, Limit};
pub use closable::{Leg, LegName, LegPart, LegSize, Liability};

/// What a liquidator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The leg.
    pub leg: Leg,
    /// The most that it takes; none for as much as allowed.
    pub max_size: Option<LegSize>,
    /// The least that it takes.
    pub min_size: LegSize,
    /// Limit price as a fraction; a zero denominator asks for none. For a pair: at least `numerator` collateral atoms
    /// for every `denominator` atoms paid. For a long taken over: at most `numerator` quote atoms for every
    /// `denominator` base units; for a short at least so many.
    pub limit_numerator: u64,
    /// See `limit_numerator`.
    pub limit_denominator: u64,
}

/// One fill, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The regime it ran in.
    pub regime: Regime,
    /// Penalty, ppm of the notional closed.
    pub penalty_ppm: Ppm,
    /// Pair: debt repaid. Perp: base moved.
    pub size: LegSize,
    /// Pair: what the liquidator pays, fee included. Perp: what the units are worth in quote at spot.
    pub paid_atoms: Atoms,
    /// Insurance share of the penalty: atoms of the debt's mint, or quote atoms of the market's own claim.
    pub fee_atoms: Atoms,
    /// Pair: collateral moved. Perp: the liquidator's part of the penalty, in quote.
    pub received_atoms: Atoms,
    /// Notional closed at spot.
    pub notional: UsdMicro,
    /// Margins at spot before.
    pub before: Margins,
    /// Margins at spot afterwards, computed from scratch.
    pub after: Margins,
    /// Clocks to store.
    pub clocks: Clocks,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The fact.
    pub reason: RiskError,
    /// The best leg, where another was asked for.
    pub best: Option<LegName>,
}

impl From<RiskError> for Refusal {
    fn from(reason: RiskError) -> Self {
        Self { reason, best: None }
    }
}

/// Decides one fill (LIQ-7). `portfolio` is left in the state after it; on a refusal it is unchanged or discarded.
///
/// # Errors
/// A [`Refusal`]: healthy, already cured, cool-off, price invalid, nothing in the leg, not the best leg, too small,
/// leaves dust, below limit, after-check failed.
pub fn plan(portfolio: &mut Portfolio, clocks: &Clocks, request: &Request, now: UnixSecs) -> Result<Plan, Refusal> {
    let assessment = assess(portfolio, clocks, now);
    plan_assessed(portfolio, &assessment, clocks, request, now)
}

/// [`plan`] of a portfolio that [`assess`] has been asked about, with the same clocks and time: for a keeper that compares
/// many legs of one account.
///
/// # Errors
/// As [`plan`].
#[inline(always)]
pub fn plan_assessed(
    portfolio: &mut Portfolio,
    assessment: &Assessment,
    clocks: &Clocks,
    request: &Request,
    now: UnixSecs,
) -> Result<Plan, Refusal> {
    let seen_before = clocks.health_state != HealthState::Healthy || !clocks.under_water_secs.is_zero();
    let Some(RegimeChoice { regime, .. }) = assessment.regime else {
        let reason = if seen_before { RiskError::AccountAlreadyCured } else { RiskError::AccountHealthy };
        return Err(reason.into());
    };
    if now.elapsed_since(clocks.passed_at) < portfolio.params.observation.cool_off() {
        return Err(RiskError::CoolOff.into()); // RISK-5
    }
    ask_closable!(request.leg, portfolio, assessment, leg => close(&leg, regime, portfolio, assessment, request))
}

/// The fill of a leg that was found, whatever its kind.
#[inline(always)]
fn close<L: Closable>(
    leg: &L,
    regime: Regime,
    portfolio: &mut Portfolio,
    assessment: &Assessment,
    request: &Request,
) -> Result<Plan, Refusal> {
    let params = &portfolio.params;
    let penalty_ppm = match regime {
        Regime::Cure => {
            require_best_leg(leg.marginal_ppm(), portfolio, assessment)?;
            cure_penalty_ppm_down(
                assessment.clocks.under_water_secs,
                leg.marginal_ppm(),
                assessment.health_ppm,
                leg.ceiling_ppm_down(assessment.health_ppm, params),
                params,
            )
        }
        Regime::WindDown => wind_down_penalty_ppm_down(assessment.clocks.wind_down_secs, params),
    };
    let wanted = size::wanted_size_up(leg, assessment, penalty_ppm);
    let size = size::final_size(leg, wanted, penalty_ppm, params.legs.dust(), request)?;
    let share = if regime == Regime::Cure { params.auction.insurance_share() } else { Ppm::ZERO };
    let fill = leg.fill_down(size, penalty_ppm, share)?;
    let limit = Limit { numerator: request.limit_numerator, denominator: request.limit_denominator };
    if limit.denominator != 0 && !leg.meets(limit, &fill) {
        return Err(RiskError::BelowLimit.into());
    }
    leg.book(portfolio, &fill)?;
    let after = margins(portfolio, PriceKind::Spot, false);
    check_after(regime, &assessment.spot, &after, leg, &fill, penalty_ppm)?;
    // Of a fill that the caller cut, the liquidatee may not lose more by the rounding of shares than he gains.
    let is_cut = request.max_size == Some(LegSize::new(fill.size.number()));
    if regime == Regime::Cure && is_cut && !leg.outweighs_shares(&assessment.spot, &after) {
        return Err(RiskError::AfterCheckFailed.into());
    }
    let mut clocks = assessment.clocks;
    if !after.is_under_water() {
        clocks.restored();
    }
    Ok(Plan {
        regime,
        penalty_ppm,
        size: LegSize::new(fill.size.number()),
        paid_atoms: fill.paid_atoms,
        fee_atoms: fill.fee_atoms,
        received_atoms: fill.received_atoms,
        notional: fill.notional,
        before: assessment.spot,
        after,
        clocks,
    })
}

/// A cure may only close legs that release about as much as the best one, until the auction has stood at its ceiling for
/// long enough (LEG-1, LEG-2).
#[inline(always)]
fn require_best_leg(marginal_ppm: Ppm, portfolio: &Portfolio, assessment: &Assessment) -> Result<(), Refusal> {
    let (params, Some(best)) = (&portfolio.params, assessment.best) else { return Ok(()) };
    let ended =
        assessment.clocks.under_water_secs >= params.auction.auction().saturating_add(params.legs.best_leg_end());
    let admissible = marginal_ppm.times(Ppm::WHOLE) >= best.rate_ppm.times(params.legs.best_leg_share());
    if ended || admissible {
        Ok(())
    } else {
        Err(Refusal { reason: RiskError::NotBestLeg, best: best.name })
    }
}

/// The after-check of a regime, at spot, on the state recomputed from scratch (CURE-5, WINDDOWN-3).
#[inline(always)]
fn check_after<L: Closable>(
    regime: Regime,
    before: &Margins,
    after: &Margins,
    leg: &L,
    fill: &Fill<L::Size>,
    penalty: Ppm,
) -> RiskResult<()> {
    let holds = match regime {
        Regime::Cure => {
            // NAV' MMR > NAV MMR', or nothing is left that needs margin.
            let order = cmp_ratios((after.nav, after.mmr()), (before.nav, before.mmr()));
            order == Ordering::Greater || after.mmr() == UsdPico::ZERO && !after.nav.is_negative()
        }
        Regime::WindDown => {
            let reduced = after.mmr() < before.mmr() || L::REDUCES_LIABILITY;
            let rounding = leg.rounding();
            // What was rounded off the debt bears the penalty too where all of the collateral goes for it.
            let cost = fill.notional.plus(rounding).times(penalty);
            reduced && after.nav >= before.nav.less(cost).less(rounding.pico())
        }
    };
    if holds {
        Ok(())
    } else {
        Err(RiskError::AfterCheckFailed)
    }
}

#[cfg(test)]
mod tests;
