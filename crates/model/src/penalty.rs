//! What a liquidation releases, what it may cost, and how the auction moves between the two (CURE-3).

use num_traits::Zero;

use crate::params::Params;
use crate::rational::{int, max, min, Q};

/// One kind of closing, with the weights (or the rate) of one level.
#[derive(Clone, Debug, PartialEq)]
pub enum LegRates {
    /// Debt repaid with collateral.
    Pair {
        /// Weight of the collateral.
        w_a: Q,
        /// Weight of the debt.
        w_l: Q,
    },
    /// A perp.
    Perp {
        /// Its charge rate.
        rate: Q,
        /// Liability weight of the **quote**, since p is sized as if it were borrowed.
        quote_w_l: Q,
    },
}

/// m, the requirement that one unit of notional releases (CURE-1):
/// pair `(w_l - 1) + (1 - w_a)(1 + p)`, perp `rate - (w_l - 1)·p`.
pub fn release(rates: &LegRates, p: &Q) -> Q {
    match rates {
        LegRates::Pair { w_a, w_l } => (w_l - int(1)) + (int(1) - w_a) * (int(1) + p),
        LegRates::Perp { rate, quote_w_l } => rate - (quote_w_l - int(1)) * p,
    }
}

/// m at p = 0: what best-leg and the depth term compare; `w_l - w_a` or the rate.
pub fn release_at_zero(rates: &LegRates) -> Q {
    release(rates, &Q::zero())
}

/// `min(h, 1/2)`: a ceiling that does not rise as the account heals rewards no splitting (CURE-4).
pub fn capped_h(params: &Params, h: &Q) -> Q {
    min(h, &params.h_ceiling)
}

/// p_max for an h that is already capped: pair `k·h·(w_l-w_a) / (1 - k·h·(1-w_a))`, perp
/// `k·h·rate / (1 + k·h·(w_l-1))`. It solves `p = k·h·m(p)`.
pub fn p_max_with(k: &Q, h: &Q, rates: &LegRates) -> Q {
    let kh = k * h;
    match rates {
        LegRates::Pair { w_a, w_l } => &kh * (w_l - w_a) / (int(1) - &kh * (int(1) - w_a)),
        LegRates::Perp { rate, quote_w_l } => &kh * rate / (int(1) + &kh * (quote_w_l - int(1))),
    }
}

/// p_max with `h := min(h, 1/2)`; the rates are the maintenance ones.
pub fn p_max(params: &Params, h: &Q, rates: &LegRates) -> Q {
    p_max_with(&params.k, &capped_h(params, h), rates)
}

/// Penalty of a cure: `min(max(p0 + (pcap-p0)·elapsed/T_a, s·m·(1-h)), pcap, p_max)`, the m in it at p = 0 and the h
/// in the depth term not capped.
pub fn cure_penalty(params: &Params, elapsed_secs: &Q, h: &Q, rates: &LegRates) -> Q {
    let ceiling = p_max(params, h, rates);
    cure_penalty_below(params, elapsed_secs, h, rates, &ceiling)
}

/// [`cure_penalty`] below another ceiling, to show what a ceiling that rises with h would pay for splitting.
pub fn cure_penalty_below(params: &Params, elapsed_secs: &Q, h: &Q, rates: &LegRates, ceiling: &Q) -> Q {
    let by_time = &params.p0 + (&params.pcap - &params.p0) * elapsed_secs / &params.auction_secs;
    let by_depth = &params.depth_slope * release_at_zero(rates) * (int(1) - h);
    min(&min(&max(&by_time, &by_depth), &params.pcap), ceiling)
}

/// Penalty of a wind-down: linear from p_floor to p_wd on its own clock.
pub fn wind_down_penalty(params: &Params, elapsed_secs: &Q) -> Q {
    let share = min(&(elapsed_secs / &params.wind_down_secs), &int(1));
    &params.p_floor + (&params.p_wd - &params.p_floor) * share
}

/// How a cure's penalty splits: `c·p` to insurance, the rest to the liquidator. In a wind-down all of it is the
/// liquidator's (CURE-6, WINDDOWN-3).
pub fn split_penalty(params: &Params, penalty: &Q) -> (Q, Q) {
    let insurance = &params.insurance_share * penalty;
    (penalty - &insurance, insurance)
}
