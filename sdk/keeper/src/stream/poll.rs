//! Reading again and again: what keeps the keeper right whatever a WebSocket does.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_sdk::pda::EngineKeys;
use plimsoll_state::{EngineAccount, Registry};
use tokio::sync::mpsc::Sender;
use tokio::time::Instant;

use super::snapshot::{Ended, Snapshots};
use super::{read, Followed, Link};
use crate::backoff::Backoff;
use crate::config::StreamConfig;
use crate::state::Update;

/// Longest wait after reads that failed.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Reads the shared accounts and the clock until it is stopped.
pub async fn shared(followed: Followed, config: StreamConfig, link: Arc<Link>, sender: Sender<Update>) {
    let (keys, every) = (EngineKeys::of(followed.engine), Duration::from_millis(config.poll_millis));
    let mut backoff = Backoff::new(every, LONGEST_WAIT);
    let mut counts = (0, 0);
    loop {
        let wait = match read::shared(&followed.connection, &keys, counts).await {
            Ok(updates) => {
                backoff.succeeded();
                for update in updates {
                    counts = listed(&update, &keys).unwrap_or(counts);
                    if sender.send(update).await.is_err() {
                        return;
                    }
                }
                every
            }
            Err(error) => {
                link.failed_reads.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, reason = error.reason(), "the shared accounts could not be read");
                backoff.failed()
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// How many banks and markets a registry has; none for any other update.
fn listed(update: &Update, keys: &EngineKeys) -> Option<(u8, u8)> {
    let Update::Account { key, data, .. } = update else { return None };
    let registry = (*key == keys.registry).then(|| Registry::from_account_data(data).copied())??;
    Some((registry.bank_count, registry.market_count))
}

/// Reads all margin accounts: at once, when asked to, from time to time, and often while there is no WebSocket.
pub async fn snapshots(followed: Followed, config: StreamConfig, link: Arc<Link>, sender: Sender<Update>) {
    let mut backoff = Backoff::new(Duration::from_millis(config.poll_accounts_millis), LONGEST_WAIT);
    let mut snapshots = Snapshots::new(followed.connection, followed.engine, sender, link.clone());
    loop {
        let started = Instant::now();
        let failed = match snapshots.take().await {
            Ok(()) => {
                backoff.succeeded();
                None
            }
            Err(Ended::Unwanted) => return,
            Err(Ended::Failed(error)) => {
                link.failed_reads.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, reason = error.reason(), "the margin accounts could not be read");
                Some(backoff.failed())
            }
        };
        wait_for_next(&config, &link, (started, Instant::now()), failed).await;
    }
}

/// Returns when the next snapshot is due: by time since the last began, or by its being asked for and that since it ended.
async fn wait_for_next(
    config: &StreamConfig,
    link: &Link,
    (began, ended): (Instant, Instant),
    failed: Option<Duration>,
) {
    if let Some(wait) = failed {
        return tokio::time::sleep(wait).await;
    }
    let often = Duration::from_millis(config.poll_accounts_millis);
    let mut asked = false;
    loop {
        let by_time = if link.is_live() { Duration::from_secs(config.resync_secs) } else { often };
        let least = Duration::from_millis(config.snapshot_least_millis).saturating_sub(ended.elapsed());
        let left = by_time.saturating_sub(began.elapsed());
        let left = if asked { left.min(least) } else { left };
        if left.is_zero() {
            return;
        }
        // Woken early, as the WebSocket may go meanwhile.
        tokio::select! {
            () = link.resync.notified() => asked = true,
            () = tokio::time::sleep(often.min(left)) => {}
        }
    }
}
