//! Arithmetic that no function checks: `c` is what fits, and one more does not.

use crate::Operation;

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("u64 sum", |i, o| o.word(i.c + (u64::MAX - 1))),
    ("u64 difference", |i, o| o.word(1 - i.c)),
    ("u64 product", |i, o| o.word((i.c + 1) * (u64::MAX / 2))),
    ("u128 sum", |i, o| o.wide(u128::from(i.c) + (u128::MAX - 1))),
    ("u128 product", |i, o| o.wide(u128::from(i.c + 1) * (u128::MAX / 2))),
    ("i64 negation", |i, o| o.word(-(i64::MIN + 2 - i.c as i64) as u64)),
    ("i128 negation", |i, o| o.signed(-(i128::MIN + 2 - i128::from(i.c)))),
    ("u8 sum", |i, o| o.word(u64::from(i.c as u8 + 254))),
    ("shift", |i, o| o.word(1 << (i.c + 62))),
    // The library's own code, compiled where it is used.
    ("sum of a list", |i, o| o.word([i.c, u64::MAX - 1].iter().sum())),
    ("power", |i, o| o.word(2u64.pow(i.c as u32 + 62))),
];
