//! Waiting longer after each failure, for a connection or for each target apart.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// A wait that doubles with each failure.
#[derive(Debug)]
pub struct Backoff {
    shape: ExponentialBuilder,
    waits: ExponentialBackoff,
}

impl Backoff {
    /// Starts at `first`, never above `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        let shape = ExponentialBuilder::new()
            .with_factor(2.0)
            .with_min_delay(first.min(most))
            .with_max_delay(most)
            .without_max_times();
        Self { shape, waits: shape.build() }
    }

    /// Notes a failure and returns how long to wait.
    pub fn failed(&mut self) -> Duration {
        // Without a limit of times or of time in all there is always a next one.
        self.waits.next().unwrap_or_default()
    }

    /// Notes a success: the next wait is the first again.
    pub fn succeeded(&mut self) {
        self.waits = self.shape.build();
    }
}

/// One back-off for each target.
#[derive(Debug)]
pub struct Targets<K> {
    first: Duration,
    most: Duration,
    waiting: HashMap<K, (Backoff, Instant)>,
}

impl<K: Eq + Hash + Clone> Targets<K> {
    /// Nobody waits.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, waiting: HashMap::new() }
    }

    /// Whether a target may be tried.
    pub fn may(&self, target: &K, now: Instant) -> bool {
        self.waiting.get(target).is_none_or(|(_, until)| now >= *until)
    }

    /// Notes a failure at a target; returns how long it waits.
    pub fn failed(&mut self, target: K, now: Instant) -> Duration {
        let fresh = || (Backoff::new(self.first, self.most), now);
        let (backoff, until) = self.waiting.entry(target).or_insert_with(fresh);
        let wait = backoff.failed();
        *until = now + wait;
        wait
    }

    /// Notes a success at a target.
    pub fn succeeded(&mut self, target: &K) {
        self.waiting.remove(target);
    }

    /// Forgets targets whose last failure is long over, so that the table does not grow without end.
    pub fn sweep(&mut self, now: Instant) {
        let keep = self.most.saturating_mul(10);
        self.waiting.retain(|_, (_, until)| now < *until + keep);
    }

    /// How many targets have failed lately.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(SECOND, 5 * SECOND);
        assert_eq!(
            [backoff.failed(), backoff.failed(), backoff.failed(), backoff.failed()].map(|w| w.as_secs()),
            [1, 2, 4, 5]
        );
        for _ in 0..10_000 {
            assert_eq!(backoff.failed(), 5 * SECOND);
        }
        backoff.succeeded();
        assert_eq!(backoff.failed(), SECOND);
        assert_eq!(Backoff::new(SECOND, SECOND / 2).failed(), SECOND / 2);
    }

    #[test]
    fn one_target_that_fails_holds_up_no_other() {
        let (mut targets, start) = (Targets::new(SECOND, 60 * SECOND), Instant::now());
        targets.failed("bad", start);
        assert!(!targets.may(&"bad", start) && targets.may(&"good", start));
        assert!(targets.may(&"bad", start + SECOND));
        assert_eq!(targets.failed("bad", start + SECOND), 2 * SECOND);
        targets.succeeded(&"bad");
        assert!(targets.may(&"bad", start + SECOND) && targets.is_empty());
    }

    #[test]
    fn failures_that_are_long_over_are_forgotten() {
        let (mut targets, start) = (Targets::new(SECOND, 2 * SECOND), Instant::now());
        targets.failed(1, start);
        targets.sweep(start + 10 * SECOND);
        assert_eq!(targets.len(), 1);
        targets.sweep(start + 60 * SECOND);
        assert!(targets.is_empty());
    }
}
