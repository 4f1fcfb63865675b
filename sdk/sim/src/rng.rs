//! Random streams of the replay (SplitMix64), so that a seed means the same run on every machine.

use std::hash::Hasher;

use rand::Rng as _;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rand_xoshiro::SplitMix64;

/// Deterministic pseudo-random numbers; not for cryptography.
///
/// Words and fractions are the library's. Ranges, chances, shuffles and distributions are drawn here: the library draws
/// them otherwise, and may from one version to the next, while a seed of the replay names a run whose figures are
/// published.
#[derive(Clone, Debug)]
pub struct Rng(SplitMix64);

impl Rng {
    /// A stream of its own for each purpose: drawing more in one does not shift another.
    pub fn stream(seed: u64, purpose: &str) -> Self {
        let mut name = fnv::FnvHasher::default();
        name.write(purpose.as_bytes());
        let mut rng = Self(SplitMix64::seed_from_u64(seed ^ name.finish()));
        rng.next_u64();
        rng
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0.0..1.0`, of 53 bits.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Uniform in `low..high`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponentially distributed with mean `mean`.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Standard normal (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal with the given median and spread of the logarithm.
    pub fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * (spread * self.normal()).exp()
    }

    /// Shuffles in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = (self.next_u64() % (i as u64 + 1)) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers before the library drew them: the replay's published figures follow from these.
    #[test]
    fn a_stream_is_the_one_that_published_figures_follow_from() {
        let mut rng = Rng::stream(7, "prices");
        assert_eq!(
            [rng.next_u64(), rng.next_u64(), rng.next_u64()],
            [0x4d0d_121d_ed41_8a32, 0x4803_5002_2b5b_d859, 0xf6fe_c029_8bb1_f627]
        );
        assert_eq!([rng.unit(), rng.unit()].map(f64::to_bits), [0x3fe1_8da6_fe69_cff9, 0x3fe9_41cc_0951_1fbf]);
    }

    #[test]
    fn a_seed_and_a_purpose_name_one_sequence() {
        let draw = |seed, purpose| {
            let mut rng = Rng::stream(seed, purpose);
            [rng.next_u64(), rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(draw(7, "prices"), draw(7, "prices"));
        assert_ne!(draw(7, "prices"), draw(7, "accounts"));
        assert_ne!(draw(7, "prices"), draw(8, "prices"));
    }

    #[test]
    fn the_distributions_have_the_means_they_name() {
        let mut rng = Rng::stream(1, "test");
        let n = 20_000;
        let uniform: f64 = (0..n).map(|_| rng.unit()).sum::<f64>() / n as f64;
        let exponential: f64 = (0..n).map(|_| rng.exponential(0.3)).sum::<f64>() / n as f64;
        let normal: f64 = (0..n).map(|_| rng.normal()).sum::<f64>() / n as f64;
        assert!((uniform - 0.5).abs() < 0.01 && (exponential - 0.3).abs() < 0.01 && normal.abs() < 0.03);
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Rng::stream(3, "test").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
