//! One account under water, exactly: what the model says of it, with the rounding that each answer may have.

use plimsoll_model::legs::{clamp_of, leg_rates, legs_above, may_be_best, owed_value, perp_value_left, seizable_value};
use plimsoll_model::margin::{balance_value, margin, perp_value, quote_net};
use plimsoll_model::penalty::{cure_penalty, p_max, release, release_at_zero, wind_down_penalty, LegRates};
use plimsoll_model::rational::{max, min, positive};
use plimsoll_model::{self as model, int, ppm, At as ModelAt, Level, Margin, View, Q};
use plimsoll_risk::auction::{Clocks, Regime};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::RegimeChoice;
use plimsoll_risk::portfolio::{Portfolio, PriceKind};

use super::{bounds, cut_gains, unit, For};

/// What a dollar amount may be off after a few roundings beside those of [`super::bounds`], micro-dollars.
pub const CENT: i128 = 10_000;

/// An account under water, exactly.
pub struct Case {
    pub p: Portfolio,
    pub clocks: Clocks,
    pub exact: model::Portfolio,
    /// Maintenance and target margins at spot and at the fast average.
    pub maint: [Margin; 2],
    pub target: [Margin; 2],
    /// What is open of each leg that holds anything: the least of its parts, micro-dollars.
    pub open: Vec<(model::Leg, Q)>,
    /// Bounds of NAV and `NAV - R`; a micro-dollar value of one quote atom.
    pub nav_bound: Q,
    pub excess_bound: Q,
    pub quote: Q,
}

impl Case {
    pub fn new(p: Portfolio, clocks: Clocks) -> Case {
        let exact = super::portfolio(&p, For::Maintenance(PriceKind::Spot));
        let quote = unit(p.quote.prices.spot);
        let (nav_bound, excess_bound) = bounds(&p, &quote);
        let at = |level| [ModelAt::Spot, ModelAt::Fast].map(|at| margin(&exact, level, View::Plain(at)));
        let (maint, target) = (at(Level::Maintenance), at(Level::Target));
        let open = |leg: model::Leg| (leg, clamp_of(&exact, leg, &int(0)));
        let open = legs_above(&exact, &int(0)).into_iter().map(open).collect();
        Case { p, clocks, exact, maint, target, open, nav_bound, excess_bound, quote }
    }

    /// G where its two readings meet: stale legs at their favourable edge, as everywhere, and quote netted with
    /// PnL before it counts as an asset, as in the requirement that G stands for. The model's own takes plain prices
    /// and the balance of quote.
    pub fn gross(&self, at: ModelAt) -> Q {
        let view = View::Plain(at);
        let tokens = self.exact.balances[1..].iter().map(|b| positive(&balance_value(&self.exact, b, view)));
        let perps = self.exact.perps.iter().map(|x| perp_value(&self.exact, x, view).1);
        let net = quote_net(&self.exact, Level::Maintenance, view).net();
        tokens.chain(perps).fold(positive(&net), |sum, value| sum + value)
    }

    /// h and what rounding may take from it.
    pub fn health(&self, at: usize) -> Option<(Q, Q)> {
        let m = &self.maint[at];
        let bound = &self.nav_bound + &self.excess_bound;
        // An account whose requirement is of the size of the rounding has no ratio worth comparing.
        if m.requirement < int(100) * &bound {
            return None;
        }
        Some((m.ratio()?, int(2) * bound / &m.requirement + ppm(2)))
    }

    /// Legs whose parts are worth more than `above`; none where one is worth nearly that.
    pub fn legs_above(&self, above: &Q) -> Option<Vec<model::Leg>> {
        let mut found = Vec::new();
        for (leg, open) in &self.open {
            if *open > above + int(CENT) {
                found.push(*leg);
            } else if *open > above - int(CENT) && *above > int(0) {
                return None;
            }
        }
        Some(found)
    }

    pub fn rates(&self, leg: model::Leg, level: Level) -> LegRates {
        leg_rates(&self.exact, leg, level)
    }

    /// `NAV < e·G`; none within rounding. The integer e is rounded up to a part per million.
    pub fn is_below_boundary(&self, index: usize, at: ModelAt) -> Option<bool> {
        let (nav, gross) = (&self.maint[index].nav, self.gross(at));
        let e = self.exact.params.regime_boundary();
        let slack = int(3) * &self.excess_bound;
        if *nav < &e * &gross - &slack {
            return Some(true);
        }
        (*nav > (e + ppm(1)) * gross + slack).then_some(false)
    }

    /// Some leg above dust pays; none within rounding.
    pub fn some_leg_pays(&self, index: usize) -> Option<bool> {
        let params = &self.exact.params;
        let legs = self.legs_above(&params.dust)?;
        if self.maint[index].nav < -&self.nav_bound || legs.is_empty() {
            return Some(false);
        }
        let (h, off) = self.health(index)?;
        let pays = |h: &Q, less: &Q| {
            legs.iter().any(|leg| {
                let ceiling = p_max(params, h, &self.rates(*leg, Level::Maintenance)) - less;
                ceiling * (int(1) - &params.insurance_share) >= params.p_floor
            })
        };
        match (pays(&(&h - off), &ppm(1)), pays(&h, &int(0))) {
            (true, _) => Some(true),
            (_, false) => Some(false),
            _ => None,
        }
    }

    /// Regime and whether only spot says wind-down.
    pub fn regime(&self) -> Option<RegimeChoice> {
        let says = |index, at| match (self.is_below_boundary(index, at), self.some_leg_pays(index)) {
            (Some(true), _) | (_, Some(false)) => Some(true),
            (Some(false), Some(true)) => Some(false),
            _ => None,
        };
        if !says(0, ModelAt::Spot)? {
            return Some(RegimeChoice { regime: Regime::Cure, is_spot_alone: false });
        }
        let whole = self.clocks.bypass || says(1, ModelAt::Fast)?;
        Some(RegimeChoice { regime: Regime::WindDown, is_spot_alone: !whole })
    }

    /// The best m at p = 0; none where a leg's value is within rounding of what it is compared with.
    pub fn best_release(&self) -> Option<Option<Q>> {
        let params = &self.exact.params;
        let share = &params.best_leg_min_of_gross * self.gross(ModelAt::Spot);
        for above in [&max(&params.dust, &share), &params.dust, &int(0)] {
            let mut legs = self.legs_above(above)?;
            legs.retain(|leg| may_be_best(&self.exact, *leg));
            if !legs.is_empty() {
                return Some(legs.iter().map(|leg| release_at_zero(&self.rates(*leg, Level::Maintenance))).max());
            }
        }
        Some(None)
    }

    pub fn penalty(&self, regime: Regime, leg: model::Leg) -> Option<(Q, Q)> {
        let params = &self.exact.params;
        if regime == Regime::WindDown {
            return Some((wind_down_penalty(params, &int(self.clocks.wind_down_secs.get() as i128)), ppm(1)));
        }
        let (h, off) = self.health(0)?;
        let rates = self.rates(leg, Level::Maintenance);
        // p_max moves by at most k·m / (1 - k/2)^2 < 3m per h, the depth term by s·m; each is floored once.
        let bound = int(3) * release_at_zero(&rates) * off + ppm(2);
        Some((cure_penalty(params, &int(self.clocks.under_water_secs.get() as i128), &h, &rates), bound))
    }

    /// Micro-dollars of one debt atom or base unit, at spot and at the fast average.
    pub fn prices(&self, leg: model::Leg) -> [Q; 2] {
        let price = match leg {
            model::Leg::Perp(market) => &self.exact.perps[market].price,
            model::Leg::Pair { debt: model::Debt::Balance(index), .. } => &self.exact.balances[index].price,
            model::Leg::Pair { .. } => &self.exact.balances[0].price,
        };
        [price.spot.clone(), price.fast.clone()]
    }

    /// `min(x*_spot, x*_EMA)` in atoms and what rounding may add; none where the penalty eats the release.
    pub fn target_size(&self, leg: model::Leg, p: &Q, at: &[usize]) -> Option<(Q, Q)> {
        let per_unit = release(&self.rates(leg, Level::Target), p) - p;
        if per_unit <= int(0) {
            return None;
        }
        let prices = self.prices(leg);
        let size = |more: &Q, rest: i128| {
            let sizes = at.iter().map(|i| {
                let shortfall = positive(&-self.target[*i].excess()) + more;
                // Up to a micro-dollar, a quote atom and two units more.
                let dollars = shortfall / &per_unit + int(rest) * (int(1) + &self.quote);
                dollars / &prices[*i] + int(2 * rest)
            });
            sizes.min().unwrap()
        };
        Some((size(&int(0), 0), size(&self.excess_bound, 1)))
    }

    /// Least and most that a plan without the caller's bounds may close, atoms.
    pub fn sizes(&self, leg: model::Leg, p: &Q, choice: RegimeChoice) -> (Q, Q) {
        let price = &self.prices(leg)[0];
        let slack = self.slack() / price + int(2);
        let clamp = clamp_of(&self.exact, leg, p) / price;
        let (clamp_low, clamp_high) = (&clamp - &slack, &clamp + &slack);
        let target = match (choice.regime, choice.is_spot_alone) {
            (Regime::WindDown, false) => None,
            (Regime::WindDown, true) => self.target_size(leg, p, &[1]),
            (Regime::Cure, _) if self.clocks.bypass => self.target_size(leg, p, &[0]),
            (Regime::Cure, _) => self.target_size(leg, p, &[0, 1]),
        };
        let Some((low, high)) = target else { return (clamp_low, clamp_high) };
        let (low, high) = (min(&low, &clamp_low), min(&high, &clamp_high));
        match (self.leaves_dust(leg, p, &low), self.leaves_dust(leg, p, &high)) {
            (Some(false), Some(false)) => (low, high),
            (Some(true), Some(true)) => (clamp_low, clamp_high),
            _ => (low, clamp_high),
        }
    }

    /// What the amounts taken and owed in quote may be off: an atom for each PnL, one where a deficit cuts it and one for
    /// the weighted gains, and a few micro-dollars.
    pub fn slack(&self) -> Q {
        int(2 * self.p.perp_count as i128 + cut_gains(&self.p) + 1) * &self.quote + int(4)
    }

    /// The largest notional that rounding to atoms may make unfillable, micro-dollars.
    ///
    /// A cure improves by at least `(1 - k)·h·m >= (1 - k)·e`, a third of a thousandth of what it closes, and an atom of
    /// either part must weigh less than that: four of each, and of what
    /// values are rounded by, at the largest weight, where the caller cut it.
    pub fn refusable(&self, leg: model::Leg, reason: RiskError) -> Q {
        let atoms = match leg {
            model::Leg::Perp(_) => self.quote.clone(),
            model::Leg::Pair { asset, .. } => &self.exact.balances[asset].price.spot + &self.prices(leg)[0],
        };
        match reason {
            RiskError::AfterCheckFailed => int(16_000) * (atoms + int(10) + &self.nav_bound + &self.excess_bound),
            RiskError::FillTooSmall => int(2) * atoms + self.slack(),
            _ => int(0),
        }
    }

    /// Whether closing `size` atoms leaves less than dust of either part; none within rounding, which keeps up to an atom
    /// of the collateral.
    pub fn leaves_dust(&self, leg: model::Leg, p: &Q, size: &Q) -> Option<bool> {
        let dust = &self.exact.params.dust;
        let kept = match leg {
            model::Leg::Perp(_) => int(0),
            model::Leg::Pair { asset, .. } => self.exact.balances[asset].price.spot.clone(),
        };
        let off = int(CENT) + kept;
        let x = size * &self.prices(leg)[0];
        let lefts = match leg {
            model::Leg::Perp(market) => vec![perp_value_left(&self.exact, market) - x],
            model::Leg::Pair { asset, debt } => {
                vec![owed_value(&self.exact, debt) - &x, seizable_value(&self.exact, asset) - x * (int(1) + p)]
            }
        };
        if lefts.iter().any(|left| *left < dust - &off) {
            return Some(true);
        }
        lefts.iter().all(|left| *left >= dust + &off).then_some(false)
    }
}
