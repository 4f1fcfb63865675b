use num_traits::{Signed, Zero};

use super::generate::{under_water, Spread};
use super::prng::Prng;
use crate::legs::{clamp_of, fillable, is_admissible, leg_rates, legs_above, legs_compared, Leg};
use crate::liquidate::{cure_improves, fill, fill_clamped, maintenance_at_spot};
use crate::margin::excess;
use crate::penalty::{cure_penalty, p_max, release};
use crate::portfolio::{At, Level, Portfolio};
use crate::rational::{floor_atoms, int, Q};
use crate::sizing::{cure_size, regime, target_size, target_size_at, Regime};

/// A penalty anywhere up to the ceiling, and mostly at it.
fn some_penalty(rng: &mut Prng, account: &Portfolio, leg: Leg) -> Q {
    let h = maintenance_at_spot(account).ratio().unwrap();
    let ceiling = p_max(&account.params, &h, &leg_rates(account, leg, Level::Maintenance));
    ceiling * rng.ratio(0, 4, 4)
}

fn every_leg(account: &Portfolio) -> Vec<Leg> {
    legs_above(account, &Q::zero())
}

/// `legs` random fills at random penalties, each with its account, leg, p and x* at spot.
fn each_fill(seed: u64, accounts: usize, mut check: impl FnMut(&mut Prng, &Portfolio, Leg, &Q, &Q)) -> usize {
    let mut rng = Prng::new(seed);
    let mut fills = 0;
    for _ in 0..accounts {
        let account = under_water(&mut rng, Spread::None, 1, 99);
        for leg in every_leg(&account) {
            let p = some_penalty(&mut rng, &account, leg);
            let x = target_size_at(&account, leg, &p, At::Spot);
            check(&mut rng, &account, leg, &p, &x);
            fills += 1;
        }
    }
    fills
}

#[test]
fn a_pair_lands_on_the_target_exactly_when_nothing_clamps_it() {
    let mut exact = 0;
    each_fill(20, 8_000, |_, account, leg, p, x| {
        if matches!(leg, Leg::Pair { .. }) && *x <= clamp_of(account, leg, p) {
            assert!(excess(&fill(account, leg, x, p), Level::Target, At::Spot).is_zero());
            exact += 1;
        }
    });
    println!("pairs on the target: {exact}");
    assert!(exact > 2_000);
}

#[test]
fn a_perp_fill_lands_on_or_above_the_target_when_nothing_clamps_it() {
    let (mut on, mut above) = (0, 0);
    each_fill(21, 20_000, |_, account, leg, p, x| {
        if matches!(leg, Leg::Perp(_)) && *x <= clamp_of(account, leg, p) {
            let excess = excess(&fill(account, leg, x, p), Level::Target, At::Spot);
            assert!(!excess.is_negative());
            match excess.is_zero() {
                true => on += 1,
                false => above += 1,
            }
        }
    });
    println!("perps on the target: {on}, above: {above}");
    assert!(on > 500 && above > 500);
}

#[test]
fn a_cure_up_to_p_max_never_makes_nav_negative_and_strictly_improves_the_ratio() {
    let fills = each_fill(22, 8_000, |rng, account, leg, p, x| {
        let share = rng.ratio(1, 4, 2);
        let (after, filled) = fill_clamped(account, leg, &(x * share), p);
        assert!(filled.is_positive());
        assert!(!maintenance_at_spot(&after).nav.is_negative());
        assert!(cure_improves(account, &after));
    });
    println!("fills: {fills}");
    assert!(fills > 10_000);
}

#[test]
fn a_penalty_at_or_above_m_times_h_does_not_improve_a_pair() {
    let mut refused = 0;
    each_fill(23, 3_000, |_, account, leg, _, _| {
        if let Leg::Pair { .. } = leg {
            let h = maintenance_at_spot(account).ratio().unwrap();
            let rates = leg_rates(account, leg, Level::Maintenance);
            // With k = 1 the ceiling solves p = h·m(p): exactly the bound.
            let p = crate::penalty::p_max_with(&int(1), &h, &rates);
            assert_eq!(p, &h * release(&rates, &p));
            let x = clamp_of(account, leg, &p) / int(2);
            assert!(!cure_improves(account, &fill(account, leg, &x, &p)));
            refused += 1;
        }
    });
    assert!(refused > 1_000);
}

#[test]
fn a_perp_fill_releases_at_least_m_and_at_most_what_a_borrowed_penalty_would_cost() {
    each_fill(24, 4_000, |_, account, leg, p, x| {
        if let Leg::Perp(_) = leg {
            let (after, filled) = fill_clamped(account, leg, x, p);
            let (old, new) = (maintenance_at_spot(account), maintenance_at_spot(&after));
            let m = release(&leg_rates(account, leg, Level::Maintenance), p);
            assert_eq!(&old.nav - &new.nav, p * &filled);
            assert!(old.requirement - new.requirement >= m * filled);
        }
    });
}

#[test]
fn with_dust_swept_along_a_cure_still_improves_and_keeps_nav() {
    each_fill(25, 5_000, |_, account, leg, p, _| {
        let x = cure_size(account, leg, p);
        assert!(x <= clamp_of(account, leg, p));
        let after = fill(account, leg, &x, p);
        assert!(cure_improves(account, &after) && !maintenance_at_spot(&after).nav.is_negative());
    });
}

/// Cures until the target, a wind-down, or nothing above dust is left. Returns the fills and how it ended.
fn run_to_the_end(rng: &mut Prng, mut account: Portfolio) -> (usize, &'static str) {
    for fills in 0..60 {
        let margin = maintenance_at_spot(&account);
        if !excess(&account, Level::Target, At::Spot).is_negative() {
            return (fills, "target");
        }
        if !margin.is_under_water() {
            return (fills, "healthy");
        }
        if regime(&account, false) != Regime::Cure {
            return (fills, "wind-down");
        }
        let admissible = |leg: &Leg| is_admissible(&account, *leg) && fillable(&account, *leg);
        let legs: Vec<Leg> = legs_compared(&account).into_iter().filter(admissible).collect();
        assert!(!legs.is_empty(), "stuck: a cure without an admissible leg");
        let leg = legs[rng.index(legs.len())];
        let h = margin.ratio().unwrap();
        let elapsed = int(rng.range(0, 60));
        let rates = leg_rates(&account, leg, Level::Maintenance);
        // Penalties are whole ppm and sizes whole micro-dollars, or the numbers grow with every fill.
        let micro = int(1_000_000);
        let p = floor_atoms(&(cure_penalty(&account.params, &elapsed, &h, &rates) * &micro)) / &micro;
        let x = -floor_atoms(&-(cure_size(&account, leg, &p) * &micro)) / &micro;
        let after = fill_clamped(&account, leg, &x, &p).0;
        assert!(cure_improves(&account, &after));
        account = after;
    }
    panic!("an account that sixty fills do not settle");
}

#[test]
fn every_account_runs_to_its_end_and_none_is_stuck() {
    let mut rng = Prng::new(26);
    let mut ends = std::collections::BTreeMap::<&str, (usize, usize)>::new();
    for _ in 0..6_000 {
        let account = under_water(&mut rng, Spread::None, -20, 99);
        let (fills, end) = run_to_the_end(&mut rng, account);
        let count = ends.entry(end).or_default();
        *count = (count.0 + 1, count.1 + fills);
    }
    println!("ends (accounts, fills): {ends:?}");
    assert!(ends["target"].0 > 2_000);
}

#[test]
fn the_best_leg_is_always_admissible_itself() {
    let mut rng = Prng::new(27);
    for _ in 0..5_000 {
        let account = under_water(&mut rng, Spread::Wide, -50, 99);
        let compared = legs_compared(&account);
        assert!(compared.is_empty() || compared.iter().any(|leg| is_admissible(&account, *leg)));
    }
}

#[test]
fn target_size_of_the_design_page_example_is_what_its_formula_says() {
    // NAV 95, TMR 105, m_T 5 %, p 1 %: ten of shortfall over four per cent.
    assert_eq!(target_size(&int(10), &crate::ratio(5, 100), &crate::ratio(1, 100)), int(250));
    assert!(target_size(&int(-1), &crate::ratio(5, 100), &crate::ratio(1, 100)).is_zero());
}
