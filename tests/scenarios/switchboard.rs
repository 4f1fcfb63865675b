//! What a Switchboard feed says is as old as the sample it says, whoever wrote to its account since.

use plimsoll_sim::feeds::{switchboard_account_bytes, SwitchboardFeed};
use plimsoll_tests::*;

const DOLLAR: i128 = 1_000_000_000_000_000_000;
const MINUTE: i64 = 60;

/// A healthy borrower at 200 dollars, Pyth silent for half a minute.
fn silent() -> (Stage, Trader) {
    let mut stage = Stage::new();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    stage.advance(30);
    stage.price(USDC, 1);
    (stage, alice)
}

/// A feed at 150 dollars, written now.
fn written_now(stage: &Stage, signed_at: i64, dated_at: i64) -> SwitchboardFeed {
    let (_, feed_hash) = stage.feeds[SOL as usize].secondary.expect("it has a second source");
    SwitchboardFeed {
        queue: switchboard_queue().to_bytes(),
        feed_hash,
        value: 150 * DOLLAR,
        written_at: stage.now(),
        ..SwitchboardFeed::signed(dated_at, slot_at(signed_at))
    }
}

fn put(stage: &mut Stage, feed: &SwitchboardFeed) {
    let (key, _) = stage.feeds[SOL as usize].secondary.expect("it has a second source");
    stage.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(feed));
}

fn held(stage: &Stage) -> (f64, u32) {
    let slot = stage.board().slots[SOL as usize];
    (slot.spot.mantissa as f64 * 2f64.powi(slot.spot.exponent as i32), slot.update_count)
}

/// A feed whose last write was now and whose result had been signed ten minutes or an hour before moved the board from
/// 200 to 150 dollars as of now, and a healthy borrower lost 41.52 SOL for 6,380 USDC (PRICE-3).
#[test]
fn a_result_signed_minutes_ago_does_not_move_the_board_however_fresh_the_accounts_last_write() {
    for age_secs in [6, 10 * MINUTE, 60 * MINUTE] {
        let (mut stage, alice) = silent();
        let (signed_at, before) = (stage.now() - age_secs, held(&stage));
        // Dated when it was signed, or, as a sample that lands late, now.
        for dated_at in [signed_at, stage.now()] {
            let feed = written_now(&stage, signed_at, dated_at);
            put(&mut stage, &feed);
            assert_code(stage.refresh_pair(SOL), EngineError::PriceStale);
        }
        assert_eq!(held(&stage), before);
        let liquidator = stage.liquidator;
        assert!(stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY).is_err());
    }
    // The same feed, signed now, is the second source's price.
    let (mut stage, _) = silent();
    let feed = written_now(&stage, stage.now(), stage.now());
    put(&mut stage, &feed);
    assert_sent(stage.refresh_pair(SOL));
    assert!((held(&stage).0 - 150.0).abs() < 1e-9);
}

/// Whoever picks which old samples count picks the median: the oldest is at most 150 slots old.
#[test]
fn a_result_that_counts_a_sample_of_long_ago_is_stale() {
    let (mut stage, _) = silent();
    let now = stage.now();
    let long_ago = SwitchboardFeed { oldest_slot: slot_at(now) - 151, ..written_now(&stage, now, now) };
    put(&mut stage, &long_ago);
    assert_code(stage.refresh_pair(SOL), EngineError::PriceStale);
    put(&mut stage, &SwitchboardFeed { oldest_slot: slot_at(now) - 150, ..long_ago });
    assert_sent(stage.refresh_pair(SOL));
}

/// As primary a feed needs no silence, and three refreshes of one result, the account written to before each, counted as
/// three updates.
#[test]
fn one_result_counts_once_however_often_its_account_is_written() {
    let mut stage = Stage::new();
    let (mut price, mut feed) = stage.price_args(&PriceConfig::named("pulled"));
    let (key, feed_hash) = feed.secondary.take().expect("a second source");
    price.config.primary = price.config.secondary.take().expect("a second source");
    let list = ix::list_price(&stage.keys, stage.authority, price);
    assert_sent(stage.send_as_authority(list));
    let slot = feed.slot;
    feed.primary = key;
    stage.feeds.push(feed);
    let signed_at = stage.now();
    for _ in 0..3 {
        let result = SwitchboardFeed { feed_hash, ..written_now(&stage, signed_at, signed_at) };
        stage.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&result));
        assert_sent(stage.refresh(&[slot]));
        assert_eq!(stage.board().slots[slot as usize].update_count, 1);
        stage.advance(2);
    }
    // A minute later the same bytes are no price, and no failure of whoever refreshes other slots with it.
    stage.advance(MINUTE);
    assert_sent(stage.refresh(&[slot]));
    assert_eq!(stage.board().slots[slot as usize].published_at, signed_at);
    // An hour-old result of another date, written now, is refused.
    let late = SwitchboardFeed { feed_hash, ..written_now(&stage, signed_at, stage.now()) };
    stage.put_data(&key, &SWITCHBOARD_ON_DEMAND, switchboard_account_bytes(&late));
    assert_code(stage.refresh(&[slot]), EngineError::PriceStale);
}
