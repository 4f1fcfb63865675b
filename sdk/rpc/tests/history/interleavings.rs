//! Any interleaving of pages, faults, further transactions and restarts gives every event exactly once, in order.

use std::sync::{Arc, Mutex};

use plimsoll_rpc::history::{Cursor, EventStream, ReadEvent, ReadOptions, Start};
use proptest::prelude::*;
use serde_json::{json, Value};

use crate::node::{unreachable, Node};
use crate::{from, number, quick};

/// A transaction: slots after the one before it, and how many events.
type Drawn = (u64, usize);

/// What a request comes to.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Answered,
    Lost,
    /// A page that names its beginning comes from a node that does not know it.
    Unknown,
    /// Every entry of a page stands there twice.
    Twice,
    /// A page ends earlier than it had to.
    Short,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        6 => Just(Turn::Answered),
        1 => Just(Turn::Lost),
        1 => Just(Turn::Unknown),
        1 => Just(Turn::Twice),
        1 => Just(Turn::Short),
    ];
    prop::collection::vec(turn, 1..60)
}

/// What a reader does until it is ended.
#[derive(Clone, Debug)]
struct Life {
    /// Events that it reads.
    events: usize,
    most_listed: usize,
    at_once: usize,
    /// Whether its node has every slot the other way round.
    is_reordered: bool,
    /// Transactions that happen meanwhile, between two requests.
    happening: usize,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let life = (0..14usize, 2..9usize, 1..5usize, any::<bool>(), 0..4usize).prop_map(
        |(events, most_listed, at_once, is_reordered, happening)| Life {
            events,
            most_listed,
            at_once,
            is_reordered,
            happening,
        },
    );
    prop::collection::vec(life, 1..6)
}

/// Turns a slot's transactions round.
fn reorder(kept: &mut [crate::node::Kept]) {
    kept.chunk_by_mut(|a, b| a.slot == b.slot).for_each(<[_]>::reverse);
}

/// What is still to happen, the latest first.
type Happening = Arc<Mutex<Vec<(u64, Vec<i32>)>>>;

fn fail_in_turn(node: &Node, turns: Vec<Turn>, happening: &Happening) {
    let happening = Arc::clone(happening);
    let mut turns = turns.into_iter().cycle();
    // A page that is refused in every attempt is an error and no gap: so no turn comes more often than once in a row.
    let mut was_answered = true;
    node.fails(move |asked, kept| {
        if let Some((slot, numbers)) = happening.lock().unwrap().pop() {
            crate::node::add(kept, slot, &numbers);
        }
        let turn = if was_answered { turns.next().unwrap_or(Turn::Answered) } else { Turn::Answered };
        was_answered = !matches!(turn, Turn::Lost | Turn::Unknown);
        match (turn, asked.answer) {
            (Turn::Lost, _) => Err(unreachable()),
            (Turn::Unknown, Value::Array(_)) if asked.params[1]["before"].is_string() => Ok(json!([])),
            (Turn::Twice, Value::Array(listed)) => {
                Ok(Value::Array(listed.into_iter().flat_map(|entry| [entry.clone(), entry]).collect()))
            }
            (Turn::Short, Value::Array(mut listed)) => {
                listed.truncate(2.max(listed.len() / 2));
                Ok(Value::Array(listed))
            }
            (_, answer) => Ok(answer),
        }
    });
}

/// Reads as each life does, each from where the one before it was ended, and at last to the end.
async fn live(drawn: &[Drawn], lives: Vec<Life>, turns: Vec<Turn>) -> (Vec<ReadEvent>, usize) {
    let node = Node::default();
    let (mut slot, mut next) = (100, 0);
    let mut all: Vec<(u64, Vec<i32>)> = Vec::new();
    for (later, count) in drawn {
        slot += later;
        all.push((slot, (next..next + *count as i32).collect()));
        next += *count as i32;
    }
    let reserved: usize = lives.iter().map(|life| life.happening).sum();
    // A slot happens as a whole before anybody can be past it.
    let mut later = all.split_off(all.len().saturating_sub(reserved));
    let last = all.last().map_or(0, |(slot, _)| *slot);
    later.iter_mut().for_each(|(slot, _)| *slot += last.max(1));
    for (slot, numbers) in &all {
        node.add(*slot, numbers);
    }
    let (mut found, mut cursor): (Vec<ReadEvent>, Option<Cursor>) = (Vec::new(), None);
    let end = Life { events: usize::MAX, most_listed: 1_000, at_once: 8, is_reordered: false, happening: later.len() };
    for life in lives.into_iter().chain([end]) {
        node.lists_at_most(life.most_listed);
        if life.is_reordered {
            node.change(|kept| reorder(kept));
        }
        let happening: Vec<_> = later.drain(..life.happening.min(later.len())).rev().collect();
        let happening = Happening::new(Mutex::new(happening));
        fail_in_turn(&node, turns.clone(), &happening);
        let start = cursor.take().map_or(Start::Oldest, Start::After);
        let options = ReadOptions { at_once: life.at_once, attempts: 8, ..from(start.clone()) };
        let mut stream =
            EventStream::new(&node.connection(), ReadOptions { first_wait: quick().first_wait, ..options });
        for _ in 0..life.events {
            let Some(event) = stream.next().await.unwrap() else { break };
            found.push(event);
        }
        cursor = stream.cursor().or(match start {
            Start::After(cursor) => Some(cursor),
            _ => None,
        });
        if life.is_reordered {
            node.change(|kept| reorder(kept));
        }
        // What it was too short for.
        while let Some((slot, numbers)) = happening.lock().unwrap().pop() {
            node.add(slot, &numbers);
        }
    }
    // What happened after the last look.
    let start = cursor.map_or(Start::Oldest, Start::After);
    node.recovers();
    let mut stream = EventStream::new(&node.connection(), from(start));
    while let Some(event) = stream.next().await.unwrap() {
        found.push(event);
    }
    (found, next as usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_event_comes_exactly_once_and_in_order(
        drawn in prop::collection::vec((0..3u64, 0..4usize), 6..40),
        lives in lives(),
        turns in turns(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (found, count) = runtime.block_on(live(&drawn, lives, turns));
        let mut numbers: Vec<i32> = found.iter().map(number).collect();
        for pair in found.windows(2) {
            prop_assert!(pair[0].slot <= pair[1].slot, "slot {} before {}", pair[0].slot, pair[1].slot);
        }
        // Within a transaction always in order; between those of a slot as the node that was asked has it.
        for event in &found {
            let own: Vec<usize> =
                found.iter().filter(|other| other.signature == event.signature).map(|other| other.index).collect();
            prop_assert_eq!(&own, &(0..own.len()).collect::<Vec<_>>());
        }
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (0..count as i32).collect::<Vec<_>>());
    }
}
