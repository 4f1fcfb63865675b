//! What the tests draw, from one stream.

use crate::rational::{ratio, Q};
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rand_xoshiro::SplitMix64;

pub struct Prng(SplitMix64);

impl Prng {
    pub fn new(seed: u64) -> Prng {
        Prng(SplitMix64::seed_from_u64(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
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
