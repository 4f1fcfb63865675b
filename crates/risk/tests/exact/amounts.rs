//! Values of amounts and amounts of values at one unit price.

use plimsoll_model::{int, Q};
use plimsoll_risk::price::TokenPrice;
use plimsoll_risk::units::{Atoms, UsdMicro, UsdMicroSum};

use crate::convert::unit;

const MANTISSAS: [u64; 10] =
    [1, 2, 3, (1 << 32) - 1, 1 << 32, 0x0123_4567_89ab_cdef, (1 << 62) + 1, 1 << 63, 0xdead_beef_dead_beef, u64::MAX];
const AMOUNTS: [u64; 10] =
    [0, 1, 2, 3, 1_000_003, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 0x0fed_cba9_8765_4321, u64::MAX];
const WIDE: [u128; 10] = [
    0,
    1,
    (1 << 63) + 1,
    u64::MAX as u128,
    1 << 64,
    (1 << 64) + 1,
    (1 << 90) + 12_345,
    (1 << 126) - 1,
    1 << 126,
    u128::MAX,
];

/// Every mantissa at every shift that differs, and negative ones.
fn units() -> impl Iterator<Item = TokenPrice> {
    let shifts = [-65, -64, -1].into_iter().chain(0..=70).chain((75..120).step_by(5)).chain(120..=196);
    shifts.flat_map(|shift| MANTISSAS.map(|mantissa| TokenPrice::from_parts(mantissa, shift)))
}

/// A number that is not negative, rounded down, at most `most`.
pub fn down(value: &Q, most: u128) -> u128 {
    u128::try_from(value.floor().to_integer()).map_or(most, |value| value.min(most))
}

pub fn up(value: &Q, most: u128) -> u128 {
    u128::try_from(value.ceil().to_integer()).map_or(most, |value| value.min(most))
}

fn wide(value: u128) -> Q {
    int((value >> 1) as i128) * int(2) + int((value & 1) as i128)
}

const MOST: u128 = u64::MAX as u128;

#[test]
fn a_value_is_the_product_rounded_as_its_name_says_and_saturates() {
    for price in units() {
        for amount in AMOUNTS {
            let exact = unit(price) * wide(amount as u128);
            let (low, high) = match (price.shift() < 0, amount) {
                // A unit worth 2^64 or more saturates every amount of it.
                (true, 0) => (0, 0),
                (true, _) => (u64::MAX, u64::MAX),
                _ => (down(&exact, MOST) as u64, up(&exact, MOST) as u64),
            };
            let (atoms, expected) = (Atoms::new(amount), (UsdMicro::new(low), UsdMicro::new(high)));
            assert_eq!((price.value_down(atoms), price.value_up(atoms)), expected, "{price:?} {amount}");
            assert_eq!((price.value_in_loop_down(atoms), price.value_in_loop_up(atoms)), expected);
            assert_eq!(price.values_in_loop(atoms), expected, "{price:?} {amount}");
        }
    }
}

#[test]
fn a_wide_value_is_the_product_rounded_up_and_saturates_at_two_to_the_126() {
    const MAX: u128 = 1 << 126;
    for price in units() {
        for amount in WIDE {
            // Beyond 2^126 nothing saturates where a unit is worth about one; no sum of legs comes near.
            if amount > MAX && (64..66).contains(&price.shift()) {
                continue;
            }
            let expected = match (price.shift() < 0, amount) {
                (_, 0) => 0,
                (true, _) => MAX,
                _ => up(&(unit(price) * wide(amount)), MAX),
            };
            assert_eq!(price.value_wide_up(amount), UsdMicroSum::new(expected), "{price:?} {amount}");
        }
    }
    for shift in [-1, 0, 64, 200] {
        assert_eq!(TokenPrice::from_parts(0, shift).value_wide_up(u128::MAX), UsdMicroSum::new(0));
    }
}

#[test]
fn an_amount_is_the_quotient_rounded_as_its_name_says_and_saturates() {
    for price in units() {
        // Quotients just below and just above the largest number.
        let near =
            [MOST * price.mantissa() as u128, MOST * price.mantissa() as u128 + 1, MOST * price.mantissa() as u128 - 1];
        for value in WIDE.into_iter().chain(AMOUNTS.map(u128::from)).chain(near) {
            let exact = wide(value) / unit(price);
            let (low, high) = match price.shift() < 0 {
                true => (0, (value != 0) as u64),
                false => (down(&exact, MOST) as u64, up(&exact, MOST) as u64),
            };
            let found =
                (price.amount_of_wide_down(UsdMicroSum::new(value)), price.amount_of_wide_up(UsdMicroSum::new(value)));
            let expected = (Atoms::new(low), Atoms::new(high));
            assert_eq!(found, expected, "{price:?} {value}");
            if let Ok(value) = u64::try_from(value).map(UsdMicro::new) {
                assert_eq!((price.amount_down(value), price.amount_up(value)), expected);
            }
        }
    }
    for shift in [-1, 0, 64] {
        let nothing = TokenPrice::from_parts(0, shift);
        assert_eq!(
            (nothing.amount_down(UsdMicro::new(0)), nothing.amount_up(UsdMicro::new(1))),
            (Atoms::MAX, Atoms::MAX)
        );
    }
}

#[test]
fn an_edge_raises_down_and_lowers_up_and_gives_way_by_a_bit_where_the_mantissa_is_full() {
    for mantissa in MANTISSAS {
        for edge in [0, 1, 1 << 32, 1 << 62, 1 << 63, u64::MAX] {
            let price = TokenPrice::from_parts(mantissa, 70);
            let part = (mantissa as u128 * edge as u128) >> 64;
            let sum = mantissa as u128 + part;
            let raised = match u64::try_from(sum) {
                Ok(mantissa) => TokenPrice::from_parts(mantissa, 70),
                Err(_) => TokenPrice::from_parts((sum / 2) as u64, 69),
            };
            assert_eq!(price.raised_down(edge), raised);
            assert_eq!(price.lowered_up(edge), TokenPrice::from_parts((mantissa as u128 - part) as u64, 70));
        }
    }
}
