//! Random inputs of every size, with the values at which arithmetic goes wrong.

use plimsoll_sbf_arithmetic::Input;
use rand_xoshiro::rand_core::{RngCore as _, SeedableRng as _};
use rand_xoshiro::SplitMix64;

const EDGES: [u128; 12] = [
    0,
    1,
    2,
    u64::MAX as u128,
    u64::MAX as u128 + 1,
    i64::MAX as u128,
    i64::MAX as u128 + 1,
    i128::MAX as u128,
    i128::MAX as u128 + 1,
    u128::MAX,
    u128::MAX - 1,
    u32::MAX as u128,
];

/// This many inputs, the same for the same seed.
pub fn inputs(seed: u64, count: usize) -> Vec<Input> {
    let mut random = Random(SplitMix64::seed_from_u64(seed));
    (0..count).map(|_| random.input()).collect()
}

struct Random(SplitMix64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.word() % limit
    }

    fn wide(&mut self) -> u128 {
        let bits = u128::from(self.word()) << 64 | u128::from(self.word());
        match self.below(8) {
            0 => EDGES[self.below(EDGES.len() as u64) as usize],
            // Next to a power of two, on either side.
            1 => (1u128 << self.below(128)).wrapping_add(u128::from(self.below(5))).wrapping_sub(2),
            2 => (bits >> 100).wrapping_neg(),
            _ => bits >> self.below(128),
        }
    }

    fn narrow(&mut self) -> u64 {
        match self.below(8) {
            // A float of ordinary size, which random bits almost never are.
            0 | 1 => ((self.word() as i64 as f64) / 2f64.powi(self.below(70) as i32)).to_bits(),
            2 => f64::from_bits(self.word()).to_bits(),
            3 => u64::from(((self.word() as i32 as f32) / 2f32.powi(self.below(40) as i32)).to_bits()),
            _ => self.wide() as u64,
        }
    }

    fn input(&mut self) -> Input {
        let mut input = Input { a: self.wide(), b: self.wide(), c: self.narrow(), d: self.narrow() };
        // Equal and opposite operands have paths of their own.
        match self.below(32) {
            0 => input.b = input.a,
            1 => input.b = input.a.wrapping_neg(),
            2 => input.d = input.c,
            _ => {}
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::inputs;

    #[test]
    fn a_seed_gives_the_same_inputs_again_and_many_different_ones() {
        assert_eq!(inputs(7, 50), inputs(7, 50));
        let distinct: std::collections::HashSet<_> = inputs(7, 1000).iter().map(|input| (input.a, input.c)).collect();
        assert!(distinct.len() > 900);
    }
}
