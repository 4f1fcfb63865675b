//! Calls with more arguments or wider results than there are registers, direct and through pointers.

use crate::{Input, Operation, Output};
use core::fmt::Write;

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("nine words", |i, o| o.wide(nine(i.c, i.d, i.a as u64, i.b as u64, 5, i.c ^ i.d, 7, i.d >> 3, i.c << 1))),
    ("five wide arguments", |i, o| {
        let (first, second) = five_wide(i.a, i.b, i.a ^ i.b, u128::from(i.c), i.b as i128);
        o.wide(first);
        o.signed(second);
    }),
    ("structures by value", |i, o| {
        let mixed =
            mix(Large { words: [i.c, i.d, 3, 4, 5, i.a as u64], wide: i.b }, i.d, Pair { low: i.c as u32, high: 9 });
        mixed.words.iter().for_each(|word| o.word(*word));
        o.wide(mixed.wide);
    }),
    ("wide options and results", |i, o| {
        o.optional(maybe(i.a, i.c, i.d));
        match attempt(i.a as i128, i.b as i128, i.c, i.d, 5, 6) {
            Ok(value) => o.signed(value),
            Err(code) => o.word(u64::from(code)),
        }
    }),
    ("function pointers", |i, o| {
        let table: [SixAndWide; 4] = [sum, product, select, recurse];
        let pointer = table[i.d as usize % 4];
        o.wide(pointer(i.c, i.d, 3, 4, i.a as u64 % 40, 6, i.b));
        o.wide(core::hint::black_box(pointer)(1, 2, i.d, 4, 5, i.c, i.a));
    }),
    ("trait objects", trait_objects),
    ("closures behind references", |i, o| {
        let (a, d) = (i.a, i.d);
        let one = move |p: u64, q: u64, r: u64, s: u64, t: u128| {
            [p ^ d, q.wrapping_add(r), s, (t ^ a) as u64, (t >> 64) as u64]
        };
        let two = |p: u64, q: u64, r: u64, s: u64, t: u128| [q, p, s, r, (t.wrapping_mul(a) >> 64) as u64];
        let chosen: &dyn Fn(u64, u64, u64, u64, u128) -> [u64; 5] = if i.c & 1 == 0 { &one } else { &two };
        chosen(i.c, i.d, 3, 4, i.b).iter().for_each(|word| o.word(*word));
    }),
    ("recursion", |i, o| o.wide(recurse(i.c, i.d, 1, 2, i.a as u64 % 40, 3, i.b))),
    ("formatting", |i, o| {
        let mut text = Text::default();
        let _ = write!(text, "{} {:x} {:?} {:>30}|{}", i.a, i.b, i.c as i64, i.d, i.b as i128);
        o.word(text.hash);
        o.word(text.length);
    }),
    ("parsing", |i, o| {
        let mut digits = Digits::default();
        let _ = write!(digits, "{}", i.a as i128);
        let text = core::str::from_utf8(&digits.bytes[..digits.length]).unwrap_or("");
        o.signed(text.parse().unwrap_or(7));
        o.word(text.parse::<u64>().unwrap_or_else(|error| fingerprint(&error)));
    }),
];

#[inline(never)]
#[allow(clippy::too_many_arguments, reason = "many arguments are what is tested")]
fn nine(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64) -> u128 {
    let low = [a, b, c, d, e].iter().fold(1u64, |value, word| value.wrapping_mul(31).wrapping_add(*word));
    let high = [f, g, h, i].iter().fold(1u64, |value, word| value.wrapping_mul(37).wrapping_add(*word));
    u128::from(high) << 64 | u128::from(low)
}

#[inline(never)]
fn five_wide(a: u128, b: u128, c: u128, d: u128, e: i128) -> (u128, i128) {
    (a.wrapping_mul(b) ^ c.rotate_left(7), e.wrapping_sub(d as i128) ^ (a as i128 >> 5))
}

#[derive(Clone, Copy)]
struct Large {
    words: [u64; 6],
    wide: u128,
}

#[derive(Clone, Copy)]
struct Pair {
    low: u32,
    high: u32,
}

#[inline(never)]
fn mix(mut large: Large, word: u64, pair: Pair) -> Large {
    for (index, place) in large.words.iter_mut().enumerate() {
        *place = place.wrapping_mul(word | 1).wrapping_add(u64::from(pair.low) << index);
    }
    large.wide = large.wide.wrapping_sub(u128::from(pair.high));
    large
}

#[inline(never)]
fn maybe(a: u128, c: u64, d: u64) -> Option<u128> {
    (!c.is_multiple_of(3)).then(|| a / u128::from(d | 1))
}

#[inline(never)]
fn attempt(a: i128, b: i128, c: u64, d: u64, e: u64, f: u64) -> Result<i128, u8> {
    let wide = a.checked_mul(i128::from(c as u32)).ok_or(1)?;
    let shifted = wide.checked_sub(b >> (d % 100)).ok_or(2)?;
    shifted.checked_add(i128::from(e * f)).ok_or(3)
}

type SixAndWide = fn(u64, u64, u64, u64, u64, u64, u128) -> u128;

fn sum(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, wide: u128) -> u128 {
    [a, b, c, d, e, f].iter().fold(wide, |value, word| value.wrapping_add(u128::from(*word)))
}

fn product(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, wide: u128) -> u128 {
    [a, b, c, d, e, f].iter().fold(wide | 1, |value, word| value.wrapping_mul(u128::from(*word | 1)))
}

fn select(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, wide: u128) -> u128 {
    match wide % 7 {
        0 => u128::from(a),
        1 => u128::from(b) << 3,
        2 => u128::from(c) << 66,
        3 => u128::from(d ^ e),
        4 => u128::from(f),
        _ => wide >> (a % 128),
    }
}

fn recurse(a: u64, b: u64, c: u64, d: u64, depth: u64, f: u64, wide: u128) -> u128 {
    if depth == 0 {
        return sum(a, b, c, d, depth, f, wide);
    }
    let deeper = core::hint::black_box(recurse as SixAndWide);
    deeper(b, c, d, a, (depth - 1).min(30), f ^ a, wide.rotate_left(9)).wrapping_add(u128::from(depth))
}

trait Curve {
    fn value(&self, a: u64, b: u64, c: u64, d: u64, e: u128, f: i128) -> (u128, i128, bool);
    fn name(&self) -> &'static str;
}

struct Line(u128);
struct Step {
    at: u64,
    height: i128,
}
struct Flat;

impl Curve for Line {
    fn value(&self, a: u64, b: u64, c: u64, d: u64, e: u128, f: i128) -> (u128, i128, bool) {
        (self.0.wrapping_mul(u128::from(a)) ^ e, f.wrapping_neg() ^ i128::from(b), c < d)
    }
    fn name(&self) -> &'static str {
        "line"
    }
}

impl Curve for Step {
    fn value(&self, a: u64, b: u64, c: u64, d: u64, e: u128, f: i128) -> (u128, i128, bool) {
        let above = a >= self.at;
        (e >> (b % 64), if above { self.height } else { f }, above ^ (c == d))
    }
    fn name(&self) -> &'static str {
        "step curve"
    }
}

impl Curve for Flat {
    fn value(&self, a: u64, b: u64, c: u64, d: u64, e: u128, f: i128) -> (u128, i128, bool) {
        (e, f, [a, b, c, d].contains(&3))
    }
    fn name(&self) -> &'static str {
        "flat"
    }
}

fn trait_objects(i: &Input, o: &mut Output) {
    let (line, step) = (Line(i.b), Step { at: i.d, height: i.b as i128 });
    let curves: [&dyn Curve; 3] = [&line, &step, &Flat];
    let curve = curves[(i.c % 3) as usize];
    let (first, second, third) = curve.value(i.c, i.d, i.a as u64, i.b as u64, i.a, i.b as i128);
    o.flagged((first, third));
    o.signed(second);
    o.word(curve.name().len() as u64);
    let total = curves.iter().fold(0u128, |total, curve| total.wrapping_add(curve.value(1, 2, 3, 4, i.b, 6).0));
    o.wide(total);
}

/// Hashes what is written, since nothing here can hold a text.
#[derive(Default)]
struct Text {
    hash: u64,
    length: u64,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            self.hash = self.hash.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte);
        }
        self.length += text.len() as u64;
        Ok(())
    }
}

struct Digits {
    bytes: [u8; 48],
    length: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Digits { bytes: [0; 48], length: 0 }
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let place = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

fn fingerprint(error: &core::num::ParseIntError) -> u64 {
    let mut text = Text::default();
    // Writing into a hash cannot fail.
    let _ = write!(text, "{error} {error:?}");
    text.hash ^ text.length
}
