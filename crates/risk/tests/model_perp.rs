//! Settlement of PnL and the exit from a market with a deficit against the exact model.

mod convert;

use convert::wild::portfolio;
use convert::{coarse, unit, For};
use plimsoll_model::fills::{delegate_may_fill, delegate_may_take};
use plimsoll_model::rational::max;
use plimsoll_model::rational::ratio;
use plimsoll_model::settle::{exit, loser_pays as model_loser_pays, settle_candidates, settleable as model_settleable};
use plimsoll_model::{int, ppm, Q};
use plimsoll_risk::allowance::Spent;
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::perp::{
    claim_payout_down, deficit_share_after_ppm_up, deficit_share_ppm_up, fill_fee_up, is_worse_than_spot, loser_pays,
    settleable,
};
use plimsoll_risk::portfolio::{PerpLeg, Portfolio, PriceKind};
use plimsoll_risk::price::BasePrice;
use plimsoll_risk::units::{Atoms, BaseUnits, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;

const CASES: u32 = 10_000;

fn absolute(value: &Q) -> Q {
    max(value, &-value.clone())
}

/// The worst of spot and both averages for the holder, as the board stores it without a width.
fn initial(units: i64, prices: [BasePrice; 3]) -> BasePrice {
    let by_value = |a: &BasePrice, b: &BasePrice| unit(*a).cmp(&unit(*b));
    let found = if units >= 0 { prices.into_iter().min_by(by_value) } else { prices.into_iter().max_by(by_value) };
    found.unwrap()
}

/// Prices of every perp's initial view follow from a slow average, which is returned.
fn with_slow_averages(p: &mut Portfolio, slow_ppm: u64) -> Vec<BasePrice> {
    let count = p.perp_count;
    let slow_of = |leg: &mut plimsoll_risk::portfolio::PerpLeg| {
        let spot = leg.prices.spot;
        let mantissa = (spot.mantissa() as u128 * slow_ppm as u128 / 1_000_000) as u64;
        let slow = BasePrice::from_parts(mantissa, spot.shift());
        leg.prices.init = initial(leg.units.get(), [spot, leg.prices.fast, slow]);
        // A short is worth the price that its charge is taken at.
        if leg.units < SignedBaseUnits::ZERO {
            leg.prices.init_charge = leg.prices.init;
        }
        slow
    };
    p.perps[..count].iter_mut().map(slow_of).collect()
}

fn check_settleable(p: &Portfolio, slow: &[BasePrice]) -> Result<(), TestCaseError> {
    let mut exact = convert::portfolio(p, For::Maintenance(PriceKind::Spot));
    for (market, leg) in p.perps().iter().enumerate() {
        exact.perps[market].price.slow = unit(slow[market]);
        let found = int(settleable(leg, slow[market]).get() as i128);
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
    let mut all = vec![initial_margins(p).init_excess.get()];
    for at in [PriceKind::Spot, PriceKind::Fast] {
        for edges in [false, true] {
            let m = margins(p, at, edges);
            all.extend([m.maint_excess.get(), m.target_excess.get()]);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// PNL-2
    #[test]
    fn what_can_be_settled_is_the_models_up_to_rounding(mut p in portfolio(true).prop_map(coarse), slow in 800_000u64..1_250_000) {
        let slow = with_slow_averages(&mut p, slow);
        check_settleable(&p, &slow)?;
    }

    /// PNL-2
    #[test]
    fn settling_lowers_no_margin_at_any_view(mut p in portfolio(true), slow in 800_000u64..1_250_000) {
        let slow = with_slow_averages(&mut p, slow);
        for (market, slow) in slow.iter().enumerate() {
            let before = views(&p);
            let amount = settleable(&p.perps[market], *slow);
            p.perps[market].cash_atoms = SignedAtoms::new(p.perps[market].cash_atoms.get() - amount.get());
            p.quote.amount_atoms = SignedAtoms::new(p.quote.amount_atoms.get() + amount.get());
            for (was, is) in before.iter().zip(views(&p)) {
                prop_assert!(is >= *was, "market {market}: {amount} settled, {is} after {was}");
            }
        }
    }

    /// PNL-6
    #[test]
    fn taking_a_win_from_a_market_in_deficit_lowers_no_margin_at_any_view_by_more_than_its_atoms(
        mut p in portfolio(true), slow in 800_000u64..1_250_000,
        pool in 0u64..1 << 46, deficit in 1u64..1 << 46, older in 0u32..=1_000_000,
    ) {
        let slow = with_slow_averages(&mut p, slow);
        for (market, slow) in slow.iter().enumerate() {
            // The copy that margin reads is at least what the deficit takes.
            p.perps[market].deficit_share_ppm = deficit_share_ppm_up(Atoms::new(pool), Atoms::new(deficit)).max(Ppm::new(older));
            let before = views(&p);
            let claim = settleable(&p.perps[market], *slow);
            if claim <= SignedAtoms::ZERO {
                continue;
            }
            let exit = claim_payout_down(Atoms::new(claim.get() as u64), Atoms::new(pool), Atoms::new(deficit)).unwrap();
            p.perps[market].cash_atoms = SignedAtoms::new(p.perps[market].cash_atoms.get() - ((exit.paid_atoms.get() + exit.forgone_atoms.get()) as i64));
            p.quote.amount_atoms = SignedAtoms::new(p.quote.amount_atoms.get() + (exit.paid_atoms.get() as i64));
            // An atom of what is paid, and one of the claim that is left; a weight is at most two and a half.
            let atoms = 2 * 2_500_000 * 2;
            for (was, is) in before.iter().zip(views(&p)) {
                prop_assert!(is + atoms >= *was, "market {market}: {exit:?} of {claim}, {is} after {was}");
            }
        }
    }

    /// PNL-6
    #[test]
    fn what_a_deficit_takes_of_a_claim_is_the_models_rounded_up(pool in 0u64..1 << 60, deficit in 0u64..1 << 60, gain in 0u64..1 << 62) {
        let market = plimsoll_model::market::Market { pool: int(pool as i128), deficit: int(deficit as i128), ..Default::default() };
        let share = deficit_share_ppm_up(Atoms::new(pool), Atoms::new(deficit));
        let lost = market.claim() - (int(1) - ppm(share.get() as i128));
        prop_assert!(lost >= int(0) && lost <= ppm(1), "{share} for {}", market.claim());
        // No gain counts at more than an exit of it pays.
        let leg = PerpLeg { deficit_share_ppm: share, ..PerpLeg::default() };
        let paid = claim_payout_down(Atoms::new(gain.min(pool + deficit)), Atoms::new(pool), Atoms::new(deficit)).map_or(0, |exit| exit.paid_atoms.get());
        prop_assert!(gain > pool + deficit || leg.gain_down(Atoms::new(gain)) <= Atoms::new(paid.max(gain * (deficit == 0) as u64)));
    }

    /// PNL-6
    #[test]
    fn a_fall_of_the_deposit_index_takes_at_least_as_much_of_a_claim_as_of_the_pool(
        pool in 0u64..1 << 50, deficit in 0u64..1 << 50, before in 1u64 << 38..1 << 52, kept_ppm in 0u64..=1_000_000,
    ) {
        let after = (before as u128 * kept_ppm as u128 / 1_000_000) as u64;
        let share = deficit_share_ppm_up(Atoms::new(pool), Atoms::new(deficit));
        let found = int(1_000_000) - int(deficit_share_after_ppm_up(share, before, after).get() as i128);
        let (pool, deficit) = (int(pool as i128), int(deficit as i128));
        let mut market = plimsoll_model::market::Market { pool: pool.clone(), deficit, ..Default::default() };
        market.revalue_pool(&(pool * int(after as i128) / int(before as i128)));
        prop_assert!(found <= market.claim() * int(1_000_000), "{found} of {}", market.claim());
    }

    /// PNL-3
    #[test]
    fn a_loser_pays_what_the_model_says(
        loss in 0u64..1 << 50, quote in -(1i64 << 50)..1 << 50, room in 0u64..1 << 50, healthy: bool,
    ) {
        let exact = model_loser_pays(&int(loss as i128), &int(quote as i128), healthy, &int(room as i128));
        let found = loser_pays(Atoms::new(loss), Atoms::new(quote.max(0) as u64), Atoms::new(if healthy { room } else { 0 })).get();
        prop_assert_eq!(int(found as i128), exact);
    }

    /// KEY-2
    #[test]
    fn a_delegates_day_of_fills_takes_the_fee_of_its_limit_at_most(
        spot in (1u64 << 62..1 << 63, 50i32..70),
        limit in 1u64..1 << 40,
        rate_ppm in 10u32..10_000,
        fills in prop::collection::vec((any::<bool>(), 1u64..1 << 30, -20_000i64..20_000, 0i64..9_000), 1..30),
    ) {
        let spot = BasePrice::from_parts(spot.0, spot.1);
        let (mut spent, mut taken, mut count, mut now) = (Spent::default(), int(0), 0, 1_700_000_000);
        for (buys, units, off_ppm, secs) in fills {
            now += secs;
            let worth = unit(spot) * int(units as i128);
            let (least, most) = (spot.value_down(BaseUnits::new(units)).get(), spot.value_up(BaseUnits::new(units)).get());
            let quote = (most as i128 * (1_000_000 + off_ppm as i128) / 1_000_000).max(1) as u64;
            let worse = is_worse_than_spot(buys, Atoms::new(quote), BaseUnits::new(units), spot);
            // The model's answer, to the atom in which a value is rounded.
            if quote > most || quote < least {
                prop_assert_eq!(!worse, delegate_may_fill(buys, &int(quote as i128), &worth));
            }
            let notional = most.max(quote);
            spent = spent.at(UnixSecs::new(now), Secs::new(86_400));
            if worse || notional as u128 > spent.room(limit as u128) || now - 1_700_000_000 > 86_400 {
                continue;
            }
            spent = spent.with(notional as u128);
            let params = GlobalParams::DEFAULT.with(|new| new.perps.fill_insurance_ppm = 10);
            let fee = fill_fee_up(BaseUnits::new(units), spot, Ppm::new(rate_ppm), &params).unwrap();
            let given = if buys { int(quote as i128) - &worth } else { worth - &int(quote as i128) };
            taken = taken + given + int(fee.get() as i128);
            count += 1;
        }
        let bound = delegate_may_take(&ratio(rate_ppm as i128, 1_000_000), &int(limit as i128));
        prop_assert!(taken <= &bound + &int(2 * count), "{taken} of {bound} in {count} fills");
    }

    /// PNL-4
    #[test]
    fn exits_are_the_models_to_the_atom_each_and_leave_no_claim_unpaid(
        pool in 0u64..1 << 50, deficit in 0u64..1 << 50, claims in prop::collection::vec(0u64..1 << 49, 1..6),
    ) {
        let (mut pool, mut deficit) = (pool, deficit.max(1));
        let (mut exact_pool, mut exact_deficit) = (int(pool as i128), int(deficit as i128));
        for (count, claim) in claims.iter().enumerate() {
            let found = claim_payout_down(Atoms::new(*claim), Atoms::new(pool), Atoms::new(deficit)).unwrap_or(plimsoll_risk::perp::ClaimPayout { paid_atoms: Atoms::ZERO, forgone_atoms: Atoms::ZERO });
            let left = exit(&exact_pool, &exact_deficit, &int(*claim as i128));
            // Every exit before has left at most an atom too much in the pool and struck as much too much.
            let off = int(found.paid_atoms.get() as i128) - &left.paid;
            prop_assert!(absolute(&off) <= int(count as i128 + 1), "off by {off}");
            pool -= found.paid_atoms.get();
            deficit -= found.forgone_atoms.get();
            (exact_pool, exact_deficit) = (left.pool, left.deficit);
        }
    }
}
