//! Averages, bounds, edges and variance to the last bit.

use plimsoll_model::rational::two_to_minus;
use plimsoll_model::{int, Q};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::fixed_checked::{decay, half_life_decay, Fixed};
use plimsoll_risk::oracle::{
    averages_are_ready, bounds, edge_ppm_up, integrate_down, prior_up, sample_up, volatility_up, PriceState,
    HALF_LIFE_SECS, RETURN_CAP,
};
use plimsoll_risk::params::GlobalParams;
use plimsoll_risk::price::{edge_from_ppm_up, Price};
use plimsoll_risk::units::{Ppm, PpmPerRootSec, Secs, UnixSecs};

use super::amounts::down;
use super::prices::{assert_cut, some_prices};
use crate::convert::price;

const PARAMS: GlobalParams = GlobalParams::DEFAULT;

#[test]
fn averages_are_ready_after_five_updates_and_two_of_the_longer_constant() {
    for slow in 1..=4u32 {
        for updates in [0, 4, 5, 6, u32::MAX] {
            for secs in -1..10i64 {
                let expected = updates > 4 && secs >= 2 * slow as i64;
                assert_eq!(
                    averages_are_ready(updates, UnixSecs::NEVER, UnixSecs::new(secs), Secs::new(slow)),
                    expected
                );
            }
        }
    }
}

#[test]
fn a_listed_slot_holds_its_constants_and_its_prior_and_nothing_else() {
    let state = PriceState::listed(Secs::new(15), Secs::new(3_600), 20_000);
    let variance = Fixed::from_bits(5_629_500);
    let expected = PriceState {
        fast_secs: Secs::new(15),
        slow_secs: Secs::new(3_600),
        variance,
        vol_ppm_per_sqrt_sec: PpmPerRootSec::new(142),
        ..PriceState::default()
    };
    assert_eq!(state, expected);
    assert!(!state.is_ready());
}

/// Both products are cut where the smaller price ends, and the sum after its 64th bit.
#[test]
fn an_average_is_the_weighted_sum_cut_after_64_bits() {
    for a in some_prices() {
        for b in some_prices() {
            for (secs, constant) in [(1, 15), (9, 3_600), (10, 15), (11, 15), (u32::MAX, 1)] {
                let weight = decay(Secs::new(secs.min(10)), Secs::new(constant)).unwrap().to_bits();
                let share = int(weight) * two_to_minus(48);
                let exact = price(a) * &share + price(b) * (int(1) - share);
                let found = integrate_down(a, b, Secs::new(secs), Secs::new(constant)).unwrap();
                let top = a.exponent.max(b.exponent);
                let lost = &exact - price(found);
                // The last of 63 bits below the larger price, for each term, beside the last bit of the result.
                let bit = price(Price { mantissa: 1, exponent: found.exponent });
                let cut = price(Price { mantissa: 1, exponent: top - 63 });
                assert!(found.mantissa >> 63 == 1 && lost >= int(0) && lost < bit + cut, "{a:?} {b:?} {secs}");
                if top - a.exponent.min(b.exponent) <= 15 {
                    assert_cut(found, &exact);
                }
            }
        }
    }
}

/// However far apart, beyond what a sum of both could hold.
#[test]
fn no_time_leaves_an_average_what_it_is() {
    for a in some_prices() {
        for b in some_prices() {
            assert_eq!(integrate_down(a, b, Secs::ZERO, Secs::new(15)), Ok(a));
            assert_eq!(integrate_down(a, a, Secs::new(7), Secs::new(15)), Ok(a));
        }
    }
    assert_eq!(
        integrate_down(some_prices()[0], some_prices()[1], Secs::new(1), Secs::ZERO),
        Err(RiskError::NumberOutOfRange)
    );
}

/// `ceil(sum / 2^cut)` of 64 bits, as a price.
fn ceiled(sum: u128, exponent: i32) -> Price {
    let cut = 64 - sum.leading_zeros().min(64);
    let mantissa = (sum >> cut) + !sum.is_multiple_of(1 << cut) as u128;
    Price::from_parts_down(mantissa, exponent + cut as i32).unwrap()
}

#[test]
fn bounds_are_spot_less_and_plus_the_width_rounded_outwards() {
    let widths = [0u32, 1, 2, 1_000, 333_333, 499_999, 500_000, 500_001, 1_000_000, 1_500_001, 4_000_000, u32::MAX];
    for spot in some_prices() {
        for sigma in widths {
            for z in [0u32, 1, 1_000_000, 2_000_000, 3_333_333, u32::MAX] {
                let width = (sigma as u64 * z as u64).div_ceil(1_000_000).min(u32::MAX as u64) as u32;
                let (low, high) = bounds(spot, spot, spot, Ppm::new(sigma), Ppm::new(z)).unwrap();
                let part =
                    |ppm: u32| (spot.mantissa as u128 * edge_from_ppm_up(Ppm::new(ppm)) as u128).div_ceil(1 << 64);
                if width >= 1_000_000 {
                    assert_eq!(low, Price::ZERO);
                } else {
                    let less = spot.mantissa as u128 - part(width);
                    assert_eq!(low, Price::from_parts_down(less, spot.exponent).unwrap());
                }
                let whole = spot.mantissa as u128 * (1 + width / 1_000_000) as u128;
                assert_eq!(high, ceiled(whole + part(width % 1_000_000), spot.exponent), "{spot:?} {width}");
            }
        }
    }
    // The averages count where they lie outside.
    let at = |dollars: u64| Price::from_decimal_down(dollars, 0).unwrap();
    assert_eq!(bounds(at(100), at(90), at(120), Ppm::ZERO, Ppm::new(2_000_000)), Ok((at(90), at(120))));
    assert_eq!(bounds(at(100), at(120), at(90), Ppm::ZERO, Ppm::new(2_000_000)), Ok((at(90), at(120))));
}

/// The root of `n` seconds in thousandths, rounded up: quartered and doubled until it is one of the first 64.
fn root(secs: u64) -> u64 {
    if secs > 64 {
        return 2 * root(secs.div_ceil(4));
    }
    (0u64..).find(|root| root * root >= secs * 1_000_000).unwrap()
}

#[test]
fn an_edge_is_its_formula_at_every_age() {
    let ages = (-2..100).chain([271, 272, 1_000, 1_039, 1_040, 3_615, 14_400, 1 << 40, i64::MAX, i64::MIN]);
    for age in ages {
        let beyond = age.saturating_sub(15);
        let root = if beyond > 0 { root(beyond as u64) as u128 } else { 0 };
        for sigma in [0u32, 1, 999, 50_000, u32::MAX] {
            for vol in [0u32, 1, 142, 1_001, u32::MAX] {
                for half in [0u32, 1_999, 100_000, u32::MAX] {
                    let width = (sigma as u128 * 2).min(u32::MAX as u128).min(half as u128);
                    let moved = (vol as u128 * root).min(u64::MAX as u128).div_ceil(1_000);
                    let edge = (width + (moved * 3).min(u64::MAX as u128)).min(200_000);
                    assert_eq!(
                        edge_ppm_up(
                            &PARAMS,
                            Ppm::new(sigma),
                            PpmPerRootSec::new(vol),
                            UnixSecs::new(age).elapsed_since(UnixSecs::NEVER),
                            Ppm::new(half)
                        )
                        .get() as u128,
                        edge,
                        "{age} {sigma} {vol} {half}"
                    );
                }
            }
        }
    }
    // Sigmas that are no whole number round up.
    let uneven = PARAMS.with(|new| {
        new.prices.age_sigmas_ppm = 2_500_001;
        new.prices.confidence_sigmas_ppm = 1_500_001;
    });
    assert_eq!(edge_ppm_up(&uneven, Ppm::new(1), PpmPerRootSec::default(), Secs::ZERO, Ppm::new(1_000)), Ppm::new(2));
    assert_eq!(
        edge_ppm_up(&uneven, Ppm::ZERO, PpmPerRootSec::new(1_000), Secs::new(16), Ppm::new(1_000)),
        Ppm::new(2_501)
    );
}

/// `|to / from - 1|` of 48 bits, rounded toward zero from the ratio's own floor.
fn change(from: Price, to: Price) -> i128 {
    if to.is_zero() {
        return RETURN_CAP.to_bits();
    }
    let ratio: Q = price(to) / price(from) * int(1 << 48);
    (down(&ratio, 1 << 100) as i128 - (1i128 << 48)).abs().min(RETURN_CAP.to_bits())
}

#[test]
fn a_variance_sample_is_its_formula_rounded_up_once() {
    assert_eq!(RETURN_CAP.to_bits(), 56_294_995_342_131);
    for pico in [0u32, 1, 20_000, u32::MAX] {
        let bits = ((pico as u128) << 48).div_ceil(1_000_000_000_000);
        assert_eq!(prior_up(pico).to_bits() as u128, bits, "{pico}");
    }
    let near = [0xc000_0000_0000_0000u64, 0xc010_0000_0000_0000, 0xbfff_ffff_ffff_0000, u64::MAX, 1 << 63];
    let mut prices = some_prices();
    prices.extend([-64, -63, -62].into_iter().flat_map(|exponent| near.map(|mantissa| Price { mantissa, exponent })));
    prices.push(Price::ZERO);
    for from in &prices {
        for to in &prices {
            for (old, secs) in [(0i128, 30u32), (5_629_500, 31), (1 << 45, 299), (77, 301), (77, u32::MAX)] {
                let found = sample_up(Fixed::from_bits(old), *from, *to, Secs::new(secs)).unwrap();
                if from.is_zero() {
                    assert_eq!(found.to_bits(), old);
                    continue;
                }
                let (r, dt) = (change(*from, *to) as u128, secs.min(300));
                let recent = (r * r).div_ceil((dt as u128) << 48);
                let keep = half_life_decay(Secs::new(dt), HALF_LIFE_SECS).unwrap().to_bits() as u128;
                let sum = old as u128 * keep + recent * ((1 << 48) - keep);
                assert_eq!(found.to_bits() as u128, sum.div_ceil(1 << 48), "{from:?} {to:?} {old} {secs}");
            }
        }
    }
    let (from, to) = (prices[0], prices[1]);
    assert_eq!(sample_up(Fixed::from_bits(1 << 40), from, to, Secs::ZERO), Ok(Fixed::from_bits(1 << 40)));
    assert_eq!(sample_up(Fixed::from_bits(-1), from, to, Secs::new(30)), Err(RiskError::NumberOutOfRange));
}

#[test]
fn a_volatility_is_the_root_rounded_up_to_a_part_per_million() {
    for root in [1u64, 2, 3, 142, 1_000, 1_000_000, 4_000_000] {
        // The largest variance whose root this is, and the next.
        let most = (root as u128 * root as u128) << 48;
        let bits = (most / 1_000_000_000_000) as i128;
        assert_eq!(volatility_up(Fixed::from_bits(bits)).get() as u64, root);
        assert_eq!(volatility_up(Fixed::from_bits(bits + 1)).get() as u64, root + 1, "{root}");
    }
}
