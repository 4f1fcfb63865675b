//! An engine on a test cluster reads what the mock oracle writes as if Pyth and Switchboard had written it.

use anchor_lang::prelude::Pubkey;
use mock_oracle::client;
use mock_oracle::pyth::{CreatePythArgs, PostPythArgs};
use mock_oracle::switchboard::{CreateSwitchboardArgs, PostSwitchboardArgs};
use mock_oracle::MockError;
use plimsoll_sim::feeds;
use plimsoll_tests::*;

const FEED_ID: [u8; 32] = [3; 32];
const FEED_HASH: [u8; 32] = [4; 32];
/// Switchboard's units in one of Pyth's, whose exponent is -8 here.
const SWITCHBOARD_SCALE: i128 = 10_000_000_000;

struct Mock {
    world: World,
    poster: Pubkey,
    pyth: Pubkey,
    switchboard: Pubkey,
    slot: u8,
}

/// An engine that lists a mock Pyth feed with a mock Switchboard feed behind it.
fn set_up() -> Mock {
    let mut world = World::new();
    deploy_mock_oracle(&mut world);
    let (creator, poster) = (world.party("creator"), world.party("poster"));
    let create = [
        client::create_pyth(creator, CreatePythArgs { feed_id: FEED_ID, poster }),
        client::create_switchboard(
            creator,
            CreateSwitchboardArgs { feed_hash: FEED_HASH, queue: switchboard_queue(), poster, min_sample_size: 1 },
        ),
    ];
    assert_sent(world.send(&creator, &create));
    let (pyth, switchboard) = (client::pyth_feed(&creator, &FEED_ID), client::switchboard_feed(&creator, &FEED_HASH));
    let (mut list, _) = world.price_args(&PriceConfig::named("SOL"));
    let primary = &mut list.config.primary;
    (primary.address, primary.program, primary.feed_id) = (pyth, mock_oracle::ID, FEED_ID);
    let secondary = list.config.secondary.as_mut().expect("a second source");
    (secondary.address, secondary.program, secondary.feed_id) = (switchboard, mock_oracle::ID, FEED_HASH);
    let list_price = ix::list_price(&world.keys, world.authority, list);
    assert_sent(world.send_as_authority(list_price));
    Mock { world, poster, pyth, switchboard, slot: list.slot }
}

const fn price(price: i64, publish_time: Option<i64>) -> PostPythArgs {
    PostPythArgs {
        price,
        conf: price as u64 / 1_000,
        exponent: -8,
        publish_time,
        prev_publish_time: None,
        ema_price: price,
        ema_conf: price as u64 / 1_000,
    }
}

fn result(price_e8: i64) -> PostSwitchboardArgs {
    PostSwitchboardArgs {
        value: price_e8 as i128 * SWITCHBOARD_SCALE,
        std_dev: price_e8 as i128 * SWITCHBOARD_SCALE / 1_000,
        num_samples: MIN_SAMPLES,
        signed_at: None,
    }
}

impl Mock {
    fn post(&mut self, args: PostPythArgs) -> Sent {
        let post = client::post_pyth(self.poster, self.pyth, args);
        self.world.send(&self.poster, &[post])
    }

    fn refresh(&mut self, pair: bool) -> Sent {
        let feed = ix::Refresh { slot: self.slot, primary: self.pyth, secondary: pair.then_some(self.switchboard) };
        let refresh = ix::refresh_price(&self.world.keys, &[feed]);
        self.world.send_as_authority(refresh)
    }

    fn spot(&self) -> f64 {
        let board = self.world.board();
        let spot = board.slots[self.slot as usize].spot.get();
        spot.mantissa as f64 * 2f64.powi(spot.exponent as i32)
    }
}

#[test]
fn the_engine_takes_prices_that_the_mock_posts_as_pyth() {
    let mut mock = set_up();
    for (dollars, at) in [(200, None), (190, Some(BASE_TIME + 2))] {
        assert_sent(mock.post(price(dollars * E8, at)));
        mock.world.set_clock(BASE_TIME + 2);
        assert_sent(mock.refresh(false));
        assert!((mock.spot() - dollars as f64).abs() < 1e-9, "{}", mock.spot());
    }
    let slot = mock.world.board().slots[mock.slot as usize];
    assert_eq!((slot.published_at, slot.update_count), (BASE_TIME + 2, 2));
}

#[test]
fn the_engine_takes_prices_that_the_mock_posts_as_switchboard_once_pyth_is_silent() {
    let mut mock = set_up();
    assert_sent(mock.post(price(200 * E8, None)));
    assert_sent(mock.refresh(false));
    mock.world.advance(30);
    let post = client::post_switchboard(mock.poster, mock.switchboard, result(180 * E8));
    assert_sent(mock.world.send(&mock.poster, &[post]));
    assert_sent(mock.refresh(true));
    assert!((mock.spot() - 180.0).abs() < 1e-9, "{}", mock.spot());
    assert_eq!(mock.world.board().slots[mock.slot as usize].source, 1);
}

#[test]
fn the_mock_writes_the_bytes_that_pyth_and_switchboard_publish() {
    let mut mock = set_up();
    assert_sent(mock.post(price(200 * E8, Some(BASE_TIME - 1))));
    assert_sent(mock.post(price(201 * E8, None)));
    let mut expected = feeds::pyth_account_bytes(&feeds::PythUpdate {
        feed_id: FEED_ID,
        price: 201 * E8,
        conf: (201 * E8) as u64 / 1_000,
        exponent: -8,
        published_at: BASE_TIME,
        previous_at: BASE_TIME - 1,
        verification: feeds::Verification::Full,
    });
    // The simulator's accounts have no write authority and a posted slot of their own.
    expected[8..40].copy_from_slice(mock.poster.as_ref());
    let written = mock.world.data(&mock.pyth);
    assert_eq!((&written[..125], written.len()), (&expected[..125], expected.len()));

    let post = client::post_switchboard(mock.poster, mock.switchboard, result(180 * E8));
    assert_sent(mock.world.send(&mock.poster, &[post]));
    let expected = feeds::switchboard_account_bytes(&feeds::SwitchboardFeed {
        queue: switchboard_queue().to_bytes(),
        feed_hash: FEED_HASH,
        value: 180 * E8 as i128 * SWITCHBOARD_SCALE,
        std_dev: 180 * E8 as i128 * SWITCHBOARD_SCALE / 1_000,
        samples: MIN_SAMPLES,
        ..feeds::SwitchboardFeed::signed(BASE_TIME, slot_at(BASE_TIME))
    });
    let mut written = mock.world.data(&mock.switchboard);
    // Authority, and when it was created.
    for (field, bytes) in [(2_048, 32), (2_144, 8)] {
        let (from, to) = (8 + field, 8 + field + bytes);
        assert_ne!(written[from..to], expected[from..to]);
        written[from..to].copy_from_slice(&expected[from..to]);
    }
    assert_eq!(written, expected);
}

#[test]
fn nobody_but_the_named_poster_posts_and_only_to_a_feed_of_that_kind() {
    let mut mock = set_up();
    let stranger = mock.world.party("stranger");
    let (pyth, switchboard, poster) = (mock.pyth, mock.switchboard, mock.poster);
    let refused = [
        (client::post_pyth(stranger, pyth, price(E8, None)), MockError::NotPoster),
        (client::post_switchboard(stranger, switchboard, result(E8)), MockError::NotPoster),
        (client::post_pyth(poster, switchboard, price(E8, None)), MockError::NotAFeed),
        (client::post_switchboard(poster, pyth, result(E8)), MockError::NotAFeed),
        (client::post_pyth(poster, mock.world.keys.registry, price(E8, None)), MockError::NotAFeed),
    ];
    for (post, error) in refused {
        let before = mock.world.data(&post.accounts[1].pubkey);
        assert_code(mock.world.send(&stranger, std::slice::from_ref(&post)), error);
        assert_eq!(mock.world.data(&post.accounts[1].pubkey), before);
    }
}

#[test]
fn the_mocks_address_is_that_of_its_published_seed() {
    let seed = std::str::from_utf8(mock_oracle::PROGRAM_SEED).expect("the seed is text");
    assert_eq!(address(seed), mock_oracle::ID);
}
