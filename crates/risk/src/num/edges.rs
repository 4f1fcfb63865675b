//! Every operation at the edges of its ranges, against native arithmetic.

extern crate std;

use std::vec::Vec;

use super::*;
use crate::units::Ppm;

/// Around the ends of each half, some in the middle, and the whole in millionths.
const NUMBERS: [u64; 22] = [
    0,
    1,
    2,
    3,
    5,
    PPM as u64 - 1,
    PPM as u64,
    PPM as u64 + 1,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 2,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    6_148_914_691_236_517_205,
    12_297_829_382_473_034_410,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    18_446_744_069_414_584_320,
    u64::MAX - 1,
    u64::MAX,
];
const FACTORS: [u32; 8] = [0, 1, 2, PPM, 1 << 31, 2_863_311_530, u32::MAX - 1, u32::MAX];

fn pairs() -> impl Iterator<Item = (u64, u64)> {
    NUMBERS.into_iter().flat_map(|a| NUMBERS.into_iter().map(move |b| (a, b)))
}

fn fits(value: u128) -> Option<u64> {
    u64::try_from(value).ok()
}

#[test]
fn products_and_their_halves_are_exact_at_the_edges() {
    for (a, b) in pairs() {
        let exact = a as u128 * b as u128;
        assert_eq!(mul_wide(a, b), exact);
        assert_eq!(mul_high_down(a, b) as u128, exact >> 64);
        assert_eq!(mul_high_up(a, b) as u128, exact.div_ceil(1 << 64), "{a} {b}");
    }
    for (a, w) in NUMBERS.into_iter().flat_map(|a| FACTORS.map(|w| (a, w))) {
        assert_eq!(mul_u32(a, w), a as u128 * w as u128);
    }
}

#[test]
fn shifted_products_are_exact_or_saturate_at_every_shift() {
    for ((a, b), shift) in pairs().flat_map(|pair| (0..=140).map(move |shift| (pair, shift))) {
        let exact = a as u128 * b as u128;
        let (down, rest) = if shift > 127 { (0, exact) } else { (exact >> shift, exact & ((1 << shift) - 1)) };
        let up = down + (rest != 0) as u128;
        let (down, up) = (down.min(u64::MAX as u128) as u64, up.min(u64::MAX as u128) as u64);
        assert_eq!(mul_shift_both(a, b, shift), (down, up), "{a} {b} {shift}");
        assert_eq!((mul_shift_down(a, b, shift), mul_shift_up(a, b, shift)), (down, up), "{a} {b} {shift}");
    }
}

#[test]
fn products_of_96_bits_are_exact_and_larger_ones_saturate() {
    for (top, low) in pairs() {
        for (a, w) in FACTORS
            .into_iter()
            .flat_map(|w| [(top as u128) << 32 | low as u128, (top as u128) << 64 | low as u128].map(|a| (a, w)))
        {
            let exact = if w == 0 {
                Some(0)
            } else if a < 1 << 96 {
                a.checked_mul(w as u128)
            } else {
                None
            };
            assert_eq!(mul_u128_u32(a, w), exact.unwrap_or(u128::MAX), "{a} {w}");
        }
    }
}

#[test]
fn quotients_round_as_their_names_say_and_none_is_wider_than_64_bits() {
    for ((a, b), d) in pairs().flat_map(|pair| NUMBERS.map(|d| (pair, d))) {
        let exact = a as u128 * b as u128;
        let (down, up) = match d {
            0 => (None, None),
            d => (fits(exact / d as u128), fits(exact.div_ceil(d as u128))),
        };
        assert_eq!((mul_div_down(a, b, d), mul_div_up(a, b, d)), (down, up), "{a} {b} {d}");
        let wide = (d != 0).then(|| exact.div_ceil(d as u128));
        assert_eq!(div_up_u128(exact, d as u128), wide, "{exact} {d}");
    }
    assert_eq!((div_up_u128(u128::MAX, 1), div_up_u128(u128::MAX, u128::MAX)), (Some(u128::MAX), Some(1)));
    for (value, ppm) in NUMBERS.into_iter().flat_map(|value| FACTORS.map(|ppm| (value, ppm))) {
        let exact = value as u128 * ppm as u128;
        assert_eq!(Ppm::new(ppm).of_down(value), fits(exact / PPM as u128));
        assert_eq!(Ppm::new(ppm).of_up(value), fits(exact.div_ceil(PPM as u128)));
    }
}

#[test]
fn cash_per_share_is_exact_or_refused() {
    for (high, low) in pairs() {
        for (s, negative) in NUMBERS.into_iter().flat_map(|s| [(s, false), (s, true)]) {
            // Two parts of a number below 2^127, each times the count.
            let magnitude = ((high >> 1) as u128) << 64 | low as u128;
            let (whole, part) = ((high >> 1) as u128 * s as u128, low as u128 * s as u128);
            let (carried, rest) = (whole.checked_add(part >> 64), part as u64 != 0);
            let exact = carried.and_then(|carried| i128::try_from(carried).ok());
            let exact = exact.map(|carried| if negative { -carried - rest as i128 } else { carried });
            let k = if negative { -(magnitude as i128) } else { magnitude as i128 };
            let expected = exact.and_then(|exact| i64::try_from(exact).ok()).ok_or(RiskError::NumberOutOfRange);
            assert_eq!(mul_i128_shift64_down(s, k), expected, "{s} {k}");
        }
    }
    assert_eq!(mul_i128_shift64_down(1, i128::MIN), Ok(i64::MIN));
    assert_eq!(mul_i128_shift64_down(2, i128::MIN), Err(RiskError::NumberOutOfRange));
}

#[test]
fn the_root_of_a_square_is_exact_and_of_one_more_is_the_next() {
    assert_eq!((sqrt_up(0), sqrt_up(u128::MAX)), (0, u64::MAX));
    let around = |n: u64| [n.saturating_sub(1), n, n.saturating_add(1)];
    for root in (1..2_000).chain(NUMBERS).chain((2..64).flat_map(|bit| around(1 << bit))) {
        let square = root as u128 * root as u128;
        assert_eq!(sqrt_up(square), root);
        assert_eq!(sqrt_up(square + 1), root.saturating_add(1), "above the square of {root}");
        if root > 1 {
            assert_eq!(sqrt_up(square - 1), root, "below the square of {root}");
        }
    }
}

#[test]
fn signed_numbers_end_at_63_bits() {
    assert_eq!(to_i64(i64::MAX as u64), Ok(i64::MAX));
    assert_eq!(to_i64(1 << 63), Err(RiskError::NumberOutOfRange));
}

/// Sums of a few terms, then of as many as are promised.
fn sums() -> Vec<Vec<u64>> {
    let mut sums: Vec<Vec<u64>> = pairs().map(|(a, b)| [a, b].into()).collect();
    sums.extend(NUMBERS.map(|a| [a].into()));
    sums.extend(NUMBERS.map(|a| [a; 33].into()));
    sums.push(NUMBERS.into());
    sums
}

#[test]
fn columns_add_up_to_the_sum_of_the_products() {
    const WEIGHTS: [u32; 6] = [0, 1, PPM, 4 * PPM, (1 << 26) - 2, (1 << 26) - 1];
    for values in sums() {
        for (w, first) in WEIGHTS.into_iter().enumerate() {
            let (mut columns, mut sum) = (WideSum::default(), 0i128);
            for (i, value) in values.iter().enumerate() {
                let weight = WEIGHTS[(w + i) % WEIGHTS.len()];
                let product = *value as i128 * weight as i128;
                // The larger part is added, so that some of it is taken away again.
                if i % 3 == 2 {
                    columns.subtract(*value, weight);
                    sum -= product;
                } else {
                    columns.add(*value, weight);
                    sum += product;
                }
            }
            assert_eq!(columns.total(), sum, "{values:?} from {first}");
        }
    }
}

#[test]
fn a_difference_of_sums_is_weighted_exactly() {
    let column = |values: &[u64]| {
        let mut columns = WideSum::default();
        values.iter().for_each(|value| columns.add(*value, 1));
        columns
    };
    let total = |values: &[u64]| values.iter().map(|value| *value as i128).sum::<i128>();
    let sums = sums();
    for (a, b) in sums.iter().zip(sums.iter().rev()) {
        for weight in [0, 1, PPM, (1 << 25) - 1] {
            let exact = (total(a) - total(b)) * weight as i128;
            assert_eq!(column(a).difference_times(&column(b), weight), exact, "{a:?} {b:?} {weight}");
        }
    }
}

#[test]
fn a_sum_reaches_a_bit_from_one_below_it() {
    for bit in [32, 33, 40, 61, 62, 63, 64, 66] {
        for (sum, reaches) in
            [((1i128 << bit) - 3, false), ((1 << bit) - 2, false), ((1 << bit) - 1, true), (1 << bit, true)]
        {
            // In one to thirty-three terms, all but the last of them with every low bit set.
            for terms in 1..=33 {
                let each = (sum / terms).min(u64::MAX as i128) as u64 | 0xffff_ffff;
                let Ok(last) = u64::try_from(sum - (terms - 1) * each as i128) else { continue };
                let mut columns = WideSum::default();
                (1..terms).for_each(|_| columns.add(each, 1));
                columns.add(last, 1);
                assert_eq!(columns.reaches_bit(bit), reaches, "{sum} in {terms}");
            }
        }
    }
}
