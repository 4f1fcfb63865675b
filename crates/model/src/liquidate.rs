//! Fills on the liquidatee, and the state checked after them (CURE-5, WINDDOWN-3).

use num_traits::Signed;

use crate::legs::{clamp_of, Debt, Leg};
use crate::margin::{margin, Margin, View};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{int, min, negative, Q};

/// `x` dollars of debt repaid, `x·(1+p)` of collateral seized, both at spot. Not clamped.
pub fn liquidate_pair(portfolio: &Portfolio, asset: usize, debt: Debt, x: &Q, p: &Q) -> Portfolio {
    let mut after = portfolio.clone();
    let seized = x * (int(1) + p) / &portfolio.balances[asset].price.spot;
    after.balances[asset].amount -= seized;
    match debt {
        Debt::Balance(index) => {
            let balance = &mut after.balances[index];
            let repaid = x / &balance.price.spot;
            balance.amount += repaid;
        }
        Debt::NegativePnl(market) => after.perps[market].cash += x,
    }
    after
}

/// `x` dollars of base change hands at spot and `p·x` is paid out of the position's PnL. Not clamped.
pub fn liquidate_perp(portfolio: &Portfolio, market: usize, x: &Q, p: &Q) -> Portfolio {
    let mut after = portfolio.clone();
    let perp = &mut after.perps[market];
    let sign = perp.base.signum();
    perp.base -= &sign * x / &perp.price.spot;
    perp.cash += sign * x - p * x;
    after
}

/// A fill of any leg, not clamped.
pub fn fill(portfolio: &Portfolio, leg: Leg, x: &Q, p: &Q) -> Portfolio {
    match leg {
        Leg::Pair { asset, debt } => liquidate_pair(portfolio, asset, debt, x, p),
        Leg::Perp(market) => liquidate_perp(portfolio, market, x, p),
    }
}

/// A fill of at most what the leg has, and the notional filled.
pub fn fill_clamped(portfolio: &Portfolio, leg: Leg, x: &Q, p: &Q) -> (Portfolio, Q) {
    let x = min(x, &clamp_of(portfolio, leg, p));
    (fill(portfolio, leg, &x, p), x)
}

/// Maintenance margin at spot, the one that both after-checks compare.
pub fn maintenance_at_spot(portfolio: &Portfolio) -> Margin {
    margin(portfolio, Level::Maintenance, View::Plain(At::Spot))
}

/// After a cure: `NAV'·MMR > NAV·MMR'`, or nothing left.
pub fn cure_improves(before: &Portfolio, after: &Portfolio) -> bool {
    let (old, new) = (maintenance_at_spot(before), maintenance_at_spot(after));
    &new.nav * &old.requirement > &old.nav * &new.requirement || after.nothing_left()
}

/// Some liability is smaller: a borrow, or a market's negative PnL.
fn a_liability_is_smaller(before: &Portfolio, after: &Portfolio) -> bool {
    let balances = before.balances.iter().zip(&after.balances);
    let perps = before.perps.iter().zip(&after.perps);
    let mut borrows = balances.map(|(old, new)| (negative(&old.amount), negative(&new.amount)));
    let mut losses = perps.map(|(old, new)| (negative(&old.pnl(&old.price.spot)), negative(&new.pnl(&new.price.spot))));
    borrows.any(|(old, new)| new > old) || losses.any(|(old, new)| new > old)
}

/// No balance or base appears or flips: each keeps its sign or becomes zero.
fn nothing_appears(before: &Portfolio, after: &Portfolio) -> bool {
    let keeps = |old: &Q, new: &Q| new.signum() == old.signum() || new.signum() == int(0);
    let balances = before.balances.iter().zip(&after.balances);
    let perps = before.perps.iter().zip(&after.perps);
    balances.into_iter().all(|(old, new)| keeps(&old.amount, &new.amount))
        && perps.into_iter().all(|(old, new)| keeps(&old.base, &new.base))
}

/// After a wind-down: MMR' < MMR or a liability reduced; no balance or base appears or flips (PnL may change sign);
/// `NAV' >= NAV - p·x - rounding`.
pub fn wind_down_is_sound(before: &Portfolio, after: &Portfolio, p: &Q, x: &Q, rounding: &Q) -> bool {
    let (old, new) = (maintenance_at_spot(before), maintenance_at_spot(after));
    let smaller = new.requirement < old.requirement || a_liability_is_smaller(before, after);
    smaller && nothing_appears(before, after) && new.nav >= old.nav - p * x - rounding
}
