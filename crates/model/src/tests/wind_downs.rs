use num_traits::{Signed, Zero};

use super::generate::{portfolio, under_water, Spread};
use super::prng::Prng;
use crate::fills::{default_band, is_within_band, may_grow, may_reduce};
use crate::legs::legs_above;
use crate::liquidate::{fill, liquidate_perp, wind_down_is_sound};
use crate::margin::initial_excess;
use crate::penalty::wind_down_penalty;
use crate::portfolio::At;
use crate::rational::{int, ppm, ratio, Q};
use crate::sizing::{
    is_below_boundary, regime, regime_at_both_prices, some_leg_pays, wind_down_size, with_callers_maximum, Regime,
};

#[test]
fn a_wind_down_of_any_leg_at_any_size_passes_its_check() {
    let mut rng = Prng::new(110);
    let mut fills = 0;
    for _ in 0..8_000 {
        let account = under_water(&mut rng, Spread::Wide, -99, 10);
        let found = regime(&account, false);
        if found == Regime::Cure {
            continue;
        }
        for leg in legs_above(&account, &Q::zero()) {
            let p = wind_down_penalty(&account.params, &int(rng.range(0, 200)));
            let x = wind_down_size(&account, leg, &p, found) * rng.ratio(1, 4, 4);
            if x.is_positive() {
                assert!(wind_down_is_sound(&account, &fill(&account, leg, &x, &p), &p, &x, &Q::zero()));
                fills += 1;
            }
        }
    }
    println!("wind-down fills: {fills}");
    assert!(fills > 5_000);
}

#[test]
fn a_fill_past_zero_is_refused_by_the_wind_down_check() {
    let mut rng = Prng::new(111);
    for _ in 0..2_000 {
        let account = portfolio(&mut rng, Spread::None);
        for (market, perp) in account.perps.iter().enumerate() {
            if !perp.base.is_zero() {
                let x = perp.notional(&perp.price.spot) * ratio(3, 2);
                let after = liquidate_perp(&account, market, &x, &Q::zero());
                assert!(!wind_down_is_sound(&account, &after, &Q::zero(), &x, &Q::zero()));
            }
        }
    }
}

#[test]
fn few_accounts_above_the_boundary_have_no_leg_that_pays_and_those_wind_down() {
    let mut rng = Prng::new(112);
    let (mut above, mut unpaid) = (0, 0);
    for _ in 0..10_000 {
        let account = under_water(&mut rng, Spread::None, 1, 99);
        if !is_below_boundary(&account, At::Spot) {
            above += 1;
            if !some_leg_pays(&account, At::Spot) {
                unpaid += 1;
                assert_eq!(regime(&account, false), Regime::WindDown);
            }
        }
    }
    println!("above e·G: {above}, of them without a leg that pays: {unpaid}");
}

#[test]
fn by_the_letter_of_the_table_hardly_any_account_below_the_boundary_at_spot_alone_is_held_to_the_ema() {
    let mut rng = Prng::new(113);
    let (mut spot_only, mut letter, mut both) = (0, 0, 0);
    for _ in 0..5_000 {
        let account = under_water(&mut rng, Spread::Wide, -30, 10);
        if is_below_boundary(&account, At::Spot) && !is_below_boundary(&account, At::Fast) {
            spot_only += 1;
            letter += usize::from(regime(&account, false) == Regime::WindDownAtSpotOnly);
            both += usize::from(regime_at_both_prices(&account, false) == Regime::WindDownAtSpotOnly);
            assert_eq!(regime_at_both_prices(&account, true), Regime::WindDown);
        }
    }
    println!("below e·G at spot alone: {spot_only}; held to x*_EMA by the letter {letter}, by both prices {both}");
    assert!(spot_only > 500 && letter * 20 < spot_only && both * 2 > spot_only);
}

#[test]
fn a_callers_maximum_that_leaves_dust_is_refused() {
    let mut rng = Prng::new(114);
    let mut refused = 0;
    for _ in 0..3_000 {
        let account = under_water(&mut rng, Spread::None, 10, 90);
        for leg in legs_above(&account, &int(40)) {
            let p = ppm(1_000);
            let all = crate::legs::clamp_of(&account, leg, &p);
            assert_eq!(with_callers_maximum(&account, leg, &all, &(&all * int(2)), &p), Some(all.clone()));
            let almost = &all - int(1);
            refused += usize::from(with_callers_maximum(&account, leg, &all, &almost, &p).is_none());
        }
    }
    assert!(refused > 1_000);
}

#[test]
fn a_side_that_only_reduces_at_spot_passes_and_one_that_pays_too_much_does_not() {
    let mut rng = Prng::new(115);
    let mut seen = 0;
    for _ in 0..3_000 {
        let account = under_water(&mut rng, Spread::None, 20, 90);
        for (market, perp) in account.perps.iter().enumerate() {
            let x = perp.notional(&perp.price.spot) * rng.ratio(1, 4, 4);
            if x.is_zero() {
                continue;
            }
            let at_spot = liquidate_perp(&account, market, &x, &Q::zero());
            let too_dear = liquidate_perp(&account, market, &x, &ppm(20_000));
            let (fee, band) = (&x * ppm(10), default_band(&perp.rate.initial));
            assert!(may_reduce(&account, &at_spot, &fee, &band, &x));
            assert!(!may_reduce(&account, &too_dear, &fee, &band, &x));
            seen += 1;
        }
        assert_eq!(may_grow(&account), !initial_excess(&account).is_negative());
    }
    assert!(seen > 500);
    assert!(is_within_band(&int(101), &int(100), &ppm(10_000)));
    assert!(!is_within_band(&int(102), &int(100), &ppm(10_000)));
}
