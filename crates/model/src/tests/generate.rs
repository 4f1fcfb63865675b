//! Random listings and accounts that satisfy what listing checks.

use num_traits::Zero;

use super::prng::Prng;
use crate::margin::{listing_is_ordered, margin, quote_net, View};
use crate::portfolio::{At, Balance, Level, Levels, Perp, Portfolio, Price};
use crate::rational::{int, ppm, Q};
use crate::Params;

/// How far the three prices of a slot lie apart.
#[derive(Clone, Copy, PartialEq)]
pub enum Spread {
    None,
    Wide,
}

fn price(rng: &mut Prng, spread: Spread) -> Price {
    let mut price = Price::flat(rng.ratio(4, 4_000, 8));
    if spread == Spread::Wide {
        price.fast = &price.spot * rng.ratio(900, 1_100, 1_000);
        price.slow = &price.spot * rng.ratio(900, 1_100, 1_000);
        price.conf = ppm(rng.range(0, 30_000));
        price.sigma = ppm(rng.range(0, 2_000));
    }
    price
}

fn balance(rng: &mut Prng, spread: Spread, amount: Q) -> Balance {
    let a = rng.range(700_000, 950_000);
    let l = rng.range(1_020_000, 1_200_000);
    Balance {
        amount,
        price: price(rng, spread),
        w_a: Levels::asset_weights(ppm(a), ppm(a - rng.range(5_000, 150_000))),
        w_l: Levels::liability_weights(ppm(l), ppm(l + rng.range(5_000, 200_000))),
    }
}

fn perp(rng: &mut Prng, spread: Spread) -> Perp {
    let price = price(rng, spread);
    let base = int(rng.range(-400, 400));
    let entry = &price.spot * rng.ratio(850, 1_150, 1_000);
    let rate = rng.range(12_000, 100_000);
    Perp {
        cash: -(&base * entry),
        base,
        price,
        rate: Levels::perp_rates(ppm(rate), ppm(rate + rng.range(10_000, 100_000))),
        claim: int(1),
    }
}

fn quote(rng: &mut Prng) -> Balance {
    let a = rng.range(960_000, 1_000_000);
    let l = rng.range(1_000_000, 1_080_000);
    Balance {
        amount: int(rng.range(-60_000, 60_000)),
        price: Price::flat(int(1)),
        w_a: Levels::asset_weights(ppm(a), ppm(a - rng.range(10_000, 40_000))),
        w_l: Levels::liability_weights(ppm(l), ppm(l + rng.range(10_000, 80_000))),
    }
}

/// A portfolio of up to five balances and three perps. The quote is at par: see the tests of `settling` for why.
pub fn portfolio(rng: &mut Prng, spread: Spread) -> Portfolio {
    let tokens = rng.range(0, 4);
    let perps = rng.range(0, 3);
    let mut balances: Vec<Balance> = (0..tokens)
        .map(|_| {
            let amount = int(rng.range(-150, 300));
            balance(rng, spread, amount)
        })
        .collect();
    let at = rng.index(balances.len() + 1);
    balances.insert(at, quote(rng));
    let w_pnl = match rng.range(0, 2) {
        0 => Q::zero(),
        1 => balances[at].w_a.maintenance.clone(),
        _ => &balances[at].w_a.maintenance * rng.ratio(0, 100, 100),
    };
    let portfolio = Portfolio {
        quote: at,
        balances,
        perps: (0..perps).map(|_| perp(rng, spread)).collect(),
        params: Params { w_pnl, ..Params::default() },
    };
    assert!(listing_is_ordered(&portfolio));
    portfolio
}

/// Sets the quote balance so that `NAV = h·MMR` exactly, at plain spot: `NAV - h·MMR` has one kink in q, at Q = 0.
pub fn at_ratio(mut portfolio: Portfolio, h: &Q) -> Portfolio {
    let view = View::Plain(At::Spot);
    let net = quote_net(&portfolio, Level::Maintenance, view).net();
    let quote = portfolio.quote;
    portfolio.balances[quote].amount -= net;
    let at_kink = margin(&portfolio, Level::Maintenance, view);
    let gap = &at_kink.nav - h * &at_kink.requirement;
    let weights = portfolio.quote_balance().clone();
    let slope = if gap > Q::zero() {
        int(1) + h * (&weights.w_l.maintenance - int(1))
    } else {
        int(1) - h * (int(1) - &weights.w_a.maintenance)
    };
    portfolio.balances[quote].amount -= gap / slope;
    portfolio
}

/// An account under water at spot, with h in `0.01 ..= 0.99` or as given.
pub fn under_water(rng: &mut Prng, spread: Spread, low: i128, high: i128) -> Portfolio {
    loop {
        let candidate = portfolio(rng, spread);
        let h = rng.ratio(low, high, 100);
        let account = at_ratio(candidate, &h);
        let found = margin(&account, Level::Maintenance, View::Plain(At::Spot));
        if found.requirement > Q::zero() {
            assert_eq!(found.nav, &h * &found.requirement);
            return account;
        }
    }
}
