//! The WebSocket: what it brings is taken, and when it goes it is made again, with a snapshot for what was missed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use futures::{SinkExt, StreamExt};
use plimsoll_keeper::state::Update;
use plimsoll_keeper::stream::{self, Followed, Link, Updates};
use plimsoll_sim::world::{Trader, World};
use serde_json::{json, Value};
use solana_pubkey::Pubkey;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::stage::Stage;

/// A node's WebSocket that tells every subscriber of one account, and hangs up when told to.
struct Socket {
    url: String,
    connections: Arc<AtomicU32>,
    hang_up: watch::Sender<u32>,
}

async fn serve(notify: Value) -> Socket {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (connections, hang_up) = (Arc::new(AtomicU32::new(0)), watch::channel(0).0);
    let (count, hang_ups) = (connections.clone(), hang_up.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(connection(stream, notify.clone(), hang_ups.subscribe()));
        }
    });
    Socket { url, connections, hang_up }
}

async fn connection(stream: TcpStream, notify: Value, mut hang_up: watch::Receiver<u32>) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let mut subscription = 0;
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = hang_up.changed() => return,
        };
        let Some(Ok(Message::Text(text))) = message else { return };
        let request: Value = serde_json::from_str(text.as_str()).unwrap();
        subscription += 1;
        let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "result": subscription });
        socket.send(Message::text(answer.to_string())).await.unwrap();
        if request["method"] == "programSubscribe" && subscription < 3 {
            let params = json!({ "result": notify, "subscription": subscription });
            let news = json!({ "jsonrpc": "2.0", "method": "programNotification", "params": params });
            socket.send(Message::text(news.to_string())).await.unwrap();
        }
    }
}

/// Updates of a margin account in a slot.
fn news(world: &World, of: &Trader, slot: u64) -> Value {
    let data = base64::engine::general_purpose::STANDARD.encode(world.data(&of.account));
    let account = json!({
        "lamports": 1, "data": [data, "base64"], "owner": plimsoll_sdk::pda::PROGRAM_ID.to_string(),
        "executable": false, "rentEpoch": 0, "space": 3_040,
    });
    json!({ "context": { "slot": slot }, "value": { "pubkey": of.account.to_string(), "account": account } })
}

struct Following {
    updates: Updates,
    link: Arc<Link>,
    stop: watch::Sender<bool>,
}

async fn follow(stage: &Stage, ws_url: String) -> Following {
    let engine: Pubkey = stage.node.world(|world| world.keys.engine);
    let mut config = stage.config().stream;
    // Snapshots only come when they are asked for.
    (config.websocket, config.reconnect_millis, config.resync_secs) = (true, 10, 86_400);
    (config.poll_accounts_millis, config.reconnect_max_millis) = (600_000, 20);
    let (link, stop) = (Arc::new(Link::default()), watch::channel(false).0);
    let followed = Followed { connection: stage.node.connection(), ws_url, engine };
    let (updates, _) = stream::start(followed, &config, link.clone(), stop.subscribe());
    Following { updates, link, stop }
}

impl Following {
    /// Waits for an update that answers to `wanted`.
    async fn until(&mut self, wanted: impl Fn(&Update) -> bool) {
        let found = async { while !wanted(&self.updates.recv().await.expect("the stream runs")) {} };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("the update comes");
    }
}

#[tokio::test]
async fn a_change_of_an_account_arrives_by_the_websocket_with_its_slot() {
    let stage = Stage::new();
    let notify = stage.node.world(|world| news(world, &stage.alice, 5_000));
    let socket = serve(notify).await;
    let mut following = follow(&stage, socket.url.clone()).await;
    let alice = stage.alice.account;
    following.until(|update| matches!(update, Update::Account { key, slot: 5_000, .. } if *key == alice)).await;
    assert!(following.link.is_live());
    following.stop.send_replace(true);
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_what_was_missed_is_read_by_a_snapshot() {
    let stage = Stage::new();
    let notify = stage.node.world(|world| news(world, &stage.alice, 5_000));
    let socket = serve(notify).await;
    let mut following = follow(&stage, socket.url.clone()).await;
    let is_snapshot = |update: &Update| matches!(update, Update::SnapshotEnds { .. });
    // The one at the start, and the one that the first connection asks for.
    following.until(is_snapshot).await;
    following.until(is_snapshot).await;
    assert_eq!(socket.connections.load(Ordering::SeqCst), 1);
    socket.hang_up.send_modify(|times| *times += 1);
    following.until(is_snapshot).await;
    assert_eq!(socket.connections.load(Ordering::SeqCst), 2);
    assert_eq!(following.link.reconnects.load(Ordering::SeqCst), 1);
    following.stop.send_replace(true);
}

#[tokio::test]
async fn a_silent_connection_counts_as_lost() {
    let stage = Stage::new();
    let notify = stage.node.world(|world| news(world, &stage.alice, 5_000));
    let socket = serve(notify).await;
    let engine = stage.node.world(|world| world.keys.engine);
    let mut config = stage.config().stream;
    (config.websocket, config.reconnect_millis, config.silence_secs) = (true, 10, 1);
    let (link, stop) = (Arc::new(Link::default()), watch::channel(false).0);
    let followed = Followed { connection: stage.node.connection(), ws_url: socket.url.clone(), engine };
    let (_updates, _) = stream::start(followed, &config, link.clone(), stop.subscribe());
    let again = async {
        while socket.connections.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("it connects again");
    stop.send_replace(true);
}

#[tokio::test]
async fn without_a_websocket_polling_alone_brings_everything_and_connecting_backs_off() {
    let stage = Stage::new();
    let mut following = follow(&stage, "ws://127.0.0.1:1".into()).await;
    let registry = stage.node.world(|world| world.keys.registry);
    following.until(|update| matches!(update, Update::SnapshotPart { accounts, .. } if accounts.len() == 3)).await;
    following.until(|update| matches!(update, Update::Account { key, .. } if *key == registry)).await;
    following.until(|update| matches!(update, Update::Clock { .. })).await;
    let failed = async {
        while following.link.reconnects.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), failed).await.expect("it goes on trying");
    assert!(!following.link.is_live());
    following.stop.send_replace(true);
}
