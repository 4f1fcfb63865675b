//! A price whose source is dead or wrong, and the standby that it is switched to (PRICE-10).

use anchor_lang::prelude::Pubkey;
use plimsoll::event::SourceSwitched;
use plimsoll_risk::oracle::PriceSource;
use plimsoll_state::{pause, PriceSlot};
use plimsoll_tests::*;

/// Seconds until averages of the listing are ready: two slow time constants.
const READY_SECS: i64 = 120;
/// Seconds that a key rests after its row: 24 slow time constants.
const REST_SECS: i64 = 1_440;

/// An engine with a risk authority of its own.
fn with_risk_authority() -> (Stage, Pubkey) {
    let mut stage = Stage::new();
    let (keys, risk) = (stage.keys, stage.party("risk authority"));
    let mut engine: plimsoll_state::Engine = stage.read(&keys.engine);
    engine.risk_authority = risk.to_bytes();
    stage.write(&keys.engine, &engine);
    (stage, risk)
}

fn slot(stage: &Stage) -> PriceSlot {
    stage.board().slots[SOL as usize]
}

/// All prices but SOL's stand still while time passes.
fn silence(stage: &mut Stage, secs: i64) {
    stage.advance(secs);
    for other in [(USDC, E8), (BTC, 100_000 * E8)] {
        assert_sent(stage.set_price(other.0, other.1));
    }
}

/// PRICE-10
#[test]
fn a_dead_feed_is_replaced_at_once_and_its_successor_counts_when_its_averages_are_ready() {
    let (mut stage, risk) = with_risk_authority();
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    silence(&mut stage, 60);
    assert_code(stage.borrow(&alice, USDC, USD), EngineError::PriceStale);
    let now = stage.now();
    let sent = assert_sent(stage.switch_source(&risk, SOL, true, 190 * E8));
    let event: SourceSwitched = event(&sent);
    assert_eq!((event.engine, event.signer, event.slot), (stage.keys.engine, risk, SOL));
    assert_eq!((event.by_risk_authority, event.on_standby, event.published_at), (true, true, now));
    let found = slot(&stage);
    assert_eq!((found.source, found.published_at, found.update_count), (PriceSource::Standby as u8, now, 1));
    assert!(found.spot == found.slow && found.awaits_averages());

    // Neither of the listed ones comes back by itself, whatever it says and however long the standby is silent.
    stage.advance(40);
    let feed = stage.feeds[SOL as usize];
    let tick = Tick { price_e8: 180 * E8, conf_e8: 0, published_at: stage.now() };
    stage.post_primary(SOL, tick);
    stage.post_secondary(SOL, tick);
    let (primary, secondary) = (feed.primary, feed.secondary.map(|(key, _)| key));
    for (secondary, error) in [(None, EngineError::OracleAddressMismatch), (secondary, EngineError::OnStandby)] {
        let refresh = ix::refresh_price(&stage.keys, &[ix::Refresh { slot: SOL, primary, secondary }]);
        assert_code(stage.send_as_authority(refresh), error);
    }
    // Risk is added from the second on in which the averages are ready.
    assert_sent(stage.set_price(SOL, 190 * E8));
    while stage.now() < now + READY_SECS {
        assert_code(stage.borrow(&alice, USDC, USD), EngineError::PriceHalted);
        stage.hold_prices(10, 5);
    }
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
    assert_eq!(slot(&stage).source, PriceSource::Standby as u8);

    // Back, as soon as the primary says something, and its averages are waited for again.
    stage.advance(1);
    assert_sent(stage.switch_source(&risk, SOL, false, 200 * E8));
    let found = slot(&stage);
    assert_eq!((found.source, found.update_count), (PriceSource::Primary as u8, 1));
    assert_code(stage.borrow(&alice, USDC, USD), EngineError::PriceHalted);
    stage.hold_prices(READY_SECS, 5);
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
}

/// PRICE-10
#[test]
fn nobody_switches_to_what_is_not_listed_or_says_nothing_and_only_two_keys_switch() {
    let (mut stage, risk) = with_risk_authority();
    let (keys, authority) = (stage.keys, stage.authority);
    let (guardian, stranger) = (stage.party("guardian"), stage.party("stranger"));
    let mut engine: plimsoll_state::Engine = stage.read(&keys.engine);
    engine.guardian = guardian.to_bytes();
    stage.write(&keys.engine, &engine);
    stage.advance(1);
    for key in [guardian, stranger] {
        assert_code(stage.switch_source(&key, SOL, true, 200 * E8), EngineError::NotAuthority);
    }
    assert_code(stage.switch_source(&risk, SOL, false, 200 * E8), EngineError::SourceInUse);
    stage.advance(1);
    // Each account in the standby's place: of another feed, of the same program, of another kind.
    let feed = stage.feeds[SOL as usize];
    let standby = feed.standby.expect("it has a standby").0;
    let tick = |published_at| Tick { price_e8: 200 * E8, conf_e8: 0, published_at };
    let to = |slot, source| ix::switch_source(&keys, risk, source, args::SwitchSourceArgs { slot, to_standby: true });
    let now = stage.now();
    stage.post_standby(BTC, tick(now));
    stage.post_standby(SOL, tick(now));
    let others = [feed.primary, feed.secondary.expect("it has a second source").0, risk];
    for other in others.into_iter().chain(stage.feeds[BTC as usize].standby.map(|(key, _)| key)) {
        assert_refused(&mut stage.world, &risk, &[to(SOL, other)], EngineError::OracleAddressMismatch);
    }
    for slot in [3, 63, 64, 255] {
        assert_refused(&mut stage.world, &risk, &[to(slot, standby)], EngineError::PriceSlotEmpty);
    }
    // Silent, ahead of the clock, and of the second of the price that the board holds.
    for (published_at, error) in [
        (now - 6, EngineError::PriceStale),
        (now + 3, EngineError::PriceFromFuture),
        (slot(&stage).published_at, EngineError::PriceStale),
    ] {
        stage.post_standby(SOL, tick(published_at));
        assert_refused(&mut stage.world, &risk, &[to(SOL, standby)], error);
    }
    stage.post_standby(SOL, tick(now));
    let paused = pause::PRICE;
    assert_sent(stage.send_as_authority(ix::pause(&keys, authority, paused)));
    assert_refused(&mut stage.world, &risk, &[to(SOL, standby)], EngineError::Paused);
    assert_sent(stage.send_as_authority(ix::unpause(&keys, authority, paused)));
    assert_sent(stage.send(&risk, &[to(SOL, standby)]));
    stage.advance(1);
    assert_code(stage.switch_source(&risk, SOL, true, 200 * E8), EngineError::SourceInUse);

    let alone = PriceConfig { standby: false, ..PriceConfig::named("ALONE") };
    let slot = stage.list_price(&alone);
    assert_sent(stage.set_price(slot, E8));
    stage.advance(1);
    assert_refused(&mut stage.world, &risk, &[to(slot, standby)], EngineError::StandbyMissing);
}

/// PRICE-10
#[test]
fn each_key_switches_twice_in_a_row_and_the_authority_answers_the_risk_authority() {
    let (mut stage, risk) = with_risk_authority();
    let authority = stage.authority;
    let switch = |stage: &mut Stage, key: &Pubkey, to_standby| {
        stage.advance(1);
        stage.switch_source(key, SOL, to_standby, 200 * E8)
    };
    for to_standby in [true, false] {
        assert_sent(switch(&mut stage, &risk, to_standby));
    }
    let from = stage.now() + REST_SECS;
    let refused = switch(&mut stage, &risk, true).expect_err("its row is full");
    assert_eq!(refused.code, Some(EngineError::SwitchSpent as u32), "{refused}");
    let line = format!("this key may switch the price again from {from}");
    assert!(refused.logs.iter().any(|log| log.ends_with(&line)), "{refused}");
    // Its own row, after the answer that is free.
    for to_standby in [true, false, true] {
        assert_sent(switch(&mut stage, &authority, to_standby));
    }
    assert_code(switch(&mut stage, &authority, false), EngineError::SwitchSpent);
    stage.set_clock(from - 1);
    assert_code(stage.switch_source(&risk, SOL, false, 200 * E8), EngineError::SwitchSpent);
    stage.set_clock(from);
    assert_sent(stage.switch_source(&risk, SOL, false, 200 * E8));
    assert_sent(switch(&mut stage, &authority, true));
    assert_code(switch(&mut stage, &authority, false), EngineError::SwitchSpent);
}

/// PRICE-10, KEY-6
#[test]
fn a_halt_goes_on_after_a_switch_and_after_the_wait_for_its_averages() {
    let (mut stage, risk) = with_risk_authority();
    let (keys, authority) = (stage.keys, stage.authority);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let halt = args::HaltPriceArgs { slot: SOL, halted: true, lasts_secs: Some(600) };
    assert_sent(stage.send_as_authority(ix::halt_price(&keys, authority, halt)));
    let until = stage.now() + 600;
    stage.advance(1);
    assert_sent(stage.switch_source(&risk, SOL, true, 200 * E8));
    stage.hold_prices(READY_SECS, 5);
    assert_eq!(slot(&stage).halted_until_at, until);
    assert_code(stage.borrow(&alice, USDC, USD), EngineError::PriceHalted);
    let left = until - stage.now();
    stage.hold_prices(left, 5);
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
}
