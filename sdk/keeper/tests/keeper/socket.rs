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

use crate::stage::{until, Stage};

/// A node's WebSocket that tells every subscriber of one account, if of any, and hangs up when told to.
struct Socket {
    url: String,
    connections: Arc<AtomicU32>,
    hang_up: watch::Sender<u32>,
}

async fn serve(notify: impl Into<Option<Value>>) -> Socket {
    let notify = notify.into();
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

async fn connection(stream: TcpStream, notify: Option<Value>, mut hang_up: watch::Receiver<u32>) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let (mut subscription, mut slots) = (0, tokio::time::interval(Duration::from_millis(20)));
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = hang_up.changed() => return,
            _ = slots.tick(), if notify.is_none() && subscription > 5 => {
                let params = json!({ "result": { "slot": 1, "parent": 0, "root": 0 }, "subscription": 1 });
                let news = json!({ "jsonrpc": "2.0", "method": "slotNotification", "params": params });
                if socket.send(Message::text(news.to_string())).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let Some(Ok(Message::Text(text))) = message else { return };
        let request: Value = serde_json::from_str(text.as_str()).unwrap();
        subscription += 1;
        let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "result": subscription });
        socket.send(Message::text(answer.to_string())).await.unwrap();
        if let Some(notify) = notify.as_ref().filter(|_| request["method"] == "programSubscribe" && subscription < 3) {
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
    config.snapshot_least_millis = 0;
    let (link, stop) = (Arc::new(Link::default()), watch::channel(false).0);
    let followed = Followed { connection: stage.node.connection(), ws_url, engine };
    let tracker = stage.context(stage.config()).await.tracker.clone();
    let (updates, _) = stream::start(followed, &config, link.clone(), tracker, stop.subscribe());
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

/// Solana's client reads an account into its own type, in which no such number fits, and drops it without a word: a node
/// behind such a proxy sent slots and, as far as anybody saw, no accounts.
#[tokio::test]
async fn a_rent_epoch_that_a_proxy_has_rounded_beyond_64_bits_costs_no_account() {
    let stage = Stage::new();
    let notify = stage.node.world(|world| news(world, &stage.alice, 5_000));
    let notify = notify.to_string().replace("\"rentEpoch\":0", "\"rentEpoch\":18446744073709552000");
    assert!(notify.contains("18446744073709552000"));
    let socket = serve(serde_json::from_str::<Value>(&notify).unwrap()).await;
    let mut following = follow(&stage, socket.url.clone()).await;
    let alice = stage.alice.account;
    following.until(|update| matches!(update, Update::Account { key, slot: 5_000, .. } if *key == alice)).await;
    assert_eq!(following.link.unreadable_messages.load(Ordering::SeqCst), 0);
    following.stop.send_replace(true);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_counted_and_ends_nothing() {
    let stage = Stage::new();
    for notify in [json!(null), json!({ "context": { "slot": 7 }, "value": { "pubkey": 9, "account": {} } })] {
        let socket = serve(notify).await;
        let following = follow(&stage, socket.url.clone()).await;
        until("it is counted", || following.link.unreadable_messages.load(Ordering::SeqCst) == 1).await;
        assert!(following.link.is_live());
        assert_eq!(socket.connections.load(Ordering::SeqCst), 1);
        following.stop.send_replace(true);
    }
}

/// Seen in the field: the connection stood, slots came, and the accounts of one subscription did not for hours.
#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_sends_slots_and_no_accounts_is_noticed_and_what_it_keeps_to_itself_is_read() {
    let stage = Stage::new();
    let socket = serve(None).await;
    let mut config = stage.config();
    config.cluster.ws_url = Some(socket.url.clone());
    (config.stream.websocket, config.stream.reconnect_millis, config.stream.reconnect_max_millis) = (true, 10, 20);
    (config.stream.watch_millis, config.stream.watch_move_ppm) = (50, 1_000_000);
    // No snapshot but those that a connection asks for.
    (config.stream.poll_accounts_millis, config.stream.resync_secs) = (600_000, 86_400);
    (config.jobs.liquidate.enabled, config.jobs.observe.enabled) = (false, false);
    let keeper = stage.keeper(config).await.expect("a keeper");
    let (stopper, context) = (keeper.stopper(), keeper.context());
    let running = tokio::spawn(keeper.run());
    until("it is connected", || socket.connections.load(Ordering::SeqCst) == 1).await;
    until("everything is known", || context.tracker().accounts.len() == 3).await;
    let alice = stage.alice.account;
    for secs in 1..60 {
        stage.node.world(|world| {
            let mut account = world.margin_account(&stage.alice);
            account.under_water_secs = secs;
            world.write(&alice, &account);
        });
        let known = || {
            let tracker = context.tracker();
            let account = tracker.accounts.id(&alice).and_then(|id| tracker.accounts.get(id));
            account.is_some_and(|account| account.clocks().under_water_secs.stored() == secs)
        };
        until("the change is read by address", known).await;
        if socket.connections.load(Ordering::SeqCst) > 1 {
            break;
        }
    }
    assert!(socket.connections.load(Ordering::SeqCst) > 1, "it connects again");
    stopper.send_replace(true);
    running.await.expect("no panic").expect("no error");
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
    let tracker = stage.context(stage.config()).await.tracker.clone();
    let (_updates, _) = stream::start(followed, &config, link.clone(), tracker, stop.subscribe());
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
