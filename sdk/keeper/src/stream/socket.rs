//! Subscriptions over WebSocket, made again whenever they end.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{select_all, BoxStream};
use futures::StreamExt;
use plimsoll_rpc::engine::{program_accounts, ENGINE_OFFSET};
use plimsoll_sdk::pda::{self, EngineKeys};
use plimsoll_state::{Bank, EngineAccount, Market};
use solana_account_decoder_client_types::UiAccountEncoding;
use solana_commitment_config::CommitmentConfig;
use solana_pubkey::Pubkey;
use solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use solana_rpc_client_api::config::{RpcAccountInfoConfig, RpcProgramAccountsConfig};
use tokio::sync::mpsc::Sender;

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
pub async fn follow(followed: Followed, config: StreamConfig, link: Arc<Link>, sender: Sender<Update>) {
    let first = Duration::from_millis(config.reconnect_millis);
    let mut backoff = Backoff::new(first, Duration::from_millis(config.reconnect_max_millis));
    loop {
        let ended = session(&followed, &config, &link, &sender, &mut backoff).await;
        link.is_live.store(false, Ordering::Relaxed);
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
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, PubsubClient::new(followed.ws_url.as_str())).await;
    let client = match connected {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return format!("no connection: {error}"),
        Err(_) => return "no connection in time".into(),
    };
    let subscribed = tokio::time::timeout(CONNECT_TIMEOUT, subscribe(&client, &followed.engine)).await;
    let mut news = match subscribed {
        Ok(Ok(news)) => news,
        Ok(Err(error)) => return format!("no subscription: {error}"),
        Err(_) => return "no subscription in time".into(),
    };
    link.is_live.store(true, Ordering::Relaxed);
    // What happened before the subscription was missed.
    link.resync.notify_one();
    let silence = Duration::from_secs(config.silence_secs);
    let mut second = Box::pin(tokio::time::sleep(SECOND_SNAPSHOT));
    loop {
        let heard = tokio::select! {
            heard = tokio::time::timeout(silence, news.next()) => heard,
            () = &mut second => {
                link.resync.notify_one();
                second.as_mut().reset(tokio::time::Instant::now() + NEVER);
                continue;
            }
        };
        match heard {
            Err(_) => return format!("no message for {} s", config.silence_secs),
            Ok(None) => return "closed by the node".into(),
            Ok(Some(Message::Ended(what))) => return format!("the subscription to {what} ended"),
            Ok(Some(Message::Update(update))) => {
                backoff.succeeded();
                if sender.send(update).await.is_err() {
                    return "stopped".into();
                }
            }
            // A slot without changes tells that the connection is alive.
            Ok(Some(Message::Alive)) => backoff.succeeded(),
        }
    }
}

/// What a subscription brings.
enum Message {
    Update(Update),
    Alive,
    Ended(&'static str),
}

type Subscription<'a> = BoxStream<'a, Message>;
type Subscribed<T> = Result<T, solana_pubsub_client::nonblocking::pubsub_client::PubsubClientError>;

/// Marks the end of a stream, which merging would swallow.
fn with_end<'a>(stream: impl futures::Stream<Item = Message> + Send + 'a, what: &'static str) -> Subscription<'a> {
    stream.chain(futures::stream::once(async move { Message::Ended(what) })).boxed()
}

async fn subscribe<'a>(client: &'a PubsubClient, engine: &Pubkey) -> Subscribed<Subscription<'a>> {
    let keys = EngineKeys::of(*engine);
    let of_engine = [(ENGINE_OFFSET, *engine)];
    let banks = program_accounts(Bank::SPACE, &Bank::ACCOUNT_DISCRIMINATOR, &of_engine, None);
    let markets = program_accounts(Market::SPACE, &Market::ACCOUNT_DISCRIMINATOR, &of_engine, None);
    let slots = client.slot_subscribe().await?.0.map(|_| Message::Alive);
    let all = [
        program(client, margin_accounts_of(engine), "margin accounts").await?,
        program(client, banks, "banks").await?,
        program(client, markets, "markets").await?,
        account(client, keys.registry, "the registry").await?,
        account(client, keys.board, "the price board").await?,
        with_end(slots, "slots"),
    ];
    Ok(select_all(all).boxed())
}

async fn program<'a>(
    client: &'a PubsubClient,
    config: RpcProgramAccountsConfig,
    what: &'static str,
) -> Subscribed<Subscription<'a>> {
    let (stream, _) = client.program_subscribe(&pda::PROGRAM_ID, Some(config)).await?;
    let news = stream.map(|response| {
        let slot = response.context.slot;
        match read::keyed(response.value) {
            Ok((key, data)) => Message::Update(Update::Account { key, slot, data }),
            Err(error) => {
                tracing::warn!(%error, "a message that cannot be read");
                Message::Alive
            }
        }
    });
    Ok(with_end(news, what))
}

async fn account<'a>(client: &'a PubsubClient, key: Pubkey, what: &'static str) -> Subscribed<Subscription<'a>> {
    let config = RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(CommitmentConfig::confirmed()),
        ..RpcAccountInfoConfig::default()
    };
    let (stream, _) = client.account_subscribe(&key, Some(config)).await?;
    let news = stream.map(move |response| match response.value.data.decode() {
        Some(data) => Message::Update(Update::Account { key, slot: response.context.slot, data }),
        None => Message::Alive,
    });
    Ok(with_end(news, what))
}
