use num_traits::{Signed, Zero};

use super::generate::{portfolio, under_water, Spread};
use super::prng::Prng;
use crate::edge::{balance_charge_rate, edge_width};
use crate::margin::{is_eligible, margin, View};
use crate::portfolio::{At, Level, Portfolio, Price};
use crate::rational::{int, ppm, ratio, Q};
use crate::Params;

/// An account with true prices drawn inside every leg's edge around spot.
fn true_prices(rng: &mut Prng, account: &Portfolio) -> Portfolio {
    let mut truth = account.clone();
    let mut inside = |price: &Price, b: Q| Price::flat(&price.spot * (int(1) + b * rng.ratio(-8, 8, 8)));
    for balance in &mut truth.balances {
        let b = edge_width(&account.params, &balance.price, &balance_charge_rate(balance));
        balance.price = inside(&balance.price, b);
    }
    for perp in &mut truth.perps {
        let b = edge_width(&account.params, &perp.price, &perp.rate.maintenance);
        perp.price = inside(&perp.price, b);
    }
    truth
}

#[test]
fn no_account_that_is_healthy_at_true_prices_inside_the_edges_is_eligible() {
    let mut rng = Prng::new(40);
    let (mut eligible, mut healthy) = (0, 0);
    for _ in 0..20_000 {
        let mut account = under_water(&mut rng, Spread::Wide, 60, 99);
        for balance in &mut account.balances {
            balance.price.age_root = rng.ratio(0, 20, 4);
        }
        for perp in &mut account.perps {
            perp.price.age_root = rng.ratio(0, 20, 4);
        }
        let truth = true_prices(&mut rng, &account);
        let is_healthy = !margin(&truth, Level::Maintenance, View::Plain(At::Spot)).is_under_water();
        let is_open = is_eligible(&account, true);
        assert!(!(is_healthy && is_open));
        healthy += usize::from(is_healthy);
        eligible += usize::from(is_open);
    }
    println!("healthy: {healthy}, eligible: {eligible}");
    assert!(healthy > 100 && eligible > 1_000);
}

#[test]
fn the_edge_only_ever_favours_the_account() {
    let mut rng = Prng::new(41);
    for _ in 0..10_000 {
        let account = portfolio(&mut rng, Spread::Wide);
        for at in [At::Spot, At::Fast] {
            for level in [Level::Maintenance, Level::Target] {
                let plain = margin(&account, level, View::Plain(at));
                let edge = margin(&account, level, View::Eligible(at));
                assert!(edge.excess() >= plain.excess() && edge.nav >= plain.nav);
            }
        }
    }
}

#[test]
fn a_stale_leg_is_at_its_edge_everywhere_and_a_fresh_one_only_for_eligibility() {
    let mut rng = Prng::new(42);
    for _ in 0..5_000 {
        let mut account = portfolio(&mut rng, Spread::Wide);
        for balance in &mut account.balances {
            balance.price.stale = true;
        }
        for perp in &mut account.perps {
            perp.price.stale = true;
        }
        for at in [At::Spot, At::Fast] {
            assert_eq!(
                margin(&account, Level::Maintenance, View::Plain(at)),
                margin(&account, Level::Maintenance, View::Eligible(at))
            );
        }
    }
}

#[test]
fn the_width_is_capped_by_half_the_charge_rate_before_age_and_by_b_max_after() {
    let params = Params::default();
    let mut price = Price::flat(int(100));
    price.conf = ppm(30_000);
    assert_eq!(edge_width(&params, &price, &ppm(200_000)), ppm(60_000));
    assert_eq!(edge_width(&params, &price, &ppm(50_000)), ppm(25_000));
    price.sigma = ppm(500);
    price.age_root = int(10);
    assert_eq!(edge_width(&params, &price, &ppm(50_000)), ppm(40_000));
    price.age_root = int(1_000);
    assert_eq!(edge_width(&params, &price, &ppm(50_000)), ratio(1, 5));
    price.conf = Q::zero();
    price.age_root = Q::zero();
    assert!(!edge_width(&params, &price, &ppm(50_000)).is_positive());
}
