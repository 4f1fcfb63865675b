//! The same account for both implementations: integers of `plimsoll-risk` as exact rationals of `plimsoll-model`.
//!
//! The model's dollar is a micro-dollar here and its whole token is an atom, so that nothing is lost by a division.
//! A perp lives in quote atoms: its prices and cash are multiplied by the quote's unit price of the view.
#![allow(dead_code, reason = "each test binary uses a part of these helpers")]

pub mod case;
pub mod kinds;
pub mod wild;

use plimsoll_model as model;
use plimsoll_model::rational::two_to_minus;
use plimsoll_model::{int, ppm, Levels, Q};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::{Price, TokenPrice, UnitPrice};
use plimsoll_risk::units::{Ppm, SignedAtoms, SignedBaseUnits};

/// Which prices a conversion has to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Spot, fast average and edges, with PnL at the quote's price of this view.
    Maintenance(PriceKind),
    /// The conservative prices of initial margin; the quote must be at par.
    Initial,
}

/// `mantissa * 2^-shift`
pub fn unit<Worth: Copy, Unit: Copy>(price: UnitPrice<Worth, Unit>) -> Q {
    let mantissa = int(price.mantissa() as i128);
    if price.shift() >= 0 {
        mantissa * two_to_minus(price.shift() as u32)
    } else {
        mantissa / two_to_minus(price.shift().unsigned_abs())
    }
}

/// `mantissa * 2^exponent`
pub fn price(price: Price) -> Q {
    unit(TokenPrice::from_parts(price.mantissa, -price.exponent))
}

/// Pico-dollars as micro-dollars.
pub fn pico(value: i128) -> Q {
    model::ratio(value, 1_000_000)
}

pub fn params(p: &GlobalParams) -> model::Params {
    let part = |value: u32| ppm(value as i128);
    model::Params {
        p0: part(p.auction.penalty_start_ppm),
        pcap: part(p.auction.penalty_cap_ppm),
        auction_secs: int(p.auction.auction_secs as i128),
        depth_slope: part(p.auction.depth_slope_ppm),
        k: part(p.auction.improvement_factor_ppm),
        insurance_share: part(p.auction.insurance_share_ppm),
        p_floor: part(p.auction.penalty_floor_ppm),
        p_wd: part(p.wind_down.wind_down_penalty_ppm),
        wind_down_secs: int(p.wind_down.wind_down_secs as i128),
        h_ceiling: part(p.auction.health_cap_ppm),
        best_leg_share: part(p.legs.best_leg_share_ppm),
        best_leg_min_of_gross: part(p.legs.best_leg_min_ppm),
        dust: int(p.legs.dust_usd_micro as i128),
        // A leg's edge is already decided in the integer table; one sigma of age carries it over unchanged.
        z: int(1),
        z_age: int(1),
        b_max: int(1),
        w_pnl: part(p.perps.pnl_weight_ppm),
    }
}

fn leg_prices<Worth: Copy, Unit: Copy>(
    prices: &LegPrices<Worth, Unit>,
    factor: [&Q; 2],
    owns: bool,
    what: For,
) -> model::Price {
    let (spot, fast, slow) = match what {
        For::Maintenance(_) => {
            let spot = unit(prices.spot) * factor[0];
            (spot.clone(), unit(prices.fast) * factor[1], spot)
        }
        For::Initial => {
            // Low and high of the table as the two averages: the model takes the worst of three.
            let (init, charge) = (unit(prices.init), unit(prices.init_charge));
            let low = if owns { init.clone() } else { charge.clone() };
            (low.clone(), low, if owns { charge } else { init })
        }
    };
    model::Price {
        spot,
        fast,
        slow,
        conf: int(0),
        sigma: int(prices.edge as i128) * two_to_minus(64),
        age_root: int(1),
        stale: prices.stale,
    }
}

pub fn asset_weights(w: &TokenWeights) -> Levels {
    let part = |value: u32| ppm(value as i128);
    Levels {
        maintenance: part(w.asset_maint_ppm.get()),
        target: part(w.asset_target_ppm.get()),
        initial: part(w.asset_init_ppm.get()),
    }
}

pub fn liability_weights(w: &TokenWeights) -> Levels {
    let part = |value: u32| ppm(value as i128);
    Levels {
        maintenance: part(w.liability_maint_ppm.get()),
        target: part(w.liability_target_ppm.get()),
        initial: part(w.liability_init_ppm.get()),
    }
}

pub fn rates(r: &MarketRates) -> Levels {
    let part = |value: u32| ppm(value as i128);
    Levels { maintenance: part(r.maint_ppm.get()), target: part(r.target_ppm.get()), initial: part(r.init_ppm.get()) }
}

fn balance(leg: &TokenLeg, what: For) -> model::Balance {
    let one = int(1);
    model::Balance {
        amount: int(leg.amount_atoms.get() as i128),
        price: leg_prices(&leg.prices, [&one, &one], leg.amount_atoms >= SignedAtoms::ZERO, what),
        w_a: asset_weights(&leg.weights),
        w_l: liability_weights(&leg.weights),
    }
}

/// A perp whose quote token is worth `quote` micro-dollars an atom.
pub fn perp(leg: &PerpLeg, quote: &Q, what: For) -> model::Perp {
    model::Perp {
        base: int(leg.units.get() as i128),
        cash: int(leg.cash_atoms.get() as i128) * quote,
        price: leg_prices(&leg.prices, [quote, quote], leg.units >= SignedBaseUnits::ZERO, what),
        rate: rates(&leg.rates),
        claim: int(1) - ppm(leg.deficit_share_ppm.get() as i128),
    }
}

/// The account with quote as balance 0, tokens from 1 and perps from 0, in the order of the table.
pub fn portfolio(p: &Portfolio, what: For) -> model::Portfolio {
    let quote = match what {
        For::Maintenance(at) => unit(p.quote.prices.plain(at)),
        For::Initial => unit(p.quote.prices.init),
    };
    let balances = core::iter::once(&p.quote).chain(p.tokens()).map(|leg| balance(leg, what)).collect();
    let perps = p.perps().iter().map(|leg| perp(leg, &quote, what)).collect();
    model::Portfolio { quote: 0, balances, perps, params: params(&p.params) }
}

pub(super) fn balance_index(p: &Portfolio, bank: u8) -> Option<usize> {
    if bank == p.quote.bank {
        return Some(0);
    }
    p.tokens().iter().position(|leg| leg.bank == bank).map(|index| index + 1)
}

pub(super) fn perp_index(p: &Portfolio, market: u8) -> Option<usize> {
    p.perps().iter().position(|leg| leg.market == market)
}

/// The same account with half of each price's bits: every formula rounds as before, and rationals stay short.
pub fn coarse(mut p: Portfolio) -> Portfolio {
    const HALF: u64 = !0 << 32;
    fn cut<Worth, Unit>(prices: &mut LegPrices<Worth, Unit>) {
        for unit in [&mut prices.spot, &mut prices.fast, &mut prices.init, &mut prices.init_charge] {
            *unit = UnitPrice::from_parts(unit.mantissa() & HALF, unit.shift());
        }
        prices.edge &= HALF;
    }
    cut(&mut p.quote.prices);
    p.tokens.iter_mut().for_each(|leg| cut(&mut leg.prices));
    p.perps.iter_mut().for_each(|leg| cut(&mut leg.prices));
    p
}

/// Legs whose gain a deficit cuts: each is rounded once more.
pub fn cut_gains(p: &Portfolio) -> i128 {
    p.perps().iter().filter(|leg| leg.deficit_share_ppm != Ppm::ZERO).count() as i128
}

/// What rounding may take from NAV, and from `NAV - R` at any level, micro-dollars.
///
/// NAV: a micro-dollar for each token and for quote, an atom of quote for each PnL and one where a deficit cuts it. `NAV - R`: each token's
/// micro-dollar at its weight (at most `w`), of quote the PnL's atoms and one of the weighted gains, at most an atom of
/// charge for each perp and one for their sum; and never more than NAV, so NAV's bound too. The mantissa of a price at
/// its edge is rounded as well, by less than 2^-62 of a value: one more micro-dollar below 2^62.
pub fn bounds(p: &Portfolio, quote: &Q) -> (Q, Q) {
    let (tokens, perps) = (p.token_count as i128, p.perp_count as i128);
    let weights = p.tokens().iter().map(|leg| leg.weights.liability_init_ppm);
    let w =
        ppm(weights.chain([p.quote.weights.liability_init_ppm, Ppm::WHOLE]).max().unwrap_or(Ppm::ZERO).get() as i128);
    let cut = cut_gains(p);
    let nav = int(2 * tokens + 1) + int(2 * perps + cut) * quote;
    let excess = (int(2 * tokens + 2) + int(4 * perps + cut + 1) * quote) * w;
    (nav, excess)
}
