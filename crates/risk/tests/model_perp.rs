//! Settlement of PnL and the exit from a market with a deficit against the exact model.

mod convert;

use convert::wild::portfolio;
use convert::{coarse, unit, For};
use plimsoll_model::rational::max;
use plimsoll_model::settle::{exit, loser_pays as model_loser_pays, settle_candidates, settleable as model_settleable};
use plimsoll_model::{int, Q};
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::perp::{exit_down, loser_pays, settleable};
use plimsoll_risk::portfolio::{At, Portfolio};
use plimsoll_risk::price::UnitPrice;
use proptest::prelude::*;

const CASES: u32 = 10_000;

fn absolute(value: &Q) -> Q {
    max(value, &-value.clone())
}

/// The worst of spot and both averages for the holder, as the board stores it without a width.
fn initial(units: i64, prices: [UnitPrice; 3]) -> UnitPrice {
    let by_value = |a: &UnitPrice, b: &UnitPrice| unit(*a).cmp(&unit(*b));
    let found = if units >= 0 { prices.into_iter().min_by(by_value) } else { prices.into_iter().max_by(by_value) };
    found.unwrap()
}

/// Prices of every perp's initial view follow from a slow average, which is returned.
fn with_slow_averages(p: &mut Portfolio, slow_ppm: u64) -> Vec<UnitPrice> {
    let count = p.perp_count;
    let slow_of = |leg: &mut plimsoll_risk::portfolio::PerpLeg| {
        let spot = leg.prices.spot;
        let mantissa = (spot.mantissa as u128 * slow_ppm as u128 / 1_000_000) as u64;
        let slow = UnitPrice { mantissa, ..spot };
        leg.prices.init = initial(leg.units, [spot, leg.prices.fast, slow]);
        slow
    };
    p.perps[..count].iter_mut().map(slow_of).collect()
}

fn check_settleable(p: &Portfolio, slow: &[UnitPrice]) -> Result<(), TestCaseError> {
    let mut exact = convert::portfolio(p, For::Maintenance(At::Spot));
    for (market, leg) in p.perps().iter().enumerate() {
        exact.perps[market].price.slow = unit(slow[market]);
        let found = int(settleable(leg, slow[market]) as i128);
        let expected = model_settleable(&exact, market);
        // Where every candidate is further from zero than rounding can move it, all are floored by at most two atoms.
        let candidates = settle_candidates(&exact, &exact.perps[market]);
        let clear = candidates.iter().all(|pnl| absolute(pnl) > int(3));
        let less = &expected - &found;
        let within = less >= int(0) && less <= int(3);
        prop_assert!(within || !clear && absolute(&found) <= int(3), "{found} for {expected}");
    }
    Ok(())
}

/// `NAV - R` at every view that a check may take.
fn views(p: &Portfolio) -> Vec<i128> {
    let mut all = vec![initial_margins(p).init];
    for at in [At::Spot, At::Fast] {
        for edges in [false, true] {
            let m = margins(p, at, edges);
            all.extend([m.maint, m.target]);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn what_can_be_settled_is_the_models_up_to_rounding(mut p in portfolio(true).prop_map(coarse), slow in 800_000u64..1_250_000) {
        let slow = with_slow_averages(&mut p, slow);
        check_settleable(&p, &slow)?;
    }

    #[test]
    fn settling_lowers_no_margin_at_any_view(mut p in portfolio(true), slow in 800_000u64..1_250_000) {
        let slow = with_slow_averages(&mut p, slow);
        for (market, slow) in slow.iter().enumerate() {
            let before = views(&p);
            let amount = settleable(&p.perps[market], *slow);
            p.perps[market].cash_atoms -= amount;
            p.quote.amount_atoms += amount;
            for (was, is) in before.iter().zip(views(&p)) {
                prop_assert!(is >= *was, "market {market}: {amount} settled, {is} after {was}");
            }
        }
    }

    #[test]
    fn a_loser_pays_what_the_model_says(
        loss in 0u64..1 << 50, quote in -(1i64 << 50)..1 << 50, room in 0u64..1 << 50, healthy: bool,
    ) {
        let exact = model_loser_pays(&int(loss as i128), &int(quote as i128), healthy, &int(room as i128));
        let found = loser_pays(loss, quote.max(0) as u64, if healthy { room } else { 0 });
        prop_assert_eq!(int(found as i128), exact);
    }

    #[test]
    fn exits_are_the_models_to_the_atom_each_and_leave_no_claim_unpaid(
        pool in 0u64..1 << 50, deficit in 0u64..1 << 50, claims in prop::collection::vec(0u64..1 << 49, 1..6),
    ) {
        let (mut pool, mut deficit) = (pool, deficit.max(1));
        let (mut exact_pool, mut exact_deficit) = (int(pool as i128), int(deficit as i128));
        for (count, claim) in claims.iter().enumerate() {
            let found = exit_down(*claim, pool, deficit).unwrap_or(plimsoll_risk::perp::Exit { paid_atoms: 0, struck_atoms: 0 });
            let left = exit(&exact_pool, &exact_deficit, &int(*claim as i128));
            // Every exit before has left at most an atom too much in the pool and struck as much too much.
            let off = int(found.paid_atoms as i128) - &left.paid;
            prop_assert!(absolute(&off) <= int(count as i128 + 1), "off by {off}");
            pool -= found.paid_atoms;
            deficit -= found.struck_atoms;
            (exact_pool, exact_deficit) = (left.pool, left.deficit);
        }
    }
}
