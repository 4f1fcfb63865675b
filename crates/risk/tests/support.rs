//! Random portfolios for the property tests.
#![allow(dead_code, reason = "each test binary uses a part of these helpers")]

#[path = "support/accepted.rs"]
pub mod accepted;

use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, TokenLeg};
use plimsoll_risk::price::{base_scale_down, edge_from_ppm_up, token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;

pub const NOW: i64 = 1_760_130_600;
/// Decimals of settlement tokens.
pub const QUOTE_DECIMALS: [u8; 5] = [0, 2, 6, 8, 9];

/// One random leg before it becomes a token or a perp.
#[derive(Clone, Debug)]
pub struct Seed {
    pub price_micro: u64,
    pub fast_ppm: u32,
    pub sigma_ppm: u32,
    pub size: f64,
    pub kind: u8,
    pub rate: u32,
    pub init_gap: u32,
    pub stale: bool,
    pub decimals: u8,
}

pub fn seed(stale_share: u32) -> impl Strategy<Value = Seed> {
    (
        (100u64..200_000_000_000, 850_000u32..1_150_000, 0u32..20_000, -1.0f64..1.0),
        (0u8..10, 15_000u32..200_000, 20_000u32..100_000, 0u32..100, 0u8..10),
    )
        .prop_map(move |((price_micro, fast_ppm, sigma_ppm, size), (kind, rate, init_gap, stale, decimals))| {
            Seed { price_micro, fast_ppm, sigma_ppm, size, kind, rate, init_gap, stale: stale < stale_share, decimals }
        })
}

pub fn prices<Worth: Count, Unit: Count>(seed: &Seed, scale: Price, positive: bool) -> LegPrices<Worth, Unit> {
    let spot = Price::from_decimal_down(seed.price_micro, -6).unwrap();
    let fast = spot.scaled_ppm_down(Ppm::new(seed.fast_ppm)).unwrap();
    let z = 2 * seed.sigma_ppm;
    let low = spot.scaled_ppm_down(Ppm::new(1_000_000 - z)).unwrap().min(fast);
    let high = spot.scaled_ppm_down(Ppm::new(1_000_000 + z)).unwrap().max(fast);
    let unit = |p| UnitPrice::new_down(p, scale);
    LegPrices {
        spot: unit(spot),
        fast: unit(fast),
        init: if positive { unit(low) } else { unit(high) },
        init_charge: unit(high),
        edge: edge_from_ppm_up(if seed.stale { Ppm::new(100_000) } else { Ppm::new(z.min(seed.rate / 2)) }),
        published_at: UnixSecs::new(NOW - if seed.stale { 100 } else { 1 }),
        stale: seed.stale,
        old: seed.stale,
        stale_for_hours: false,
        ready: true,
    }
}

pub fn quote_weights(params: &GlobalParams) -> TokenWeights {
    TokenWeights {
        asset_maint_ppm: Ppm::WHOLE,
        asset_init_ppm: Ppm::new(980_000),
        liability_maint_ppm: Ppm::WHOLE,
        liability_init_ppm: Ppm::new(1_020_000),
        ..TokenWeights::default()
    }
    .with_targets(params)
}

/// A token leg of about `dollars`, signed.
pub fn token(seed: &Seed, dollars: f64, bank: u8, params: &GlobalParams) -> TokenLeg {
    // Listing refuses an atom worth more than a hundredth of dust.
    let mut decimals = seed.decimals;
    while seed.price_micro as f64 / 10f64.powi(decimals as i32) > 100_000.0 {
        decimals += 1;
    }
    let seed = &Seed { decimals, ..seed.clone() };
    let scale = token_scale_down(seed.decimals).unwrap();
    let per_atom = seed.price_micro as f64 / 10f64.powi(seed.decimals as i32);
    let amount = (dollars * 1e6 / per_atom) as i64;
    let weights = TokenWeights {
        asset_maint_ppm: Ppm::new(1_000_000 - seed.rate),
        asset_init_ppm: Ppm::new(1_000_000 - seed.rate - seed.init_gap),
        liability_maint_ppm: Ppm::new(1_000_000 + seed.rate),
        liability_init_ppm: Ppm::new(1_000_000 + seed.rate + seed.init_gap),
        ..TokenWeights::default()
    }
    .with_targets(params);
    TokenLeg { amount_atoms: SignedAtoms::new(amount), weights, prices: prices(seed, scale, amount >= 0), bank }
}

/// A perp of about `dollars` notional, signed, whose PnL at spot is about `pnl` dollars, in a quote of six decimals.
pub fn perp(seed: &Seed, dollars: f64, pnl: f64, market: u8, params: &GlobalParams) -> PerpLeg {
    perp_in(6, seed, dollars, pnl, market, params)
}

/// [`perp`] in a quote of these decimals.
pub fn perp_in(quote_decimals: u8, seed: &Seed, dollars: f64, pnl: f64, market: u8, params: &GlobalParams) -> PerpLeg {
    // A base unit is worth less than a thousandth of a dollar.
    let mut base_decimals = 0u8;
    while seed.price_micro as f64 / 10f64.powi(base_decimals as i32) > 1_000.0 {
        base_decimals += 1;
    }
    let scale = base_scale_down(quote_decimals, base_decimals).unwrap();
    let units = (dollars * 1e6 / (seed.price_micro as f64 / 10f64.powi(base_decimals as i32))) as i64;
    let rates = MarketRates {
        maint_ppm: Ppm::new(seed.rate),
        target_ppm: Ppm::ZERO,
        init_ppm: Ppm::new(seed.rate + seed.init_gap),
    }
    .with_target(params);
    PerpLeg {
        units: SignedBaseUnits::new(units),
        cash_atoms: SignedAtoms::new(((pnl - dollars) * 10f64.powi(quote_decimals as i32)) as i64),
        rates,
        prices: prices(seed, scale, units >= 0),
        market,
        // Of a quarter of the legs a claim on the market gets less than par.
        deficit_share_ppm: if seed.init_gap % 4 == 0 { Ppm::new(seed.rate * 5) } else { Ppm::ZERO },
    }
}

/// The same portfolio without dust and with the fast average at spot, where sizes are exact.
pub fn calm(mut p: Portfolio) -> Portfolio {
    p.params.legs.dust_usd_micro = 1;
    fn still<Worth: Copy, Unit: Copy>(prices: &mut LegPrices<Worth, Unit>) {
        prices.fast = prices.spot;
    }
    still(&mut p.quote.prices);
    p.tokens.iter_mut().for_each(|leg| still(&mut leg.prices));
    p.perps.iter_mut().for_each(|leg| still(&mut leg.prices));
    p
}

/// Portfolios around and below maintenance, with up to six tokens and four perps beside quote, under the default
/// parameters or under others that their listings accept.
pub fn portfolio(stale_share: u32) -> impl Strategy<Value = Portfolio> {
    under(stale_share, Just(6u8), any_params())
}

/// The same under the default parameters alone, for bounds that are theirs.
pub fn default_portfolio(stale_share: u32) -> impl Strategy<Value = Portfolio> {
    under(stale_share, Just(6u8), Just(None))
}

/// [`portfolio`] whose quote has any decimals that settlement tokens have.
pub fn portfolio_of_any_quote(stale_share: u32) -> impl Strategy<Value = Portfolio> {
    under(stale_share, proptest::sample::select(&QUOTE_DECIMALS[..]), any_params())
}

/// The defaults, or others.
fn any_params() -> impl Strategy<Value = Option<accepted::Drawn>> {
    prop_oneof![1 => Just(None), 3 => accepted::drawn().prop_map(Some)]
}

fn under(
    stale_share: u32,
    decimals: impl Strategy<Value = u8>,
    drawn: impl Strategy<Value = Option<accepted::Drawn>>,
) -> impl Strategy<Value = Portfolio> {
    (
        (decimals, drawn),
        proptest::collection::vec(seed(stale_share), 1..10),
        seed(0),
        -0.15f64..0.25,
        1.0f64..7.0,
        proptest::collection::vec(-0.2f64..0.2, 10),
        700_000u32..=1_000_000,
    )
        .prop_map(|((decimals, drawn), seeds, quote, cushion, magnitude, pnls, pnl_weight)| {
            let quote = Seed { decimals, ..quote };
            let default = GlobalParams::DEFAULT.with(|new| new.perps.pnl_weight_ppm = pnl_weight);
            let build = |params: &GlobalParams| build(&seeds, &quote, cushion, 10f64.powf(magnitude), &pnls, params);
            let p = build(&default);
            let params = drawn.and_then(|drawn| accepted::with_floor(&p, &drawn));
            params.map(|params| build(&params)).filter(|p| accepted::check(p).is_ok()).unwrap_or(p)
        })
}

fn build(seeds: &[Seed], quote: &Seed, cushion: f64, size: f64, pnls: &[f64], params: &GlobalParams) -> Portfolio {
    let quote_decimals = quote.decimals;
    // Listing wants an atom to be worth at most a hundredth of dust.
    let least_dust = 200 * 10u64.pow(6 - quote_decimals.min(6) as u32);
    let params = &(*params).with(|new| new.legs.dust_usd_micro = params.legs.dust_usd_micro.max(least_dust));
    let mut p = Portfolio::empty(*params);
    let (mut gross, mut net) = (0.0, 0.0);
    for (i, seed) in seeds.iter().enumerate() {
        let dollars = seed.size * size;
        if seed.kind < 6 && p.token_count < 6 {
            p.tokens[p.token_count] = token(seed, dollars, i as u8 + 1, params);
            p.token_count += 1;
            net += dollars;
        } else if p.perp_count < 4 {
            let pnl = pnls[i] * dollars.abs();
            p.perps[p.perp_count] = perp_in(quote_decimals, seed, dollars, pnl, i as u8, params);
            p.perp_count += 1;
            net += pnl;
        }
        gross += dollars.abs();
    }
    // Quote makes up the difference to the cushion that was drawn.
    let q = cushion * gross - net;
    let quote =
        Seed { price_micro: 999_000 + quote.price_micro % 2_000, fast_ppm: 1_000_000, rate: 0, ..quote.clone() };
    let mut leg = TokenLeg {
        amount_atoms: SignedAtoms::new((q * 10f64.powi(quote_decimals as i32)) as i64),
        weights: quote_weights(params),
        prices: prices(&quote, token_scale_down(quote_decimals).unwrap(), true),
        bank: 0,
    };
    leg.prices.edge = 0;
    p.quote = leg;
    p
}
