//! What is asked of Hermes besides its latest prices.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;
use axum::Router;
use bytemuck::Zeroable;

use super::*;
use crate::source::{feed_id, Quote};

const ROUTERS: &str = include_str!("../../../fixtures/hermes-three-of-five.json");
const BTC: &str = "e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43";
const ETH: &str = "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace";
const PUBLISHED_AT: i64 = 1_787_319_502;

fn due(feed: &str) -> Due {
    let feed = feed_id(feed).expect("a feed");
    let source = OracleSource { feed_id: feed, kind: OracleKind::PythPosted as u8, ..OracleSource::zeroed() };
    let quote = Quote { feed, price: 1, sigma: 0, exponent: 0, published_at: Some(PUBLISHED_AT), samples: 1 };
    Due { source, quote }
}

/// Knows no update of BTC since any time, and says so of every question that names it.
async fn hermes_without_btc() -> String {
    let answer = |RawQuery(query): RawQuery| async move {
        match query.is_some_and(|query| query.contains(BTC)) {
            true => Err(StatusCode::NOT_FOUND),
            false => Ok(ROUTERS),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().route("/v2/updates/price/{time}", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Both were asked for in one question, and the 404 for one of them cost both.
#[tokio::test]
async fn feeds_of_one_second_are_asked_for_alone_where_one_of_them_is_not_known() {
    let hermes = Arc::new(Hermes::new(&hermes_without_btc().await, None, reqwest::Client::new()));
    let poster = PythPoster::new(hermes, &Keypair::new(), vec![0], 0);
    let both = [due(BTC), due(ETH)];
    let mut gathered = Gathered::of(&both);
    poster.first_since(PUBLISHED_AT, &both, &mut gathered).await;
    let (updates, failed) = gathered.done();
    let held: Vec<Address> = updates.iter().flat_map(|(_, due)| due.iter().map(|due| due.source.feed_id)).collect();
    assert_eq!(held, [both[1].source.feed_id]);
    let failed: Vec<_> = failed.iter().map(|(feeds, error)| (feeds.clone(), error.reason())).collect();
    assert_eq!(failed, [(vec![both[0].source.feed_id], "http_status".to_owned())]);
}

#[tokio::test]
async fn a_hermes_that_does_not_answer_is_asked_once() {
    let hermes = Arc::new(Hermes::new("http://127.0.0.1:1", None, reqwest::Client::new()));
    let poster = PythPoster::new(hermes, &Keypair::new(), vec![0], 0);
    let both = [due(BTC), due(ETH)];
    let mut gathered = Gathered::of(&both);
    poster.first_since(PUBLISHED_AT, &both, &mut gathered).await;
    let (updates, failed) = gathered.done();
    assert!(updates.is_empty());
    let [(feeds, error)] = &failed[..] else { panic!("one reason for both: {failed:?}") };
    assert_eq!((feeds.len(), error.reason()), (2, "unreachable".to_owned()));
}
