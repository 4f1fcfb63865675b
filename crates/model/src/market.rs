//! A market: two sides, the PnL pool, the deficit U and the own claim (LOSS-2, PNL-1, PNL-8).

use num_traits::{Signed, Zero};

use crate::index::{Direction, Holding, Side};
use crate::rational::{int, min, positive, Q};
use crate::settle::exit;

/// One market. In exact arithmetic its two sides always hold the same open interest.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// Everybody who is long.
    pub long: Side,
    /// Everybody who is short.
    pub short: Side,
    /// What losers have paid in and winners have not taken.
    pub pool: Q,
    /// U
    pub deficit: Q,
    /// The market's own claim on the pool.
    pub own_claim: Q,
}

impl Default for Market {
    fn default() -> Self {
        Market {
            long: Side::new(Direction::Long),
            short: Side::new(Direction::Short),
            pool: Q::zero(),
            deficit: Q::zero(),
            own_claim: Q::zero(),
        }
    }
}

impl Market {
    /// The side of a direction.
    pub fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Long => &self.long,
            Direction::Short => &self.short,
        }
    }

    /// The side of a direction, to be changed.
    pub fn side_mut(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Long => &mut self.long,
            Direction::Short => &mut self.short,
        }
    }

    /// Longs pay `f` per unit to shorts (a negative f the other way).
    pub fn accrue_funding(&mut self, per_unit: &Q) {
        self.long.accrue_funding(&-per_unit);
        self.short.accrue_funding(per_unit);
    }

    /// Closes a holding's base against the opposite side at spot. What exceeds the opposite open interest is written
    /// off at spot and returned; exact books have none.
    pub fn deleverage(&mut self, direction: Direction, holding: &mut Holding, quantity: &Q, spot: &Q) -> Q {
        self.side_mut(direction).reduce(holding, quantity, spot);
        let opposite = self.side_mut(direction.opposite());
        let closed = min(quantity, &opposite.open_interest());
        opposite.close(&closed, spot);
        quantity - closed
    }

    /// Charges the bearing side at most `allowance` per unit of its open interest (see [`hourly_allowance`]); what is
    /// left, or finds no position, becomes the deficit. Returns what the side bore.
    pub fn socialize(&mut self, loss: &Q, bearing: Direction, allowance: &Q) -> Q {
        let side = self.side_mut(bearing);
        let charged = min(loss, &(allowance * side.open_interest()));
        if charged.is_positive() {
            side.charge(&charged);
        }
        self.deficit += loss - &charged;
        charged
    }

    /// Fees and penalty shares out of PnL: set off against U first, then the market's own claim.
    pub fn add_own_claim(&mut self, amount: &Q) {
        let set_off = min(amount, &self.deficit);
        self.deficit -= &set_off;
        self.own_claim += amount - set_off;
    }

    /// What the pool can pay of the own claim: insurance only once paid.
    pub fn collect_own_claim(&mut self) -> Q {
        let paid = min(&self.own_claim, &self.pool);
        self.own_claim -= &paid;
        self.pool -= &paid;
        paid
    }

    /// A loser (or insurance on his behalf) pays in.
    pub fn pay_in(&mut self, amount: &Q) {
        self.pool += amount;
    }

    /// A winner takes x: all the pool can pay, or `x·pool/(pool+U)` while there is a deficit. Returns what is paid and
    /// by how much his PnL falls.
    pub fn pay_out(&mut self, x: &Q) -> (Q, Q) {
        if self.deficit.is_zero() {
            let paid = min(x, &self.pool);
            self.pool -= &paid;
            return (paid.clone(), paid);
        }
        let cancelled = min(x, &(&self.pool + &self.deficit));
        let left = exit(&self.pool, &self.deficit, x);
        self.pool = left.pool;
        self.deficit = left.deficit;
        (left.paid, cancelled)
    }

    /// What a dollar of claim gets: `pool / (pool + U)`, one without a deficit.
    pub fn claim(&self) -> Q {
        if self.deficit.is_zero() {
            return int(1);
        }
        &self.pool / (&self.pool + &self.deficit)
    }

    /// The pool is a deposit: a shortfall of its value adds to U; a surplus reduces U, then is its own claim.
    pub fn revalue_pool(&mut self, value: &Q) {
        let change = value - &self.pool;
        self.pool = value.clone();
        self.deficit += positive(&-change.clone());
        self.add_own_claim(&positive(&change));
    }
}

/// What one unit may still be charged: `maintenance rate × spot` less what it bore within the last hour (see
/// [`crate::allowance`]).
pub fn hourly_allowance(maintenance_rate: &Q, spot: &Q, borne_per_unit: &Q) -> Q {
    positive(&(maintenance_rate * spot - borne_per_unit))
}
