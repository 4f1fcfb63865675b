//! Prices, posted through `mock-oracle` as of the cluster's present second.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_rpc::mock::{post_pyth, PythPost};
use plimsoll_sdk::ix;
use solana_instruction::Instruction;
use tokio::task::JoinHandle;

use super::orders::Order;
use super::{Live, Tried};

impl Live {
    /// Posts prices, each a slot of the board and units of 1e-8 dollars; the board takes them at the next refresh.
    ///
    /// # Errors
    /// What `mock-oracle` refuses.
    pub async fn post(&self, prices: &[(u8, i64)]) -> Tried<()> {
        let posts: Vec<Instruction> = prices.iter().map(|&(slot, price)| self.post_instruction(slot, price)).collect();
        self.send("post_pyth", &[], &posts).await.map(drop)
    }

    fn post_instruction(&self, slot: u8, price_e8: i64) -> Instruction {
        post_pyth(self.authority(), self.feeds[slot as usize], &PythPost::of_now(price_e8))
    }

    /// Takes posted prices into the board.
    ///
    /// # Errors
    /// What the program refuses.
    pub async fn refresh(&self, slots: &[u8]) -> Tried<()> {
        let feeds: Vec<ix::Refresh> = slots
            .iter()
            .map(|&slot| ix::Refresh { slot, primary: self.feeds[slot as usize], secondary: None })
            .collect();
        let name = if slots.len() == 1 { "refresh_price" } else { "refresh_price (all slots)" };
        self.order(&Order::new(name, &self.authority, &[], ix::refresh_price(&self.keys, &feeds))).await.map(drop)
    }
}

/// Answers the prices that are due, by slot, units of 1e-8 dollars.
type Source = Box<dyn Fn() -> Vec<i64> + Send>;

struct Shared {
    prices_e8: Mutex<Vec<i64>>,
    source: Mutex<Option<Source>>,
    refreshes: AtomicBool,
    posted: AtomicU64,
    failed: AtomicU64,
    last_failure: Mutex<Option<String>>,
}

impl Shared {
    fn due(&self) -> Vec<i64> {
        match &*self.source.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(source) => source(),
            None => self.prices_e8.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Posts every listed price again and again, in the background, until it is stopped or dropped.
pub struct Poster {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Poster {
    /// Starts to post these prices, by slot, units of 1e-8 dollars. It refreshes the board too until told otherwise.
    pub fn start(live: Live, prices_e8: Vec<i64>, every: Duration) -> Self {
        let shared = Arc::new(Shared {
            prices_e8: Mutex::new(prices_e8),
            source: Mutex::new(None),
            refreshes: AtomicBool::new(true),
            posted: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            last_failure: Mutex::new(None),
        });
        let task = tokio::spawn(run(live, Arc::clone(&shared), every));
        Self { shared, task }
    }

    /// Changes a price; it is posted within the interval.
    pub fn set(&self, slot: u8, price_e8: i64) {
        let mut prices = self.shared.prices_e8.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(price) = prices.get_mut(slot as usize) {
            *price = price_e8;
        }
    }

    /// From now on asks `source` before each round what the prices are, by slot, units of 1e-8 dollars.
    pub fn follow(&self, source: impl Fn() -> Vec<i64> + Send + 'static) {
        *self.shared.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(source));
    }

    /// Whether it refreshes the board too, or leaves that to a keeper.
    pub fn set_refreshing(&self, refreshes: bool) {
        self.shared.refreshes.store(refreshes, Ordering::Relaxed);
    }

    /// Rounds that were posted, and rounds that failed: the node may be away.
    pub fn counts(&self) -> (u64, u64) {
        (self.shared.posted.load(Ordering::Relaxed), self.shared.failed.load(Ordering::Relaxed))
    }

    /// Why the last round that failed did.
    pub fn last_failure(&self) -> Option<String> {
        self.shared.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Poster {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(live: Live, shared: Arc<Shared>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let prices: Vec<(u8, i64)> = (0..).zip(shared.due()).collect();
        let mut round = live.post(&prices).await;
        if round.is_ok() && shared.refreshes.load(Ordering::Relaxed) {
            let slots: Vec<u8> = prices.iter().map(|(slot, _)| *slot).collect();
            round = live.refresh(&slots).await;
        }
        let count = if round.is_ok() { &shared.posted } else { &shared.failed };
        count.fetch_add(1, Ordering::Relaxed);
        if let Err(failed) = round {
            *shared.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failed.to_string());
        }
    }
}
