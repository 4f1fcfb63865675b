//! NAV, requirements and quote netting (MARGIN-2, MARGIN-3).

use num_traits::{Signed, Zero};

use crate::edge::{balance_edge, perp_edge};
use crate::portfolio::{At, Balance, Level, Perp, Portfolio};
use crate::rational::{int, max, min, negative, positive, Q};

/// At which prices an account is valued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Fresh legs at plain prices, stale legs at their favourable edge (ELIG-3).
    Plain(At),
    /// Every leg at its favourable edge (ELIG-1).
    Eligible(At),
    /// Assets and longs low, borrows and shorts high, perp charges high (MARGIN-6).
    Initial,
}

/// NAV and a requirement, at one level and one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// What the account is worth.
    pub nav: Q,
    /// The sum of its risk charges.
    pub requirement: Q,
}

impl Margin {
    /// `NAV - R`.
    pub fn excess(&self) -> Q {
        &self.nav - &self.requirement
    }

    /// `h = NAV / R`, or nothing where there is no requirement.
    pub fn ratio(&self) -> Option<Q> {
        (!self.requirement.is_zero()).then(|| &self.nav / &self.requirement)
    }

    /// Equality is healthy (MARGIN-1).
    pub fn is_under_water(&self) -> bool {
        self.nav < self.requirement
    }
}

/// Quote balance and perp PnL before weights (MARGIN-3).
#[derive(Clone, Debug, PartialEq)]
pub struct QuoteNet {
    /// q
    pub balance: Q,
    /// Σ PnL⁻, at most zero.
    pub losses: Q,
    /// Σ PnL⁺, each at what a claim on its market gets.
    pub gains: Q,
    /// Zero at initial.
    pub w_pnl: Q,
}

impl QuoteNet {
    /// `Q = q + Σ PnL⁻ + w_pnl·Σ PnL⁺`
    pub fn net(&self) -> Q {
        &self.balance + &self.losses + &self.w_pnl * &self.gains
    }

    /// What NAV counts: PnL whole.
    pub fn whole(&self) -> Q {
        &self.balance + &self.losses + &self.gains
    }

    /// `max(0, min(q, Q))`
    pub fn seizable(&self) -> Q {
        positive(&min(&self.balance, &self.net()))
    }

    /// `max(0, -Q)`
    pub fn owed(&self) -> Q {
        positive(&-self.net())
    }

    /// The part of what is owed that is the borrow, which comes first.
    pub fn owed_borrow(&self) -> Q {
        min(&self.owed(), &positive(&-self.balance.clone()))
    }

    /// The part of what is owed that is negative PnL.
    pub fn owed_pnl(&self) -> Q {
        self.owed() - self.owed_borrow()
    }
}

/// `side(v) = w_a·v` if v >= 0, `w_l·v` if v < 0 (MARGIN-2).
pub fn side(value: &Q, w_a: &Q, w_l: &Q) -> Q {
    if value.is_negative() {
        w_l * value
    } else {
        w_a * value
    }
}

/// A balance's price in a view.
pub fn balance_price(portfolio: &Portfolio, balance: &Balance, view: View) -> Q {
    let params = &portfolio.params;
    match view {
        View::Plain(at) if !balance.price.stale => balance.price.at(at).clone(),
        View::Plain(at) | View::Eligible(at) => balance_edge(params, balance, at),
        View::Initial if balance.amount.is_negative() => balance.price.high(&params.z),
        View::Initial => balance.price.low(&params.z),
    }
}

/// A balance's signed value in a view.
pub fn balance_value(portfolio: &Portfolio, balance: &Balance, view: View) -> Q {
    &balance.amount * balance_price(portfolio, balance, view)
}

/// A perp's PnL and the notional it is charged on, in a view.
pub fn perp_value(portfolio: &Portfolio, perp: &Perp, view: View) -> (Q, Q) {
    let params = &portfolio.params;
    let (pnl_price, charge_price) = match view {
        View::Plain(at) if !perp.price.stale => (perp.price.at(at).clone(), perp.price.at(at).clone()),
        View::Plain(at) | View::Eligible(at) => {
            let edge = perp_edge(params, perp, at);
            (edge.pnl_price, edge.charge_price)
        }
        View::Initial => {
            let high = perp.price.high(&params.z);
            let pnl = if perp.base.is_negative() { high.clone() } else { perp.price.low(&params.z) };
            (pnl, high)
        }
    };
    (perp.pnl(&pnl_price), perp.notional(&charge_price))
}

/// Quote netting at a level and view; `w_pnl` is zero at initial (MARGIN-3).
pub fn quote_net(portfolio: &Portfolio, level: Level, view: View) -> QuoteNet {
    let counted = |perp: &Perp| perp.counted(&perp_value(portfolio, perp, view).0);
    let pnls: Vec<Q> = portfolio.perps.iter().map(counted).collect();
    let total = |part: fn(&Q) -> Q| pnls.iter().fold(Q::zero(), |t, pnl| t + part(pnl));
    let w_pnl = match level {
        Level::Initial => Q::zero(),
        _ => portfolio.params.w_pnl.clone(),
    };
    QuoteNet {
        balance: balance_value(portfolio, portfolio.quote_balance(), view),
        losses: total(negative),
        gains: total(positive),
        w_pnl,
    }
}

/// NAV and requirement of a portfolio at a level and view.
///
/// R is the sum of the charges: `(1-w_a)·v` and `(w_l-1)·|v|` per token, `rate·notional` per perp, and for
/// quote and PnL together what NAV counts whole less `side(Q)`.
pub fn margin(portfolio: &Portfolio, level: Level, view: View) -> Margin {
    let net = quote_net(portfolio, level, view);
    let quote = portfolio.quote_balance();
    let mut nav = net.whole();
    let mut requirement = net.whole() - side(&net.net(), quote.w_a.at(level), quote.w_l.at(level));
    for (index, balance) in portfolio.balances.iter().enumerate() {
        if index != portfolio.quote {
            let value = balance_value(portfolio, balance, view);
            requirement += &value - side(&value, balance.w_a.at(level), balance.w_l.at(level));
            nav += value;
        }
    }
    for perp in &portfolio.perps {
        requirement += perp.rate.at(level) * perp_value(portfolio, perp, view).1;
    }
    Margin { nav, requirement }
}

/// NAV in a view; it is the same at every level.
pub fn nav(portfolio: &Portfolio, view: View) -> Q {
    margin(portfolio, Level::Maintenance, view).nav
}

/// Maintenance requirement at plain prices.
pub fn mmr(portfolio: &Portfolio, at: At) -> Q {
    margin(portfolio, Level::Maintenance, View::Plain(at)).requirement
}

/// Target requirement at plain prices.
pub fn tmr(portfolio: &Portfolio, at: At) -> Q {
    margin(portfolio, Level::Target, View::Plain(at)).requirement
}

/// Initial requirement at conservative prices.
pub fn imr(portfolio: &Portfolio) -> Q {
    margin(portfolio, Level::Initial, View::Initial).requirement
}

/// `NAV_init - IMR`: what may add risk compares with zero.
pub fn initial_excess(portfolio: &Portfolio) -> Q {
    margin(portfolio, Level::Initial, View::Initial).excess()
}

/// `NAV - MMR` and `NAV - TMR` at plain prices.
pub fn excess(portfolio: &Portfolio, level: Level, at: At) -> Q {
    margin(portfolio, level, View::Plain(at)).excess()
}

/// Under water for liquidation: at spot **and** at the fast EMA with favourable edges, or with the bypass at spot
/// alone (ELIG-1).
pub fn is_eligible(portfolio: &Portfolio, bypass: bool) -> bool {
    let under = |at| margin(portfolio, Level::Maintenance, View::Eligible(at)).is_under_water();
    under(At::Spot) && (bypass || under(At::Fast))
}

/// `w_pnl` must be at most the quote's `w_a`, weights and rates ordered by level, and `(w_l - 1)·p_wd < rate`
/// (LISTING-2, LISTING-3: so that the order of the three margins holds, MARGIN-7).
pub fn listing_is_ordered(portfolio: &Portfolio) -> bool {
    let one = int(1);
    let quote = portfolio.quote_balance();
    let balances = portfolio.balances.iter().all(|b| {
        b.w_a.initial <= b.w_a.target
            && b.w_a.target <= b.w_a.maintenance
            && b.w_a.maintenance <= one
            && b.w_l.maintenance >= one
            && b.w_l.maintenance <= b.w_l.target
            && b.w_l.target <= b.w_l.initial
    });
    let paid_at_most = (&max(&quote.w_l.maintenance, &one) - &one) * &portfolio.params.p_wd;
    let perps = portfolio.perps.iter().all(|p| {
        p.rate.maintenance <= p.rate.target && p.rate.target <= p.rate.initial && paid_at_most < p.rate.maintenance
    });
    balances && perps && portfolio.params.w_pnl <= quote.w_a.maintenance
}
