use num_traits::Zero;

use super::prng::Prng;
use crate::penalty::{
    cure_penalty, p_max, p_max_with, release, release_at_zero, split_penalty, wind_down_penalty, LegRates,
};
use crate::rational::{int, ppm, ratio, Q};
use crate::Params;

pub fn rates(rng: &mut Prng) -> LegRates {
    if rng.one_in(2) {
        return LegRates::Pair { w_a: ppm(rng.range(600_000, 990_000)), w_l: ppm(rng.range(1_000_000, 1_300_000)) };
    }
    LegRates::Perp { rate: ppm(rng.range(12_000, 200_000)), quote_w_l: ppm(rng.range(1_000_000, 1_100_000)) }
}

#[test]
fn p_max_solves_p_equals_k_h_m_of_p() {
    let mut rng = Prng::new(10);
    let params = Params::default();
    for _ in 0..10_000 {
        let (rates, h) = (rates(&mut rng), rng.ratio(-100, 150, 100));
        let p = p_max_with(&params.k, &h, &rates);
        assert_eq!(p, &params.k * &h * release(&rates, &p));
    }
}

#[test]
fn p_max_stays_below_m_times_h_and_does_not_rise_above_one_half() {
    let mut rng = Prng::new(11);
    let params = Params::default();
    for _ in 0..10_000 {
        let (rates, h) = (rates(&mut rng), rng.ratio(1, 99, 100));
        let p = p_max(&params, &h, &rates);
        assert!(p > Q::zero() && p < release(&rates, &p) * &h);
        if h >= ratio(1, 2) {
            assert_eq!(p, p_max(&params, &ratio(1, 2), &rates));
        }
    }
}

#[test]
fn the_cure_penalty_rises_with_time_up_to_the_lower_of_pcap_and_p_max() {
    let mut rng = Prng::new(12);
    let params = Params::default();
    for _ in 0..5_000 {
        let (rates, h) = (rates(&mut rng), rng.ratio(1, 99, 100));
        let ceiling = crate::rational::min(&params.pcap, &p_max(&params, &h, &rates));
        let (early, late) = (rng.range(0, 40), rng.range(40, 200));
        let (first, last) =
            (cure_penalty(&params, &int(early), &h, &rates), cure_penalty(&params, &int(late), &h, &rates));
        assert!(first <= last && last == ceiling);
        let depth = &params.depth_slope * release_at_zero(&rates) * (int(1) - &h);
        assert!(first >= crate::rational::min(&depth, &ceiling));
    }
}

#[test]
fn the_wind_down_penalty_walks_from_p_floor_to_p_wd_in_two_minutes_and_stays() {
    let params = Params::default();
    assert_eq!(wind_down_penalty(&params, &int(0)), params.p_floor);
    assert_eq!(wind_down_penalty(&params, &int(60)), ppm(5_500));
    assert_eq!(wind_down_penalty(&params, &int(120)), params.p_wd);
    assert_eq!(wind_down_penalty(&params, &int(999)), params.p_wd);
}

#[test]
fn the_regime_boundary_is_1667_ppm_and_the_shares_of_a_penalty_add_up() {
    let params = Params::default();
    assert_eq!(params.regime_boundary(), ratio(1, 600));
    let (liquidator, insurance) = split_penalty(&params, &ppm(8_000));
    assert_eq!((liquidator, insurance), (ppm(6_000), ppm(2_000)));
}
