//! Settling PnL and leaving a market that has a deficit (PNL-2 to 4).

use num_traits::{Signed, Zero};

use crate::edge::perp_edge;
use crate::portfolio::{At, Perp, Portfolio};
use crate::rational::{min, nearest_to_zero, positive, Q};

/// The PnLs that `settle_pnl` compares: spot, both EMAs, the initial price, and the favourable eligibility edge around
/// spot and around the fast EMA, since eligibility is asked at both.
pub fn settle_candidates(portfolio: &Portfolio, perp: &Perp) -> Vec<Q> {
    let params = &portfolio.params;
    let price = &perp.price;
    let initial = if perp.base.is_negative() { price.high(&params.z) } else { price.low(&params.z) };
    let edges = [At::Spot, At::Fast].map(|at| perp_edge(params, perp, at).pnl_price);
    [price.spot.clone(), price.fast.clone(), price.slow.clone(), initial]
        .iter()
        .chain(edges.iter())
        .map(|p| perp.pnl(p))
        .collect()
}

/// The PnL nearest to zero among the candidates, nothing if their signs differ.
pub fn settleable(portfolio: &Portfolio, market: usize) -> Q {
    nearest_to_zero(&settle_candidates(portfolio, &portfolio.perps[market]))
}

/// What a loser can be made to pay: from his quote balance down to zero at any health, and into a quote borrow only
/// at or above maintenance at both prices and as far as quote may be borrowed: `room` is what the cap leaves, and
/// nothing while borrowing is paused or the bank is reduce-only or terminal.
pub fn loser_pays(loss: &Q, quote_balance: &Q, is_healthy_at_both: bool, room: &Q) -> Q {
    let borrowed = if is_healthy_at_both { positive(room) } else { Q::zero() };
    min(loss, &(positive(quote_balance) + borrowed))
}

/// What a winner takes while the market has no deficit: `min(PnL, pool)`.
pub fn winner_takes(pnl: &Q, pool: &Q) -> Q {
    min(pnl, pool)
}

/// Moves `amount` of PnL into the quote balance (negative: out of it). Quote is taken at its spot price.
pub fn settle(portfolio: &Portfolio, market: usize, amount: &Q) -> Portfolio {
    let mut after = portfolio.clone();
    after.perps[market].cash -= amount;
    let quote = &mut after.balances[portfolio.quote];
    let tokens = amount / &quote.price.spot;
    quote.amount += tokens;
    after
}

/// What an exit leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// What the winner gets.
    pub paid: Q,
    /// The pool afterwards.
    pub pool: Q,
    /// The deficit afterwards.
    pub deficit: Q,
}

/// Exit from a market with deficit U: `x·pool/(pool+U)` for `x <= pool+U`, the rest of x taken off U. The ratio of
/// pool to U never moves, so order does not matter.
pub fn exit(pool: &Q, deficit: &Q, x: &Q) -> Exit {
    let whole = pool + deficit;
    if whole.is_zero() {
        return Exit { paid: Q::zero(), pool: pool.clone(), deficit: deficit.clone() };
    }
    let x = min(x, &whole);
    let paid = &x * pool / &whole;
    Exit { pool: pool - &paid, deficit: deficit - (&x - &paid), paid }
}
