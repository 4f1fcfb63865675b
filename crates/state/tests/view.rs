//! What `check_margin` answers, field by field.

use bytemuck::Zeroable;
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::{token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Count, Ppm, SignedAtoms, SignedBaseUnits};
use plimsoll_state::*;

const ADDRESS: Address = [2; 32];

fn unit<Worth, Unit>(dollars: u64) -> UnitPrice<Worth, Unit> {
    UnitPrice::new_down(Price::from_decimal_down(dollars, 0).unwrap(), token_scale_down(6).unwrap())
}

fn prices<Worth: Count, Unit: Count>(dollars: u64) -> LegPrices<Worth, Unit> {
    LegPrices {
        spot: unit(dollars),
        fast: unit(dollars * 2),
        init: unit(dollars * 3),
        init_charge: unit(dollars * 3),
        ready: true,
        ..LegPrices::default()
    }
}

/// A thousand of quote and a debt of two tokens at 100 dollars.
fn portfolio() -> Box<Portfolio> {
    let mut portfolio = Box::new(Portfolio::empty(GlobalParams::DEFAULT));
    let weights = TokenWeights {
        asset_maint_ppm: Ppm::new(980_000),
        asset_target_ppm: Ppm::new(970_000),
        asset_init_ppm: Ppm::new(900_000),
        liability_maint_ppm: Ppm::new(1_100_000),
        liability_target_ppm: Ppm::new(1_110_000),
        liability_init_ppm: Ppm::new(1_200_000),
    };
    let quote =
        TokenLeg { amount_atoms: SignedAtoms::new(1_000_000_000), weights, prices: prices(1), ..TokenLeg::default() };
    portfolio.quote = quote;
    portfolio.tokens[0] =
        TokenLeg { amount_atoms: SignedAtoms::new(-2_000_000), prices: prices(100), bank: 1, ..quote };
    portfolio.token_count = 1;
    portfolio
}

fn of(portfolio: &Portfolio, all: bool) -> MarginView {
    let account = MarginAccount { engine: [1; 32], owner: [3; 32], ..MarginAccount::zeroed() };
    MarginView::of(&ADDRESS, &account, portfolio, all)
}

fn maintenance(portfolio: &Portfolio, at: PriceKind) -> MaintenanceView {
    let margins = margins(portfolio, at, false);
    MaintenanceView {
        nav_usd_pico: I128Le::new(margins.nav.get()),
        mmr_usd_pico: I128Le::new(margins.nav.get() - margins.maint_excess.get()),
        tmr_usd_pico: I128Le::new(margins.nav.get() - margins.target_excess.get()),
    }
}

#[test]
fn three_views_answer_with_every_figure() {
    let portfolio = portfolio();
    let initial = initial_margins(&portfolio);
    let view = of(&portfolio, true);
    let expected = MarginView {
        ratio_ppm: view.ratio_ppm,
        flags: 0,
        views: 7,
        _pad: 0,
        engine: [1; 32],
        account: ADDRESS,
        owner: [3; 32],
        spot: maintenance(&portfolio, PriceKind::Spot),
        fast: maintenance(&portfolio, PriceKind::Fast),
        init_nav_usd_pico: I128Le::new(initial.nav.get()),
        imr_usd_pico: I128Le::new(initial.imr().get()),
    };
    assert_eq!(view, expected);
    // 1,000 less 200 dollars, of which 2 % and 10 % are required: twenty times as much as is needed.
    let dollars = |number: &I128Le| (number.get() as f64 / 1e12).round() as i64;
    assert_eq!((dollars(&view.spot.nav_usd_pico), dollars(&view.spot.mmr_usd_pico)), (800, 40));
    assert_eq!(dollars(&view.spot.tmr_usd_pico), 52);
    assert_eq!((dollars(&view.fast.nav_usd_pico), dollars(&view.fast.mmr_usd_pico)), (1_600, 80));
    assert_eq!((dollars(&view.init_nav_usd_pico), dollars(&view.imr_usd_pico)), (2_400, 420));
    assert!((19_999_900..=20_000_000).contains(&view.ratio_ppm), "{}", view.ratio_ppm);
    assert_eq!((view.at_spot(), view.at_fast()), (Ok(&expected.spot), Ok(&expected.fast)));
    assert_eq!(view.initial_left_usd_pico(), Ok(initial.nav.get() - initial.imr().get()));
}

#[test]
fn one_view_answers_with_spot_alone() {
    let portfolio = portfolio();
    let (view, all) = (of(&portfolio, false), of(&portfolio, true));
    let nothing = (MaintenanceView::default(), I128Le::default(), I128Le::default());
    assert_eq!((view.fast, view.init_nav_usd_pico, view.imr_usd_pico), nothing);
    assert_eq!((view.views, view.flags, view.ratio_ppm), (1, 0, all.ratio_ppm));
    assert_eq!((view.spot, view.engine, view.account, view.owner), (all.spot, all.engine, all.account, all.owner));
    assert_eq!(view.at_spot(), Ok(&all.spot));
}

#[test]
fn a_ratio_without_a_requirement_is_the_largest_and_without_worth_none() {
    let empty = Portfolio::empty(GlobalParams::DEFAULT);
    assert_eq!(of(&empty, true).ratio_ppm, u32::MAX);
    let mut insolvent = portfolio();
    insolvent.quote.amount_atoms = SignedAtoms::new(1);
    assert_eq!(of(&insolvent, false).ratio_ppm, 0);
}

#[test]
fn each_flag_is_raised_by_its_own_leg_alone() {
    type Change = fn(&mut Portfolio);
    let cases: [(Change, u32); 6] = [
        (|portfolio| portfolio.tokens[0].prices.stale = true, MarginView::STALE),
        (|portfolio| portfolio.quote.prices.stale = true, MarginView::STALE),
        (|portfolio| portfolio.tokens[0].prices.old = true, MarginView::OLD),
        (|portfolio| portfolio.tokens[0].prices.ready = false, MarginView::NOT_READY),
        (
            |portfolio| {
                let rates = MarketRates {
                    maint_ppm: Ppm::new(30_000),
                    target_ppm: Ppm::new(42_500),
                    init_ppm: Ppm::new(60_000),
                };
                let prices = LegPrices { spot: UnitPrice::from_parts(u64::MAX, 0), ..prices(1) };
                portfolio.perps[0] =
                    PerpLeg { units: SignedBaseUnits::new(i64::MAX), rates, prices, ..PerpLeg::default() };
                portfolio.perp_count = 1;
            },
            MarginView::SATURATED,
        ),
        (
            |portfolio| {
                let prices = &mut portfolio.tokens[0].prices;
                (prices.stale, prices.old, prices.ready) = (true, true, false);
            },
            MarginView::STALE | MarginView::OLD | MarginView::NOT_READY,
        ),
    ];
    for (number, (change, flags)) in cases.into_iter().enumerate() {
        let mut portfolio = portfolio();
        change(&mut portfolio);
        assert_eq!(of(&portfolio, true).flags, flags, "case {number}");
        // Averages are nobody's question where spot alone is asked for.
        assert_eq!(of(&portfolio, false).flags, flags & !MarginView::NOT_READY, "case {number}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong() {
    for (refusal, text) in [
        (ViewRefusal::EngineMismatch, "the margin is another engine's"),
        (ViewRefusal::AccountMismatch, "the margin is another account's"),
        (ViewRefusal::OwnerMismatch, "the margin is that of another owner's account"),
        (ViewRefusal::ViewMissing, "the answer lacks the view: ask for three"),
    ] {
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn each_view_is_asked_for_by_its_own_bit() {
    for views in 0..8 {
        let view = MarginView { views, init_nav_usd_pico: I128Le::new(9), ..MarginView::default() };
        let missing = |bit| if views & bit == 0 { Some(ViewRefusal::ViewMissing) } else { None };
        assert_eq!(view.at_spot().err(), missing(1));
        assert_eq!(view.at_fast().err(), missing(2));
        assert_eq!(view.initial_left_usd_pico().err(), missing(4));
    }
}
