//! Reading events from nodes with every fault that nodes have: each event comes once and in order, or there is an error.

mod faults;
mod interleavings;
mod node;
mod reading;

use std::time::Duration;

use plimsoll_rpc::history::{EventStream, ReadEvent, ReadOptions, Start};
use plimsoll_rpc::{Error, Result};
use plimsoll_sdk::event::EngineEvent;

use node::Node;

/// Reads as whoever does not want to wait.
fn quick() -> ReadOptions {
    ReadOptions { attempts: 4, first_wait: Duration::from_millis(1), ..ReadOptions::default() }
}

fn from(start: Start) -> ReadOptions {
    ReadOptions { from: start, ..quick() }
}

fn after(event: &ReadEvent) -> ReadOptions {
    from(Start::After(event.cursor.to_string().parse().unwrap()))
}

fn number(event: &ReadEvent) -> i32 {
    match &event.recorded.event {
        Some(EngineEvent::PremiumReported(event)) => event.premium_ppm,
        other => panic!("{other:?}"),
    }
}

fn numbers(events: &[ReadEvent]) -> Vec<i32> {
    events.iter().map(number).collect()
}

/// What a node gives until there is no more, and the error that ended it.
async fn until_it_ends(node: &Node, options: ReadOptions) -> (Vec<ReadEvent>, Option<Error>) {
    let mut stream = EventStream::new(&node.connection(), options);
    let mut found = Vec::new();
    loop {
        match stream.next().await {
            Ok(Some(event)) => found.push(event),
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error)),
        }
    }
}

async fn all(node: &Node, options: ReadOptions) -> Result<Vec<ReadEvent>> {
    match until_it_ends(node, options).await {
        (found, None) => Ok(found),
        (_, Some(error)) => Err(error),
    }
}

/// Slots of one, two and three transactions, with no to three events each; 40 events in all.
fn busy() -> Node {
    let node = Node::default();
    let (mut number, mut index) = (0, 0);
    while number < 40 {
        let count = (index % 4).min(40 - number);
        let numbers: Vec<i32> = (number..number + count).collect();
        node.add(100 + (index / 3) as u64 + u64::from(index % 5 == 0), &numbers);
        (number, index) = (number + count, index + 1);
    }
    node.change(|kept| kept.sort_by_key(|kept| kept.slot));
    node
}
