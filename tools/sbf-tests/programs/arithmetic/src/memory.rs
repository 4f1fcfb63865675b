//! Copies, fills and comparisons of every length, unaligned access, sorting, and atomics without threads.

use crate::{Input, Operation};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const BYTES: usize = 600;

pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("copies of any length", |i, o| {
        let (from, mut to) = (filled(i), [0u8; BYTES]);
        let (length, at) = (i.c as usize % 300, i.d as usize % 300);
        to[at..at + length].copy_from_slice(&from[at / 2..at / 2 + length]);
        o.word(hash(&to));
    }),
    ("overlapping copies", |i, o| {
        let mut bytes = filled(i);
        let (length, from, to) = (i.c as usize % 200, i.d as usize % 300, i.a as usize % 300);
        bytes.copy_within(from..from + length, to);
        o.word(hash(&bytes));
        bytes.rotate_left(i.b as usize % BYTES);
        o.word(hash(&bytes));
    }),
    ("copies of fixed lengths", |i, o| {
        let bytes = filled(i);
        let mut pieces = ([0u8; 7], [0u8; 33], [0u8; 130], [0u64; 40]);
        pieces.0.copy_from_slice(&bytes[3..10]);
        pieces.1.copy_from_slice(&bytes[11..44]);
        pieces.2.copy_from_slice(&bytes[45..175]);
        pieces.3[5] = i.a as u64;
        let moved = core::hint::black_box(pieces);
        o.word(hash(&moved.0) ^ hash(&moved.1));
        o.word(hash(&moved.2));
        o.word(moved.3.iter().fold(0, |sum, word| sum ^ word));
    }),
    ("fills", |i, o| {
        let mut bytes = filled(i);
        let at = i.d as usize % 300;
        bytes[at..at + i.c as usize % 300].fill(i.a as u8);
        o.word(hash(&bytes));
    }),
    ("comparisons of slices", |i, o| {
        let (one, mut other) = (filled(i), filled(i));
        other[i.c as usize % BYTES] = i.d as u8;
        o.word(one.cmp(&other) as i8 as u64);
        o.word(u64::from(one == other) << 1 | u64::from(one[..40] == other[..40]));
        o.word(one[..17].cmp(&other[..31]) as i8 as u64);
        o.word(one.iter().position(|byte| *byte == i.d as u8).unwrap_or(BYTES) as u64);
    }),
    ("unaligned numbers", |i, o| {
        let mut bytes = filled(i);
        let at = i.c as usize % 500;
        o.word(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default()));
        o.wide(u128::from_be_bytes(bytes[at + 1..at + 17].try_into().unwrap_or_default()));
        bytes[at + 3..at + 19].copy_from_slice(&i.a.to_be_bytes());
        bytes[at..at + 4].copy_from_slice(&(i.d as u32).to_le_bytes());
        o.word(hash(&bytes));
    }),
    ("sorting and searching", |i, o| {
        let mut words = [0u64; 33];
        let mut state = i.c | 1;
        for word in &mut words {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i.d);
            *word = state >> 50;
        }
        words.sort_unstable();
        words.iter().step_by(8).for_each(|word| o.word(*word));
        o.word(words.binary_search(&(i.d >> 50)).unwrap_or_else(|at| at) as u64);
        words.sort_unstable_by_key(|word| core::cmp::Reverse((*word % 7, *word)));
        o.word(words.iter().fold(0, |value: u64, word| value.wrapping_mul(3).wrapping_add(*word)));
    }),
    ("atomics", |i, o| {
        let (word, small) = (AtomicU64::new(i.c), AtomicU32::new(i.d as u32));
        let word = core::hint::black_box(&word);
        o.word(word.fetch_add(i.d, Ordering::SeqCst));
        o.word(word.swap(i.a as u64, Ordering::AcqRel));
        o.word(word.compare_exchange(i.a as u64, 5, Ordering::SeqCst, Ordering::Relaxed).unwrap_or(9));
        o.word(word.fetch_max(i.b as u64, Ordering::Relaxed));
        o.word(word.load(Ordering::SeqCst));
        o.word(u64::from(small.fetch_xor(i.c as u32, Ordering::SeqCst)));
        o.word(u64::from(small.into_inner()));
    }),
];

#[inline(never)]
fn filled(i: &Input) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let mut state = i.a as u64 ^ i.d;
    for byte in &mut bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i.c | 1);
        *byte = (state >> 56) as u8;
    }
    bytes
}

#[inline(never)]
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
