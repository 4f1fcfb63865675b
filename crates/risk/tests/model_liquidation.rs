//! Liquidation plans in integers against the exact model: eligibility's consequences, regime, best leg, penalty, size,
//! fill and after-state, each within the rounding derived where it is compared.

mod convert;
mod support;

use convert::case::Case;
use convert::kinds::{leg, legs};
use convert::wild::PAR;
use convert::{coarse, pico, For};
use plimsoll_model::legs::clamp_of;
use plimsoll_model::liquidate::{cure_improves, fill, wind_down_is_sound};
use plimsoll_model::margin::margin;
use plimsoll_model::penalty::{release_at_zero, split_penalty};
use plimsoll_model::{self as model, int, ppm, At as ModelAt, Level, View, Q};
use plimsoll_risk::auction::{Clocks, HealthState, Regime};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::{assess, plan, Leg, LegSize, Liability, Plan, Request};
use plimsoll_risk::margin::margins;
use plimsoll_risk::params::{GlobalParams, MarketRates, TokenWeights};
use plimsoll_risk::portfolio::{LegPrices, PerpLeg, Portfolio, PriceKind, TokenLeg};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::units::{Atoms, Count, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use proptest::prelude::*;
use proptest::sample::Index;
use support::NOW;

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

fn between(low: &Q, value: &Q, high: &Q, what: &str) -> Result<(), TestCaseError> {
    prop_assert!(low <= value && value <= high, "{what}: {value} outside {low} and {high}");
    Ok(())
}

/// Amounts that change hands: pair, collateral atoms; perp, quote atoms of worth, fee and penalty.
fn check_fill(case: &Case, name: model::Leg, plan: &Plan, p: &Q) -> Result<(), TestCaseError> {
    let price = &case.prices(name)[0];
    let x = int(plan.size.get() as i128) * price;
    let in_cure = if plan.regime == Regime::Cure { split_penalty(&case.exact.params, p) } else { (p.clone(), int(0)) };
    let (kept, insurance) = in_cure;
    let (fee, received) = (int(plan.fee_atoms.get() as i128), int(plan.received_atoms.get() as i128));
    match name {
        model::Leg::Pair { asset, .. } => {
            let fee_less = int(plan.size.get() as i128) * insurance - &fee;
            between(&int(0), &fee_less, &int(1), "fee")?;
            prop_assert_eq!(plan.paid_atoms.get(), plan.size.get() + plan.fee_atoms.get());
            let of_asset = &case.exact.balances[asset].price.spot;
            let more = received - &x * (int(1) + p) / of_asset;
            // Down by two micro-dollars and an atom; up only where the collateral goes whole, by what its debt was cut.
            let up = ((int(2) + price) * (int(1) + p) + int(1) + case.slack()) / of_asset;
            between(&(-(int(2) + p) / of_asset - int(1)), &more, &up, "seized")
        }
        model::Leg::Perp(_) => {
            let worth = x / &case.quote;
            let paid = int(plan.paid_atoms.get() as i128);
            between(&int(-1), &(&paid - worth), &int(1), "worth")?;
            between(&int(0), &(&paid * insurance - fee), &int(1), "fee")?;
            between(&int(0), &(paid * kept - received), &int(1), "penalty")
        }
    }
}

fn check_after(case: &Case, name: model::Leg, plan: &Plan, after: &Portfolio, p: &Q) -> Result<(), TestCaseError> {
    let x = int(plan.size.get() as i128) * &case.prices(name)[0];
    let expected = fill(&case.exact, name, &x, p);
    let found = convert::portfolio(after, For::Maintenance(PriceKind::Spot));
    let maintenance = |p: &model::Portfolio| margin(p, Level::Maintenance, View::Plain(ModelAt::Spot));
    let (ideal, real) = (maintenance(&expected), maintenance(&found));
    // Two atoms of each part, at the largest weight; margins are then rounded like any.
    let atoms = match name {
        model::Leg::Pair { asset, .. } => {
            &case.exact.balances[asset].price.spot * int(2) + &case.prices(name)[0] * int(2)
        }
        model::Leg::Perp(_) => case.quote.clone() * int(4),
    } + case.slack();
    let off = int(4) * atoms;
    between(&-&off, &(&ideal.nav - &real.nav), &off, "NAV after")?;
    between(&-&off, &(ideal.excess() - real.excess()), &off, "NAV - MMR after")?;
    let rounded = margins(after, PriceKind::Spot, false);
    prop_assert_eq!(plan.after, rounded);
    between(&int(0), &(&real.nav - pico(rounded.nav.get())), &case.nav_bound, "NAV after, rounded")?;
    if plan.regime == Regime::Cure {
        let large = plan.notional.get() >= 10_000_000;
        prop_assert!(!large || cure_improves(&case.exact, &found), "a cure that does not improve the ratio");
    } else {
        prop_assert!(wind_down_is_sound(&case.exact, &found, p, &x, &off), "a wind-down that is not sound");
    }
    Ok(())
}

/// A caller's maximum shortens a fill, or is refused because it leaves dust.
fn check_maximum(case: &Case, leg: Leg, name: model::Leg, whole: &Plan, share: u64) -> Result<(), TestCaseError> {
    let most = whole.size.get() * share / 100;
    if most == 0 {
        return Ok(());
    }
    let p = ppm(whole.penalty_ppm.get() as i128);
    let found = plan(&mut case.p.clone(), &case.clocks, &request(leg, Some(most)), UnixSecs::new(NOW));
    match case.leaves_dust(name, &p, &int(most as i128)) {
        Some(true) => prop_assert_eq!(found.unwrap_err().reason, RiskError::LeavesDust),
        Some(false) => match found {
            Ok(short) => prop_assert_eq!((short.size.get(), short.penalty_ppm), (most, whole.penalty_ppm)),
            Err(refusal) => {
                let asked = int(most as i128) * &case.prices(name)[0];
                between(&int(0), &asked, &case.refusable(name, refusal.reason), "a maximum refused")?;
            }
        },
        None => {}
    }
    Ok(())
}

fn check_leg(case: &Case, asked: Leg, share: u64) -> Result<(), TestCaseError> {
    let assessment = assess(&case.p, &case.clocks, UnixSecs::new(NOW));
    let choice = assessment.regime.unwrap();
    let name = leg(&case.p, asked).unwrap();
    let mut after = case.p;
    let outcome = plan(&mut after, &case.clocks, &request(asked, None), UnixSecs::new(NOW));
    let open = clamp_of(&case.exact, name, &int(0));
    let plan = match outcome {
        Err(refusal) => {
            return match refusal.reason {
                RiskError::LegEmpty | RiskError::AssetIsLiability | RiskError::LegPriceInvalid => {
                    between(&int(0), &open, &case.slack(), "an empty leg")
                }
                RiskError::NotBestLeg => check_admissible(case, name, false),
                // Less than the rounding of one atom of either part.
                reason => between(&int(0), &open, &case.refusable(name, reason), &format!("{reason:?} of {name:?}")),
            };
        }
        Ok(plan) => plan,
    };
    let params = &case.p.params;
    if choice.regime == Regime::Cure
        && case.clocks.under_water_secs < Secs::new(params.auction.auction_secs + params.legs.best_leg_end_secs)
    {
        check_admissible(case, name, true)?;
    }
    let p = ppm(plan.penalty_ppm.get() as i128);
    if let Some((exact, bound)) = case.penalty(choice.regime, name) {
        between(&-&bound, &(&exact - &p), &bound, "penalty")?;
    }
    let (low, high) = case.sizes(name, &p, choice);
    between(&low, &int(plan.size.get() as i128), &high, "size")?;
    check_fill(case, name, &plan, &p)?;
    check_after(case, name, &plan, &after, &p)?;
    check_maximum(case, asked, name, &plan, share)
}

fn check_admissible(case: &Case, name: model::Leg, admitted: bool) -> Result<(), TestCaseError> {
    let Some(best) = case.best_release() else { return Ok(()) };
    let own = release_at_zero(&case.rates(name, Level::Maintenance));
    let expected = best.is_none_or(|best| own >= &case.exact.params.best_leg_share * best);
    prop_assert_eq!(admitted, expected, "{:?}", name);
    Ok(())
}

fn check(p: Portfolio, clocks: Clocks, picks: &[Index], share: u64) -> Result<(), TestCaseError> {
    let Some(found) = assess(&p, &clocks, UnixSecs::new(NOW)).regime else { return Ok(()) };
    let case = Case::new(p, clocks);
    if let Some(expected) = case.regime() {
        prop_assert_eq!(found, expected, "regime");
    }
    // Empty legs are the most and say the least: one of all, the rest among those that hold something.
    let all = legs(&p);
    let held: Vec<Leg> = all
        .iter()
        .copied()
        .filter(|l| {
            plan(&mut p.clone(), &clocks, &request(*l, None), UnixSecs::new(NOW))
                .map_or_else(|r| !is_empty(r.reason), |_| true)
        })
        .collect();
    check_leg(&case, all[picks[0].index(all.len())], share)?;
    for pick in &picks[1..] {
        if !held.is_empty() {
            check_leg(&case, held[pick.index(held.len())], share)?;
        }
    }
    Ok(())
}

fn is_empty(reason: RiskError) -> bool {
    matches!(reason, RiskError::LegEmpty | RiskError::AssetIsLiability)
}

fn clocks() -> impl Strategy<Value = Clocks> {
    (0u32..150, 0u32..200, prop::bool::weighted(0.2)).prop_map(|(under_water_secs, wind_down_secs, bypass)| Clocks {
        under_water_secs: Secs::new(under_water_secs),
        wind_down_secs: Secs::new(wind_down_secs),
        health_state: HealthState::WindDown,
        observed_at: UnixSecs::new(NOW),
        bypass,
        ..Clocks::default()
    })
}

fn picks() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 2)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// CURE-1, CURE-2, CURE-3, LEG-1, WINDDOWN-1
    #[test]
    fn a_plan_is_the_models_up_to_rounding(
        p in support::portfolio(5).prop_map(coarse), clocks in clocks(), picks in picks(), share in 1u64..100,
    ) {
        check(p, clocks, &picks, share)?;
    }

}

proptest! {
    // About three milliseconds each.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES / 2) })]

    #[test]
    fn a_plan_near_maintenance_is_the_models_up_to_rounding(
        p in support::portfolio(5).prop_map(coarse), h in 0.0f64..1.0, clocks in clocks(), picks in picks(), share in 1u64..100,
    ) {
        check(at_ratio(p, h), clocks, &picks, share)?;
    }

    /// ELIG-3
    #[test]
    fn a_plan_beside_stale_legs_and_a_quote_that_is_charged_is_the_models_up_to_rounding(
        mut p in support::portfolio(30).prop_map(coarse), h in 0.0f64..1.0, clocks in clocks(), picks in picks(), share in 1u64..100,
    ) {
        p.quote.weights = TokenWeights::new(Ppm::new(960_000), Ppm::new(900_000), Ppm::new(1_150_000), Ppm::new(1_200_000), &p.params).unwrap();
        p.params.perps.pnl_weight_ppm = p.params.perps.pnl_weight_ppm.min(960_000);
        check(at_ratio(p, h), clocks, &picks, share)?;
    }
}

/// Moves the quote balance until the ratio at spot is about `h`.
fn at_ratio(mut p: Portfolio, h: f64) -> Portfolio {
    for _ in 0..4 {
        let m = margins(&p, PriceKind::Spot, false);
        let gap = (m.nav.get() as f64 - h * m.mmr().get() as f64) / 1e6;
        p.quote.amount_atoms = SignedAtoms::new(p.quote.amount_atoms.get() - (gap as i64));
    }
    p
}

/// Found by `a_plan_beside_stale_legs_..`: what a stale market has lost made quote a liability that nobody can repay,
/// and the pair with it the best leg, which refused every other one.
#[test]
fn the_loss_of_a_stale_market_sets_no_best_leg() {
    let params = GlobalParams::DEFAULT;
    fn fresh<Worth: Count, Unit: Count>() -> LegPrices<Worth, Unit> {
        let par = UnitPrice::from_parts(PAR.mantissa(), PAR.shift());
        LegPrices { spot: par, fast: par, init: par, init_charge: par, ready: true, ..LegPrices::default() }
    }
    let stale = LegPrices { stale: true, ..fresh() };
    let mut p = Portfolio::empty(params);
    let weights =
        TokenWeights::new(Ppm::new(960_000), Ppm::new(900_000), Ppm::new(1_150_000), Ppm::new(1_200_000), &params)
            .unwrap();
    p.quote = TokenLeg { amount_atoms: SignedAtoms::ZERO, weights, prices: fresh(), bank: 0 };
    let token =
        TokenWeights::new(Ppm::new(800_000), Ppm::new(700_000), Ppm::new(1_200_000), Ppm::new(1_300_000), &params)
            .unwrap();
    p.tokens[0] = TokenLeg { amount_atoms: SignedAtoms::new(1_050_000_000), weights: token, prices: fresh(), bank: 1 };
    p.token_count = 1;
    let rates = MarketRates { maint_ppm: Ppm::new(30_000), target_ppm: Ppm::new(42_500), init_ppm: Ppm::new(60_000) };
    let perp = PerpLeg {
        units: SignedBaseUnits::new(1_000_000_000),
        cash_atoms: SignedAtoms::new(-1_000_000_000),
        rates,
        prices: fresh(),
        market: 1,
        ..PerpLeg::default()
    };
    p.perps[0] = PerpLeg {
        units: SignedBaseUnits::new(1_000_000),
        cash_atoms: SignedAtoms::new(-801_000_000),
        prices: stale,
        market: 0,
        ..perp
    };
    p.perps[1] = perp;
    p.perp_count = 2;
    let clocks = Clocks { health_state: HealthState::UnderWater, observed_at: UnixSecs::new(NOW), ..Clocks::default() };
    let pair = Leg::Pair { asset: 1, liability: Liability::NegativePnl(0) };
    let refused = plan(&mut p.clone(), &clocks, &request(pair, None), UnixSecs::new(NOW)).unwrap_err();
    assert_eq!(refused.reason, RiskError::LegPriceInvalid);
    let filled = plan(&mut p, &clocks, &request(Leg::Perp { market: 1 }, None), UnixSecs::new(NOW)).unwrap();
    assert_eq!(filled.regime, Regime::Cure);
}

/// Found by `a_plan_is_the_models_..`: all of the collateral for a debt that was cut by most of a coarse atom costs the
/// liquidatee that atom **and** the penalty on it (WINDDOWN-3).
#[test]
fn a_wind_down_takes_all_of_the_collateral_whatever_the_rounding_of_the_debt() {
    let params = GlobalParams::DEFAULT;
    let quote = TokenWeights::new(Ppm::WHOLE, Ppm::new(980_000), Ppm::WHOLE, Ppm::new(1_020_000), &params).unwrap();
    let token =
        TokenWeights::new(Ppm::new(985_000), Ppm::new(900_000), Ppm::new(1_015_000), Ppm::new(1_100_000), &params)
            .unwrap();
    let at = |spot| LegPrices { spot, fast: spot, init: spot, init_charge: spot, ready: true, ..LegPrices::default() };
    let coarse = UnitPrice::from_parts(10_000 << 48, 48);
    let clocks = Clocks {
        health_state: HealthState::WindDown,
        observed_at: UnixSecs::new(NOW),
        wind_down_secs: Secs::new(120),
        ..Clocks::default()
    };
    for collateral in 828_000_000..828_010_200 {
        let mut p = Portfolio::empty(params);
        p.quote = TokenLeg { amount_atoms: SignedAtoms::new(collateral), weights: quote, prices: at(PAR), bank: 0 };
        p.tokens[0] =
            TokenLeg { amount_atoms: SignedAtoms::new(-143_639), weights: token, prices: at(coarse), bank: 1 };
        p.token_count = 1;
        let pair = Leg::Pair { asset: 0, liability: Liability::Borrow(1) };
        let filled = plan(&mut p, &clocks, &request(pair, None), UnixSecs::new(NOW));
        assert!(filled.is_ok_and(|f| f.received_atoms == Atoms::new(collateral as u64)), "refused at {collateral}");
    }
}
