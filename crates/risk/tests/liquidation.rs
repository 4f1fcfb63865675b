//! Properties of margins and liquidation plans that `docs/design.md` states as always, never and cannot.

mod convert;
mod support;

use convert::kinds::{cost_usd_micro, legs, taken_by_clamp};
use plimsoll_risk::auction::{Clocks, HealthState, Regime};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::{assess, plan, Leg, LegSize, Plan, Request};
use plimsoll_risk::margin::{check_initial, check_takeover, initial_margins, margins, quote_sides};
use plimsoll_risk::params::{GlobalParams, MarketRates};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::{token_scale_down, Price, UnitPrice};
use plimsoll_risk::units::{Atoms, Count, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use support::{calm, portfolio, NOW};

const CASES: u32 = 10_000;

fn request(leg: Leg, max_size: Option<u64>) -> Request {
    Request {
        leg,
        max_size: max_size.map(LegSize::new),
        min_size: LegSize::new(0),
        limit_numerator: 0,
        limit_denominator: 0,
    }
}

fn clocks(under_water_secs: u32) -> Clocks {
    Clocks {
        under_water_secs: Secs::new(under_water_secs),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    }
}

fn fills(p: &Portfolio, secs: u32) -> Vec<(Leg, Portfolio, Plan)> {
    let fill = |leg: Leg| {
        let mut after = *p;
        plan(&mut after, &clocks(secs), &request(leg, None), UnixSecs::new(NOW)).ok().map(|plan| (leg, after, plan))
    };
    legs(p).into_iter().filter_map(fill).collect()
}

fn signs(p: &Portfolio) -> Vec<i64> {
    let tokens = p.tokens().iter().map(|t| t.amount_atoms.get().signum());
    tokens
        .chain(p.perps().iter().map(|x| x.units.get().signum()))
        .chain([p.quote.amount_atoms.get().signum()])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, max_global_rejects: 4 * CASES, ..ProptestConfig::default() })]

    /// MARGIN-7
    #[test]
    fn initial_is_never_above_target_nor_target_above_maintenance(p in portfolio(0)) {
        let init = initial_margins(&p);
        for at in [PriceKind::Spot, PriceKind::Fast] {
            let m = margins(&p, at, false);
            prop_assert!(m.target_excess.get() <= m.maint_excess.get() && m.maint_excess.get() <= m.nav.get());
            // Each of up to eleven legs may round by a micro-dollar in each of the two views.
            prop_assert!(init.init_excess.get() <= m.target_excess.get() + 30_000_000, "{} above {}", init.init_excess.get(), m.target_excess.get());
        }
    }

    /// INV-59, RISK-2, RISK-3
    #[test]
    fn one_old_price_of_any_leg_stops_who_adds_risk_and_nobody_who_takes_over(p in portfolio(0), pick: Index) {
        let mut p = p;
        let takes_over = check_takeover(&p);
        prop_assert_eq!(check_initial(&p), takes_over);
        let (tokens, count) = (p.token_count, p.token_count + p.perp_count);
        let old = match pick.index(count + 1) {
            leg if leg < tokens => &mut p.tokens[leg].prices.old,
            leg if leg < count => &mut p.perps[leg - tokens].prices.old,
            _ => &mut p.quote.prices.old,
        };
        *old = true;
        // Quote counts where it is held, or where something settles in it.
        let counts = p.ages().1;
        prop_assert_eq!(check_initial(&p), if counts { Err(RiskError::PriceStale) } else { takes_over });
        prop_assert_eq!(check_takeover(&p), takes_over);
        prop_assert!(counts || (p.quote.amount_atoms == SignedAtoms::ZERO && p.perp_count == 0));
    }

    /// ELIG-1
    #[test]
    fn a_favourable_edge_never_lowers_a_margin(p in portfolio(10)) {
        for at in [PriceKind::Spot, PriceKind::Fast] {
            let (plain, edge) = (margins(&p, at, false), margins(&p, at, true));
            prop_assert!(edge.maint_excess.get() + 30_000_000 >= plain.maint_excess.get());
        }
    }

    /// MARGIN-1, ELIG-1
    #[test]
    fn a_healthy_account_has_no_plan(p in portfolio(5), secs in 0u32..300) {
        let healthy = !margins(&p, PriceKind::Spot, false).is_under_water();
        if healthy {
            prop_assert!(fills(&p, secs).is_empty());
        }
    }

    /// CURE-5, LIQ-6
    #[test]
    fn a_cure_improves_the_ratio_flips_no_leg_and_never_leaves_nav_negative(p in portfolio(5), secs in 0u32..120) {
        let before = signs(&p);
        for (_, after, plan) in fills(&p, secs) {
            for (was, is) in before.iter().zip(signs(&after)) {
                prop_assert!(is == *was || is == 0, "a leg appeared or flipped");
            }
            if plan.regime == Regime::Cure {
                prop_assert!(plan.after.maint_excess.get() > plan.before.maint_excess.get() || plan.after.mmr().get() == 0);
                prop_assert!(plan.before.nav.get() < 0 || plan.after.nav.get() >= 0);
                prop_assert!(plan.penalty_ppm <= Ppm::new(p.params.auction.penalty_cap_ppm));
            } else {
                prop_assert!(plan.fee_atoms == Atoms::ZERO && plan.penalty_ppm <= Ppm::new(p.params.wind_down.wind_down_penalty_ppm));
            }
        }
    }

    /// CURE-1
    #[test]
    fn an_unclamped_cure_lands_on_the_target(p in portfolio(0).prop_map(calm), secs in 0u32..60) {
        for (leg, after, plan) in fills(&p, secs) {
            if plan.regime != Regime::Cure { continue; }
            let spot = margins(&after, PriceKind::Spot, false);
            let cleared = signs(&after).iter().zip(signs(&p)).any(|(a, b)| *a == 0 && b != 0);
            if cleared { continue; }
            let reached = spot.target_excess.get() >= -60_000_000;
            prop_assert!(reached || taken_by_clamp(&after, leg), "{leg:?} {plan:?} left at {}", spot.target_excess.get());
        }
    }

    /// CURE-4
    #[test]
    fn splitting_a_fill_never_pays_more(p in portfolio(0).prop_map(calm), secs in 0u32..60, share in 1u64..100) {
        for (leg, _, whole) in fills(&p, secs) {
            // Below the usual dust an atom of either token weighs more than the penalty.
            if whole.regime != Regime::Cure || whole.notional.get() < 10_000_000 { continue; }
            let mut split = p;
            let first = plan(&mut split, &clocks(secs), &request(leg, Some((whole.size.get() * share / 100).max(1))), UnixSecs::new(NOW));
            let Ok(first) = first else { continue };
            let mut gain = cost_usd_micro(&p, leg, &first);
            for _ in 0..8 {
                let Ok(next) = plan(&mut split, &clocks(secs), &request(leg, None), UnixSecs::new(NOW)) else { break };
                gain += cost_usd_micro(&p, leg, &next);
            }
            if whole.before.is_ratio_below(Ppm::new(500_000)) { continue; }
            // Nine fills may each round an atom (worth at most ten cents here) and a part per million of penalty.
            let one = cost_usd_micro(&p, leg, &whole);
            let rounding = 9 * 100_000 + 9 * whole.notional.get() as i128 / 1_000_000;
            prop_assert!(gain <= one + one / 1_000 + rounding, "{gain} after {one}: {whole:?} {first:?}");
        }
    }

    #[test]
    fn an_under_water_account_with_fresh_legs_is_never_stuck(p in portfolio(0), secs in 200u32..300) {
        let assessment = assess(&p, &clocks(secs), UnixSecs::new(NOW));
        if assessment.regime.is_none() { return Ok(()); }
        let has_leg = legs(&p).into_iter().any(|leg| {
            let empty = plan(&mut p.clone(), &clocks(secs), &request(leg, None), UnixSecs::new(NOW)).map_err(|r| r.reason);
            !matches!(empty, Err(RiskError::LegEmpty | RiskError::AssetIsLiability))
        });
        prop_assert!(!has_leg || !fills(&p, secs).is_empty(), "no leg can be filled");
    }

    /// ELIG-3
    #[test]
    fn a_stale_leg_is_never_moved(p in portfolio(60), secs in 0u32..300) {
        for (_, after, _) in fills(&p, secs) {
            for (was, is) in p.tokens().iter().zip(after.tokens()) {
                prop_assert!(!was.prices.stale || was.amount_atoms == is.amount_atoms);
            }
            for (was, is) in p.perps().iter().zip(after.perps()) {
                prop_assert!(!was.prices.stale || was == is);
            }
        }
    }

    /// CURE-2, LIQ-6
    #[test]
    fn caller_bounds_are_kept(p in portfolio(0), most in 1u64..1_000_000_000, least in 0u64..1_000_000_000) {
        for leg in legs(&p) {
            let asked = Request { max_size: Some(LegSize::new(most)), min_size: LegSize::new(least), ..request(leg, None) };
            if let Ok(plan) = plan(&mut p.clone(), &clocks(50), &asked, UnixSecs::new(NOW)) {
                prop_assert!(plan.size <= LegSize::new(most) && plan.size >= LegSize::new(least));
            }
        }
    }

    /// MARGIN-4
    #[test]
    fn quote_is_either_seizable_or_owed(p in portfolio(5)) {
        let (seizable, owed) = quote_sides(&p, &margins(&p, PriceKind::Spot, false));
        prop_assert!(seizable == Atoms::ZERO || owed == Atoms::ZERO);
    }
}

/// MARGIN-1
#[test]
fn an_account_exactly_at_maintenance_is_healthy_and_an_atom_below_it_is_not() {
    // Long 100 at 150 dollars with neither gain nor loss, of which maintenance asks 3 %.
    const MMR_ATOMS: i64 = 450_000_000;
    let with_quote = |amount_atoms: i64| {
        let params = GlobalParams::DEFAULT;
        let mut p = Portfolio::empty(params);
        p.quote = TokenLeg {
            amount_atoms: SignedAtoms::new(amount_atoms),
            weights: support::quote_weights(&params),
            prices: plain(1),
            bank: 0,
        };
        let rates =
            MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };
        let (units, cash_atoms) = (100_000_000, -15_000_000_000);
        p.perps[0] = PerpLeg {
            units: SignedBaseUnits::new(units),
            cash_atoms: SignedAtoms::new(cash_atoms),
            rates,
            prices: plain(150),
            ..PerpLeg::default()
        };
        p.perp_count = 1;
        p
    };
    let liquidate = |mut p: Portfolio| {
        plan(&mut p, &Clocks::default(), &request(Leg::Perp { market: 0 }, None), UnixSecs::new(NOW))
    };
    let (exact, below) = (with_quote(MMR_ATOMS), with_quote(MMR_ATOMS - 1));
    let margins_of = |p: &Portfolio| margins(p, PriceKind::Spot, false);
    assert!(margins_of(&exact).nav == margins_of(&exact).mmr() && margins_of(&exact).mmr().get() > 0);
    assert_eq!(liquidate(exact).map_err(|refused| refused.reason), Err(RiskError::AccountHealthy));
    assert_eq!(margins_of(&below).maint_excess.get(), -1_000_000);
    assert!(liquidate(below).is_ok());
}

/// Prices of a unit worth a millionth of so many dollars, micro-dollars and quote atoms alike.
fn plain<Worth: Count, Unit: Count>(dollars: u64) -> LegPrices<Worth, Unit> {
    let unit = UnitPrice::new_down(Price::from_decimal_down(dollars, 0).unwrap(), token_scale_down(6).unwrap());
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

/// Most properties here speak of some portfolios only: of enough of those that are drawn.
#[test]
fn random_portfolios_are_of_every_kind_that_a_property_speaks_of() {
    const DRAWN: u32 = 2_000;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut draw = |stale_share| portfolio(stale_share).new_tree(&mut runner).unwrap().current();
    let (mut healthy, mut cures, mut wind_downs, mut on_target, mut splittable, mut stale) = (0, 0, 0, 0, 0, 0);
    for _ in 0..DRAWN {
        let p = draw(5);
        healthy += u32::from(!margins(&p, PriceKind::Spot, false).is_under_water());
        for (_, _, plan) in fills(&p, 60) {
            *(if plan.regime == Regime::Cure { &mut cures } else { &mut wind_downs }) += 1;
        }
        let p = calm(draw(0));
        for (leg, after, plan) in fills(&p, 30).into_iter().filter(|(_, _, plan)| plan.regime == Regime::Cure) {
            let cleared = signs(&after).iter().zip(signs(&p)).any(|(a, b)| *a == 0 && b != 0);
            on_target += u32::from(!cleared && !taken_by_clamp(&after, leg));
            splittable +=
                u32::from(plan.notional.get() >= 10_000_000 && !plan.before.is_ratio_below(Ppm::new(500_000)));
        }
        let p = draw(60);
        let of_filled = u32::from(!fills(&p, 60).is_empty());
        let legs = p.tokens().iter().map(|leg| leg.prices.stale).chain(p.perps().iter().map(|leg| leg.prices.stale));
        stale += of_filled * legs.map(u32::from).sum::<u32>();
    }
    let found = [healthy, cures, wind_downs, on_target, splittable, stale];
    assert!(found.iter().all(|cases| *cases >= 50), "{found:?}");
}
