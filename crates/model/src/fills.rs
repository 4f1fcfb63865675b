//! What a fill between two accounts must satisfy (FILL-2 to 5, KEY-2).

use num_traits::Signed;

use crate::margin::{initial_excess, margin, View};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{min, ratio, Q};

/// `min(10,000 ppm, m_init / 4)`: the default band; a listing may set any up to a quarter of m_init.
pub fn default_band(initial_rate: &Q) -> Q {
    min(&ratio(1, 100), &(initial_rate * ratio(1, 4)))
}

/// A price lies within a band of the board's.
pub fn is_within_band(price: &Q, board: &Q, band: &Q) -> bool {
    (price - board).abs() <= band * board
}

/// A side that grows or flips passes initial margin.
pub fn may_grow(after: &Portfolio) -> bool {
    !initial_excess(after).is_negative()
}

/// A side that only reduces passes `h' >= h` and loses at most `fee + band·x`; below h = 1 its price may not be worse
/// for it than spot, so it loses the fee at most.
pub fn may_reduce(before: &Portfolio, after: &Portfolio, fee: &Q, band: &Q, x: &Q) -> bool {
    let at_spot = |p| margin(p, Level::Maintenance, View::Plain(At::Spot));
    let (old, new) = (at_spot(before), at_spot(after));
    let improves = &new.nav * &old.requirement >= &old.nav * &new.requirement;
    let may_lose = if old.is_under_water() { fee.clone() } else { fee + band * x };
    improves && new.nav >= old.nav - may_lose
}

/// A delegate signs a fill only at a price that is no worse for its account than the board's.
pub fn delegate_may_fill(buys: bool, price: &Q, board: &Q) -> bool {
    if buys {
        price <= board
    } else {
        price >= board
    }
}

/// What a delegate's fills of any day can take out of an account at the board's prices: the fee of its limit.
pub fn delegate_may_take(fee_rate: &Q, limit: &Q) -> Q {
    fee_rate * limit
}
