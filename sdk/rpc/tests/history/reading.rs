//! What is read, from where on, and by whom it is asked for.

use std::time::Duration;

use plimsoll_rpc::history::{CursorFile, EventStream, HistoryError, ReadOptions, Start};
use plimsoll_rpc::Error;
use plimsoll_sdk::event::Filter;
use plimsoll_sdk::pda::PROGRAM_ID;
use serde_json::json;

use crate::node::{key, numbered, signature, Node};
use crate::{after, all, busy, from, number, numbers, quick};

#[tokio::test]
async fn each_event_is_given_once_in_the_order_in_which_it_happened_with_where_that_was() {
    let node = Node::default();
    for number in 0..12 {
        node.add(100 + number as u64, &[2 * number, 2 * number + 1]);
    }
    let found = all(&node, quick()).await.unwrap();
    assert_eq!(numbers(&found), (0..24).collect::<Vec<_>>());
    let third = &found[3];
    assert_eq!((third.slot, third.index, third.block_time), (101, 1, Some(1_700_000_101)));
    assert_eq!(third.signature, signature(2));
    assert_eq!(third.recorded.accounts, [key(200), key(201)]);
}

#[tokio::test]
async fn however_few_a_node_lists_at_once_it_gives_the_same() {
    let node = busy();
    let whole = numbers(&all(&node, quick()).await.unwrap());
    let mut sorted = whole.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..40).collect::<Vec<_>>());
    for most in [2, 3, 7] {
        node.lists_at_most(most);
        assert_eq!(numbers(&all(&node, quick()).await.unwrap()), whole);
    }
    assert!(node.count("getSignaturesForAddress") > 20);
}

#[tokio::test]
async fn after_any_event_it_goes_on_without_a_gap_and_without_a_repetition() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    for (place, event) in whole.iter().enumerate() {
        let rest = all(&node, after(event)).await.unwrap();
        assert_eq!(numbers(&rest), numbers(&whole[place + 1..]), "after {}", event.cursor);
    }
}

#[tokio::test]
async fn at_a_node_that_orders_a_slot_otherwise_it_gives_what_is_left_of_it() {
    let node = Node::default();
    node.add(99, &[9]);
    for numbers in [&[0, 10][..], &[1, 11], &[2, 12], &[3, 13]] {
        node.add(100, numbers);
    }
    let whole = all(&node, quick()).await.unwrap();
    assert_eq!(numbers(&whole), [9, 0, 10, 1, 11, 2, 12, 3, 13]);
    node.change(|kept| kept[1..].reverse());
    // After 9, 0, 10 and 1: the node has now 3 first, and of the transaction that was begun only what is left.
    let rest = all(&node, after(&whole[3])).await.unwrap();
    assert_eq!(numbers(&rest), [3, 13, 2, 12, 11]);
    // Both that are begun are remembered where it ends within the next.
    node.change(|kept| kept[1..].reverse());
    let last = all(&node, after(&rest[0])).await.unwrap();
    assert_eq!(numbers(&last), [11, 2, 12, 13]);
}

#[tokio::test]
async fn transactions_that_failed_are_not_asked_for_and_those_without_events_are_read_past() {
    let node = Node::default();
    node.add(1, &[0]);
    node.add(2, &[100]);
    node.add(3, &[]);
    node.add(4, &[1]);
    node.change(|kept| kept[1].is_failed = true);
    assert_eq!(numbers(&all(&node, quick()).await.unwrap()), [0, 1]);
    assert_eq!(node.count("getTransaction"), 3);
}

#[tokio::test]
async fn the_transactions_of_an_account_are_asked_for_where_one_is_named_and_else_the_programs() {
    let node = busy();
    let of = |engine, account| ReadOptions { filter: Filter { engine, account }, ..quick() };
    assert_eq!(all(&node, of(None, Some(key(5)))).await.unwrap(), []);
    assert_eq!(all(&node, of(Some(key(1)), None)).await.unwrap().len(), 40);
    assert_eq!(all(&node, of(Some(key(2)), None)).await.unwrap(), []);
    let pages = node.asked().into_iter().filter(|(method, _)| method == "getSignaturesForAddress");
    let addresses: Vec<_> = pages.map(|(_, params)| params[0].as_str().unwrap().to_owned()).collect();
    assert_eq!(addresses.first(), Some(&key(5).to_string()));
    assert_eq!(addresses.last(), Some(&PROGRAM_ID.to_string()));
}

#[tokio::test]
async fn it_tells_where_it_has_come_to_also_past_what_was_not_asked_for() {
    let node = busy();
    let filter = Filter { engine: Some(key(77)), account: None };
    let mut stream = EventStream::new(&node.connection(), ReadOptions { filter, ..quick() });
    assert_eq!(stream.cursor(), None);
    assert_eq!(stream.next().await.unwrap(), None);
    let cursor = stream.cursor().unwrap();
    let last = node.add(900, &[900]);
    let asked = node.count("getTransaction");
    let found = all(&node, from(Start::After(cursor))).await.unwrap();
    assert_eq!((numbers(&found), found[0].signature), (vec![900], last));
    assert_eq!(node.count("getTransaction"), asked + 1);
}

#[tokio::test]
async fn a_file_keeps_the_cursor_over_a_restart() {
    let node = busy();
    let directory = tempfile::tempdir().unwrap();
    let file = CursorFile::at(directory.path().join("cursor"));
    let mut found = Vec::new();
    // Each time it is ended after seven events.
    for _ in 0..8 {
        let mut stream = EventStream::new(&node.connection(), from(file.start().unwrap()));
        for _ in 0..7 {
            let Some(event) = stream.next().await.unwrap() else { break };
            found.push(number(&event));
            file.store(&event.cursor).unwrap();
        }
    }
    assert_eq!(found, numbers(&all(&node, quick()).await.unwrap()));
    std::fs::write(file.path(), "yesterday").unwrap();
    let refused = file.start().unwrap_err();
    assert!(matches!(refused, Error::History(HistoryError::CursorInvalid(text)) if text == "yesterday"));
}

#[tokio::test]
async fn it_begins_after_a_transaction_and_from_a_slot() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    for event in &whole {
        let rest: Vec<i32> = {
            let last = whole.iter().rposition(|other| other.signature == event.signature).unwrap();
            numbers(&whole[last + 1..])
        };
        assert_eq!(numbers(&all(&node, from(Start::AfterSignature(event.signature))).await.unwrap()), rest);
        let since: Vec<i32> = whole.iter().filter(|other| other.slot >= event.slot).map(number).collect();
        assert_eq!(numbers(&all(&node, from(Start::Slot(event.slot))).await.unwrap()), since);
    }
    let unknown = all(&node, from(Start::AfterSignature(signature(777)))).await.unwrap_err();
    assert!(matches!(unknown, Error::History(HistoryError::SignatureUnknown(_))), "{unknown}");
    // A slot before everything is begun with where the node has it, and refused where it does not.
    assert_eq!(all(&node, from(Start::Slot(3))).await.unwrap().len(), whole.len());
    node.begins_with(50);
    let gone = all(&node, from(Start::Slot(3))).await.unwrap_err();
    assert!(matches!(gone, Error::History(HistoryError::SlotGone { slot: 3, first: 50 })), "{gone}");
    assert_eq!(all(&node, from(Start::Slot(9_999))).await.unwrap(), []);
}

#[tokio::test]
async fn what_happens_while_it_waits_pages_and_reads_is_given_too() {
    let node = Node::default();
    node.lists_at_most(3);
    for number in 0..8 {
        node.add(100 + number as u64 / 2, &[number]);
    }
    // Between any two requests something happens.
    let mut next = 8;
    node.fails(move |asked, kept| {
        if next < 60 {
            crate::node::add(kept, 100 + next as u64 / 2, &[next]);
            next += 1;
        }
        Ok(asked.answer)
    });
    let options = ReadOptions { follow: Some(Duration::from_millis(1)), ..quick() };
    let mut stream = EventStream::new(&node.connection(), options);
    for expected in 0..60 {
        assert_eq!(number(&stream.next().await.unwrap().unwrap()), expected);
    }
}

#[tokio::test]
async fn from_now_on_nothing_is_given_that_has_happened() {
    let node = busy();
    let mut pages = 0;
    node.fails(move |asked, kept| {
        pages += u32::from(asked.is_page());
        if asked.is_page() && pages == 3 {
            crate::node::add(kept, 5_000, &[5_000]);
        }
        Ok(asked.answer)
    });
    let options = ReadOptions { follow: Some(Duration::from_millis(1)), ..from(Start::Now) };
    let mut stream = EventStream::new(&node.connection(), options);
    assert_eq!(number(&stream.next().await.unwrap().unwrap()), 5_000);
    assert_eq!(node.count("getTransaction"), 1);
    // Where nothing happens no more than the newest are asked for.
    let limits = node.asked().into_iter().filter(|(method, _)| method == "getSignaturesForAddress");
    assert!(limits.map(|(_, params)| params[1]["limit"].clone()).all(|limit| limit == json!(50)));
}

#[tokio::test]
async fn a_reader_that_is_dropped_while_it_waits_loses_nothing() {
    let node = busy();
    node.fails(|asked, _| {
        // The first request for every third transaction takes longer than its reader is patient.
        if asked.method == "getTransaction" && asked.number % 3 == 0 {
            return Err(crate::node::unreachable());
        }
        Ok(asked.answer)
    });
    let whole: Vec<i32> = numbers(&all(&busy(), quick()).await.unwrap());
    let options = ReadOptions { at_once: 2, first_wait: Duration::from_millis(5), ..quick() };
    let mut stream = EventStream::new(&node.connection(), options);
    let (mut found, mut dropped) = (Vec::new(), 0);
    loop {
        match tokio::time::timeout(Duration::from_millis(2), stream.next()).await {
            Err(_) => dropped += 1,
            Ok(next) => match next.unwrap() {
                Some(event) => found.push(number(&event)),
                None => break,
            },
        }
    }
    assert_eq!(found, whole);
    assert!(dropped > 0);
}

#[tokio::test]
async fn events_of_another_engine_in_the_same_transaction_are_left_out() {
    let node = Node::default();
    node.add(1, &[1, 2, 3]);
    node.change(|kept| kept[0].events.as_mut().unwrap()[1] = numbered(2, key(9)));
    let of = |engine| ReadOptions { filter: Filter { engine: Some(key(engine)), account: None }, ..quick() };
    assert_eq!(numbers(&all(&node, of(1)).await.unwrap()), [1, 3]);
    let other = all(&node, of(9)).await.unwrap();
    assert_eq!((numbers(&other), other[0].index), (vec![2], 1));
}
