//! News of the cluster: a WebSocket where there is one, snapshots and polling in any case.
//!
//! Three tasks send [`Update`]s to one receiver. [`socket`] subscribes to the margin accounts, banks, markets, registry
//! and board, connects again with a back-off, and asks for a snapshot after every connection, since what happened in
//! between was missed. [`poll`] reads the shared accounts and the clock all the time, and all margin accounts when a
//! snapshot is asked for, from time to time, and often while there is no WebSocket. Slots decide what is newer, so the
//! order of arrival does not matter.

pub mod poll;
pub mod read;
pub mod socket;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use plimsoll_rpc::Connection;
use solana_pubkey::Pubkey;
use tokio::sync::{mpsc, watch, Notify};

use crate::config::StreamConfig;
use crate::state::Update;

/// Updates that may wait to be taken; a sender waits where there are more.
const QUEUE: usize = 65_536;

/// What the tasks share.
#[derive(Default)]
pub struct Link {
    /// The WebSocket is subscribed.
    pub is_live: AtomicBool,
    /// How often it was connected again.
    pub reconnects: AtomicU64,
    /// How many requests for a snapshot or for shared accounts failed.
    pub failed_reads: AtomicU64,
    /// Asks for a snapshot.
    pub resync: Notify,
}

impl Link {
    /// Whether the WebSocket is subscribed.
    pub fn is_live(&self) -> bool {
        self.is_live.load(Ordering::Relaxed)
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

/// Starts the tasks; they end when `stop` turns true.
pub fn start(
    followed: Followed,
    config: &StreamConfig,
    link: Arc<Link>,
    stop: watch::Receiver<bool>,
) -> (mpsc::Receiver<Update>, Vec<tokio::task::JoinHandle<()>>) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let mut tasks = Vec::new();
    let shared = poll::shared(followed.clone(), config.clone(), link.clone(), sender.clone());
    tasks.push(tokio::spawn(until_stopped(shared, stop.clone())));
    let snapshots = poll::snapshots(followed.clone(), config.clone(), link.clone(), sender.clone());
    tasks.push(tokio::spawn(until_stopped(snapshots, stop.clone())));
    if config.websocket {
        let socket = socket::follow(followed, config.clone(), link, sender);
        tasks.push(tokio::spawn(until_stopped(socket, stop)));
    }
    (receiver, tasks)
}

async fn until_stopped(work: impl std::future::Future<Output = ()>, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        () = work => {}
        _ = stop.wait_for(|stopped| *stopped) => {}
    }
}
