//! Nodes that fail, forget, repeat themselves and fall behind.

use std::collections::HashSet;
use std::time::Duration;

use plimsoll_rpc::history::{EventStream, HistoryError, ReadOptions};
use plimsoll_rpc::Error;
use serde_json::{json, Value};

use crate::node::{refused, unreachable, Node};
use crate::{after, all, busy, number, numbers, quick, until_it_ends};

async fn history_error(node: &Node, options: ReadOptions) -> HistoryError {
    match all(node, options).await {
        Err(Error::History(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn requests_that_each_fail_once_cost_nothing() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    node.lists_at_most(5);
    let before = node.asked().len();
    let mut failed = HashSet::new();
    node.fails(move |asked, _| {
        let is_new = failed.insert(format!("{} {}", asked.method, asked.params));
        match failed.len() % 3 {
            _ if !is_new => Ok(asked.answer),
            0 => Err(refused(429, "429 Too Many Requests")),
            1 => Err(refused(-32005, "Node is behind by 42 slots")),
            _ => Err(unreachable()),
        }
    });
    assert_eq!(all(&node, quick()).await.unwrap(), whole);
    let asked = &node.asked()[before..];
    let kinds: HashSet<String> = asked.iter().map(|(method, params)| format!("{method} {params}")).collect();
    assert_eq!(asked.len(), 2 * kinds.len());
}

#[tokio::test]
async fn requests_that_fail_for_too_long_end_it_and_it_goes_on_from_there() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    let mut asked_for = 0;
    node.fails(move |asked, _| {
        asked_for += u32::from(asked.method == "getTransaction");
        if asked.method == "getTransaction" && asked_for > 12 {
            return Err(unreachable());
        }
        Ok(asked.answer)
    });
    let mut stream = EventStream::new(&node.connection(), ReadOptions { at_once: 3, ..quick() });
    let mut found = Vec::new();
    let error = loop {
        match stream.next().await {
            Ok(event) => found.push(event.unwrap()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    assert!(found.len() > 3);
    node.recovers();
    // The same stream, and another one from the cursor.
    let rest = all(&node, after(found.last().unwrap())).await.unwrap();
    while let Some(event) = stream.next().await.unwrap() {
        found.push(event);
    }
    assert_eq!(found, whole);
    assert_eq!(rest.as_slice(), &whole[whole.len() - rest.len()..]);
}

#[tokio::test]
async fn a_node_that_refuses_is_not_asked_again() {
    for (code, text) in [(-32602, "Invalid params"), (-32601, "Method not found")] {
        let node = busy();
        node.fails(move |_, _| Err(refused(code, text)));
        assert!(matches!(all(&node, quick()).await, Err(Error::Node(_))));
        assert_eq!(node.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_transaction_that_is_listed_before_the_node_has_it_is_waited_for_and_never_passed_over() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    let mut late = None;
    node.change(|kept| late = kept[7].events.take().map(|events| (kept[7].signature, events)));
    let (signature, events) = late.unwrap();
    let missing = history_error(&node, quick()).await;
    assert_eq!(missing, HistoryError::TransactionMissing(signature.to_string()));
    let mut asked_for = 0;
    node.fails(move |asked, kept| {
        let is_it = asked.method == "getTransaction" && asked.params[0] == json!(signature.to_string());
        asked_for += u32::from(is_it);
        if asked_for == 2 {
            kept[7].events = Some(events.clone());
        }
        Ok(asked.answer)
    });
    assert_eq!(all(&node, quick()).await.unwrap(), whole);
}

#[tokio::test]
async fn a_transaction_that_is_listed_twice_makes_no_event_twice() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    node.lists_at_most(4);
    node.fails(|asked, _| {
        let Value::Array(listed) = asked.answer else { return Ok(asked.answer) };
        Ok(Value::Array(listed.into_iter().flat_map(|listed| [listed.clone(), listed]).collect()))
    });
    assert_eq!(all(&node, quick()).await.unwrap(), whole);
}

#[tokio::test]
async fn a_balancer_whose_nodes_do_not_know_a_pages_beginning_makes_no_gap() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    node.lists_at_most(4);
    let mut pages = 0;
    node.fails(move |asked, _| {
        pages += u32::from(asked.before().is_some());
        let is_unknown = asked.before().is_some() && pages % 2 == 1;
        Ok(if is_unknown { json!([]) } else { asked.answer })
    });
    assert_eq!(all(&node, quick()).await.unwrap(), whole);
    node.fails(|asked, _| Ok(if asked.before().is_some() { json!([]) } else { asked.answer }));
    assert!(matches!(history_error(&node, quick()).await, HistoryError::PageMissing(_)));
}

#[tokio::test]
async fn a_node_that_has_not_come_as_far_as_the_cursor_is_waited_for() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    let last = whole.last().unwrap();
    let mut later = Vec::new();
    node.change(|kept| later = kept.split_off(5));
    assert_eq!(history_error(&node, after(last)).await, HistoryError::NodeBehind(last.cursor.to_string()));
    let mut asked_for = 0;
    node.fails(move |asked, kept| {
        asked_for += 1;
        if asked_for == 3 {
            kept.append(&mut later);
            crate::node::add(kept, 9_000, &[9_000]);
        }
        Ok(asked.answer)
    });
    assert_eq!(numbers(&all(&node, after(last)).await.unwrap()), [9_000]);
}

#[tokio::test]
async fn a_history_that_no_longer_reaches_the_cursor_is_named() {
    let node = busy();
    let event = all(&node, quick()).await.unwrap().swap_remove(5);
    let expected = HistoryError::HistoryEnds(event.cursor.to_string());
    node.change(|kept| drop(kept.drain(..12)));
    assert_eq!(history_error(&node, after(&event)).await, expected);
    node.change(Vec::clear);
    assert_eq!(history_error(&node, after(&event)).await, expected);
}

#[tokio::test]
async fn a_node_that_never_had_the_cursors_transaction_is_named() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    let event = whole.iter().find(|event| event.slot > 105).unwrap();
    node.change(|kept| kept.retain(|kept| kept.signature != event.signature));
    node.add(event.slot, &[1]);
    node.change(|kept| kept.sort_by_key(|kept| kept.slot));
    assert_eq!(history_error(&node, after(event)).await, HistoryError::CursorUnknown(event.cursor.to_string()));
}

#[tokio::test]
async fn a_node_that_keeps_no_inner_instructions_is_an_error_at_once() {
    let node = Node::default();
    let signature = node.add(1, &[1]);
    node.change(|kept| kept[0].has_inner = false);
    let expected = HistoryError::InnerInstructionsMissing(signature.to_string());
    assert_eq!(history_error(&node, quick()).await, expected);
    assert_eq!(node.asked().len(), 2);
}

#[tokio::test]
async fn a_follower_goes_on_after_its_connection_was_away() {
    let node = busy();
    let whole = all(&node, quick()).await.unwrap();
    // Of any ten requests the last three are lost.
    node.fails(|asked, _| if asked.number % 10 > 6 { Err(unreachable()) } else { Ok(asked.answer) });
    let options = ReadOptions { follow: Some(Duration::from_millis(1)), attempts: 8, ..quick() };
    let mut stream = EventStream::new(&node.connection(), options);
    for expected in &whole {
        assert_eq!(stream.next().await.unwrap().as_ref(), Some(expected));
    }
    for next in 500..540 {
        node.add(next as u64, &[next]);
        assert_eq!(number(&stream.next().await.unwrap().unwrap()), next);
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_an_error_that_names_the_transaction() {
    let node = Node::default();
    let signature = node.add(1, &[1]).to_string();
    node.fails(|mut asked, _| {
        if asked.method == "getTransaction" {
            asked.answer["meta"]["innerInstructions"][0]["instructions"][0]["data"] = json!("0OIl");
        }
        Ok(asked.answer)
    });
    let (found, error) = until_it_ends(&node, quick()).await;
    assert_eq!(found, []);
    assert!(matches!(error, Some(Error::Node(text)) if text.contains(&signature)));
}
