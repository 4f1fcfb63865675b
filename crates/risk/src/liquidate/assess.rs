//! Who is eligible, and in which regime.

use super::best_leg::{best_leg, BestLeg};
use crate::auction::{Clocks, HealthReading, HealthState, Prints, Regime};
use crate::margin::{excess, is_under_water_at_edges, margins, quote_sides, Excess, Margins};
use crate::portfolio::{Portfolio, PriceKind};
use crate::units::{Atoms, Ppm, UnixSecs};

/// What an account's margins say about liquidating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// At spot, plain prices.
    pub spot: Margins,
    /// At the fast average, plain prices.
    pub fast: Excess,
    /// h at spot, rounded down, at most one.
    pub health_ppm: Ppm,
    /// What may be seized of quote.
    pub quote_seizable_atoms: Atoms,
    /// What is owed in quote: the borrow, then negative PnL.
    pub quote_owed_atoms: Atoms,
    /// The best leg; none while not under water.
    pub best: Option<BestLeg>,
    /// The regime; none while not under water.
    pub regime: Option<RegimeChoice>,
    /// The clocks after this observation.
    pub clocks: Clocks,
}

/// The regime of an account under water.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegimeChoice {
    /// The regime.
    pub regime: Regime,
    /// Spot alone says wind-down, so that a fill takes at most what the fast average asks for (WINDDOWN-1).
    pub is_spot_alone: bool,
}

/// Values the account at both prices, decides eligibility and regime, and moves the clocks to `now`.
///
/// Under water means: with every leg at its favourable edge, at spot and at the fast average, or at spot alone once
/// the bypass holds (ELIG-1). Everything else is taken at plain prices.
pub fn assess(portfolio: &Portfolio, clocks: &Clocks, now: UnixSecs) -> Assessment {
    let params = &portfolio.params;
    let spot = margins(portfolio, PriceKind::Spot, false);
    let fast = excess(portfolio, PriceKind::Fast);
    let mut clocks = *clocks;
    let mut reading = HealthReading {
        health_state: HealthState::Healthy,
        at_target: !spot.target_excess.is_negative() && !fast.target_excess.is_negative(),
        healthy_at_spot: !spot.is_under_water(),
        below_bypass: spot.is_ratio_below(params.observation.bypass_ratio()),
        prints: None,
    };
    if reading.below_bypass {
        reading.prints = prints(portfolio);
    }
    clocks.note_bypass(&reading, now, params);
    // Favourable edges only raise margins, so an account healthy at plain prices needs no second look (ELIG-1).
    let under_water = spot.is_under_water()
        && (clocks.bypass || fast.is_under_water())
        && is_under_water_at_edges(portfolio, PriceKind::Spot)
        && (clocks.bypass || is_under_water_at_edges(portfolio, PriceKind::Fast));
    let health_ppm = spot.ratio_ppm_down(Ppm::WHOLE);
    let (quote_seizable_atoms, quote_owed_atoms) = quote_sides(portfolio, &spot);
    let (mut best, mut regime) = (None, None);
    if under_water {
        let boundary = params.wind_down_boundary_ppm_up();
        let sides = (quote_seizable_atoms, quote_owed_atoms);
        let gross = spot.gross(&portfolio.quote.prices, PriceKind::Spot);
        let found = best_leg(portfolio, gross, health_ppm, sides);
        // Both clauses are asked at both prices, so that a single outlying update opens no full wind-down (WINDDOWN-1).
        let at_spot = spot.is_below_boundary(gross, boundary) || !found.cure_pays;
        let at_fast = || {
            let fast = margins(portfolio, PriceKind::Fast, false);
            let gross = fast.gross(&portfolio.quote.prices, PriceKind::Fast);
            fast.is_below_boundary(gross, boundary) || !found.pays_at(portfolio, fast.ratio_ppm_down(Ppm::WHOLE))
        };
        let whole = at_spot && (clocks.bypass || at_fast());
        let decided = if at_spot { Regime::WindDown } else { Regime::Cure };
        reading.health_state =
            if decided == Regime::WindDown { HealthState::WindDown } else { HealthState::UnderWater };
        best = Some(found);
        regime = Some(RegimeChoice { regime: decided, is_spot_alone: at_spot && !whole });
    }
    clocks.observe(&reading, now, params);
    Assessment { spot, fast, health_ppm, quote_seizable_atoms, quote_owed_atoms, best, regime, clocks }
}

/// Publish times of the fresh legs that carry price risk: those that hold an amount or a base. Quote carries none where
/// nothing else is held than what settles in it, since its price then scales NAV and requirement alike (BYPASS-1).
fn prints(portfolio: &Portfolio) -> Option<Prints> {
    let mut prints: Option<Prints> = None;
    let mut add = |holds: bool, at: UnixSecs| {
        if holds {
            let (oldest_at, newest_at) = prints.map_or((at, at), |p| (p.oldest_at.min(at), p.newest_at.max(at)));
            prints = Some(Prints { oldest_at, newest_at });
        }
    };
    for leg in portfolio.tokens() {
        add(!leg.amount_atoms.is_zero() && !leg.prices.stale, leg.prices.published_at);
    }
    for leg in portfolio.perps() {
        add(!leg.units.is_zero() && !leg.prices.stale, leg.prices.published_at);
    }
    let settles = !portfolio.quote.amount_atoms.is_zero() || portfolio.perp_count != 0;
    let quote = &portfolio.quote.prices;
    add(settles && portfolio.token_count != 0 && !quote.stale, quote.published_at);
    prints
}

#[cfg(test)]
mod tests;
