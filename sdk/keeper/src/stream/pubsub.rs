//! A node's subscriptions over one WebSocket, as far as they are needed here.
//!
//! What a notification holds is handed on as JSON and read by whoever knows it: Solana's own client reads accounts into
//! its own type and drops without a word what does not fit it, such as a `rentEpoch` that a proxy has rounded.

use std::collections::{HashMap, VecDeque};

use futures::{SinkExt, StreamExt};
use serde_json::{json, Value};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{connect_async, MaybeTlsStream, WebSocketStream};

/// What was subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Every slot: shows that the connection is alive.
    Slots,
    /// Margin accounts.
    MarginAccounts,
    /// Banks.
    Banks,
    /// Markets.
    Markets,
    /// The registry.
    Registry,
    /// The price board.
    Board,
}

/// What a subscription brings.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Of which subscription.
    pub topic: Topic,
    /// The notification's `result`.
    pub result: Value,
}

/// A connection.
pub struct Pubsub {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    topics: HashMap<u64, Topic>,
    /// Came while an answer was waited for.
    waiting: VecDeque<Notice>,
    last_id: u64,
}

impl Pubsub {
    /// Connects to an address such as `ws://127.0.0.1:8900`.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn connect(url: &str) -> Result<Self, String> {
        // The error of a refused handshake may carry the address, and that a key.
        let connected = connect_async(url).await.map_err(|error| without(url, &error.to_string()))?;
        Ok(Self { socket: connected.0, topics: HashMap::new(), waiting: VecDeque::new(), last_id: 0 })
    }

    /// Subscribes by a method such as `slotSubscribe`.
    ///
    /// # Errors
    /// What the node says where it refuses; that the connection ended.
    pub async fn subscribe(&mut self, topic: Topic, method: &str, params: Value) -> Result<(), String> {
        self.last_id += 1;
        let id = self.last_id;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.socket.send(Message::text(request.to_string())).await.map_err(|error| error.to_string())?;
        loop {
            let message = self.message().await?;
            if message["id"] != id {
                self.waiting.extend(self.notice(message));
                continue;
            }
            let number = message["result"].as_u64().ok_or_else(|| format!("{method}: {}", message["error"]))?;
            self.topics.insert(number, topic);
            return Ok(());
        }
    }

    /// The next notification.
    ///
    /// # Errors
    /// Why there is none any more.
    pub async fn next(&mut self) -> Result<Notice, String> {
        loop {
            if let Some(notice) = self.waiting.pop_front() {
                return Ok(notice);
            }
            let message = self.message().await?;
            self.waiting.extend(self.notice(message));
        }
    }

    fn notice(&self, mut message: Value) -> Option<Notice> {
        let params = message.get_mut("params")?;
        let topic = *self.topics.get(&params["subscription"].as_u64()?)?;
        Some(Notice { topic, result: params["result"].take() })
    }

    /// The next message that is JSON.
    async fn message(&mut self) -> Result<Value, String> {
        loop {
            match self.socket.next().await {
                None | Some(Ok(Message::Close(_))) => return Err("closed by the node".into()),
                Some(Err(error)) => return Err(error.to_string()),
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                    Ok(message) => return Ok(message),
                    Err(error) => tracing::warn!(%error, "a message of the WebSocket that is no JSON"),
                },
                // Pings are answered by the socket itself.
                Some(Ok(_)) => {}
            }
        }
    }
}

fn without(url: &str, text: &str) -> String {
    text.replace(url, "the address")
}
