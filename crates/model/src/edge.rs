//! Eligibility edges (ELIG-2), one rule for wide, stale, diverging or unequal-age prices.

use num_traits::Signed;

use crate::params::Params;
use crate::portfolio::{At, Balance, Perp, Price};
use crate::rational::{int, min, ratio, Q};

/// `b = min(b_max, min(z·conf, half the leg's charge rate) + z'·σ·sqrt(age beyond the read age))`.
pub fn edge_width(params: &Params, price: &Price, charge_rate: &Q) -> Q {
    let width = min(&(&params.z * &price.conf), &(charge_rate * ratio(1, 2)));
    let ageing = &params.z_age * &price.sigma * &price.age_root;
    min(&params.b_max, &(width + ageing))
}

/// A balance's own maintenance charge rate: `1 - w_a` when owned, `w_l - 1` when owed.
pub fn balance_charge_rate(balance: &Balance) -> Q {
    if balance.amount.is_negative() {
        &balance.w_l.maintenance - int(1)
    } else {
        int(1) - &balance.w_a.maintenance
    }
}

/// `P·(1+b)` for who owns, `P·(1-b)` for who owes: the edge favourable to the account.
pub fn favourable(price: &Q, b: &Q, owns: bool) -> Q {
    if owns {
        price * (int(1) + b)
    } else {
        price * (int(1) - b)
    }
}

/// A balance's favourable price, around spot or around the fast EMA.
pub fn balance_edge(params: &Params, balance: &Balance, at: At) -> Q {
    let b = edge_width(params, &balance.price, &balance_charge_rate(balance));
    favourable(balance.price.at(at), &b, !balance.amount.is_negative())
}

/// The two prices of a perp's edge: its PnL at the favourable side, its charge at `P·(1-b)`.
#[derive(Clone, Debug, PartialEq)]
pub struct PerpEdge {
    /// Price of the PnL.
    pub pnl_price: Q,
    /// Price of the charge.
    pub charge_price: Q,
}

/// See [`PerpEdge`]; b takes half of the maintenance rate.
pub fn perp_edge(params: &Params, perp: &Perp, at: At) -> PerpEdge {
    let price = perp.price.at(at);
    let b = edge_width(params, &perp.price, &perp.rate.maintenance);
    PerpEdge { pnl_price: favourable(price, &b, !perp.base.is_negative()), charge_price: favourable(price, &b, false) }
}
