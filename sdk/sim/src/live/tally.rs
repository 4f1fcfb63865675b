//! What is counted over a whole connection: transactions, what they cost, calls that were made again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_rpc::Error;
use solana_hash::Hash;

use crate::measure::Meter;

/// A blockhash is used for so long; it is valid for about a minute.
const BLOCKHASH_SECS: u64 = 2;

/// Counts of everybody who shares a connection.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Tells transactions apart.
    counter: AtomicU64,
    meter: Mutex<Meter>,
    retries: Mutex<BTreeMap<String, u64>>,
    /// Transactions whose meta has not been read yet.
    measuring: AtomicU64,
    blockhash: Mutex<Option<(Instant, Hash, u64)>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    pub fn signed(&self) -> u64 {
        self.counter.load(Ordering::Relaxed)
    }

    pub fn meter(&self) -> MutexGuard<'_, Meter> {
        held(&self.meter)
    }

    /// A call failed and is made again.
    pub fn retried(&self, error: &Error) {
        *held(&self.retries).entry(error.reason()).or_default() += 1;
    }

    pub fn retries(&self) -> BTreeMap<String, u64> {
        held(&self.retries).clone()
    }

    pub fn begin_measuring(&self) {
        self.measuring.fetch_add(1, Ordering::Relaxed);
    }

    pub fn end_measuring(&self) {
        self.measuring.fetch_sub(1, Ordering::Relaxed);
    }

    pub fn is_measuring(&self) -> bool {
        self.measuring.load(Ordering::Relaxed) > 0
    }

    /// A blockhash that is young enough, with the last block height at which it is valid.
    pub fn blockhash(&self) -> Option<(Hash, u64)> {
        let (at, hash, height) = (*held(&self.blockhash))?;
        (at.elapsed() < Duration::from_secs(BLOCKHASH_SECS)).then_some((hash, height))
    }

    pub fn set_blockhash(&self, hash: Hash, last_height: u64) {
        *held(&self.blockhash) = Some((Instant::now(), hash, last_height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_are_made_again_are_counted_by_reason() {
        let tally = Tally::default();
        [Error::RateLimited, Error::Expired, Error::RateLimited].iter().for_each(|error| tally.retried(error));
        assert_eq!(tally.retries(), [("expired".to_owned(), 1), ("rate_limited".to_owned(), 2)].into());
    }

    #[test]
    fn a_blockhash_is_kept_until_another_comes() {
        let tally = Tally::default();
        assert!(tally.blockhash().is_none());
        tally.set_blockhash(Hash::new_from_array([7; 32]), 5);
        assert_eq!(tally.blockhash(), Some((Hash::new_from_array([7; 32]), 5)));
    }
}
