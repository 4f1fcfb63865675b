//! Accounts near their trigger prices, read by address again and again: what a WebSocket keeps to itself costs seconds
//! there, where seconds count, and shows that it keeps things to itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_rpc::{Connection, Reading, Result, MOST_AT_ONCE};
use plimsoll_sdk::pda;
use solana_pubkey::Pubkey;
use tokio::sync::mpsc::Sender;

use super::Link;
use crate::config::StreamConfig;
use crate::state::{Tracker, Update};

/// Reads the accounts until it is stopped.
pub async fn near_triggers(
    connection: Connection,
    config: StreamConfig,
    link: Arc<Link>,
    tracker: Arc<Mutex<Tracker>>,
    sender: Sender<Update>,
) {
    let mut ear = Ear::default();
    loop {
        tokio::time::sleep(Duration::from_millis(config.watch_millis)).await;
        let keys = {
            let tracker = tracker.lock().unwrap_or_else(PoisonError::into_inner);
            tracker.nearest(config.watch_accounts, config.watch_move_ppm)
        };
        let (slot, updates) = match read(&connection, &keys).await {
            Ok(read) => read,
            Err(error) => {
                link.failed_reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tracing::warn!(%error, reason = error.reason(), "accounts near their triggers could not be read");
                continue;
            }
        };
        let mut changed = false;
        for update in updates {
            changed |= tracker.lock().unwrap_or_else(PoisonError::into_inner).is_news(&update);
            if sender.send(update).await.is_err() {
                return;
            }
        }
        if ear.hears_nothing(link.newest_told_slot(), link.is_live(), slot, changed) {
            tracing::warn!("the WebSocket brings slots and no margin accounts, of which some have changed");
            link.turn_deaf();
        }
    }
}

/// The accounts, and the slot of the oldest answer; none that cannot be read.
async fn read(connection: &Connection, keys: &[Pubkey]) -> Result<(u64, Vec<Update>)> {
    let (mut oldest, mut updates) = (u64::MAX, Vec::with_capacity(keys.len()));
    for some in keys.chunks(MOST_AT_ONCE) {
        let (slot, found) = connection.readings(some).await?;
        oldest = oldest.min(slot);
        for (key, reading) in some.iter().zip(found) {
            let data = match reading {
                Reading::Unreadable => continue,
                Reading::Found(account) if account.owner == pda::PROGRAM_ID => account.data,
                Reading::Found(_) | Reading::Nothing => Vec::new(),
            };
            updates.push(Update::Account { key: *key, slot, data });
        }
    }
    Ok((oldest, updates))
}

/// Judges by what was read whether a WebSocket told of it.
#[derive(Debug, Default)]
struct Ear {
    /// The slot of the reading before.
    read_slot: Option<u64>,
    /// A change since this slot has been read, of which the WebSocket should have told by the next reading.
    changed_since: Option<u64>,
}

impl Ear {
    /// Takes a reading of `slot` and whether it showed a change; whether the WebSocket, which is thought to be alive and
    /// told of margin accounts as of `told_slot` at most, has kept to itself what the reading before showed.
    fn hears_nothing(&mut self, told_slot: u64, is_live: bool, slot: u64, changed: bool) -> bool {
        let kept = is_live && self.changed_since.is_some_and(|since| told_slot <= since);
        // While there is no WebSocket, what has changed is no news of it.
        self.changed_since = self.read_slot.filter(|_| changed && is_live && !kept);
        self.read_slot = Some(slot);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_websocket_that_tells_of_changes_a_little_later_is_believed() {
        let mut ear = Ear::default();
        assert!(!ear.hears_nothing(0, true, 100, true), "what changed before the first reading is not its matter");
        assert!(!ear.hears_nothing(0, true, 108, true));
        assert!(!ear.hears_nothing(107, true, 116, true), "it has told of slot 107, after the reading of 100");
        assert!(!ear.hears_nothing(115, true, 124, false));
        for slot in [132, 140, 148] {
            assert!(!ear.hears_nothing(115, true, slot, false), "nothing has changed, so there is nothing to tell");
        }
    }

    #[test]
    fn a_websocket_that_keeps_a_change_to_itself_is_found_out_at_the_next_reading() {
        let mut ear = Ear::default();
        ear.hears_nothing(90, true, 100, false);
        assert!(!ear.hears_nothing(90, true, 108, true));
        assert!(ear.hears_nothing(100, true, 116, false), "slot 100 is the one before which it has told everything");
        assert!(!ear.hears_nothing(100, true, 124, false), "and once a change");
    }

    #[test]
    fn without_a_websocket_there_is_nothing_to_judge() {
        let mut ear = Ear::default();
        for slot in [100, 108, 116] {
            assert!(!ear.hears_nothing(0, false, slot, true));
        }
        assert!(!ear.hears_nothing(0, true, 124, true), "it has just been connected");
    }
}
