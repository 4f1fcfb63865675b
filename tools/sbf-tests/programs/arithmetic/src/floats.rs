//! Soft floats. A result that is not a number is one value here: its sign and payload are nobody's promise.

use crate::{Operation, Output};

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("f64 arithmetic", |i, o| {
        let (x, y) = (f64::from_bits(i.c), f64::from_bits(i.d));
        [x + y, x - y, x * y, x / y, -x].iter().for_each(|value| double(o, *value));
    }),
    ("f32 arithmetic", |i, o| {
        let (x, y) = (f32::from_bits(i.c as u32), f32::from_bits(i.d as u32));
        [x + y, x - y, x * y, x / y, -x].iter().for_each(|value| single(o, *value));
    }),
    ("f64 arithmetic near one", |i, o| {
        let (x, y) = (i.c as f64 / 1e12, i.d as f64 / 1e9);
        [x + y, x - y, x * y, x / y, x * x - y].iter().for_each(|value| double(o, *value));
    }),
    ("comparisons", |i, o| {
        let (x, y) = (f64::from_bits(i.c), f64::from_bits(i.d));
        let (p, q) = (x as f32, y as f32);
        let bits = [x < y, x <= y, x == y, x != y, x > y, x >= y, p < q, p <= q, p == q, p != q, p > q, p >= q];
        o.word(bits.iter().fold(0, |word, bit| word << 1 | u64::from(*bit)));
        o.word(x.partial_cmp(&y).map_or(9, |order| order as i8 as u64));
        o.word(x.total_cmp(&y) as i8 as u64);
        o.word(u64::from(x.is_nan()) << 2 | u64::from(x.is_infinite()) << 1 | u64::from(x.is_sign_negative()));
        // Adding zero makes both zeros one: which of them is larger is nobody's promise.
        double(o, x.max(y) + 0.0);
        double(o, x.min(y) + 0.0);
        double(o, x.abs());
    }),
    ("integers to f64", |i, o| {
        double(o, i.a as f64);
        double(o, i.a as i128 as f64);
        double(o, i.c as f64);
        double(o, i.c as i64 as f64);
        double(o, f64::from(i.c as u32));
        double(o, f64::from(i.c as i32));
        double(o, f64::from(i.c as i16));
        double(o, f64::from(i.c as u8));
    }),
    ("integers to f32", |i, o| {
        single(o, i.a as f32);
        single(o, i.a as i128 as f32);
        single(o, i.c as f32);
        single(o, i.c as i64 as f32);
        single(o, i.c as u32 as f32);
        single(o, i.c as i32 as f32);
    }),
    ("f64 to integers", |i, o| from_double(f64::from_bits(i.c), o)),
    ("large f64 to integers", |i, o| from_double(i.a as f64 * 4.0, o)),
    ("small f64 to integers", |i, o| from_double(i.c as i64 as f64 / 1e6, o)),
    ("f32 to integers", |i, o| {
        let x = f32::from_bits(i.c as u32);
        o.wide(x as u128);
        o.signed(x as i128);
        o.word(x as u64);
        o.word(x as i64 as u64);
        o.word(u64::from(x as u32));
        o.word(x as i32 as u64);
        o.word(x as i8 as u64);
    }),
    ("widths", |i, o| {
        single(o, f64::from_bits(i.c) as f32);
        double(o, f64::from(f32::from_bits(i.d as u32)));
        single(o, (i.c as f64 / 3.0) as f32);
    }),
];

fn double(o: &mut Output, value: f64) {
    o.word(if value.is_nan() { u64::MAX } else { value.to_bits() });
}

fn single(o: &mut Output, value: f32) {
    o.word(if value.is_nan() { u64::MAX } else { u64::from(value.to_bits()) });
}

fn from_double(x: f64, o: &mut Output) {
    o.wide(x as u128);
    o.signed(x as i128);
    o.word(x as u64);
    o.word(x as i64 as u64);
    o.word(u64::from(x as u32));
    o.word(x as i32 as u64);
    o.word(x as i16 as u64);
    o.word(u64::from(x as u8));
}
