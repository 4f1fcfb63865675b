//! The invariants of `docs/invariants.md` that concern the pure crate and that neither `tests/liquidation.rs` nor the
//! unit tests hold: value, boundaries, splitting, collusion, liveness, the two sides of a valuation.

mod convert;
mod support;

use convert::kinds::{claim_share_ppm, grain, highest_ceiling_ppm, is_position, legs, price_of, shares, take};
use convert::wild::PAR;
use plimsoll_risk::auction::{Clocks, HealthState, Regime};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::liquidate::{assess, plan, Leg, LegSize, Plan, Request};
use plimsoll_risk::margin::{initial_margins, margins};
use plimsoll_risk::num::{mul_high_down, PPM};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::portfolio::{LegPrices, Portfolio, PriceKind};
use plimsoll_risk::price::UnitPrice;
use plimsoll_risk::units::{Atoms, Ppm, Secs, SignedAtoms, SignedBaseUnits, UnixSecs};
use plimsoll_risk::waterfall::check_bankrupt;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::{calm, portfolio, portfolio_of_any_quote, NOW};

const CASES: u32 = 10_000;
const PICO: i128 = 1_000_000;

fn clocks(under_water_secs: u32) -> Clocks {
    Clocks {
        under_water_secs: Secs::new(under_water_secs),
        observed_at: UnixSecs::new(NOW),
        health_state: HealthState::UnderWater,
        ..Clocks::default()
    }
}

fn request(leg: Leg, max_size: Option<u64>) -> Request {
    Request {
        leg,
        max_size: max_size.map(LegSize::new),
        min_size: LegSize::new(0),
        limit_numerator: 0,
        limit_denominator: 0,
    }
}

/// Fills of every leg that can be filled, each on its own copy.
fn fills(p: &Portfolio, clocks: &Clocks) -> Vec<(Leg, Portfolio, Plan)> {
    let fill = |leg: Leg| {
        let mut after = *p;
        plan(&mut after, clocks, &request(leg, None), UnixSecs::new(NOW)).ok().map(|plan| (leg, after, plan))
    };
    legs(p).into_iter().filter_map(fill).collect()
}

/// Without a deficit anywhere: every claim at par.
fn at_par(mut p: Portfolio) -> Portfolio {
    p.perps.iter_mut().for_each(|leg| leg.deficit_share_ppm = Ppm::ZERO);
    p
}

/// A rich liquidator with the same legs, after the fill.
fn liquidator(p: &Portfolio, leg: Leg, fill: Option<&Plan>) -> Portfolio {
    let mut me = *p;
    // A quarter of the range of values, whatever an atom is worth.
    me.quote.amount_atoms =
        SignedAtoms::new((1 << 50).min((1u64 << 62) / price_of(p, p.quote.bank).value_up(Atoms::new(1)).get()) as i64);
    me.tokens.iter_mut().for_each(|leg| leg.amount_atoms = SignedAtoms::new(leg.amount_atoms.get().abs() * 3));
    me.perps.iter_mut().for_each(|leg| {
        (leg.units, leg.cash_atoms) = (SignedBaseUnits::new(-leg.units.get()), SignedAtoms::new(-leg.cash_atoms.get()))
    });
    let Some(fill) = fill else { return me };
    take(&mut me, p, leg, fill);
    me
}

fn nav(p: &Portfolio) -> i128 {
    margins(p, PriceKind::Spot, false).nav.get()
}

/// Most that the pieces of a fill may pay the liquidator, micro-dollars, where one fill pays `once` and they close
/// `notional`; the accounts after the one fill and after the pieces.
///
/// A penalty at the ceiling is k h of the maintenance that it releases, so with `M` for maintenance an endless split moves
/// the ratio by `dh / dM = -(1 - k) h / M`: it rises as `M^(k - 1)` until it is the health cap H. The mean of min(h, H)
/// while all of M is released is `H (1 - k) / k (r - r^(1 / (1 - k)))` above `h0 = r H`. So much more, times k, is paid for
/// what is released; pieces of any size pay less, since each keeps the h that it began with. A penalty out of a claim on a
/// market in deficit costs the account no more than the claim gets, so k is that share of it. In wind-down the penalty
/// depends on the clock alone, and where the first pieces end it the rest pays at most the ceiling.
fn most_in_pieces(p: &Portfolio, leg: Leg, whole: &Plan, after: [&Portfolio; 2], [once, notional]: [i128; 2]) -> i128 {
    let auction = &p.params.auction;
    let liquidators = i128::from(PPM - auction.insurance_share_ppm);
    if whole.regime == Regime::WindDown {
        let highest = i128::from(highest_ceiling_ppm(p, leg).min(auction.penalty_cap()).get()) * liquidators / PICO;
        return notional * highest.max(i128::from(whole.penalty_ppm.get())) / PICO;
    }
    // The ratio and the penalty are whole ppm.
    let rounding = notional * 2 / PICO;
    let cap = f64::from(auction.health_cap_ppm) / 1e6;
    let r = f64::from(whole.before.ratio_ppm_down(Ppm::WHOLE).get()) / 1e6 / cap;
    if r >= 1.0 {
        return once + once.abs() / 500 + rounding;
    }
    let k = f64::from(auction.improvement_factor_ppm) * f64::from(claim_share_ppm(p, leg)) / 1e12;
    let k_rise = cap * (1.0 - k) * (r - r.powf(1.0 / (1.0 - k)));
    let maintenance = |p: &Portfolio| margins(p, PriceKind::Spot, false).mmr().get() as f64 / 1e6;
    let [released_once, released] = after.map(|after| maintenance(p) - maintenance(after));
    let more = k_rise * released * liquidators as f64 / 1e6;
    (once as f64 * (released / released_once).max(1.0) + more) as i128 + rounding
}

/// Tokens, perps and weights whose sums are whole micro-dollars, so that a quote balance meets maintenance exactly.
fn at_the_boundary() -> impl Strategy<Value = Portfolio> {
    portfolio(0).prop_map(|p| {
        let mut p = calm(p);
        fn plain<Worth: Copy, Unit: Copy>(prices: &mut LegPrices<Worth, Unit>) {
            let par = UnitPrice::from_parts(PAR.mantissa(), PAR.shift());
            *prices = LegPrices { spot: par, fast: par, edge: 0, ..*prices };
        }
        plain(&mut p.quote.prices);
        for leg in &mut p.tokens {
            plain(&mut leg.prices);
            leg.amount_atoms = SignedAtoms::new(leg.amount_atoms.get() % (1 << 20) * PICO as i64);
        }
        for leg in &mut p.perps {
            plain(&mut leg.prices);
            leg.units = SignedBaseUnits::new(leg.units.get() % (1 << 20) * PICO as i64);
            leg.cash_atoms = SignedAtoms::new(-leg.units.get());
        }
        p.params.perps.pnl_weight_ppm = 1_000_000;
        // The quote's weights are one at maintenance, so this lands on it exactly.
        p.quote.amount_atoms = SignedAtoms::new(
            p.quote.amount_atoms.get() - (margins(&p, PriceKind::Spot, false).maint_excess.get() / PICO) as i64,
        );
        p
    })
}

/// Moves the spot by a share of the leg's edge, up or down, and takes the edge away.
fn move_within_edge<Worth: Copy, Unit: Copy>(prices: &mut LegPrices<Worth, Unit>, (share, up): &(u64, bool)) {
    let edge = mul_high_down(prices.edge, *share);
    prices.spot = if *up { prices.spot.raised_down(edge) } else { prices.spot.lowered_up(edge) };
    (prices.edge, prices.stale) = (0, false);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    /// INV-20
    #[test]
    fn exactly_at_maintenance_nothing_can_be_liquidated_and_one_atom_below_it_can(
        mut p in at_the_boundary(), secs in 0u32..300,
    ) {
        prop_assert_eq!(margins(&p, PriceKind::Spot, false).maint_excess.get(), 0);
        for leg in legs(&p) {
            let mut after = p;
            let refusal = plan(&mut after, &clocks(secs), &request(leg, None), UnixSecs::new(NOW)).unwrap_err();
            let healthy = matches!(refusal.reason, RiskError::AccountHealthy | RiskError::AccountAlreadyCured);
            prop_assert!(healthy && after == p);
        }
        p.quote.amount_atoms = SignedAtoms::new(p.quote.amount_atoms.get() - 1);
        prop_assert!(assess(&p, &clocks(secs), UnixSecs::new(NOW)).regime.is_some());
    }

    /// INV-03 and INV-28: who controls both accounts only loses what insurance gains. (Of a market in deficit he gains what
    /// netting a claim against a debt of the same market gains: that much of the debt need not be paid in.)
    #[test]
    fn liquidating_oneself_moves_value_to_insurance_and_creates_none(
        p in portfolio_of_any_quote(0).prop_map(at_par), secs in 0u32..300,
    ) {
        for (leg, after, fill) in fills(&p, &clocks(secs)) {
            let before = nav(&p) + nav(&liquidator(&p, leg, None));
            let left = nav(&after) + nav(&liquidator(&p, leg, Some(&fill)));
            let (insurance, _) = shares(&p, leg, &fill);
            let gained = left - before + insurance * PICO;
            prop_assert!(gained.abs() <= grain(&p, leg) * PICO, "{gained} by {leg:?}");
            // A base is worth whole atoms of quote, one less in two hands than in one.
            let atoms = if is_position(leg) { 2 * p.quote.prices.spot.value_up(Atoms::new(1)).get() as i128 } else { 0 };
            prop_assert!(left <= before + (16 + atoms) * PICO);
        }
    }

    /// INV-27, in value: the pieces of a fill pay the liquidator no more than [`most_in_pieces`], and leave no lower a ratio
    /// (CURE-4).
    #[test]
    fn splitting_pays_no_more_from_the_health_cap_on_and_below_it_no_more_than_endless_splitting_would(
        p in portfolio(0).prop_map(calm), secs in 0u32..60, pieces in 2u64..6,
    ) {
        for (leg, one, whole) in fills(&p, &clocks(secs)).into_iter().take(4) {
            if whole.notional.get() < 10_000_000 { continue; }
            let mut split = p;
            let (mut gain, mut notional, mut made, mut cured) = (0, 0i128, 0, false);
            for piece in 0..pieces + 4 {
                let most = (piece < pieces - 1).then_some((whole.size.get() / pieces).max(1));
                let mut next = split;
                let Ok(fill) = plan(&mut next, &clocks(secs), &request(leg, most), UnixSecs::new(NOW)) else { continue };
                gain += shares(&split, leg, &fill).1;
                cured |= fill.regime != whole.regime;
                (notional, made, split) = (notional + fill.notional.get() as i128, made + 1, next);
            }
            if made < 2 { continue; }
            let once = shares(&p, leg, &whole).1;
            let more = (most_in_pieces(&p, leg, &whole, [&one, &split], [once, notional]) - once).max(0);
            let rounding = made * grain(&p, leg);
            prop_assert!(gain <= once + more + rounding, "{gain} in {made} pieces, {once} at once: {leg:?} {whole:?}");
            // The account is left as well off, up to what the pieces paid more, of which insurance has its share; unless
            // its first pieces lift it out of wind-down and the rest is a cure.
            let liquidators = PPM - p.params.auction.insurance_share_ppm;
            let paid_more = more * PICO * PICO / (i128::from(liquidators) * i128::from(claim_share_ppm(&p, leg).max(1)));
            let lost = (nav(&one) - nav(&split)) / PICO;
            let closed_no_more = notional <= whole.notional.get() as i128 + rounding;
            prop_assert!(cured || !closed_no_more || lost <= paid_more + rounding, "{lost} lost by {leg:?} {whole:?}");
        }
    }

    /// INV-31: whoever is under water ends healthy, flat or bankrupt, in few fills, while the fast average closes half
    /// of its distance to spot between two. (A standing distance bounds every fill, and no number bounds the fills.)
    #[test]
    fn greedy_liquidation_ends_healthy_flat_or_bankrupt_in_few_steps(p in portfolio_of_any_quote(0), first in 0u32..150) {
        let mut p = p;
        let most = p.token_count + p.perp_count + largest_size(&p).ilog2() as usize + 1;
        let mut under = Clocks { wind_down_secs: Secs::new(400), ..clocks(first) };
        for _ in 0..most {
            let largest = fills(&p, &under).into_iter().max_by_key(|(_, _, fill)| fill.notional.get());
            match largest {
                Some((_, after, _)) => p = after,
                // A claim on a pool cannot be seized: it waits for `settle_pnl`, and then is quote like any.
                None if settle_claims(&mut p) => {}
                // The best leg may be too small for its atoms: the others wait for the end of the best-leg rule.
                None if under.under_water_secs < Secs::new(300) => {}
                None => break,
            }
            under.under_water_secs = Secs::new(300);
            approach(&mut p);
        }
        let end = assess(&p, &under, UnixSecs::new(NOW));
        let at_an_end = end.regime.is_none() || check_bankrupt(&p, &end).is_ok() || is_worthless(&p, &under);
        prop_assert!(at_an_end && fills(&p, &under).is_empty(), "not at an end after {most} fills: {p:?}");
    }

    /// INV-41 and INV-40: a liquidator always pays, and takes at most the penalty beside (CURE-3).
    #[test]
    fn nobody_is_liquidated_for_nothing_or_beyond_the_highest_penalty(
        p in portfolio_of_any_quote(0), secs in 0u32..300, wind_down_secs in 0u32..300,
    ) {
        for (leg, _, fill) in fills(&p, &Clocks { wind_down_secs: Secs::new(wind_down_secs), ..clocks(secs) }) {
            let cap = match fill.regime {
                Regime::Cure => p.params.auction.penalty_cap_ppm,
                Regime::WindDown => p.params.wind_down.wind_down_penalty_ppm,
            };
            // A base worth less than an atom of quote has no price in it.
            let worthless = is_position(leg) && fill.notional.get() == 0;
            prop_assert!((fill.paid_atoms > Atoms::ZERO || worthless) && fill.penalty_ppm <= Ppm::new(cap));
            let (insurance, gain) = shares(&p, leg, &fill);
            let penalty = fill.notional.get() as i128 * fill.penalty_ppm.get() as i128 / PICO;
            // All of the collateral may go for a debt that was cut by an atom.
            prop_assert!(insurance + gain <= penalty + 2 * grain(&p, leg));
        }
    }

    /// INV-50
    #[test]
    fn requirements_are_never_negative_and_double_with_the_account(p in convert::wild::portfolio(false)) {
        let mut twice = p;
        twice.quote.amount_atoms = SignedAtoms::new(twice.quote.amount_atoms.get() * 2);
        twice.tokens.iter_mut().for_each(|leg| leg.amount_atoms = SignedAtoms::new(leg.amount_atoms.get() * 2));
        twice.perps.iter_mut().for_each(|leg| (leg.units, leg.cash_atoms) = (SignedBaseUnits::new(2 * leg.units.get()), SignedAtoms::new(2 * leg.cash_atoms.get())));
        for at in [PriceKind::Spot, PriceKind::Fast] {
            let (one, two) = (margins(&p, at, false), margins(&twice, at, false));
            prop_assert!(0 <= one.mmr().get() && one.mmr().get() <= one.tmr().get());
            // Two roundings of each leg, at weights up to four.
            let bound = 200 * PICO;
            prop_assert!((two.mmr().get() - 2 * one.mmr().get()).abs() <= bound && (two.tmr().get() - 2 * one.tmr().get()).abs() <= bound);
        }
        let (one, two) = (initial_margins(&p), initial_margins(&twice));
        prop_assert!(one.imr().get() >= 0 && (two.imr().get() - 2 * one.imr().get()).abs() <= 200 * PICO);
    }

    /// INV-52: assets low and liabilities high leave no more than spot and the fast average do (MARGIN-7).
    #[test]
    fn initial_health_is_never_above_target_or_maintenance_at_any_price_and_weight(p in convert::wild::portfolio(true)) {
        let init = initial_margins(&p);
        for leg in p.tokens() {
            let (high, spot, fast) = (leg.prices.init_charge, leg.prices.spot, leg.prices.fast);
            prop_assert!(high.mantissa() >= spot.mantissa().max(fast.mantissa()));
        }
        for leg in p.perps() {
            let (high, spot, fast) = (leg.prices.init_charge, leg.prices.spot, leg.prices.fast);
            prop_assert!(high.mantissa() >= spot.mantissa().max(fast.mantissa()));
        }
        for at in [PriceKind::Spot, PriceKind::Fast] {
            let mut fresh = p;
            fresh.tokens.iter_mut().for_each(|leg| leg.prices.stale = false);
            fresh.perps.iter_mut().for_each(|leg| leg.prices.stale = false);
            let m = margins(&fresh, at, false);
            prop_assert!(init.init_excess.get() <= m.target_excess.get() + 100 * PICO && m.target_excess.get() <= m.maint_excess.get() && m.maint_excess.get() <= m.nav.get());
        }
    }

    /// ELIG-1: no account that is healthy at the true price is eligible.
    #[test]
    fn whoever_is_healthy_at_any_price_within_the_edges_is_not_eligible(
        p in convert::wild::portfolio(true), shifts in prop::collection::vec((any::<u64>(), any::<bool>()), 8), secs in 0u32..300,
    ) {
        let mut p = p;
        p.quote.prices.edge = 0;
        let mut truth = p;
        let mut shifts = shifts.iter().cycle();
        truth.tokens.iter_mut().for_each(|leg| move_within_edge(&mut leg.prices, shifts.next().unwrap()));
        truth.perps.iter_mut().for_each(|leg| move_within_edge(&mut leg.prices, shifts.next().unwrap()));
        let healthy = margins(&truth, PriceKind::Spot, false).maint_excess.get() >= 100 * PICO;
        prop_assert!(!healthy || assess(&p, &clocks(secs), UnixSecs::new(NOW)).regime.is_none());
    }
}

/// Three of four portfolios have other parameters than the defaults, of which a few a listing refuses; where it does, the
/// defaults stand in. So the properties here and those against the model speak of what may be listed (LISTING-1).
#[test]
fn random_accepted_parameters_and_not_the_defaults_are_what_the_invariants_are_shown_for() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut drawn, mut tight) = (0, 0);
    for _ in 0..1_000 {
        let p = portfolio(0).new_tree(&mut runner).unwrap().current();
        support::accepted::check(&p).unwrap();
        let default = GlobalParams::DEFAULT.with(|new| new.perps.pnl_weight_ppm = p.params.perps.pnl_weight_ppm);
        drawn += u32::from(p.params != default);
        tight += u32::from(p.params.auction.health_cap_ppm < 250_000);
    }
    assert!(drawn > 600 && tight > 200, "{drawn} of 1,000 with drawn parameters, {tight} with half the health cap");
}

/// The largest amount of any leg, atoms or units.
fn largest_size(p: &Portfolio) -> u64 {
    let tokens = p.tokens().iter().map(|leg| leg.amount_atoms.unsigned_abs().get());
    tokens.chain(p.perps().iter().map(|leg| leg.units.unsigned_abs().get())).max().unwrap_or(0).max(1)
}

/// Moves every fast average half the way to spot.
fn approach(p: &mut Portfolio) {
    fn half<Worth: Copy, Unit: Copy>(prices: &mut LegPrices<Worth, Unit>) {
        let (spot, fast) = (prices.spot, prices.fast);
        let near = spot.shift() != fast.shift() || spot.mantissa().abs_diff(fast.mantissa()) < 2;
        let mantissa = if near { spot.mantissa() } else { spot.mantissa().midpoint(fast.mantissa()) };
        prices.fast = UnitPrice::from_parts(mantissa, spot.shift());
    }
    p.tokens.iter_mut().for_each(|leg| half(&mut leg.prices));
    p.perps.iter_mut().for_each(|leg| half(&mut leg.prices));
}

/// Pays what closed positions are owed into quote; whether there was any.
fn settle_claims(p: &mut Portfolio) -> bool {
    let (count, before) = (p.perp_count, p.quote.amount_atoms);
    for leg in p.perps[..count]
        .iter_mut()
        .filter(|leg| leg.units == SignedBaseUnits::ZERO && leg.cash_atoms > SignedAtoms::ZERO)
    {
        p.quote.amount_atoms =
            SignedAtoms::new(p.quote.amount_atoms.get() + (core::mem::take(&mut leg.cash_atoms)).get());
    }
    p.quote.amount_atoms != before
}

/// Nothing that is left can be filled: less than an atom or the rounding of one on one side of every leg.
fn is_worthless(p: &Portfolio, clocks: &Clocks) -> bool {
    let left = |leg: Leg| match plan(&mut p.clone(), clocks, &request(leg, None), UnixSecs::new(NOW)) {
        Ok(_) => false,
        Err(refusal) => matches!(
            refusal.reason,
            RiskError::LegEmpty | RiskError::AssetIsLiability | RiskError::FillTooSmall | RiskError::AfterCheckFailed
        ),
    };
    nav(p) < 10_000_000 * PICO && legs(p).into_iter().all(left)
}
