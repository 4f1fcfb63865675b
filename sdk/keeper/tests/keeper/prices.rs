//! Prices from elsewhere: taken over HTTP, posted by the mock oracle's own instructions.

use async_trait::async_trait;
use axum::routing::get;
use axum::Router;
use bytemuck::Zeroable;
use plimsoll_keeper::source::crossbar::Crossbar;
use plimsoll_keeper::source::hermes::Hermes;
use plimsoll_keeper::source::mock::{MockPoster, MOCK_ORACLE};
use plimsoll_keeper::source::{Pace, PricePoster, PriceSource, Prices, Quote, Report, SourceError};
use plimsoll_sdk::ix::args;
use plimsoll_sim::world::{program_file, Tick, BTC, SOL};
use plimsoll_state::{Address, OracleKind, OracleSource};
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::stage::{delegate, refresh, Stage};

const FEED: Address = [9; 32];

fn quote() -> Quote {
    Quote { feed: FEED, price: 1_234, sigma: 5, exponent: -2, published_at: Some(77), samples: 1 }
}

fn source(kind: OracleKind) -> OracleSource {
    OracleSource {
        address: [4; 32],
        program: MOCK_ORACLE.to_bytes(),
        feed_id: FEED,
        kind: kind as u8,
        min_samples: 3,
        ..OracleSource::zeroed()
    }
}

#[test]
fn raw_instructions_are_those_of_the_mock_oracles_own_client() {
    let (poster, feed) = (Pubkey::new_unique(), Pubkey::new_from_array([4; 32]));
    let pyth = mock_oracle::pyth::PostPythArgs {
        price: 1_234,
        conf: 5,
        exponent: -2,
        publish_time: Some(77),
        prev_publish_time: None,
        ema_price: 1_234,
        ema_conf: 5,
    };
    let ours = MockPoster { key: poster }.post(&source(OracleKind::PythPinned), &quote()).unwrap();
    assert_eq!(ours, mock_oracle::client::post_pyth(poster, feed, pyth));
    let switchboard = mock_oracle::switchboard::PostSwitchboardArgs {
        value: 12_340_000_000_000_000_000,
        std_dev: 50_000_000_000_000_000,
        num_samples: 3,
        signed_at: Some(77),
    };
    let ours = MockPoster { key: poster }.post(&source(OracleKind::SwitchboardPull), &quote()).unwrap();
    assert_eq!(ours, mock_oracle::client::post_switchboard(poster, feed, switchboard));
}

#[test]
fn only_feeds_of_the_mock_oracle_are_posted_to() {
    let poster = MockPoster { key: Pubkey::new_unique() };
    assert!(poster.can_post(&source(OracleKind::PythPinned)));
    let real = OracleSource { program: [1; 32], ..source(OracleKind::PythPinned) };
    assert!(!poster.can_post(&real));
}

/// A server that answers one path with one body, and everything else with 404.
async fn server(path: &'static str, body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route(path, get(move || async move { body }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn hermes_is_asked_at_its_path_and_its_recorded_answer_is_read() {
    let url = server("/v2/updates/price/latest", include_str!("../../fixtures/hermes-latest.json")).await;
    let report = Hermes::new(&url, Some("key".into()), reqwest::Client::new()).latest(&[FEED]).await.unwrap();
    assert_eq!((report.quotes.len(), report.quotes[0].price), (1, 9_406_377_899_526));
    assert_eq!(report.updates.len(), 1);
    let elsewhere = Hermes::new(&format!("{url}/not"), None, reqwest::Client::new());
    assert_eq!(elsewhere.latest(&[FEED]).await.unwrap_err().reason(), "http_status");
}

#[tokio::test]
async fn crossbar_is_asked_at_its_path() {
    let url = server("/simulate/{hashes}", include_str!("../../fixtures/crossbar-simulate.json")).await;
    let report = Crossbar::new(&url, reqwest::Client::new()).latest(&[FEED]).await.unwrap();
    assert_eq!(report.quotes.len(), 2);
}

/// Says one price of every feed.
struct Fixed;

#[async_trait]
impl PriceSource for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    fn serves(&self, kind: OracleKind) -> bool {
        kind == OracleKind::PythPinned
    }

    async fn latest(&self, feeds: &[Address]) -> Result<Report, SourceError> {
        let of = |feed: &Address| Quote { feed: *feed, price: 42_000, exponent: -2, published_at: None, ..quote() };
        Ok(Report { quotes: feeds.iter().map(of).collect(), ..Report::default() })
    }
}

#[tokio::test]
async fn a_price_is_posted_to_the_mock_oracle_and_taken_into_the_board_in_one_turn() {
    let stage = Stage::new();
    let key = delegate().pubkey();
    let slot = stage.node.world(|world| {
        world.add_program(MOCK_ORACLE, &program_file("MOCK_ORACLE_SO", "mock_oracle"));
        let create = mock_oracle::pyth::CreatePythArgs { feed_id: FEED, poster: key };
        world.send(&key, &[mock_oracle::client::create_pyth(key, create)]).expect("a feed");
        let listed =
            plimsoll_sim::world::PriceConfig { secondary: false, ..plimsoll_sim::world::PriceConfig::named("own") };
        let (mut price, feed) = world.price_args(&listed);
        price.config.primary = args::OracleSourceArgs {
            address: mock_oracle::client::pyth_feed(&key, &FEED),
            program: MOCK_ORACLE,
            feed_id: FEED,
            ..price.config.primary
        };
        let list = plimsoll_sdk::ix::list_price(&world.keys, world.authority, price);
        world.send_as_authority(list).expect("a listing");
        feed.slot as usize
    });
    let context = stage.context(stage.config()).await;
    let mut context = std::sync::Arc::into_inner(context).expect("nobody else has it");
    let pace = Pace { max_age_secs: 10, min_move_ppm: 1_000 };
    context.prices = Prices::of(vec![std::sync::Arc::new(Fixed)], vec![Box::new(MockPoster { key })], pace);
    let context = std::sync::Arc::new(context);
    refresh(&context).await;
    assert_eq!(context.metrics.confirmed.with_label_values(&["post_price"]).get(), 1);
    assert_eq!(context.metrics.posts.with_label_values(&["mock", "posted"]).get(), 1);
    let held = stage.node.world(|world| world.board().slots[slot].spot);
    assert_eq!(held.mantissa as f64 * 2f64.powi(held.exponent), 420.0);
}

/// One account of an oracle that could not be decoded ended the turn for every price.
#[tokio::test]
async fn a_feed_that_cannot_be_decoded_costs_no_other_price() {
    let stage = Stage::new();
    let context = stage.context(stage.config()).await;
    let primaries = stage.node.world(|world| {
        world.advance(3);
        for slot in [SOL, BTC] {
            let last = world.feeds[slot as usize].last.expect("a price").price_e8;
            let tick = Tick { price_e8: last / 100 * 99, conf_e8: 10_000, published_at: world.now() };
            world.post_primary(slot, tick);
        }
        [SOL, BTC].map(|slot| world.feed_book().feeds[slot as usize].sources[0].address.into())
    });
    stage.node.faults(|faults| faults.garbled = vec![primaries[0]]);
    stage.read_all(&context).await;
    refresh(&context).await;
    let (held, now) = stage.node.world(|world| (world.board(), world.now()));
    assert_eq!(held.slots[BTC as usize].published_at, now);
    assert!(held.slots[SOL as usize].published_at < now);
}
