//! Integers of up to 64 bits: signed division and overflow are library calls on this backend too.

use crate::{Input, Operation, Output};

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("u64 with overflow", |i, o| {
        let flagged = |(value, flag): (u64, bool)| (u128::from(value), flag);
        o.flagged(flagged(i.c.overflowing_mul(i.d)));
        o.flagged(flagged(i.c.overflowing_add(i.d)));
        o.flagged(flagged(i.c.overflowing_sub(i.d)));
    }),
    ("i64 with overflow", |i, o| {
        let (c, d) = (i.c as i64, i.d as i64);
        let flagged = |(value, flag): (i64, bool)| (i128::from(value) as u128, flag);
        o.flagged(flagged(c.overflowing_mul(d)));
        o.flagged(flagged(c.overflowing_add(d)));
        o.flagged(flagged(c.overflowing_sub(d)));
        o.flagged(flagged(c.overflowing_neg()));
    }),
    ("u64 quotient and remainder", |i, o| {
        o.word(i.c.checked_div(i.d).unwrap_or(7));
        o.word(i.c.checked_rem(i.d).unwrap_or(7));
        o.word(i.c.div_ceil(i.d.max(1)));
        o.word(i.c / 1000);
        o.word(i.d % 86_400);
    }),
    ("i64 quotient and remainder", |i, o| {
        let (c, d) = (i.c as i64, i.d as i64);
        o.word(c.checked_div(d).unwrap_or(7) as u64);
        o.word(c.checked_rem(d).unwrap_or(7) as u64);
        o.word(c.checked_div_euclid(d).unwrap_or(7) as u64);
        o.word(c.checked_rem_euclid(d).unwrap_or(7) as u64);
        o.word((c / 1000) as u64);
        o.word((d % -60) as u64);
    }),
    ("i32 operations", |i, o| {
        let (c, d) = (i.c as i32, i.d as i32);
        let extend = |value: i32| i64::from(value) as u64;
        o.word(extend(c.checked_div(d).unwrap_or(7)));
        o.word(extend(c.checked_rem(d).unwrap_or(7)));
        o.word(c.checked_mul(d).map_or(u64::MAX, extend));
        o.word(c.checked_add(d).map_or(u64::MAX, extend));
        o.word(extend(c.wrapping_shl(i.a as u32)));
        o.word(extend(c.wrapping_shr(i.a as u32)));
        o.word(u64::from(c < d) << 1 | u64::from((c as u32) < d as u32));
        o.word(extend(c.rotate_left(i.b as u32 % 32)));
    }),
    ("u32 operations", |i, o| {
        let (c, d) = (i.c as u32, i.d as u32);
        o.word(c.checked_div(d).map_or(u64::MAX, u64::from));
        o.word(c.checked_mul(d).map_or(u64::MAX, u64::from));
        o.word(u64::from(c.wrapping_sub(d)));
        o.word(u64::from(c.wrapping_shr(i.a as u32)));
        o.word(u64::from(c.leading_zeros()) << 32 | u64::from(d.trailing_zeros()));
        o.word(u64::from(c.saturating_add(d)));
        o.word(u64::from(!c ^ d));
    }),
    ("i16 and i8 operations", small),
    ("u64 shifts", |i, o| {
        o.word(i.c.wrapping_shl(i.a as u32));
        o.word(i.c.wrapping_shr(i.a as u32));
        o.word((i.c as i64).wrapping_shr(i.b as u32) as u64);
        o.word(i.d.rotate_left(i.b as u32 % 64));
        o.word(i.c.checked_shl(i.a as u32 % 100).unwrap_or(7));
    }),
    ("u64 bits", |i, o| {
        o.word(u64::from(i.c.leading_zeros()) << 32 | u64::from(i.c.trailing_zeros()));
        o.word(u64::from(i.d.count_ones()) << 32 | u64::from(i.d.leading_ones()));
        o.word(i.c.swap_bytes());
        o.word(i.c.reverse_bits());
        o.word(i.d.isqrt());
        o.word(i.c.checked_next_power_of_two().unwrap_or(7));
    }),
    ("64-bit comparisons", |i, o| {
        let (c, d) = (i.c as i64, i.d as i64);
        let bits = [i.c < i.d, i.c <= i.d, i.c == i.d, c < d, c <= d, c > d, c >= d, c.is_negative()];
        o.word(bits.iter().fold(0, |word, bit| word << 1 | u64::from(*bit)));
        o.word(i.c.clamp(i.d / 3, i.d));
        o.word(c.abs_diff(d));
        o.word(c.signum() as u64);
    }),
    ("powers", |i, o| {
        o.word(i.c.checked_pow(i.d as u32 % 7).unwrap_or(7));
        o.word((i.c as i64).saturating_pow(i.d as u32 % 7) as u64);
        o.word(i.c.checked_ilog10().map_or(u64::MAX, u64::from));
    }),
    ("casts", |i, o| {
        o.word(i.c as i8 as u64);
        o.word(i.c as i16 as u64);
        o.word(i.c as i32 as u64);
        o.signed(i.c as i64 as i128);
        o.word(u8::try_from(i.c).map_or(u64::MAX, u64::from));
        o.word(u64::try_from(i.a).unwrap_or(7));
        o.word(i64::try_from(i.b as i128).unwrap_or(7) as u64);
    }),
];

fn small(i: &Input, o: &mut Output) {
    let (c, d) = (i.c as i16, i.d as i16);
    o.word(c.checked_div(d).unwrap_or(7) as u64);
    o.word(c.checked_rem(d).unwrap_or(7) as u64);
    o.word(c.checked_mul(d).unwrap_or(7) as u64);
    let (c, d) = (i.c as i8, i.d as i8);
    o.word(c.checked_div(d).unwrap_or(7) as u64);
    o.word(c.checked_mul(d).unwrap_or(7) as u64);
    o.word(c.saturating_sub(d) as u64);
    o.word(u64::from((i.c as u8).wrapping_mul(i.d as u8)));
    o.word(u64::from((i.c as u16).wrapping_add(i.d as u16)));
}
