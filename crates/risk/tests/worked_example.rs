//! The two liquidations that `README.md` and `docs/math.md` work through, computed by the crate: the pages quote these
//! figures and no others.

use plimsoll_risk::auction::{Clocks, HealthState, Regime};
use plimsoll_risk::liquidate::{assess, plan, Leg, LegSize, Liability, Plan, Request};
use plimsoll_risk::listing::Calibration;
use plimsoll_risk::margin::{margins, Margins};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::{base_scale_down, token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Atoms, Count, Ppm, PpmPerSec, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};

const README: &str = include_str!("../../../README.md");
const MATH: &str = include_str!("../../../docs/math.md");

const PARAMS: GlobalParams = GlobalParams::DEFAULT;
const NOW: i64 = 1_760_130_600;
const USDC: u8 = 0;
const SOL: u8 = 1;
const SOL_PERP: u8 = 0;
const OF_SOL: Calibration = Calibration { fastest_fall_ppm_per_sec: PpmPerSec::new(2_100), update_secs: Secs::new(2) };

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

fn quote_weights() -> TokenWeights {
    TokenWeights::new(Ppm::WHOLE, Ppm::new(990_000), Ppm::WHOLE, Ppm::new(1_010_000), &PARAMS).unwrap()
}

fn holding_quote(amount_atoms: i64) -> Portfolio {
    let mut portfolio = Portfolio::empty(PARAMS);
    portfolio.quote = TokenLeg {
        amount_atoms: SignedAtoms::new(amount_atoms),
        weights: quote_weights(),
        prices: fresh(1, token_scale_down(6).unwrap()),
        bank: USDC,
    };
    portfolio
}

/// 100 SOL at $164 against 14,000 USDC borrowed.
fn borrower() -> Portfolio {
    let mut portfolio = holding_quote(-14_000_000_000);
    portfolio.tokens[0] = TokenLeg {
        amount_atoms: SignedAtoms::new(100_000_000_000),
        weights: TokenWeights::new(
            Ppm::new(850_000),
            Ppm::new(750_000),
            Ppm::new(1_120_000),
            Ppm::new(1_200_000),
            &PARAMS,
        )
        .unwrap(),
        prices: fresh(164, token_scale_down(9).unwrap()),
        bank: SOL,
    };
    portfolio.token_count = 1;
    portfolio
}

/// 1,100 USDC and a long of 100 SOL, bought at $171, at $164.
fn trader() -> Portfolio {
    let mut portfolio = holding_quote(1_100_000_000);
    portfolio.perps[0] = PerpLeg {
        units: SignedBaseUnits::new(100_000_000),
        cash_atoms: SignedAtoms::new(-17_100_000_000),
        rates: MarketRates::new(Ppm::new(30_000), Ppm::new(60_000), OF_SOL, &quote_weights(), &PARAMS).unwrap(),
        prices: fresh(164, base_scale_down(6, 6).unwrap()),
        market: SOL_PERP,
        ..PerpLeg::default()
    };
    portfolio.perp_count = 1;
    portfolio
}

/// Liquidates as much as is allowed, ten seconds into the auction.
fn after_ten_seconds(portfolio: &mut Portfolio, leg: Leg) -> Plan {
    let clocks = Clocks {
        health_state: HealthState::UnderWater,
        under_water_secs: Secs::ZERO,
        observed_at: UnixSecs::new(NOW - 10),
        ..Default::default()
    };
    let request = Request { leg, max_size: None, min_size: LegSize::new(0), limit_numerator: 0, limit_denominator: 0 };
    let plan = plan(portfolio, &clocks, &request, UnixSecs::new(NOW)).unwrap();
    assert_eq!(plan.clocks.under_water_secs, Secs::new(10));
    plan
}

/// Dollars with two decimals and commas, from pico-dollars.
fn dollars(pico: i128) -> String {
    let cents = (pico + 5_000_000_000).div_euclid(10_000_000_000);
    let (whole, mut text) = ((cents / 100).to_string(), String::new());
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{:02}", cents % 100)
}

/// `h` with four decimals, rounded down.
fn ratio(margins: &Margins) -> String {
    let ppm = margins.ratio_ppm_down(Ppm::MAX).get();
    format!("{}.{:04}", ppm / 1_000_000, ppm % 1_000_000 / 100)
}

#[track_caller]
fn quoted(page: &str, figures: &[&str]) {
    for figure in figures {
        assert!(page.contains(figure), "the page does not say {figure}");
    }
}

#[track_caller]
fn near(pico: i128, expected: &str) {
    assert_eq!(dollars(pico), expected);
}

/// CURE-1, CURE-3
#[test]
fn the_borrower_of_the_readme_loses_a_seventh_of_his_collateral_and_lands_on_his_target() {
    let mut portfolio = borrower();
    let before = margins(&portfolio, PriceKind::Spot, false);
    near(before.nav.get(), "2,400.00");
    near(before.mmr().get(), "2,460.00");
    near(before.tmr().get(), "2,764.00");
    assert_eq!(ratio(&before), "0.9756");

    let leg = Leg::Pair { asset: SOL, liability: Liability::Borrow(USDC) };
    let plan = after_ten_seconds(&mut portfolio, leg);
    assert_eq!((plan.regime, plan.penalty_ppm), (Regime::Cure, Ppm::new(13_250)));
    // x* = 364 / (1.01 - 0.84 * 1.01325) = 2,291.18 dollars of debt.
    assert_eq!(plan.size, LegSize::new(2_291_181_475));
    assert_eq!(plan.fee_atoms, Atoms::new(7_589_538));
    assert_eq!(plan.paid_atoms, Atoms::new(2_298_771_013));
    assert_eq!(plan.received_atoms, Atoms::new(14_155_729_445));

    let after = plan.after;
    near(after.nav.get(), "2,369.64");
    near(after.mmr().get(), "2,111.77");
    assert_eq!(dollars(after.tmr().get()), dollars(after.nav.get()));
    assert!((0..5_000_000).contains(&after.target_excess.get()), "on the target, to five micro-dollars");
    assert_eq!(ratio(&after), "1.1221");

    let figures = ["2,400.00", "2,460.00", "2,764.00", "0.9756", "13,250 ppm", "2,291.18", "2,298.77", "14.1557"];
    quoted(README, &figures);
    quoted(MATH, &figures);
    quoted(MATH, &["0.158870", "7.59", "2,321.54", "2,369.64", "2,111.77", "1.1221"]);
    quoted(README, &["7.59", "2,369.64", "2,111.77", "1.1221"]);
}

#[test]
fn the_trader_of_the_math_page_keeps_two_fifths_of_his_position() {
    let mut portfolio = trader();
    let before = margins(&portfolio, PriceKind::Spot, false);
    near(before.nav.get(), "400.00");
    near(before.mmr().get(), "492.00");
    near(before.tmr().get(), "701.00");
    assert_eq!(ratio(&before), "0.8130");

    let plan = after_ten_seconds(&mut portfolio, Leg::Perp { market: SOL_PERP });
    // The clock asks for 13,250 ppm; k * h * rate with h capped at one half allows 12,000.
    assert_eq!((plan.regime, plan.penalty_ppm), (Regime::Cure, Ppm::new(12_000)));
    // x* = 301 / (0.0425 - 1.01 * 0.012) = 9,907.83 dollars of notional, 60.41 SOL.
    assert_eq!(plan.size, LegSize::new(60_413_623));
    assert_eq!(plan.paid_atoms, Atoms::new(9_907_834_172));
    assert_eq!((plan.fee_atoms, plan.received_atoms), (Atoms::new(29_723_502), Atoms::new(89_170_507)));
    near(plan.after.nav.get(), "281.11");
    near(plan.after.mmr().get(), "194.76");
    near(plan.after.tmr().get(), "278.73");
    assert_eq!(ratio(&plan.after), "1.4433");

    let figures =
        ["701.00", "0.8130", "12,000 ppm", "9,907.83", "60.41", "29.72", "89.17", "281.11", "194.76", "1.4433"];
    quoted(MATH, &figures);
}

#[test]
fn at_six_more_dollars_neither_is_touched() {
    for mut portfolio in [borrower(), trader()] {
        portfolio.tokens[0].prices = fresh(170, token_scale_down(9).unwrap());
        portfolio.perps[0].prices = fresh(170, base_scale_down(6, 6).unwrap());
        assert!(assess(&portfolio, &Clocks::default(), UnixSecs::new(NOW)).regime.is_none());
    }
}
