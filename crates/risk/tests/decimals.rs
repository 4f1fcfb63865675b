//! The same account, whatever the decimals of the token it settles in.

mod support;

use plimsoll_risk::auction::{Clocks, HealthState, Regime};
use plimsoll_risk::liquidate::{plan, Leg, LegSize, Plan, Request};
use plimsoll_risk::params::{GlobalParams, MarketRates};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, TokenLeg};
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::RiskError;
use support::{quote_weights, NOW, QUOTE_DECIMALS};

/// Base units of a SOL.
const SOL_UNITS: u64 = 1_000_000;

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

/// 1,100 dollars of quote and a position of `sol`, bought or sold at $171 (a long) or $157 (a short), at $164.
fn trader(decimals: u8, sol: i64) -> Portfolio {
    let atoms = |dollars: i64| dollars * 10i64.pow(decimals as u32);
    // An atom is worth at most a hundredth of dust.
    let params = GlobalParams::DEFAULT.with(|new| new.legs.dust_usd_micro = 200_000_000);
    let mut portfolio = Portfolio::empty(params);
    portfolio.quote = TokenLeg {
        amount_atoms: SignedAtoms::new(atoms(1_100)),
        weights: quote_weights(&params),
        prices: fresh(1, token_scale_down(decimals).unwrap()),
        bank: 0,
    };
    let entry = if sol > 0 { 171 } else { 157 };
    portfolio.perps[0] = PerpLeg {
        units: SignedBaseUnits::new(sol * SOL_UNITS as i64),
        cash_atoms: SignedAtoms::new(-atoms(sol * entry)),
        rates: MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) },
        prices: fresh(164, base_scale_down(decimals, 6).unwrap()),
        market: 0,
        ..PerpLeg::default()
    };
    portfolio.perp_count = 1;
    portfolio
}

fn close(portfolio: &Portfolio, max_size: Option<u64>) -> Result<Plan, RiskError> {
    let clocks = Clocks {
        under_water_secs: Secs::new(10),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    };
    let request = Request {
        leg: Leg::Perp { market: 0 },
        max_size: max_size.map(LegSize::new),
        min_size: LegSize::new(0),
        limit_numerator: 0,
        limit_denominator: 0,
    };
    plan(&mut portfolio.clone(), &clocks, &request, UnixSecs::new(NOW)).map_err(|refusal| refusal.reason)
}

/// With a quote of two decimals the rest of a position, in its quote atoms, was taken for micro-dollars: whatever was
/// left counted as dust, and 100 of 100 SOL were closed instead of 52.95 (MARGIN-5).
#[test]
fn a_cure_of_a_perp_closes_the_same_whatever_the_decimals_of_the_quote() {
    for sol in [100, -100] {
        let expected = close(&trader(6, sol), None).unwrap();
        assert_eq!(expected.regime, Regime::Cure);
        assert!(expected.size < LegSize::new(70 * SOL_UNITS), "{sol}: {expected:?}");
        for decimals in QUOTE_DECIMALS {
            let found = close(&trader(decimals, sol), None).unwrap();
            assert_eq!(found.penalty_ppm, expected.penalty_ppm, "{decimals} decimals");
            // Two atoms of shortfall, each of which takes 1 / (m_T - p) = 33 atoms of notional; a SOL is worth 164 dollars.
            let atom = SOL_UNITS as f64 / (164.0 * 10f64.powi(decimals as i32));
            let off = found.size.get().abs_diff(expected.size.get()) as f64;
            assert!(off <= 66.0 * atom + 2.0, "{decimals} decimals: {:?} instead of {:?}", found.size, expected.size);
        }
    }
}

/// A maximum that leaves $410 of a position is not dust, one that leaves $82 is.
#[test]
fn what_a_maximum_leaves_of_a_perp_is_measured_in_dollars() {
    for decimals in QUOTE_DECIMALS {
        // Deep enough that a cure leaves less than dust, and so takes all of it.
        let mut portfolio = trader(decimals, 100);
        portfolio.quote.amount_atoms = SignedAtoms::new(portfolio.quote.amount_atoms.get() / 1_100 * 732);
        let whole = close(&portfolio, None).unwrap();
        assert_eq!(whole.size, LegSize::new(100 * SOL_UNITS), "{decimals} decimals: {whole:?}");
        let most = 97_500_000;
        assert_eq!(close(&portfolio, Some(most)).map(|plan| plan.size), Ok(LegSize::new(most)), "{decimals} decimals");
        assert_eq!(close(&portfolio, Some(99_500_000)), Err(RiskError::LeavesDust), "{decimals} decimals");
    }
}
