//! What is subscribed to over WebSocket, made again whenever it ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_rpc::engine::{program_accounts, ENGINE_OFFSET};
use plimsoll_rpc::sent::{SentAccount, SentKeyedAccount};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_state::{Bank, EngineAccount, Market};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{json, Value};
use solana_pubkey::Pubkey;
use tokio::sync::mpsc::Sender;

use super::pubsub::{Notice, Pubsub, Topic};
use super::snapshot::margin_accounts_of;
use super::{read, Followed, Link};
use crate::backoff::Backoff;
use crate::config::StreamConfig;
use crate::state::Update;

/// A connection or a subscription that takes longer than this has failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A validator that restarts forgets what was not rooted, which a snapshot at once may be too old to correct: it is made
/// again after this.
const SECOND_SNAPSHOT: Duration = Duration::from_secs(30);

/// Longer than any connection lasts.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Follows the engine until it is stopped.
pub async fn follow(followed: Followed, config: StreamConfig, link: std::sync::Arc<Link>, sender: Sender<Update>) {
    let first = Duration::from_millis(config.reconnect_millis);
    let mut backoff = Backoff::new(first, Duration::from_millis(config.reconnect_max_millis));
    loop {
        let ended = session(&followed, &config, &link, &sender, &mut backoff).await;
        link.is_subscribed.store(false, Ordering::Relaxed);
        if sender.is_closed() {
            return;
        }
        link.reconnects.fetch_add(1, Ordering::Relaxed);
        let wait = backoff.failed();
        tracing::warn!(reason = ended, wait_millis = wait.as_millis() as u64, "the WebSocket closed, connecting again");
        tokio::time::sleep(wait).await;
    }
}

/// One connection, until it ends; why it ended.
async fn session(
    followed: &Followed,
    config: &StreamConfig,
    link: &Link,
    sender: &Sender<Update>,
    backoff: &mut Backoff,
) -> String {
    let subscribed = tokio::time::timeout(CONNECT_TIMEOUT, subscribe(&followed.ws_url, &followed.engine)).await;
    let mut pubsub = match subscribed {
        Ok(Ok(pubsub)) => pubsub,
        Ok(Err(error)) => return error,
        Err(_) => return "no subscription in time".into(),
    };
    link.is_subscribed.store(true, Ordering::Relaxed);
    // What happened before the subscription was missed.
    link.resync.notify_one();
    let silence = Duration::from_secs(config.silence_secs);
    let mut second = Box::pin(tokio::time::sleep(SECOND_SNAPSHOT));
    loop {
        let heard = tokio::select! {
            heard = tokio::time::timeout(silence, pubsub.next()) => heard,
            () = link.reconnect.notified() => return "it brings slots and no margin accounts, of which some have changed".into(),
            () = &mut second => {
                link.resync.notify_one();
                second.as_mut().reset(tokio::time::Instant::now() + NEVER);
                continue;
            }
        };
        let notice = match heard {
            Err(_) => return format!("no message for {} s", config.silence_secs),
            Ok(Err(ended)) => return ended,
            Ok(Ok(notice)) => notice,
        };
        if let Some(update) = read_notice(notice, link, &EngineKeys::of(followed.engine)) {
            if sender.send(update).await.is_err() {
                return "stopped".into();
            }
        }
        // Any message tells that the connection is alive; one that brings no accounts is not worth connecting to at once.
        if !link.is_deaf() {
            backoff.succeeded();
        }
    }
}

async fn subscribe(url: &str, engine: &Pubkey) -> Result<Pubsub, String> {
    let keys = EngineKeys::of(*engine);
    let mut pubsub = Pubsub::connect(url).await.map_err(|error| format!("no connection: {error}"))?;
    let of_engine = [(ENGINE_OFFSET, *engine)];
    let program = |config| json!([pda::PROGRAM_ID.to_string(), config]);
    let banks = program_accounts(Bank::SPACE, &Bank::ACCOUNT_DISCRIMINATOR, &of_engine, None);
    let markets = program_accounts(Market::SPACE, &Market::ACCOUNT_DISCRIMINATOR, &of_engine, None);
    let account = |key: Pubkey| json!([key.to_string(), { "encoding": "base64", "commitment": "confirmed" }]);
    let all = [
        (Topic::Slots, "slotSubscribe", json!([])),
        (Topic::MarginAccounts, "programSubscribe", program(margin_accounts_of(engine))),
        (Topic::Banks, "programSubscribe", program(banks)),
        (Topic::Markets, "programSubscribe", program(markets)),
        (Topic::Registry, "accountSubscribe", account(keys.registry)),
        (Topic::Board, "accountSubscribe", account(keys.board)),
    ];
    for (topic, method, params) in all {
        pubsub.subscribe(topic, method, params).await.map_err(|error| format!("no subscription: {error}"))?;
    }
    Ok(pubsub)
}

#[derive(Deserialize)]
struct WithSlot<T> {
    context: Context,
    value: T,
}

#[derive(Deserialize)]
struct Context {
    slot: u64,
}

/// The update in a notice; none of a slot, and none, counted, of what cannot be read.
fn read_notice(notice: Notice, link: &Link, keys: &EngineKeys) -> Option<Update> {
    let read = match notice.topic {
        Topic::Slots => return None,
        Topic::MarginAccounts | Topic::Banks | Topic::Markets => keyed(notice.result),
        Topic::Registry => shared(keys.registry, notice.result),
        Topic::Board => shared(keys.board, notice.result),
    };
    match read {
        Ok((slot, key, data)) => {
            if notice.topic == Topic::MarginAccounts {
                link.told(slot);
            }
            Some(Update::Account { key, slot, data })
        }
        Err(error) => {
            link.unreadable_messages.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(error, "a message of the WebSocket that cannot be read");
            None
        }
    }
}

type Read = Result<(u64, Pubkey, Vec<u8>), String>;

fn with_slot<T: DeserializeOwned>(result: Value) -> Result<WithSlot<T>, String> {
    serde_json::from_value(result).map_err(|error| error.to_string())
}

fn keyed(result: Value) -> Read {
    let read: WithSlot<SentKeyedAccount> = with_slot(result)?;
    let (key, data) = read::keyed(&read.value).map_err(|error| error.to_string())?;
    Ok((read.context.slot, key, data))
}

fn shared(key: Pubkey, result: Value) -> Read {
    let read: WithSlot<SentAccount> = with_slot(result)?;
    let data = read::owned(&key, &read.value).map_err(|error| error.to_string())?;
    Ok((read.context.slot, key, data))
}
