//! The legs a liquidator may choose from, and which of them are admissible (LEG-1).

use num_traits::{Signed, Zero};

use crate::margin::{quote_net, View};
use crate::penalty::{release_at_zero, LegRates};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{int, min, positive, Q};

/// What is owed: a balance below zero, or the negative PnL of a market (paid as quote into its pool).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debt {
    /// A negative balance, by its place.
    Balance(usize),
    /// The negative PnL of a perp, by its place.
    NegativePnl(usize),
}

/// One way to liquidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// A debt is repaid with collateral.
    Pair {
        /// Place of the collateral among the balances.
        asset: usize,
        /// What is repaid.
        debt: Debt,
    },
    /// A perp, by its place.
    Perp(usize),
}

/// What can be seized of a balance, at spot: all of it, of quote `max(0, min(q, Q))`; nothing of a stale leg.
pub fn seizable_value(portfolio: &Portfolio, asset: usize) -> Q {
    let balance = &portfolio.balances[asset];
    if balance.price.stale {
        return Q::zero();
    }
    if asset == portfolio.quote {
        return quote_net(portfolio, Level::Maintenance, View::Plain(At::Spot)).seizable();
    }
    positive(&(&balance.amount * &balance.price.spot))
}

/// What can be repaid of a debt, at spot: of quote `max(0, -Q)`, the borrow first and then negative PnL.
pub fn owed_value(portfolio: &Portfolio, debt: Debt) -> Q {
    let net = quote_net(portfolio, Level::Maintenance, View::Plain(At::Spot));
    match debt {
        Debt::Balance(index) => {
            let balance = &portfolio.balances[index];
            if balance.price.stale {
                Q::zero()
            } else if index == portfolio.quote {
                net.owed_borrow()
            } else {
                positive(&-(&balance.amount * &balance.price.spot))
            }
        }
        Debt::NegativePnl(market) => {
            let perp = &portfolio.perps[market];
            if perp.price.stale || portfolio.quote_balance().price.stale {
                return Q::zero();
            }
            min(&net.owed_pnl(), &positive(&-perp.pnl(&perp.price.spot)))
        }
    }
}

/// Notional of a perp that can be closed, at spot.
pub fn perp_value_left(portfolio: &Portfolio, market: usize) -> Q {
    let perp = &portfolio.perps[market];
    if perp.price.stale {
        return Q::zero();
    }
    perp.notional(&perp.price.spot)
}

/// The rates of a leg at a level. A negative PnL is a debt in quote.
pub fn leg_rates(portfolio: &Portfolio, leg: Leg, level: Level) -> LegRates {
    let quote_w_l = portfolio.quote_balance().w_l.at(level).clone();
    match leg {
        Leg::Perp(market) => LegRates::Perp { rate: portfolio.perps[market].rate.at(level).clone(), quote_w_l },
        Leg::Pair { asset, debt } => LegRates::Pair {
            w_a: portfolio.balances[asset].w_a.at(level).clone(),
            w_l: match debt {
                Debt::Balance(index) => portfolio.balances[index].w_l.at(level).clone(),
                Debt::NegativePnl(_) => quote_w_l,
            },
        },
    }
}

/// Every leg with a valid price whose parts (collateral, debt, notional) are all worth more than `above`.
pub fn legs_above(portfolio: &Portfolio, above: &Q) -> Vec<Leg> {
    let balances = 0..portfolio.balances.len();
    let markets = 0..portfolio.perps.len();
    let debts: Vec<Debt> = balances
        .clone()
        .map(Debt::Balance)
        .chain(markets.clone().map(Debt::NegativePnl))
        .filter(|debt| owed_value(portfolio, *debt) > *above)
        .collect();
    let assets = balances.filter(|asset| seizable_value(portfolio, *asset) > *above);
    let pairs = assets.flat_map(|asset| debts.iter().map(move |debt| Leg::Pair { asset, debt: *debt }));
    let perps = markets.filter(|m| perp_value_left(portfolio, *m) > *above).map(Leg::Perp);
    pairs.chain(perps).collect()
}

/// Whether a leg may exclude others: its asset counts at least half at maintenance and its liability at most double. What
/// the engine discounts by more may be hard to sell, and holding a little of it must not be a shield.
pub fn may_be_best(portfolio: &Portfolio, leg: Leg) -> bool {
    match leg_rates(portfolio, leg, Level::Maintenance) {
        LegRates::Perp { .. } => true,
        LegRates::Pair { w_a, w_l } => w_a >= crate::ratio(1, 2) && w_l <= int(2),
    }
}

/// The legs among which the best is sought: above dust and above 1 % of G; none, above dust; none, any.
pub fn legs_compared(portfolio: &Portfolio) -> Vec<Leg> {
    let params = &portfolio.params;
    let share = &params.best_leg_min_of_gross * portfolio.gross(At::Spot);
    let both = crate::rational::max(&params.dust, &share);
    for above in [&both, &params.dust] {
        let legs = candidates_above(portfolio, above);
        if !legs.is_empty() {
            return legs;
        }
    }
    candidates_above(portfolio, &Q::zero())
}

fn candidates_above(portfolio: &Portfolio, above: &Q) -> Vec<Leg> {
    legs_above(portfolio, above).into_iter().filter(|leg| may_be_best(portfolio, *leg)).collect()
}

/// Largest maintenance m at p = 0 among the legs compared.
pub fn best_release(portfolio: &Portfolio) -> Option<Q> {
    let rates = |leg: &Leg| release_at_zero(&leg_rates(portfolio, *leg, Level::Maintenance));
    legs_compared(portfolio).iter().map(rates).max()
}

/// A leg is admissible for a cure if its m is at least 90 % of the best; otherwise `NotBestLeg`. The caller drops the
/// rule once the auction has stood at its ceiling for 60 s.
pub fn is_admissible(portfolio: &Portfolio, leg: Leg) -> bool {
    let own = release_at_zero(&leg_rates(portfolio, leg, Level::Maintenance));
    match best_release(portfolio) {
        Some(best) => own >= &portfolio.params.best_leg_share * best,
        None => true,
    }
}

/// Most that one fill can close of a leg, as debt (perp: base) notional at spot: the debt, and `collateral/(1+p)`.
pub fn clamp_of(portfolio: &Portfolio, leg: Leg, p: &Q) -> Q {
    match leg {
        Leg::Perp(market) => perp_value_left(portfolio, market),
        Leg::Pair { asset, debt } => {
            let by_collateral = seizable_value(portfolio, asset) / (int(1) + p);
            min(&owed_value(portfolio, debt), &by_collateral)
        }
    }
}

/// Legs that can be filled at all: every part is worth something.
pub fn fillable(portfolio: &Portfolio, leg: Leg) -> bool {
    clamp_of(portfolio, leg, &Q::zero()).is_positive()
}
