//! 128-bit integers: what the backend has no instructions for.

use crate::{Input, Operation, Output};

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("u128 product", |i, o| o.wide(i.a.wrapping_mul(i.b))),
    ("u128 product with overflow", |i, o| o.flagged(i.a.overflowing_mul(i.b))),
    ("u128 checked product", |i, o| o.optional(i.a.checked_mul(i.b))),
    ("u128 saturating product", |i, o| o.wide(i.a.saturating_mul(i.b))),
    ("i128 product with overflow", |i, o| {
        let (product, overflow) = (i.a as i128).overflowing_mul(i.b as i128);
        o.flagged((product as u128, overflow));
    }),
    ("i128 checked product", |i, o| o.optional((i.a as i128).checked_mul(i.b as i128).map(|value| value as u128))),
    ("product of two words", |i, o| o.wide(u128::from(i.c) * u128::from(i.d))),
    ("shifted product of two words", |i, o| o.wide((u128::from(i.c) * u128::from(i.d)) >> (i.a % 128))),
    ("signed product of two words", |i, o| o.signed(i128::from(i.c as i64) * i128::from(i.d as i64))),
    ("u128 quotient and remainder", quotient),
    ("i128 quotient and remainder", signed_quotient),
    ("i128 Euclidean quotient and remainder", euclidean),
    ("u128 divided by a word", |i, o| {
        o.wide(i.a / u128::from(i.c.max(1)));
        o.wide(i.a % u128::from(i.c.max(1)));
    }),
    ("u128 divided by constants", |i, o| {
        o.wide(i.a / 10);
        o.wide(i.a % 1_000_000_007);
        o.wide(i.b / 1_000_000_000_000_000_000_000);
        o.signed(i.b as i128 / -3);
        o.signed(i.a as i128 / 64);
    }),
    ("u128 shifts", |i, o| {
        o.wide(i.a << (i.c % 128));
        o.wide(i.a >> (i.c % 128));
        o.optional(i.a.checked_shl(i.d as u32));
        o.optional(i.a.checked_shr(i.d as u32 % 200));
    }),
    ("i128 shifts", |i, o| {
        o.signed((i.a as i128) << (i.c % 128));
        o.signed(i.a as i128 >> (i.c % 128));
        o.signed((i.b as i128).wrapping_shr(i.d as u32));
    }),
    ("u128 shifts by constants", |i, o| {
        o.wide(i.a >> 48);
        o.wide(i.a << 63);
        o.wide(i.a >> 64);
        o.wide(i.b << 65);
        o.signed(i.b as i128 >> 127);
        o.signed(i.b as i128 >> 3);
    }),
    ("u128 rotations", |i, o| {
        o.wide(i.a.rotate_left(i.c as u32 % 128));
        o.wide(i.b.rotate_right(i.d as u32 % 128));
    }),
    ("u128 sums", |i, o| {
        o.flagged(i.a.overflowing_add(i.b));
        o.flagged(i.a.overflowing_sub(i.b));
        o.wide(i.a.saturating_add(i.b));
        o.wide(i.a.abs_diff(i.b));
    }),
    ("i128 sums", |i, o| {
        let (a, b) = (i.a as i128, i.b as i128);
        o.optional(a.checked_add(b).map(|value| value as u128));
        o.optional(a.checked_sub(b).map(|value| value as u128));
        o.signed(a.saturating_sub(b));
        o.wide(a.unsigned_abs());
        o.word(a.signum() as u64);
    }),
    ("u128 bits", |i, o| {
        o.word(u64::from(i.a.leading_zeros()) << 32 | u64::from(i.a.trailing_zeros()));
        o.word(u64::from(i.a.count_ones()) << 32 | u64::from(i.a.leading_ones()));
        o.wide(i.a.reverse_bits());
        o.wide(i.b.swap_bytes());
        o.wide(i.a & i.b | !i.b);
        o.wide(i.a ^ i.b);
    }),
    ("128-bit comparisons", comparisons),
    ("u128 powers and roots", |i, o| {
        o.optional(i.a.checked_pow(i.c as u32 % 9));
        o.wide(i.b.isqrt());
        o.word(i.a.checked_ilog2().map_or(u64::MAX, u64::from));
        o.word(i.a.checked_ilog10().map_or(u64::MAX, u64::from));
    }),
    ("product divided", |i, o| {
        let product = u128::from(i.c).wrapping_mul(i.a >> 70);
        o.wide(product / (u128::from(i.d) + 1));
        o.wide(product.div_ceil(u128::from(i.d) + 1));
    }),
];

fn quotient(i: &Input, o: &mut Output) {
    o.optional(i.a.checked_div(i.b));
    o.optional(i.a.checked_rem(i.b));
}

fn signed_quotient(i: &Input, o: &mut Output) {
    let (a, b) = (i.a as i128, i.b as i128);
    o.optional(a.checked_div(b).map(|value| value as u128));
    o.optional(a.checked_rem(b).map(|value| value as u128));
}

fn euclidean(i: &Input, o: &mut Output) {
    let (a, b) = (i.a as i128, i.b as i128);
    o.optional(a.checked_div_euclid(b).map(|value| value as u128));
    o.optional(a.checked_rem_euclid(b).map(|value| value as u128));
}

fn comparisons(i: &Input, o: &mut Output) {
    let (a, b) = (i.a as i128, i.b as i128);
    let bits = [i.a < i.b, i.a <= i.b, i.a == i.b, a < b, a <= b, a > b, a == b.wrapping_neg(), a.is_negative()];
    o.word(bits.iter().fold(0, |word, bit| word << 1 | u64::from(*bit)));
    o.word(i.a.cmp(&i.b) as i8 as u64);
    o.word(a.cmp(&b) as i8 as u64);
    o.signed(a.max(b));
    o.wide(i.a.min(i.b));
}
