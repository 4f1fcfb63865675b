//! Sample accounts and prices, made of what is asked for.

use plimsoll_risk::auction::Clocks;
use plimsoll_risk::liquidate::{self, Leg, LegSize, Liability, Request};
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::oracle::{bounds, edge_ppm_up};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::{base_scale_down, edge_from_ppm_up, token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, PpmPerRootSec, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::RiskError;

use super::outcomes::Asked;

/// The clock.
pub const NOW: i64 = 1_760_130_600;
/// What a SOL moves in a second, ppm, as the age of a price is weighed.
const VOLATILITY: PpmPerRootSec = PpmPerRootSec::new(142);

/// What there is of the leg that frees less margin, thousandths of 100 dollars.
const OTHER_MILLI: i64 = 200_000;

/// How a price is seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub dollars: u64,
    pub sigma_ppm: u32,
    pub age_secs: u32,
}

fn price(dollars: u64) -> Price {
    Price::from_decimal_down(dollars, 0).expect("it is a price")
}

fn leg_prices<Worth: Count, Unit: Count>(
    params: &GlobalParams,
    seen: Seen,
    scale: Price,
    (long, half_charge_ppm): (bool, u32),
) -> LegPrices<Worth, Unit> {
    let (spot, sigma, age) = (price(seen.dollars), Ppm::new(seen.sigma_ppm), Secs::new(seen.age_secs));
    let (low, high) = bounds(spot, spot, spot, sigma, params.prices.confidence_sigmas()).expect("they are prices");
    let unit = |price| UnitPrice::new_down(price, scale);
    let stale = age > params.prices.read_age();
    LegPrices {
        spot: unit(spot),
        fast: unit(spot),
        init: unit(if long { low } else { high }),
        init_charge: unit(high),
        edge: edge_from_ppm_up(edge_ppm_up(params, sigma, VOLATILITY, age, Ppm::new(half_charge_ppm))),
        published_at: UnixSecs::new(NOW - seen.age_secs as i64),
        stale,
        old: stale,
        stale_for_hours: false,
        ready: true,
    }
}

fn weights(asset: [u32; 2], liability: [u32; 2], params: &GlobalParams) -> TokenWeights {
    TokenWeights {
        asset_maint_ppm: Ppm::new(asset[0]),
        asset_init_ppm: Ppm::new(asset[1]),
        liability_maint_ppm: Ppm::new(liability[0]),
        liability_init_ppm: Ppm::new(liability[1]),
        ..TokenWeights::default()
    }
    .with_targets(params)
}

fn with_quote(params: &GlobalParams, dollars: i64) -> Portfolio {
    let mut portfolio = Portfolio::empty(*params);
    let seen = Seen { dollars: 1, sigma_ppm: 0, age_secs: 0 };
    let mut prices = leg_prices(params, seen, token_scale_down(6).expect("six decimals"), (dollars >= 0, 0));
    prices.edge = 0;
    let weights = weights([1_000_000, 990_000], [1_000_000, 1_010_000], params);
    portfolio.quote = TokenLeg { amount_atoms: SignedAtoms::new(dollars * 1_000_000), weights, prices, bank: 0 };
    portfolio
}

/// Some milli-SOL of the bank that is asked for, and dollars; negative where they are owed.
pub fn tokens(asked: &Asked, milli_sol: i64, dollars: i64, seen: Seen) -> Portfolio {
    let params = &asked.params;
    let mut portfolio = with_quote(params, dollars);
    let config = &asked.bank.config;
    let asset = [config.asset_maint_ppm, config.asset_init_ppm];
    let weights = weights(asset, [config.liability_maint_ppm, config.liability_init_ppm], params);
    let scale = token_scale_down(9).expect("nine decimals");
    let prices = leg_prices(params, seen, scale, (milli_sol >= 0, 75_000));
    let amount_atoms = SignedAtoms::new(milli_sol * 1_000_000);
    portfolio.tokens[0] = TokenLeg { amount_atoms, weights, prices, bank: 1 };
    portfolio.token_count = 1;
    portfolio
}

/// A perp on SOL of the market that is asked for, opened at an entry, beside dollars.
pub fn position(asked: &Asked, units: i64, entry: i64, dollars: i64, seen: Seen) -> Portfolio {
    let (params, terms) = (&asked.params, &asked.market.terms);
    let mut portfolio = with_quote(params, dollars);
    let rates = MarketRates {
        maint_ppm: Ppm::new(terms.maint_rate_ppm),
        target_ppm: Ppm::ZERO,
        init_ppm: Ppm::new(terms.init_rate_ppm),
    }
    .with_target(params);
    let prices = leg_prices(params, seen, base_scale_down(6, 6).expect("six decimals"), (units >= 0, 15_000));
    let (units, cash_atoms) = (SignedBaseUnits::new(units * 1_000_000), SignedAtoms::new(-units * entry * 1_000_000));
    portfolio.perps[0] = PerpLeg { units, cash_atoms, rates, prices, market: 0, deficit_share_ppm: Ppm::ZERO };
    portfolio.perp_count = 1;
    portfolio
}

/// By how much maintenance and target are exceeded, plainly and at the edges in the account's favour, pico-dollars.
pub fn excesses(portfolio: &Portfolio) -> [i128; 3] {
    let plain = margins(portfolio, PriceKind::Spot, false);
    let edged = margins(portfolio, PriceKind::Spot, true);
    [plain.maint_excess.get(), plain.target_excess.get(), edged.maint_excess.get()]
}

/// By how much initial margin is exceeded, pico-dollars.
pub fn initial_excess(portfolio: &Portfolio) -> i128 {
    initial_margins(portfolio).init_excess.get()
}

/// Whether an account that owes dollars for two kinds of collateral may lose the one that frees less margin: the better
/// frees 15 % of a loan, the other `other_ppm`; of the better there are some milli-units.
pub fn other_leg_is_refused(params: &GlobalParams, other_ppm: u32, better_milli: i64, under_water_secs: u32) -> bool {
    let seen = Seen { dollars: 100, sigma_ppm: 0, age_secs: 0 };
    // Under water by a few dollars, and above what makes a wind-down of it.
    let counted = |milli: i64, weight_ppm: u32| milli / 10 * weight_ppm as i64 / 1_000_000;
    let owed = counted(better_milli, 850_000) + counted(OTHER_MILLI, 1_000_000 - other_ppm) + 5;
    let mut portfolio = with_quote(params, -owed);
    let scale = token_scale_down(9).expect("nine decimals");
    for (place, (maint_ppm, milli)) in
        [(850_000, better_milli), (1_000_000 - other_ppm, OTHER_MILLI)].into_iter().enumerate()
    {
        let weights = weights([maint_ppm, maint_ppm - 50_000], [1_200_000, 1_300_000], params);
        let prices = leg_prices(params, seen, scale, (true, 75_000));
        let amount_atoms = SignedAtoms::new(milli * 1_000_000);
        portfolio.tokens[place] = TokenLeg { amount_atoms, weights, prices, bank: place as u8 + 1 };
    }
    portfolio.token_count = 2;
    refused(portfolio, Leg::Pair { asset: 2, liability: Liability::Borrow(0) }, under_water_secs, NOW - 3_600)
        == Some(RiskError::NotBestLeg)
}

/// Whether an account under water may be liquidated so many seconds after it had passed an initial check.
pub fn is_cooling_off(params: &GlobalParams, since_secs: u32) -> bool {
    let asked = Asked { params: *params, ..Asked::held() };
    let seen = Seen { dollars: 160, sigma_ppm: 0, age_secs: 0 };
    let leg = Leg::Pair { asset: 1, liability: Liability::Borrow(0) };
    refused(tokens(&asked, 100_000, -15_000, seen), leg, 0, NOW - since_secs as i64) == Some(RiskError::CoolOff)
}

fn refused(mut portfolio: Portfolio, leg: Leg, under_water_secs: u32, passed_at: i64) -> Option<RiskError> {
    let clocks = Clocks {
        under_water_secs: Secs::new(under_water_secs),
        observed_at: UnixSecs::new(NOW),
        passed_at: UnixSecs::new(passed_at),
        health_state: plimsoll_risk::auction::HealthState::UnderWater,
        ..Clocks::default()
    };
    let request = Request { leg, max_size: None, min_size: LegSize::ZERO, limit_numerator: 0, limit_denominator: 0 };
    liquidate::plan(&mut portfolio, &clocks, &request, UnixSecs::new(NOW)).err().map(|refusal| refusal.reason)
}
