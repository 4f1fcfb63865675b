//! What a margin account holds, in whole quantities and dollars.

use num_traits::{Signed, Zero};

use crate::params::Params;
use crate::rational::{int, max, min, negative, positive, ppm, Q};

/// The three levels: MMR, TMR and IMR (MARGIN-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Below it the account may be liquidated.
    Maintenance,
    /// Where a liquidation stops.
    Target,
    /// At or above it risk may be added.
    Initial,
}

/// One number per level.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// At maintenance.
    pub maintenance: Q,
    /// At target.
    pub target: Q,
    /// At initial.
    pub initial: Q,
}

impl Levels {
    /// The value of a level.
    pub fn at(&self, level: Level) -> &Q {
        match level {
            Level::Maintenance => &self.maintenance,
            Level::Target => &self.target,
            Level::Initial => &self.initial,
        }
    }

    /// Asset weights: target is `max(w_a - 1 %, w_a,I)` (MARGIN-8).
    pub fn asset_weights(maintenance: Q, initial: Q) -> Levels {
        let target = max(&(&maintenance - ppm(10_000)), &initial);
        Levels { maintenance, target, initial }
    }

    /// Liability weights: target is `min(w_l + 1 %, w_l,I)` (MARGIN-8).
    pub fn liability_weights(maintenance: Q, initial: Q) -> Levels {
        let target = min(&(&maintenance + ppm(10_000)), &initial);
        Levels { maintenance, target, initial }
    }

    /// Perp rates: target is `min(rate + 1.25 %, initial)` (MARGIN-8).
    pub fn perp_rates(maintenance: Q, initial: Q) -> Levels {
        let target = min(&(&maintenance + ppm(12_500)), &initial);
        Levels { maintenance, target, initial }
    }
}

/// Which of the two prices of a liquidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The last price.
    Spot,
    /// The fast average.
    Fast,
}

/// One slot of the price board, as margin code reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// The last price, dollars.
    pub spot: Q,
    /// The EMA for liquidation.
    pub fast: Q,
    /// The EMA for adding risk.
    pub slow: Q,
    /// One sigma of the oracle's width, relative to spot.
    pub conf: Q,
    /// Volatility per square root of a second.
    pub sigma: Q,
    /// Rational upper bound of `sqrt(age beyond the read age)`; the caller takes it, a rational has no root.
    pub age_root: Q,
    /// Older than the read age.
    pub stale: bool,
}

impl Price {
    /// A fresh price without width where spot and both EMAs agree.
    pub fn flat(price: Q) -> Price {
        Price {
            spot: price.clone(),
            fast: price.clone(),
            slow: price,
            conf: Q::zero(),
            sigma: Q::zero(),
            age_root: Q::zero(),
            stale: false,
        }
    }

    /// The plain price of a kind.
    pub fn at(&self, at: At) -> &Q {
        match at {
            At::Spot => &self.spot,
            At::Fast => &self.fast,
        }
    }

    /// Worst price for who owns: `min(spot - z·conf, fast, slow)`, at least zero (MARGIN-6).
    pub fn low(&self, z: &Q) -> Q {
        let wide = &self.spot * (int(1) - z * &self.conf);
        positive(&min(&wide, &min(&self.fast, &self.slow)))
    }

    /// Worst price for who owes: `max(spot + z·conf, fast, slow)` (MARGIN-6).
    pub fn high(&self, z: &Q) -> Q {
        let wide = &self.spot * (int(1) + z * &self.conf);
        max(&wide, &max(&self.fast, &self.slow))
    }
}

/// The one signed balance of an account in a bank: positive is owned, negative is owed (MARGIN-2).
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Whole tokens, indices already applied.
    pub amount: Q,
    /// The price of the token.
    pub price: Price,
    /// Weights while it is an asset.
    pub w_a: Levels,
    /// Weights while it is a liability.
    pub w_l: Levels,
}

/// A perp position. `cash` is in dollars of the quote, so PnL is `base·price + cash`.
#[derive(Clone, Debug, PartialEq)]
pub struct Perp {
    /// Base held, negative for a short.
    pub base: Q,
    /// Cash: received less paid, quote.
    pub cash: Q,
    /// The price of the underlying.
    pub price: Price,
    /// Charge rates.
    pub rate: Levels,
    /// What a dollar of gain gets: `pool / (pool + U)`, one without a deficit (PNL-4).
    pub claim: Q,
}

impl Perp {
    /// What a PnL counts at: a gain at most at what a claim gets, a loss whole.
    pub fn counted(&self, pnl: &Q) -> Q {
        if pnl.is_negative() {
            pnl.clone()
        } else {
            pnl * &self.claim
        }
    }

    /// PnL at a price, quote.
    pub fn pnl(&self, price: &Q) -> Q {
        &self.base * price + &self.cash
    }

    /// Notional at a price, quote.
    pub fn notional(&self, price: &Q) -> Q {
        self.base.abs() * price
    }
}

/// A margin account. `balances[quote]` is the settlement token's.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Place of the quote balance among `balances`.
    pub quote: usize,
    /// One signed balance a token.
    pub balances: Vec<Balance>,
    /// One position a market.
    pub perps: Vec<Perp>,
    /// Parameters of the engine.
    pub params: Params,
}

impl Portfolio {
    /// The balance in the settlement token.
    pub fn quote_balance(&self) -> &Balance {
        &self.balances[self.quote]
    }

    /// `G`: asset value plus perp notional (WINDDOWN-2).
    pub fn gross(&self, at: At) -> Q {
        let assets = self.balances.iter().map(|b| positive(&b.amount) * b.price.at(at));
        let perps = self.perps.iter().map(|p| p.notional(p.price.at(at)));
        assets.chain(perps).fold(Q::zero(), |total, v| total + v)
    }

    /// No liability, no base and no loss is left (the second branch of the cure's after-check).
    pub fn nothing_left(&self) -> bool {
        let owes = self.balances.iter().any(|b| b.amount.is_negative());
        let exposed = self.perps.iter().any(|p| !p.base.is_zero() || !negative(&p.cash).is_zero());
        !owes && !exposed
    }
}
