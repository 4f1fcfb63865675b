//! Prices as they reach the board from oracle accounts.

use plimsoll_tests::*;

#[test]
fn a_price_is_ready_after_its_averages_have_seen_enough() {
    let mut world = World::new();
    let slot = world.list_price(&PriceConfig::named("SOL"));
    assert_sent(world.set_price(slot, 200 * E8));
    assert!(!world.board().slots[slot as usize].is_ready());
    world.hold_prices(119, 5);
    assert!(!world.board().slots[slot as usize].is_ready());
    world.hold_prices(1, 5);
    let board = world.board();
    assert!(board.slots[slot as usize].is_ready());
    assert_eq!(board.slots[slot as usize].published_at, world.now());
}

#[test]
fn the_second_source_counts_once_the_primary_is_silent() {
    let mut world = World::new();
    let slot = world.list_price(&PriceConfig::named("SOL"));
    assert_sent(world.set_price(slot, 200 * E8));
    for (silent_secs, price_e8) in [(29, 200 * E8), (30, 190 * E8)] {
        world.set_clock(BASE_TIME + silent_secs);
        let published_at = world.now();
        world.post_secondary(slot, Tick { price_e8: 190 * E8, conf_e8: 1_000, published_at });
        let sent = world.refresh_pair(slot);
        if price_e8 == 200 * E8 {
            assert_code(sent, EngineError::PrimaryNotStale);
        } else {
            assert_sent(sent);
        }
    }
    assert_eq!(world.board().slots[slot as usize].source, 1);
}
