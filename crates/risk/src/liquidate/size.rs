//! How much of a leg one fill closes, in debt atoms or base units (CURE-1, CURE-2).

use super::closable::Closable;
use super::{Assessment, Request};
use crate::auction::Regime;
use crate::error::{RiskError, RiskResult};
use crate::num::PPM;
use crate::portfolio::PriceKind;
use crate::units::{Count, Ppm, UsdMicro, UsdMicroSum, UsdPico};

const PPM_U128: u128 = PPM as u128;

/// The size that the regime asks for, before anything bounds it: back to target in a cure, at most back to target at the
/// fast average where only spot says wind-down, else everything.
#[inline(always)]
pub(super) fn wanted_size_up<L: Closable>(leg: &L, assessment: &Assessment, penalty_ppm: Ppm) -> L::Size {
    let release = leg.net_release(penalty_ppm);
    match assessment.regime.map(|choice| (choice.regime, choice.is_spot_alone)) {
        Some((Regime::Cure, _)) => target_size_up(leg, assessment, release),
        Some((Regime::WindDown, true)) => {
            shortfall_size_up(leg, assessment.fast.target_excess, PriceKind::Fast, release)
            // WINDDOWN-1
        }
        Some((Regime::WindDown, false)) | None => L::Size::from_number(u64::MAX),
    }
}

/// `min(x*_spot, x*_EMA)` in atoms, both with the same `m_T - p`; spot alone once the bypass holds (CURE-1).
#[inline(always)]
fn target_size_up<L: Closable>(leg: &L, assessment: &Assessment, release: i64) -> L::Size {
    let at_spot = shortfall_size_up(leg, assessment.spot.target_excess, PriceKind::Spot, release);
    if assessment.clocks.bypass {
        return at_spot;
    }
    at_spot.min(shortfall_size_up(leg, assessment.fast.target_excess, PriceKind::Fast, release))
}

/// `x*` for a negative excess over target, pico-dollars, in atoms or units at a price, up (CURE-1).
#[expect(
    clippy::arithmetic_side_effects,
    clippy::cast_sign_loss,
    reason = "an excess is above -2^127; the shortfall is within 0 and 2^100 and the release positive, so the product stays below 2^120"
)]
fn shortfall_size_up<L: Closable>(leg: &L, excess: UsdPico, at: PriceKind, release: i64) -> L::Size {
    if release <= 0 {
        return L::Size::from_number(u64::MAX);
    }
    // Saturated margins are bounded so that the product stays in range.
    let shortfall = (-excess.get()).clamp(0, 1 << 100) as u128;
    leg.size_of_up(UsdMicroSum::new((shortfall * PPM_U128).div_ceil(release as u128)), at)
}

/// Clamps, then dust (debt left below dust: all of it; else collateral left below dust: all of it; never past the
/// clamp), then the caller's bounds (CURE-2).
///
/// # Errors
/// `LeavesDust` where the caller's maximum does, `FillTooSmall`.
#[inline(always)]
pub(super) fn final_size<L: Closable>(
    leg: &L,
    wanted: L::Size,
    penalty_ppm: Ppm,
    dust: UsdMicro,
    request: &Request,
) -> RiskResult<L::Size> {
    let clamp = leg.most_down(penalty_ppm);
    let mut size = wanted.min(clamp);
    if leg.leftovers(size, penalty_ppm).is_dust(dust) {
        size = clamp;
    }
    if let Some(most) = request.max_size.filter(|most| most.get() < size.number()) {
        size = L::Size::from_number(most.get());
        if leg.leftovers(size, penalty_ppm).is_dust(dust) {
            return Err(RiskError::LeavesDust);
        }
    }
    if size.number() == 0 || size.number() < request.min_size.get() {
        return Err(RiskError::FillTooSmall);
    }
    Ok(size)
}
