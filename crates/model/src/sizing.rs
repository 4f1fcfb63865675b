//! Regime and size of a liquidation (CURE-1, CURE-2, WINDDOWN-1).

use num_traits::{Signed, Zero};

use crate::legs::{clamp_of, leg_rates, legs_above, owed_value, perp_value_left, seizable_value, Leg};
use crate::margin::{margin, nav, View};
use crate::penalty::{p_max, release, LegRates};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{int, min, positive, Q};

/// What a fill may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Brings the account back to target.
    Cure,
    /// Any leg, up to all of it.
    WindDown,
    /// Only spot says wind-down: its penalty and its check, but at most `x*` at the fast EMA.
    WindDownAtSpotOnly,
}

/// `x* = (TMR - NAV) / (m_T - p)`; zero at target or above. `m_T` is [`release`] with the target rates.
pub fn target_size(shortfall: &Q, m_target: &Q, p: &Q) -> Q {
    assert!(m_target > p, "a leg with m_T <= p cannot reach the target");
    positive(shortfall) / (m_target - p)
}

/// `x*` of a leg at one of the two prices, with the same `m_T - p` for both.
pub fn target_size_at(portfolio: &Portfolio, leg: Leg, p: &Q, at: At) -> Q {
    let rates = leg_rates(portfolio, leg, Level::Target);
    let shortfall = -margin(portfolio, Level::Target, View::Plain(at)).excess();
    target_size(&shortfall, &release(&rates, p), p)
}

/// `min(x*_spot, x*_EMA)` in whole tokens of the debt (perp: base). Each notional is converted at the price given with
/// it; to read `x*_EMA` as notional at spot pass spot twice.
pub fn smaller_quantity(x_spot: &Q, price_of_spot: &Q, x_fast: &Q, price_of_fast: &Q) -> Q {
    min(&(x_spot / price_of_spot), &(x_fast / price_of_fast))
}

/// Clamp, then dust: debt left below dust, all of it; else collateral left below dust, all of it; never past the
/// clamp (CURE-2).
pub fn clamp_and_dust(portfolio: &Portfolio, leg: Leg, x: &Q, p: &Q) -> Q {
    let dust = &portfolio.params.dust;
    let clamp = clamp_of(portfolio, leg, p);
    let x = min(x, &clamp);
    let (debt, collateral) = match leg {
        Leg::Perp(market) => (perp_value_left(portfolio, market), None),
        Leg::Pair { asset, debt } => (owed_value(portfolio, debt), Some(seizable_value(portfolio, asset))),
    };
    if &debt - &x < *dust {
        return min(&debt, &clamp);
    }
    match collateral {
        Some(value) if &value - &x * (int(1) + p) < *dust => clamp,
        _ => x,
    }
}

/// Size of a cure at spot notional, both `x*` read as notional at spot.
pub fn cure_size(portfolio: &Portfolio, leg: Leg, p: &Q) -> Q {
    let at_spot = target_size_at(portfolio, leg, p, At::Spot);
    let at_fast = target_size_at(portfolio, leg, p, At::Fast);
    clamp_and_dust(portfolio, leg, &min(&at_spot, &at_fast), p)
}

/// A caller's maximum shortens a fill but is refused where it would leave dust.
pub fn with_callers_maximum(portfolio: &Portfolio, leg: Leg, x: &Q, maximum: &Q, p: &Q) -> Option<Q> {
    let wanted = min(x, maximum);
    (wanted == *x || clamp_and_dust(portfolio, leg, &wanted, p) == wanted).then_some(wanted)
}

/// `NAV < e·G` at one price.
pub fn is_below_boundary(portfolio: &Portfolio, at: At) -> bool {
    nav(portfolio, View::Plain(at)) < portfolio.params.regime_boundary() * portfolio.gross(at)
}

/// Some leg above dust with a valid price pays a liquidator: `p_max·(1-c) >= p_floor`, with the h of a price.
pub fn some_leg_pays(portfolio: &Portfolio, at: At) -> bool {
    let params = &portfolio.params;
    let margin = margin(portfolio, Level::Maintenance, View::Plain(at));
    let Some(h) = margin.ratio() else { return false };
    let pays = |rates: LegRates| p_max(params, &h, &rates) * (int(1) - &params.insurance_share) >= params.p_floor;
    legs_above(portfolio, &params.dust).into_iter().any(|leg| pays(leg_rates(portfolio, leg, Level::Maintenance)))
}

/// Regime of an account that is under water, had it been decided otherwise (ADR 3): that no leg pays is asked at spot
/// only, and then the EMA has no say.
pub fn regime(portfolio: &Portfolio, bypass: bool) -> Regime {
    let at_spot = is_below_boundary(portfolio, At::Spot);
    let both = at_spot && (bypass || is_below_boundary(portfolio, At::Fast));
    if both || !some_leg_pays(portfolio, At::Spot) {
        return Regime::WindDown;
    }
    if at_spot {
        return Regime::WindDownAtSpotOnly;
    }
    Regime::Cure
}

/// The other reading: each price says wind-down by either clause, and only where both do is all of a leg open. A
/// `NAV < 0` at spot alone has no leg that pays, so by the letter it is a whole wind-down and the limit of `x*_EMA`
/// hardly ever applies.
pub fn regime_at_both_prices(portfolio: &Portfolio, bypass: bool) -> Regime {
    let says = |at| is_below_boundary(portfolio, at) || !some_leg_pays(portfolio, at);
    match (says(At::Spot), bypass || says(At::Fast)) {
        (true, true) => Regime::WindDown,
        (true, false) => Regime::WindDownAtSpotOnly,
        (false, _) => Regime::Cure,
    }
}

/// Size of a wind-down: the leg's clamp, or at most `x*_EMA` where only spot says so. A leg whose `m_T` is not above p
/// has no such size and is not filled.
pub fn wind_down_size(portfolio: &Portfolio, leg: Leg, p: &Q, regime: Regime) -> Q {
    let all = clamp_of(portfolio, leg, p);
    if regime != Regime::WindDownAtSpotOnly {
        return all;
    }
    let m_target = release(&leg_rates(portfolio, leg, Level::Target), p);
    if !(m_target - p).is_positive() {
        return Q::zero();
    }
    min(&all, &target_size_at(portfolio, leg, p, At::Fast))
}
