//! Events one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use plimsoll_sdk::event::{Filter, RecordedEvent};
use plimsoll_sdk::pda::PROGRAM_ID;
use solana_signature::Signature;

use super::answer::Listed;
use super::cursor::{Cursor, Position};
use super::node::{Node, Read};
use crate::engine::Connection;
use crate::error::Result;

/// From where on events are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The oldest that the node has.
    #[default]
    Oldest,
    /// After a cursor.
    After(Cursor),
    /// After a transaction, in the order in which the node lists those of its slot.
    AfterSignature(Signature),
    /// From a slot on.
    Slot(u64),
    /// What happens from now on.
    Now,
}

/// Which events, from where on and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which.
    pub filter: Filter,
    /// From where on.
    pub from: Start,
    /// Waits so long between two looks for further events, instead of ending; none to end.
    pub follow: Option<Duration>,
    /// Whether only what is final is read, some thirteen seconds later: for whoever books by it. Else what is confirmed.
    pub finalized: bool,
    /// Transactions that are asked for at once.
    pub at_once: usize,
    /// How often a request is sent until its failure is an error; 10 take about a minute.
    pub attempts: u32,
    /// Wait before the second attempt, twice as long before each further one, up to eight seconds.
    pub first_wait: Duration,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            from: Start::Oldest,
            follow: None,
            finalized: false,
            at_once: 8,
            attempts: 10,
            first_wait: Duration::from_millis(250),
        }
    }
}

/// An event, and where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEvent {
    /// The event.
    pub recorded: RecordedEvent,
    /// Its transaction.
    pub signature: Signature,
    /// Which of the transaction's events it is, from zero.
    pub index: usize,
    /// Its slot.
    pub slot: u64,
    /// Unix seconds by the cluster's clock; none where the node does not say.
    pub block_time: Option<i64>,
    /// Gives everything after this event to whoever reads on from it.
    pub cursor: Cursor,
}

/// A step on the way: an event that is asked for, or only that one has come so far.
struct Step {
    position: Position,
    event: Option<ReadEvent>,
}

/// The events of the program in the order in which they happened, each once: of everybody, of an engine, or of whatever
/// account they name. Whoever stores the cursor together with what he makes of an event misses none and counts none twice,
/// whatever ends him.
pub struct EventStream {
    node: Node,
    filter: Filter,
    follow: Option<Duration>,
    at_once: usize,
    /// Where it begins, until that is known.
    start: Option<Start>,
    /// What was read up to.
    position: Option<Position>,
    /// What was given out up to.
    given: Option<Position>,
    /// Transactions after the position, oldest first.
    listed: VecDeque<Listed>,
    /// Steps that were read and not given out.
    ready: VecDeque<Step>,
    has_looked: bool,
}

impl EventStream {
    /// A stream from a node.
    pub fn new(connection: &Connection, options: ReadOptions) -> Self {
        let ReadOptions { filter, from, follow, finalized, at_once, attempts, first_wait } = options;
        let node = Node {
            rpc: Arc::clone(&connection.rpc),
            // Not the engine: some instructions of its accounts name it nowhere.
            address: filter.account.unwrap_or(PROGRAM_ID),
            commitment: if finalized { "finalized" } else { "confirmed" },
            attempts,
            first_wait,
        };
        Self {
            node,
            filter,
            follow,
            at_once: at_once.max(1),
            start: Some(from),
            position: None,
            given: None,
            listed: VecDeque::new(),
            ready: VecDeque::new(),
            has_looked: false,
        }
    }

    /// The next event; none where there is no other and it does not follow. May be dropped while it waits, and called again
    /// after an error: nothing is lost by either.
    ///
    /// # Errors
    /// `History` where it cannot be read on without a gap; the node's, where requests fail for too long.
    pub async fn next(&mut self) -> Result<Option<ReadEvent>> {
        loop {
            while let Some(step) = self.ready.pop_front() {
                self.given = Some(step.position);
                if step.event.is_some() {
                    return Ok(step.event);
                }
            }
            if !self.listed.is_empty() {
                self.read().await?;
                continue;
            }
            if let Some(start) = &self.start {
                self.position = self.node.position(start).await?;
                self.start = None;
                // From a slot alone one has not come anywhere yet.
                self.given = self.position.clone().filter(|position| !position.is_of_slot());
            }
            if self.has_looked {
                let Some(pause) = self.follow else { return Ok(None) };
                tokio::time::sleep(pause).await;
            }
            self.listed = self.node.newer(self.position.as_ref()).await?.into();
            self.has_looked = true;
            if self.listed.is_empty() && self.follow.is_none() {
                return Ok(None);
            }
        }
    }

    /// Where it has come to, also past events that were not asked for: to store it is to read less after a restart. None where
    /// it has not come past anything.
    pub fn cursor(&self) -> Option<Cursor> {
        self.given.clone().map(Cursor::new)
    }

    /// Reads the next transactions that are listed.
    async fn read(&mut self) -> Result<()> {
        let count = self.at_once.min(self.listed.len());
        let node = &self.node;
        let read = try_join_all(self.listed.iter().take(count).map(|listed| node.events_of(listed))).await?;
        // From here on nothing waits: a caller that gives up has taken all of these or none.
        for (listed, read) in self.listed.drain(..count).collect::<Vec<_>>().into_iter().zip(read) {
            self.take(&listed, read);
        }
        Ok(())
    }

    fn take(&mut self, listed: &Listed, read: Read) {
        let Listed { slot, signature, .. } = listed;
        let Read { signature: parsed, block_time, events } = read;
        let first = self.position.as_ref().map_or(0, |position| position.events_of(signature));
        let last = events.len().saturating_sub(1);
        for (index, recorded) in events.into_iter().enumerate().skip(first) {
            let position = if index == last {
                Position::after(self.position.as_ref(), *slot, signature)
            } else {
                Position::within(self.position.as_ref(), *slot, signature, index + 1)
            };
            let event = self.filter.takes(&recorded).then(|| ReadEvent {
                recorded,
                signature: parsed,
                index,
                slot: *slot,
                block_time,
                cursor: Cursor::new(position.clone()),
            });
            self.ready.push_back(Step { position, event });
        }
        let after = Position::after(self.position.as_ref(), *slot, signature);
        self.ready.push_back(Step { position: after.clone(), event: None });
        self.position = Some(after);
    }
}
