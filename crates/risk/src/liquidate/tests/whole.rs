//! Whole plans: who is refused and why, which leg may go, how much, and what the clocks say afterwards.

use super::*;
use crate::auction::{pair_ceiling_ppm_down, perp_ceiling_ppm_down};
use crate::liquidate::LegSize;
use crate::units::{Atoms, Ppm, Secs, UnixSecs, UsdMicroSum};

fn under_water(under_water_secs: u32) -> Clocks {
    Clocks {
        under_water_secs: Secs::new(under_water_secs),
        health_state: HealthState::UnderWater,
        observed_at: NOW,
        ..Clocks::default()
    }
}

fn reason(p: &Portfolio, clocks: &Clocks, request: &Request) -> Option<RiskError> {
    plan(&mut p.clone(), clocks, request, NOW).err().map(|refusal| refusal.reason)
}

/// A thousand dollars against 820: a NAV of 180 where 182 are required.
fn wet() -> Portfolio {
    pair(1_000_000_000, 820_000_000)
}

#[test]
fn a_healthy_account_was_cured_before_if_anything_of_it_is_remembered() {
    for health_state in [HealthState::Healthy, HealthState::UnderWater, HealthState::WindDown] {
        for under_water_secs in [0, 1, 9] {
            let clocks = Clocks {
                health_state,
                under_water_secs: Secs::new(under_water_secs),
                observed_at: NOW,
                ..Clocks::default()
            };
            let never = health_state == HealthState::Healthy && under_water_secs == 0;
            let expected = if never { RiskError::AccountHealthy } else { RiskError::AccountAlreadyCured };
            assert_eq!(reason(&pair(1_000, 100), &clocks, &whole(PAIR)), Some(expected));
        }
    }
}

#[test]
fn an_account_that_just_passed_its_initial_check_cools_off_for_two_seconds() {
    for (ago, refused) in [(0, true), (1, true), (2, false), (3, false)] {
        let clocks = Clocks { passed_at: UnixSecs::new(NOW.get() - ago), ..under_water(5) };
        assert_eq!(reason(&wet(), &clocks, &whole(PAIR)), refused.then_some(RiskError::CoolOff), "{ago}");
    }
}

#[test]
fn a_cure_closes_what_the_target_asks_at_the_auctions_penalty_and_ends_the_time_under_water() {
    let mut after = wet();
    let found = plan(&mut after, &under_water(10), &whole(PAIR), NOW).unwrap();
    let before = assess(&wet(), &under_water(10), NOW);
    let params = &wet().params;
    let ceiling = pair_ceiling_ppm_down(before.health_ppm, &WEIGHTS, &WEIGHTS, params);
    let penalty = cure_penalty_ppm_down(Secs::new(10), Ppm::new(200_000), before.health_ppm, ceiling, params);
    assert_eq!((found.regime, found.penalty_ppm), (Regime::Cure, penalty));
    let release = 1_110_000 * MILLION - 888_000 * (MILLION + penalty.get() as i128);
    let size = (-before.spot.target_excess.get() * MILLION + release - 1) / release;
    assert_eq!(found.size.get() as i128, size);
    assert_eq!((found.before, found.after), (before.spot, margins(&after, PriceKind::Spot, false)));
    assert!(!found.after.is_under_water());
    assert_eq!((found.clocks.health_state, found.clocks.under_water_secs), (HealthState::Healthy, Secs::new(10)));
    // A millionth of it leaves the account where it is.
    let least = Request { max_size: Some(LegSize::new(1_000)), ..whole(PAIR) };
    let found = plan(&mut wet(), &under_water(10), &least, NOW).unwrap();
    assert!(found.after.is_under_water());
    assert_eq!((found.size, found.clocks.health_state), (LegSize::new(1_000), HealthState::UnderWater));
}

#[test]
fn a_perp_is_taken_over_at_its_own_ceiling() {
    // A long of a million dollars: 25,000 are left where 30,000 are required.
    let units = 1_000_000_000_000i64;
    let mut p = account(0, &[], &[perp(7, units, 25_000_000_000 - units)]);
    let before = assess(&p, &under_water(40), NOW);
    let ceiling = perp_ceiling_ppm_down(before.health_ppm, &RATES, &WEIGHTS, &p.params);
    let found = plan(&mut p, &under_water(40), &whole(PERP), NOW).unwrap();
    assert_eq!(
        found.penalty_ppm,
        cure_penalty_ppm_down(Secs::new(40), Ppm::new(30_000), before.health_ppm, ceiling, &p.params)
    );
    assert_eq!(found.penalty_ppm, ceiling);
}

/// The plain numbers of rounding are worth more than what a small account gains: whoever cuts a fill below what the
/// engine asks for could wear it down.
#[test]
fn a_fill_that_the_caller_cuts_must_outweigh_the_rounding_of_shares_and_a_whole_one_need_not() {
    let small = pair(1_000, 820);
    let of = |max_size| plan(&mut small.clone(), &under_water(10), &Request { max_size, ..whole(PAIR) }, NOW);
    let size = of(None).unwrap().size;
    assert_eq!(of(Some(LegSize::new(size.get() + 1))).unwrap().size, size);
    let refused = |max_size| of(max_size).err().map(|refusal| refusal.reason);
    assert_eq!(refused(Some(size)), Some(RiskError::AfterCheckFailed));
    assert_eq!(refused(Some(LegSize::new(size.get() - 1))), Some(RiskError::AfterCheckFailed));
    // Of a large account the same part is worth the rounding.
    let half = Request { max_size: Some(LegSize::new(30_000_000)), ..whole(PAIR) };
    assert_eq!(reason(&wet(), &under_water(10), &half), None);
    // A wind-down may be cut as finely as anyone likes.
    let broke = pair(1_000, 1_000);
    let few = Request { max_size: Some(LegSize::new(30)), ..whole(PAIR) };
    let found = plan(&mut broke.clone(), &under_water(10), &few, NOW).unwrap();
    assert_eq!((found.regime, found.size), (Regime::WindDown, LegSize::new(30)));
}

#[test]
fn a_wind_down_takes_everything_unless_the_average_denies_it() {
    // Half a dollar is left at spot: nothing that could pay for a cure.
    let mut p = pair(1_000_000_000, 999_500_000);
    let found = plan(&mut p.clone(), &under_water(10), &whole(PAIR), NOW).unwrap();
    // The debt that a thousand dollars pay for at the lowest penalty.
    let all = 1_000_000_000 * 1_000_000 / 1_001_000;
    assert_eq!((found.regime, found.penalty_ppm, found.size), (Regime::WindDown, Ppm::new(1_000), LegSize::new(all)));
    assert_eq!(found.received_atoms, Atoms::new(1_000_000_000));
    // At the average 180 dollars are left: what it lacks to its target may go, and no more.
    p.tokens[1].prices.fast = UnitPrice::from_parts((820 << 40) / 999, 40);
    let found = plan(&mut p.clone(), &under_water(10), &whole(PAIR), NOW).unwrap();
    let fast = assess(&p, &under_water(10), NOW).fast;
    let release = 1_110_000 * MILLION - 888_000 * (MILLION + 1_000);
    let dollars = (-fast.target_excess.get() * MILLION + release - 1) / release;
    let size = p.tokens[1].prices.fast.amount_of_wide_up(UsdMicroSum::new(dollars as u128));
    assert_eq!((found.regime, found.size), (Regime::WindDown, LegSize::new(size.get())));
    assert!(size < Atoms::new(all / 5));
    // Once the bypass holds the average is not asked.
    let found = plan(&mut p, &Clocks { bypass: true, ..under_water(10) }, &whole(PAIR), NOW).unwrap();
    assert_eq!((found.regime, found.size), (Regime::WindDown, LegSize::new(all)));
}

#[test]
fn another_leg_must_release_nine_tenths_of_the_best_until_the_best_has_had_its_time() {
    let with = |asset_maint_ppm| {
        let mut second = token(3, 500_000_000);
        second.weights.asset_maint_ppm = asset_maint_ppm;
        second.weights.asset_target_ppm = Ppm::new(880_000);
        let mut p = account(0, &[token(1, 500_000_000), second, token(2, -850_000_000)], &[]);
        p.params.legs.best_leg_share_ppm = 900_000;
        p.params.legs.best_leg_min_ppm = 10_000;
        p
    };
    let other = whole(Leg::Pair { asset: 3, liability: Liability::Borrow(2) });
    // The best releases 1.1 - 0.9.
    assert_eq!(reason(&with(Ppm::new(920_000)), &under_water(10), &other), None);
    let refused = plan(&mut with(Ppm::new(920_001)), &under_water(10), &other, NOW).unwrap_err();
    let best = Some(LegName::Pair { asset: 1, liability: 2 });
    assert_eq!(refused, Refusal { reason: RiskError::NotBestLeg, best });
    assert_eq!(reason(&with(Ppm::new(920_001)), &under_water(10), &whole(PAIR)), None);
    // Forty seconds of auction and sixty.
    assert_eq!(reason(&with(Ppm::new(920_001)), &under_water(99), &other), Some(RiskError::NotBestLeg));
    assert_eq!(reason(&with(Ppm::new(920_001)), &under_water(100), &other), None);
}
