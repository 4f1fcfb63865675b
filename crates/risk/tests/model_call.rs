//! Whom a margin call reaches, and how far prices are from maintenance, against the exact model.

mod convert;
mod support;

use core::cell::Cell;

use convert::{bounds, coarse, pico, unit, For};
use plimsoll_model as model;
use plimsoll_model::call::with_price;
use plimsoll_model::margin::{excess, quote_net};
use plimsoll_model::rational::max;
use plimsoll_model::{int, ppm, At, Level, View, Q};
use plimsoll_risk::margin::{is_called, margins, Priced, Slopes};
use plimsoll_risk::portfolio::{Portfolio, PriceKind};
use plimsoll_risk::units::{Ppm, SignedAtoms};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const CASES: u32 = 4_000;

fn size(number: &Q) -> Q {
    max(number, &-number)
}

/// Quote has a price of its own, and everything else one of three: several legs share each.
const fn price_of(what: Priced) -> Option<u8> {
    match what {
        Priced::Bank(0) => Some(0),
        Priced::Bank(number) | Priced::Market(number) => Some(1 + number % 3),
    }
}

/// Places in the model of the legs that have a price.
fn places(p: &Portfolio, price: u8) -> (Vec<usize>, Vec<usize>) {
    let banks = core::iter::once(p.quote.bank).chain(p.tokens().iter().map(|leg| leg.bank));
    let balances = banks.enumerate().filter(|(_, bank)| price_of(Priced::Bank(*bank)) == Some(price));
    let perps = p.perps().iter().enumerate().filter(|(_, leg)| price_of(Priced::Market(leg.market)) == Some(price));
    (balances.map(|(place, _)| place).collect(), perps.map(|(place, _)| place).collect())
}

/// Which legs gain, and whether quote is owed: while that stays, everything is a straight line.
fn sides(exact: &model::Portfolio) -> (Vec<bool>, bool) {
    let view = View::Plain(At::Spot);
    let gains = |perp: &model::Perp| model::margin::perp_value(exact, perp, view).0 > int(0);
    let owed = quote_net(exact, Level::Maintenance, view).net() < int(0);
    (exact.perps.iter().map(gains).collect(), owed)
}

/// At each distance the account is at maintenance or below, to what is rounded; on a straight line it is at maintenance.
/// Returns how many lines were straight.
fn check_distances(p: &Portfolio) -> Result<usize, TestCaseError> {
    let exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    let (_, bound) = bounds(p, &unit(p.quote.prices.spot));
    let slopes = Slopes::of(p, &margins(p, PriceKind::Spot, false), &price_of);
    let mut straight = 0;
    for (price, move_ppm) in slopes.distances().filter(|(_, move_ppm)| *move_ppm != i32::MAX) {
        let moved = ppm(move_ppm as i128);
        let (balances, perps) = places(p, price);
        let there = with_price(&exact, &balances, &perps, &(int(1) + &moved));
        let after = excess(&there, Level::Maintenance, At::Spot);
        let (_, slope) = slopes.iter().find(|(other, _)| *other == price).expect("the price");
        let rounding: Q = &bound * (int(1) + size(&moved)) + size(&pico(slope.get())) * ppm(1);
        prop_assert!(after <= rounding, "price {price} moved by {move_ppm}: {after} above maintenance");
        if sides(&exact) == sides(&there) {
            straight += 1;
            prop_assert!(after >= -rounding, "price {price} moved by {move_ppm}: {after} below maintenance");
        }
    }
    Ok(straight)
}

fn check_all(cases: impl Strategy<Value = Portfolio>) -> usize {
    let straight = Cell::new(0);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(CASES) });
    let outcome = runner.run(&cases, |p| {
        straight.set(straight.get() + check_distances(&p)?);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    straight.get()
}

/// CALL-1
#[test]
fn at_its_distance_a_price_has_taken_the_account_to_maintenance() {
    let straight = check_all(support::portfolio(10).prop_map(coarse));
    assert!(straight > CASES as usize, "{straight} straight lines");
}

#[test]
fn distances_hold_at_any_price_amount_and_weight() {
    let straight = check_all(convert::wild::portfolio(false).prop_map(coarse));
    assert!(straight > CASES as usize / 2, "{straight} straight lines");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn an_account_without_quote_and_perps_depends_on_no_price_of_quote(mut p in support::portfolio(10).prop_map(coarse)) {
        p.quote.amount_atoms = SignedAtoms::ZERO;
        p.perp_count = 0;
        let slopes = Slopes::of(&p, &margins(&p, PriceKind::Spot, false), &price_of);
        prop_assert!(slopes.iter().all(|(price, _)| price != 0));
        prop_assert_eq!(slopes.iter().count(), (1..4).filter(|price| !places(&p, *price).0.is_empty()).count());
    }

    /// CALL-1
    #[test]
    fn whoever_is_called_is_in_the_models_band_up_to_rounding(
        p in support::portfolio(10).prop_map(coarse), band in 0u32..=1_000_000,
    ) {
        let exact = convert::portfolio(&p, For::Maintenance(PriceKind::Spot));
        let called = is_called(&margins(&p, PriceKind::Spot, false), Ppm::new(band));
        let expected = model::call::is_called(&exact, &ppm(band as i128));
        if called != expected {
            let (nav, bound) = bounds(&p, &unit(p.quote.prices.spot));
            // Rounding calls sooner: by its part of the target, or of the band.
            let view = View::Plain(At::Spot);
            let maintenance = model::margin::margin(&exact, Level::Maintenance, view);
            let from_band = &maintenance.nav - (int(1) + ppm(band as i128)) * &maintenance.requirement;
            let from_target = excess(&exact, Level::Target, At::Spot);
            let nearest = model::rational::min(&from_band, &from_target);
            prop_assert!(called && nearest < int(2) * (nav + bound), "{called}: {nearest}");
        }
    }
}
