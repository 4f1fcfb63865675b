//! A small deterministic generator (SplitMix64), so that the model needs no dependency for its tests.

use crate::rational::{ratio, Q};

pub struct Prng(u64);

impl Prng {
    pub fn new(seed: u64) -> Prng {
        Prng(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number in `low..=high`.
    pub fn range(&mut self, low: i128, high: i128) -> i128 {
        low + i128::from(self.next()) % (high - low + 1)
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: i128) -> bool {
        self.range(1, n) == 1
    }

    /// A rational in `low/denominator ..= high/denominator`.
    pub fn ratio(&mut self, low: i128, high: i128, denominator: i128) -> Q {
        ratio(self.range(low, high), denominator)
    }

    pub fn index(&mut self, len: usize) -> usize {
        self.next() as usize % len
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}
