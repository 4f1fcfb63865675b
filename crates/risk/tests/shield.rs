//! The best-leg rule protects a borrower; it must not protect whoever buys it.

mod support;

use plimsoll_risk::auction::{Clocks, HealthState};
use plimsoll_risk::liquidate::LegName;
use plimsoll_risk::liquidate::{assess, plan, Leg, LegSize, Liability, Request};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, TokenLeg};
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::RiskError;
use support::{quote_weights, NOW};

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const DOLLAR: i64 = 1_000_000;

fn fresh<Worth: Count, Unit: Count>(dollars: u64, scale: Price) -> LegPrices<Worth, Unit> {
    let unit = UnitPrice::new_down(Price::from_decimal_down(dollars, 0).unwrap(), scale);
    let ready = true;
    LegPrices {
        spot: unit,
        fast: unit,
        init: unit,
        init_charge: unit,
        published_at: UnixSecs::new(NOW),
        ready,
        ..Default::default()
    }
}

/// A balance of a token worth a dollar.
fn token(bank: u8, dollars: i64, asset_ppm: u32, liability_ppm: u32) -> TokenLeg {
    let weights = TokenWeights::new(
        Ppm::new(asset_ppm),
        Ppm::new(asset_ppm.saturating_sub(100_000)),
        Ppm::new(liability_ppm),
        Ppm::new(liability_ppm + 100_000),
        &PARAMS,
    );
    let prices = fresh(1, token_scale_down(6).unwrap());
    TokenLeg { amount_atoms: SignedAtoms::new(dollars * DOLLAR), weights: weights.unwrap(), prices, bank }
}

/// A long of 1,000 SOL at $200 whose losses were settled: a NAV of $4,000, what is not held in tokens in quote.
fn trader(beside: &[TokenLeg]) -> Portfolio {
    let mut portfolio = Portfolio::empty(PARAMS);
    let held: i64 = beside.iter().map(|leg| leg.amount_atoms.get()).sum();
    portfolio.quote = TokenLeg {
        amount_atoms: SignedAtoms::new(4_000 * DOLLAR - held),
        weights: quote_weights(&PARAMS),
        prices: fresh(1, token_scale_down(6).unwrap()),
        bank: 0,
    };
    portfolio.perps[0] = PerpLeg {
        units: SignedBaseUnits::new(1_000 * DOLLAR),
        cash_atoms: SignedAtoms::new(-200_000 * DOLLAR),
        rates: MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) },
        prices: fresh(200, base_scale_down(6, 6).unwrap()),
        market: 7,
        ..PerpLeg::default()
    };
    portfolio.perp_count = 1;
    portfolio.tokens[..beside.len()].copy_from_slice(beside);
    portfolio.token_count = beside.len();
    portfolio
}

fn take_the_perp(portfolio: &Portfolio) -> Result<u64, RiskError> {
    let clocks = Clocks {
        under_water_secs: Secs::new(5),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    };
    assert!(assess(portfolio, &clocks, UnixSecs::new(NOW)).regime.is_some(), "under water");
    let leg = Leg::Perp { market: 7 };
    let request = Request { leg, max_size: None, min_size: LegSize::new(0), limit_numerator: 0, limit_denominator: 0 };
    plan(&mut portfolio.clone(), &clocks, &request, UnixSecs::new(NOW))
        .map(|plan| plan.size.get())
        .map_err(|refusal| refusal.reason)
}

/// Eight thousand dollars (4 % of G) of a token that counts nothing, beside a debt in quote, made every perp
/// inadmissible for a hundred seconds: a token that nobody wants was a shield (LEG-2).
#[test]
fn a_token_that_counts_nothing_is_no_shield_for_a_perp() {
    assert!(take_the_perp(&trader(&[])).is_ok());
    for asset_ppm in [0, 250_000, 499_999] {
        let size = take_the_perp(&trader(&[token(1, 8_000, asset_ppm, 1_300_000)]));
        assert!(size.is_ok(), "weight {asset_ppm}: {size:?}");
    }
}

/// Nor is a small debt of a token that counts more than double: who has to buy it back may not find it (LEG-2).
#[test]
fn a_debt_that_counts_more_than_double_is_no_shield_for_a_perp() {
    let beside = [token(1, 11_000, 850_000, 1_120_000), token(2, -3_000, 400_000, 2_000_001)];
    let clocks = Clocks {
        under_water_secs: Secs::new(5),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    };
    let best = assess(&trader(&beside), &clocks, UnixSecs::new(NOW)).best.unwrap();
    assert_eq!(best.name, Some(LegName::Pair { asset: 1, liability: 0 }));
}

/// What the engine itself takes for good collateral goes first, as the rule is meant.
#[test]
fn collateral_that_counts_at_least_half_still_goes_before_a_perp() {
    for asset_ppm in [500_000, 850_000] {
        let found = take_the_perp(&trader(&[token(1, 8_000, asset_ppm, 1_120_000)]));
        assert_eq!(found, Err(RiskError::NotBestLeg), "weight {asset_ppm}");
    }
}

/// The discounted pair itself can be taken at any time: its own m is the larger one.
#[test]
fn a_discounted_pair_is_admissible_and_still_pays_for_a_cure() {
    let portfolio = trader(&[token(1, 8_000, 0, 1_300_000)]);
    let clocks = Clocks {
        under_water_secs: Secs::new(5),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    };
    let leg = Leg::Pair { asset: 1, liability: Liability::Borrow(0) };
    let request = Request { leg, max_size: None, min_size: LegSize::new(0), limit_numerator: 0, limit_denominator: 0 };
    assert!(plan(&mut portfolio.clone(), &clocks, &request, UnixSecs::new(NOW)).is_ok());
    assert!(assess(&portfolio, &clocks, UnixSecs::new(NOW)).best.unwrap().cure_pays);
}
