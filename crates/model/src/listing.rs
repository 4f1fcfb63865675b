//! What may be listed: one pair of tokens, one perp, one fee by itself (LISTING-2 to 4, ADR 31).

use crate::params::Params;
use crate::penalty::{p_max, LegRates};
use crate::portfolio::Levels;
use crate::rational::{int, Q};

/// For how long a price may fall before anybody acts.
#[derive(Clone, Debug, PartialEq)]
pub struct Horizon {
    /// Below this h spot alone counts.
    pub bypass_ratio: Q,
    /// Seconds between the two publish times that it takes.
    pub bypass_spacing_secs: Q,
    /// Oldest price that risk is added at, seconds.
    pub risk_age_secs: Q,
    /// Seconds after which whoever added it can be liquidated.
    pub cool_off_secs: Q,
}

/// The fastest fall of a price, per second, and the seconds between two of its updates.
#[derive(Clone, Debug, PartialEq)]
pub struct Fall {
    /// Fastest fall, as a share per second.
    pub per_sec: Q,
    /// Seconds between two updates of the feed.
    pub update_secs: Q,
}

impl Fall {
    /// F: until spot alone has shown an account below the bypass ratio and somebody fills.
    pub fn until_fill(&self, horizon: &Horizon) -> Q {
        &self.per_sec * (&horizon.bypass_spacing_secs + &self.update_secs)
    }

    /// D: what the market may have moved since the price that risk was added at, until the cool-off ends.
    pub fn unseen(&self, horizon: &Horizon) -> Q {
        &self.per_sec * (&horizon.risk_age_secs + &horizon.cool_off_secs)
    }
}

/// Both sides of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Weights of an asset.
    pub w_a: Levels,
    /// Weights of a liability.
    pub w_l: Levels,
    /// How fast its price may fall.
    pub fall: Fall,
}

/// Whether the highest penalty of a leg leaves a liquidator what the cheapest liquidation costs him.
pub fn pays_a_liquidator(params: &Params, rates: &LegRates) -> bool {
    p_max(params, &int(1), rates) * (int(1) - &params.insurance_share) >= params.p_floor
}

/// Whether one token may stand as collateral for a debt in another.
///
/// An account at the bypass ratio of its maintenance still has something left after both prices have moved against it for
/// as long as it takes; one that has just passed initial margin is solvent when it can first be liquidated. A token that
/// weighs nothing as collateral cannot fall too far.
pub fn pair_may_be_listed(asset: &Token, debt: &Token, horizon: &Horizon, params: &Params) -> bool {
    let (w_a, w_l) = (&asset.w_a, &debt.w_l);
    let falls = asset.fall.until_fill(horizon) + debt.fall.until_fill(horizon);
    let survives = w_a.maintenance == int(0) || (&w_l.maintenance - &w_a.maintenance) * &horizon.bypass_ratio >= falls;
    let unseen = asset.fall.unseen(horizon) + debt.fall.unseen(horizon);
    let opens = w_a.initial == int(0) || &w_l.initial - &w_a.initial >= unseen;
    let rates = LegRates::Pair { w_a: w_a.maintenance.clone(), w_l: w_l.maintenance.clone() };
    survives && opens && pays_a_liquidator(params, &rates)
}

/// Whether a perp of these rates may be listed, as far as falls and the ceiling decide.
pub fn perp_may_be_listed(rate: &Levels, fall: &Fall, quote_w_l: &Q, horizon: &Horizon, params: &Params) -> bool {
    let rates = LegRates::Perp { rate: rate.maintenance.clone(), quote_w_l: quote_w_l.clone() };
    &rate.maintenance * &horizon.bypass_ratio >= fall.until_fill(horizon)
        && rate.initial >= fall.unseen(horizon)
        && pays_a_liquidator(params, &rates)
}

/// Whether closing at spot for this fee leaves an account of this h no lower ratio: NAV loses the fee, the requirement the
/// rate, so that `fee <= rate * h`.
pub fn fee_keeps_ratio(fee: &Q, rate: &Q, h: &Q) -> bool {
    *fee <= rate * h
}
