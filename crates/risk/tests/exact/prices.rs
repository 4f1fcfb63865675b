//! Prices of 64 significant bits.

use core::cmp::Ordering;

use plimsoll_model::{int, ppm, Q};
use plimsoll_risk::error::RiskError;
use plimsoll_risk::price::{base_scale_down, edge_from_ppm_up, token_scale_down, Price, TokenPrice};
use plimsoll_risk::units::Ppm;

use super::amounts::down;
use crate::convert::price;

/// The price is the number, cut after its 64th significant bit.
pub fn assert_cut(found: Price, exact: &Q) {
    assert_eq!(found.mantissa >> 63, 1, "{found:?}");
    let bit = price(Price { mantissa: 1, exponent: found.exponent });
    let lost = exact - price(found);
    assert!(lost >= int(0) && lost < bit, "{found:?} {exact}");
}

/// Prices from 10^-18 to beyond 10^12, both ends of the mantissa and what lies between.
pub fn some_prices() -> Vec<Price> {
    let mantissas = [1 << 63, (1 << 63) + 1, 0xc000_0000_0000_0000, 0xaaaa_aaaa_aaaa_aaab, u64::MAX];
    let exponents = [-130, -124, -100, -65, -64, -63, -62, -61, -33, -1, 0, 1, 20];
    exponents.iter().flat_map(|e| mantissas.map(|mantissa| Price { mantissa, exponent: *e })).collect()
}

#[test]
fn a_price_is_normalised_and_leaves_no_exponent_beyond_a_thousand() {
    for value in [1u128, 2, 3, 1_000_003, u64::MAX as u128, (1 << 64) + 1, (1 << 100) - 1, u128::MAX] {
        for exponent in [-150, -64, 0, 1, 64] {
            let exact = price(Price { mantissa: 1, exponent: exponent })
                * (int((value / 2) as i128) * int(2) + int((value % 2) as i128));
            assert_cut(Price::from_parts_down(value, exponent).unwrap(), &exact);
        }
    }
    // 2^63 needs no shift: its exponent is the one that is asked for.
    for (exponent, stays) in [(-1_001, false), (-1_000, true), (1_000, true), (1_001, false)] {
        let found = Price::from_parts_down(1 << 63, exponent);
        let expected = Price { mantissa: 1 << 63, exponent: exponent };
        assert_eq!(found, if stays { Ok(expected) } else { Err(RiskError::PriceExponentOutOfRange) });
    }
    assert_eq!(Price::from_parts_down(0, 5_000), Ok(Price::ZERO));
}

#[test]
fn a_decimal_price_is_the_number_cut_after_64_bits() {
    let ten = |exponent: i32| {
        let power = int(10i128.pow(exponent.unsigned_abs()));
        if exponent >= 0 {
            power
        } else {
            int(1) / power
        }
    };
    for value in [1u64, 3, 7, 197_060_000_000, (1 << 63) - 1, 1 << 63, u64::MAX] {
        for exponent in -18..=12 {
            let found = Price::from_decimal_down(value, exponent).unwrap();
            assert_cut(found, &(int(value as i128) * ten(exponent)));
        }
    }
    for exponent in -18..=12 {
        assert_eq!(Price::from_decimal_down(0, exponent), Ok(Price::ZERO));
    }
    for exponent in [-19, 13] {
        assert_eq!(Price::from_decimal_down(0, exponent), Err(RiskError::PriceExponentOutOfRange));
    }
}

#[test]
fn the_order_of_prices_with_zero_among_them_is_the_order_of_numbers() {
    let mut prices = some_prices();
    prices.push(Price::ZERO);
    for a in &prices {
        assert_eq!(a.is_zero(), *a == Price::ZERO);
        for b in &prices {
            let order = price(*a).cmp(&price(*b));
            assert_eq!(a.cmp_value(b), order, "{a:?} {b:?}");
            assert_eq!(a.min(*b), if order == Ordering::Greater { *b } else { *a });
            assert_eq!(a.max(*b), if order == Ordering::Less { *b } else { *a });
        }
    }
}

#[test]
fn a_ratio_of_prices_is_rounded_down_and_saturates_at_any_distance() {
    let mut prices = some_prices();
    prices.extend([-1_000, -150, 150, 1_000].map(|exponent| Price { mantissa: 1 << 63, exponent }));
    for a in &prices {
        for b in &prices {
            let exact = int(1_000_000) * price(*a) / price(*b);
            assert_eq!(a.ratio_ppm_down(b), Ppm::new(down(&exact, u32::MAX as u128) as u32), "{a:?} {b:?}");
        }
        assert_eq!(a.ratio_ppm_down(&Price::ZERO), Ppm::new(u32::MAX));
        assert_eq!(Price::ZERO.ratio_ppm_down(a), Ppm::ZERO);
    }
}

#[test]
fn a_scaled_price_is_the_product_cut_after_64_bits() {
    for a in some_prices() {
        for factor in [1, 999_999, 1_000_000, 1_000_001, u32::MAX] {
            assert_cut(a.scaled_ppm_down(Ppm::new(factor)).unwrap(), &(price(a) * ppm(factor as i128)));
        }
        assert_eq!(a.scaled_ppm_down(Ppm::ZERO), Ok(Price::ZERO));
    }
}

#[test]
fn a_unit_price_is_the_upper_half_of_the_product_of_the_mantissas() {
    for a in some_prices() {
        for scale in [token_scale_down(0).unwrap(), token_scale_down(9).unwrap(), token_scale_down(18).unwrap()] {
            let mantissa = ((a.mantissa as u128 * scale.mantissa as u128) >> 64) as u64;
            let shift = -(a.exponent + scale.exponent) - 64;
            assert_eq!(TokenPrice::new_down(a, scale), TokenPrice::from_parts(mantissa, shift));
        }
    }
}

#[test]
fn scales_are_powers_of_ten_and_refused_where_they_would_be_cut() {
    let ten = |exponent: i32| Price::from_decimal_down(1, exponent);
    let refused = Err(RiskError::ParameterOutOfBounds);
    for decimals in 0..=18u8 {
        assert_eq!(token_scale_down(decimals), ten(6 - decimals as i32));
        for base in 0..=18u8 {
            let power = decimals as i32 - base as i32;
            // Twelve is as far as a price reaches: beyond, a scale of 10^12 stood for one of 10^18, and every PnL of the
            // market would have been a millionth of what it is.
            assert_eq!(base_scale_down(decimals, base), if power <= 12 { ten(power) } else { refused });
        }
        assert_eq!((base_scale_down(decimals, 19), base_scale_down(19, decimals)), (refused, refused));
    }
    assert_eq!(token_scale_down(19), refused);
}

#[test]
fn an_edge_is_never_below_its_share_and_just_below_one_from_a_million_on() {
    for parts in [0u32, 1, 2, 1_000, 500_000, 999_999] {
        let (edge, exact) = (edge_from_ppm_up(Ppm::new(parts)) as u128, (parts as u128) << 64);
        assert!(edge * 1_000_000 >= exact && edge <= exact / 1_000_000 + parts as u128, "{parts}");
    }
    assert_eq!([1_000_000, 1_000_001, u32::MAX].map(|parts| edge_from_ppm_up(Ppm::new(parts))), [u64::MAX; 3]);
}
