//! The plan of one liquidation: who is eligible, in which regime, how much, at what penalty, and what is left
//! (CURE, WINDDOWN). Pure and total; the keeper calls the same function as the program (LIQ-7).

mod assess;
mod fill;
mod terms;

use core::cmp::Ordering;

use crate::auction::{cure_penalty_ppm_down, wind_down_penalty_ppm_down, Clocks, LegName, Regime, Seen};
use crate::error::RiskError;
use crate::margin::{cmp_products, margins, Margins};
use crate::num::{mul_u32, PPM};
use crate::portfolio::{At, Portfolio};

pub use assess::{assess, Assessment};
use fill::Fill;
use terms::{Kind, Terms};

/// What is repaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liability {
    /// A borrow of this bank.
    Borrow(u8),
    /// Negative PnL of this market: the liquidator pays quote into its pool.
    NegativePnl(u8),
}

/// The leg a liquidator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Repay a liability and take collateral.
    Pair {
        /// Bank of the collateral.
        asset: u8,
        /// What is repaid.
        liability: Liability,
    },
    /// Take over a perp.
    Perp {
        /// Its market.
        market: u8,
    },
}

/// What a liquidator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The leg.
    pub leg: Leg,
    /// Most debt atoms (base units) it takes; none for as much as allowed.
    pub max_size: Option<u64>,
    /// Fewest debt atoms (base units) it takes.
    pub min_size: u64,
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
    pub penalty_ppm: u32,
    /// Pair: debt atoms repaid. Perp: base units moved.
    pub size: u64,
    /// Pair: atoms the liquidator pays, fee included. Perp: quote atoms the units are worth at spot.
    pub paid_atoms: u64,
    /// Insurance share of the penalty: atoms of the debt's mint, or quote atoms of the market's own claim.
    pub fee_atoms: u64,
    /// Pair: collateral atoms moved. Perp: the liquidator's part of the penalty, quote atoms.
    pub received_atoms: u64,
    /// Notional closed at spot, micro-dollars.
    pub notional_usd_micro: u64,
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
pub fn plan(portfolio: &mut Portfolio, clocks: &Clocks, request: &Request, now: i64) -> Result<Plan, Refusal> {
    let assessment = assess(portfolio, clocks, now);
    plan_assessed(portfolio, &assessment, clocks, request, now)
}

/// [`plan`] of a portfolio that [`assess`] has been asked about, with the same clocks and time: for a keeper that compares
/// many legs of one account.
///
/// # Errors
/// As [`plan`].
#[inline(always)]
#[expect(clippy::arithmetic_side_effects, reason = "products of two 32-bit numbers")]
pub fn plan_assessed(
    portfolio: &mut Portfolio,
    assessment: &Assessment,
    clocks: &Clocks,
    request: &Request,
    now: i64,
) -> Result<Plan, Refusal> {
    let seen_before = clocks.seen != Seen::Healthy || clocks.under_water_secs > 0;
    let (Some((regime, capped)), Some(best)) = (assessment.regime, assessment.best) else {
        let reason = if seen_before { RiskError::AccountAlreadyCured } else { RiskError::AccountHealthy };
        return Err(reason.into());
    };
    if now.saturating_sub(clocks.passed_at) < portfolio.params.observation.cool_off_secs as i64 {
        return Err(RiskError::CoolOff.into()); // RISK-5
    }
    let terms = Terms::of(portfolio, assessment, &request.leg)?;
    let params = &portfolio.params;
    if regime == Regime::Cure {
        let ended = assessment.clocks.under_water_secs
            >= params.auction.auction_secs.saturating_add(params.legs.best_leg_end_secs);
        let admissible =
            terms.marginal_ppm as u64 * PPM as u64 >= best.rate_ppm as u64 * params.legs.best_leg_share_ppm as u64;
        if !ended && !admissible {
            return Err(Refusal { reason: RiskError::NotBestLeg, best: best.name });
        }
    }
    let penalty_ppm = match regime {
        Regime::Cure => cure_penalty_ppm_down(
            assessment.clocks.under_water_secs,
            terms.marginal_ppm,
            assessment.health_ppm,
            terms.ceiling_ppm(portfolio, assessment.health_ppm),
            params,
        ),
        Regime::WindDown => wind_down_penalty_ppm_down(assessment.clocks.wind_down_secs, params),
    };
    let sized = match regime {
        Regime::Cure => terms.target_size_up(portfolio, assessment, penalty_ppm),
        Regime::WindDown if capped => terms.fast_target_size_up(portfolio, assessment, penalty_ppm),
        Regime::WindDown => u64::MAX,
    };
    let size = terms.final_size(sized, penalty_ppm, params.legs.dust_usd_micro, request)?;
    let fill = terms.fill_down(portfolio, size, penalty_ppm, regime)?;
    fill.check_limit(&terms, request)?;
    terms.apply(portfolio, &fill)?;
    let after = margins(portfolio, At::Spot, false);
    check_after(regime, &assessment.spot, &after, &terms, &fill, penalty_ppm)?;
    // Of a fill that the caller cut, the liquidatee may not lose more by the rounding of shares than he gains.
    let is_cut = request.max_size == Some(fill.size);
    if regime == Regime::Cure && is_cut && !terms.outweighs_shares(&assessment.spot, &after) {
        return Err(RiskError::AfterCheckFailed.into());
    }
    let mut clocks = assessment.clocks;
    if !after.is_under_water() {
        clocks.restored();
    }
    Ok(Plan {
        regime,
        penalty_ppm,
        size: fill.size,
        paid_atoms: fill.paid_atoms,
        fee_atoms: fill.fee_atoms,
        received_atoms: fill.received_atoms,
        notional_usd_micro: fill.notional_usd_micro,
        before: assessment.spot,
        after,
        clocks,
    })
}

/// The after-check of a regime, at spot, on the state recomputed from scratch (CURE-5, WINDDOWN-3).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    reason = "NAV is below 2^91 and a 64-bit value times a 32-bit penalty below 2^96"
)]
fn check_after(
    regime: Regime,
    before: &Margins,
    after: &Margins,
    terms: &Terms,
    fill: &Fill,
    penalty_ppm: u32,
) -> Result<(), RiskError> {
    let holds = match regime {
        Regime::Cure => {
            // NAV' MMR > NAV MMR', or nothing is left that needs margin.
            let improved = cmp_products(after.nav, before.mmr(), before.nav, after.mmr()) == Ordering::Greater;
            improved || after.mmr() == 0 && after.nav >= 0
        }
        Regime::WindDown => {
            let reduced = after.mmr() < before.mmr() || matches!(terms.kind, Kind::Pair { .. });
            let rounding = terms.rounding_usd_micro();
            // What was rounded off the debt bears the penalty too where all of the collateral goes for it.
            let cost = mul_u32(fill.notional_usd_micro.saturating_add(rounding), penalty_ppm) as i128;
            reduced && after.nav >= before.nav - cost - rounding as i128 * PPM as i128
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
