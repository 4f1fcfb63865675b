//! Updates of the cluster: a WebSocket where there is one, snapshots and polling in any case.
//!
//! Four tasks send [`Update`]s that [`Updates`] receives. [`socket`] subscribes to the margin accounts, banks, markets, registry
//! and board, connects again with a back-off, and asks for a snapshot after every connection, since what happened in
//! between was missed. [`poll`] reads the shared accounts and the clock all the time, and all margin accounts when a
//! snapshot is asked for, from time to time, and often while there is no WebSocket. [`near`] reads the accounts near
//! their trigger prices by address every few seconds, and turns a WebSocket deaf that does not tell of what it finds.
//! Slots decide what is newer, so the order of arrival does not matter.
//!
//! Everything is read at the connection's commitment, which is `confirmed`: what a minority fork holds is never seen. Slots
//! that were confirmed and vanish all the same (a cluster that restarts from an earlier slot) leave the tracker with what
//! it saw until the surviving chain has passed those slots; then every account is replaced as it changes, and all of them
//! by the next snapshot, which a chain that fell behind and caught up is asked for at once.

pub mod near;
pub mod poll;
mod pubsub;
pub mod read;
pub mod snapshot;
pub mod socket;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll_rpc::Connection;
use solana_pubkey::Pubkey;
use tokio::sync::{mpsc, watch, Notify};

use crate::config::StreamConfig;
use crate::state::{Tracker, Update};

/// Updates that may wait to be taken; a sender waits where there are more.
const QUEUE: usize = 65_536;
/// Parts of snapshots that may wait: they are large.
const PARTS: usize = 8;

/// What the tasks share.
#[derive(Default)]
pub struct Link {
    /// The WebSocket is subscribed.
    is_subscribed: AtomicBool,
    /// It has not told of a margin account that was found to have changed, nor of any other since.
    is_deaf: AtomicBool,
    /// How often it turned deaf.
    pub deaf_sockets: AtomicU64,
    /// The newest slot of which it told about a margin account.
    newest_told_slot: AtomicU64,
    /// How many of its messages could not be read.
    pub unreadable_messages: AtomicU64,
    /// How often it was connected again.
    pub reconnects: AtomicU64,
    /// How many requests for a snapshot or for shared accounts failed.
    pub failed_reads: AtomicU64,
    /// How many accounts were offered as the engine's that another program owns.
    pub foreign_accounts: AtomicU64,
    /// Asks for a snapshot.
    pub resync: Notify,
    /// Asks for another connection.
    reconnect: Notify,
}

impl Link {
    /// Whether the WebSocket is subscribed and tells of margin accounts that change, as far as is known.
    pub fn is_live(&self) -> bool {
        self.is_subscribed.load(Ordering::Relaxed) && !self.is_deaf()
    }

    /// Whether the WebSocket has kept a change to itself, and told of none since.
    pub fn is_deaf(&self) -> bool {
        self.is_deaf.load(Ordering::Relaxed)
    }

    /// Notes that the WebSocket kept a change to itself: it is connected again, and all accounts are polled until one
    /// tells of a margin account.
    fn turn_deaf(&self) {
        self.is_deaf.store(true, Ordering::Relaxed);
        self.deaf_sockets.fetch_add(1, Ordering::Relaxed);
        self.reconnect.notify_one();
    }

    /// Notes that the WebSocket told of a margin account as of a slot.
    fn told(&self, slot: u64) {
        self.newest_told_slot.fetch_max(slot, Ordering::Relaxed);
        self.is_deaf.store(false, Ordering::Relaxed);
    }

    fn newest_told_slot(&self) -> u64 {
        self.newest_told_slot.load(Ordering::Relaxed)
    }
}

/// Which engine is followed, and where.
#[derive(Clone)]
pub struct Followed {
    /// The node.
    pub connection: Connection,
    /// Its subscriptions.
    pub ws_url: String,
    /// The engine.
    pub engine: Pubkey,
}

/// What the tasks send.
pub struct Updates {
    updates: mpsc::Receiver<Update>,
    parts: mpsc::Receiver<Update>,
}

impl Updates {
    /// The next update; none once every task has ended.
    pub async fn recv(&mut self) -> Option<Update> {
        tokio::select! {
            Some(update) = self.updates.recv() => Some(update),
            Some(update) = self.parts.recv() => Some(update),
            else => None,
        }
    }

    /// Waits for updates and appends up to `most` of those that are there; how many, none once every task has ended.
    pub async fn recv_many(&mut self, batch: &mut Vec<Update>, most: usize) -> usize {
        let Some(first) = self.recv().await else { return 0 };
        batch.push(first);
        let mut received = 1;
        while received < most {
            let Some(update) = self.updates.try_recv().or_else(|_| self.parts.try_recv()).ok() else { break };
            batch.push(update);
            received += 1;
        }
        received
    }
}

/// Starts the tasks; they end when `stop` turns true. `tracker` says which accounts are near their trigger prices.
pub fn start(
    followed: Followed,
    config: &StreamConfig,
    link: Arc<Link>,
    tracker: Arc<Mutex<Tracker>>,
    stop: watch::Receiver<bool>,
) -> (Updates, Vec<tokio::task::JoinHandle<()>>) {
    let ((sender, updates), (parts_sender, parts)) = (mpsc::channel(QUEUE), mpsc::channel(PARTS));
    let mut tasks = Vec::new();
    let shared = poll::shared(followed.clone(), config.clone(), link.clone(), sender.clone());
    tasks.push(tokio::spawn(until_stopped(shared, stop.clone())));
    let snapshots = poll::snapshots(followed.clone(), config.clone(), link.clone(), parts_sender);
    tasks.push(tokio::spawn(until_stopped(snapshots, stop.clone())));
    let (connection, watched) = (followed.connection.clone(), sender.clone());
    let near = near::near_triggers(connection, config.clone(), link.clone(), tracker, watched);
    tasks.push(tokio::spawn(until_stopped(near, stop.clone())));
    if config.websocket {
        let socket = socket::follow(followed, config.clone(), link, sender);
        tasks.push(tokio::spawn(until_stopped(socket, stop)));
    }
    (Updates { updates, parts }, tasks)
}

async fn until_stopped(work: impl std::future::Future<Output = ()>, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}
