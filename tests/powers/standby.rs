//! What a stolen risk authority does with a standby that says a wrong price: nothing for as long as somebody can answer
//! (PRICE-9, PRICE-10).

use anchor_lang::prelude::Pubkey;
use plimsoll_risk::oracle::PriceSource;
use plimsoll_tests::*;

use super::launched;

/// Seconds until averages of the listing are ready: two slow time constants.
const READY_SECS: i64 = 120;

/// Three people above maintenance, each of whom would be bankrupt or under water at half of SOL's price or at twice it: one
/// with a second collateral that could be taken for it, one with SOL alone, one who is short.
struct People {
    two_collaterals: Trader,
    one_collateral: Trader,
    short: Trader,
}

fn people(stage: &mut Stage) -> People {
    let two_collaterals = stage.funded_trader("two collaterals", SOL, 50 * ONE_SOL);
    assert_sent(stage.deposit(&two_collaterals, BTC, ONE_BTC / 10));
    assert_sent(stage.borrow(&two_collaterals, USDC, 14_000 * USD));
    let one_collateral = stage.funded_trader("one collateral", SOL, 100 * ONE_SOL);
    assert_sent(stage.borrow(&one_collateral, USDC, 13_000 * USD));
    let (short, maker) = (stage.funded_trader("short", USDC, 4_000 * USD), stage.maker);
    assert_sent(stage.fill(SOL_PERP, &maker, &short, 50 * SOL_UNITS, None));
    stage.hold_prices(10, 5);
    People { two_collaterals, one_collateral, short }
}

fn thief(stage: &mut Stage) -> Pubkey {
    let (keys, thief) = (stage.keys, stage.party("thief"));
    let mut engine: plimsoll_state::Engine = stage.read(&keys.engine);
    engine.risk_authority = thief.to_bytes();
    stage.write(&keys.engine, &engine);
    thief
}

/// Whatever anybody may do to them is tried, and the borrowing of the thief; nothing of it goes through.
fn nothing_is_taken(stage: &mut Stage, people: &People, rich: &Trader) {
    let liquidator = stage.liquidator;
    let People { two_collaterals, one_collateral, short } = people;
    let legs = [
        (two_collaterals, pair(BTC, USDC)),
        (two_collaterals, pair(SOL, USDC)),
        (one_collateral, pair(SOL, USDC)),
        (short, perp(SOL_PERP)),
    ];
    for (of, leg) in legs {
        assert!(stage.liquidate(&liquidator, of, leg, ANY).is_err(), "{leg:?} at {}", stage.now());
    }
    for of in [two_collaterals, one_collateral, short] {
        let freeze = ix::resolve_bankruptcy(&stage.keys, of.account, args::ResolveStep::Freeze);
        assert_code(stage.send_as_authority(freeze), EngineError::NotBankrupt);
    }
    assert_code(stage.borrow(rich, USDC, USD), EngineError::PriceHalted);
}

/// PRICE-9, PRICE-10. At a standby's half of the price the other collateral was taken, and who had SOL alone was frozen with
/// all of it.
#[test]
fn a_stolen_risk_authority_with_a_wrong_standby_takes_nothing_before_its_averages_are_ready() {
    for says_e8 in [20 * E8, 100 * E8, 400 * E8, 2_000 * E8] {
        let mut stage = launched();
        let (thief, people) = (thief(&mut stage), people(&mut stage));
        let rich = stage.funded_trader("rich", SOL, 1_000 * ONE_SOL);
        let board = stage.board();
        let held = board.slots[SOL as usize].spot;
        stage.advance(1);
        assert_sent(stage.switch_source(&thief, SOL, true, says_e8));
        let began = stage.now();
        // A second before the averages are ready somebody has seen it.
        while stage.now() < began + READY_SECS - 1 {
            nothing_is_taken(&mut stage, &people, &rich);
            stage.advance(1);
            for (slot, price_e8) in [(USDC, E8), (SOL, says_e8), (BTC, 100_000 * E8)] {
                assert_sent(stage.set_price(slot, price_e8));
            }
            // Observed all the time, so that no clock has stood still.
            for of in [&people.two_collaterals, &people.one_collateral, &people.short] {
                assert_sent(stage.observe(of));
            }
        }
        nothing_is_taken(&mut stage, &people, &rich);
        stage.advance(1);
        let authority = stage.authority;
        assert_sent(stage.switch_source(&authority, SOL, false, 200 * E8));
        let found = stage.board().slots[SOL as usize];
        assert_eq!((found.before, found.awaits_averages()), (held, true));
        // And back, while the thief does what he still may.
        assert_sent(stage.set_price(USDC, E8));
        assert_sent(stage.set_price(BTC, 100_000 * E8));
        nothing_is_taken(&mut stage, &people, &rich);
        stage.advance(1);
        assert_sent(stage.switch_source(&thief, SOL, true, says_e8));
        stage.advance(1);
        assert_sent(stage.switch_source(&authority, SOL, false, 200 * E8));
        stage.advance(1);
        assert_code(stage.switch_source(&thief, SOL, true, says_e8), EngineError::SwitchSpent);
        stage.hold_prices(READY_SECS + 5, 5);
        let liquidator = stage.liquidator;
        for (of, leg) in [
            (&people.two_collaterals, pair(BTC, USDC)),
            (&people.one_collateral, pair(SOL, USDC)),
            (&people.short, perp(SOL_PERP)),
        ] {
            assert_code(stage.liquidate(&liquidator, of, leg, ANY), EngineError::AccountHealthy);
        }
        let sent = stage.borrow(&rich, USDC, USD);
        stage.done(sent);
    }
}

/// PRICE-9. The same with a source that a change has named, which no key can take back at once.
#[test]
fn a_new_source_takes_no_other_leg_of_who_is_healthy_at_the_price_before_it() {
    let mut stage = launched();
    let (keys, people) = (stage.keys, people(&mut stage));
    let rich = stage.funded_trader("rich", SOL, 1_000 * ONE_SOL);
    let (listing, mut feed) = stage.price_args(&PriceConfig { secondary: false, ..PriceConfig::named("MINE") });
    let held = stage.price_args(&PriceConfig::named("SOL")).0.config;
    let config = args::PriceConfigArgs { primary: listing.config.primary, secondary: None, ..held };
    let pin = ix::update_price(&keys, keys.executor(), args::UpdatePriceArgs { slot: SOL, config });
    let id = super::propose(&mut stage, &pin);
    super::wait(&mut stage, super::DELAY);
    super::settle_prices(&mut stage);
    assert_sent(super::execute(&mut stage, id));
    feed.slot = SOL;
    stage.feeds[SOL as usize] = feed;
    for _ in 0..READY_SECS / 5 - 1 {
        stage.advance(5);
        for (slot, price_e8) in [(USDC, E8), (SOL, 20 * E8), (BTC, 100_000 * E8)] {
            assert_sent(stage.set_price(slot, price_e8));
        }
        nothing_is_taken(&mut stage, &people, &rich);
    }
}

/// PRICE-10: whoever is under water at the price of the market is taken as late as two waits after the first switch.
#[test]
fn switching_there_and_back_protects_nobody_for_longer_than_two_waits() {
    let mut stage = launched();
    let (thief, debtor) = (thief(&mut stage), stage.funded_trader("debtor", SOL, 100 * ONE_SOL));
    assert_sent(stage.borrow(&debtor, USDC, 13_000 * USD));
    stage.hold_prices(10, 5);
    let liquidator = stage.liquidator;
    let (began, mut switched, mut taken_at) = (stage.now(), 0, None);
    while taken_at.is_none() && stage.now() < began + 4 * READY_SECS {
        stage.advance(1);
        // As late as he can and as soon as he must.
        let board = stage.board();
        let slot = board.slots[SOL as usize];
        let about_to_be_ready = stage.now() - slot.first_published_at >= READY_SECS || !slot.awaits_averages();
        let on_standby = stage.feed_book().feeds[SOL as usize].on_standby == 1;
        if about_to_be_ready && stage.switch_source(&thief, SOL, !on_standby, 150 * E8).is_ok() {
            switched += 1;
        }
        for (slot, price_e8) in [(USDC, E8), (SOL, 150 * E8), (BTC, 100_000 * E8)] {
            assert_sent(stage.set_price(slot, price_e8));
        }
        assert_sent(stage.observe(&debtor));
        if stage.liquidate(&liquidator, &debtor, pair(SOL, USDC), ANY).is_ok() {
            taken_at = Some(stage.now());
        }
    }
    assert_eq!(switched, 2);
    let after = taken_at.expect("it is taken in the end") - began;
    assert!(after > READY_SECS && after <= 2 * READY_SECS + 5, "{after}");
}

/// PRICE-10: a little of the price that is switched hides nothing else of an account.
#[test]
fn a_little_of_a_price_that_waits_shields_no_other_leg() {
    let mut stage = launched();
    let (thief, debtor) = (thief(&mut stage), stage.funded_trader("debtor", BTC, ONE_BTC / 10));
    assert_sent(stage.deposit(&debtor, SOL, ONE_SOL / 1_000));
    assert_sent(stage.borrow(&debtor, USDC, 7_000 * USD));
    stage.hold_prices(10, 5);
    stage.advance(1);
    assert_sent(stage.switch_source(&thief, SOL, true, 200 * E8));
    stage.falls_to(BTC, 75_000, &debtor, 60);
    assert!(stage.board().slots[SOL as usize].awaits_averages());
    let liquidator = stage.liquidator;
    let sent = stage.liquidate(&liquidator, &debtor, pair(BTC, USDC), ANY);
    stage.done(sent);
}

/// PRICE-10
#[test]
fn a_standby_in_use_that_is_listed_as_primary_goes_on_and_one_that_is_taken_away_does_not() {
    let mut stage = launched();
    let (keys, authority) = (stage.keys, stage.authority);
    stage.advance(1);
    assert_sent(stage.switch_source(&authority, SOL, true, 200 * E8));
    stage.hold_prices(READY_SECS, 5);
    let listed = stage.price_args(&PriceConfig::named("SOL")).0.config;
    let primary = listed.standby.expect("it has a standby");
    for (config, goes_on) in [
        (args::PriceConfigArgs { primary, standby: None, ..listed }, true),
        (args::PriceConfigArgs { standby: None, ..listed }, false),
    ] {
        let mut stage = stage.clone();
        // The executor's signature is what a change that has waited has.
        let update = ix::update_price(&keys, keys.executor(), args::UpdatePriceArgs { slot: SOL, config });
        let id = super::propose(&mut stage, &update);
        super::wait(&mut stage, super::DELAY);
        let before = stage.board().slots[SOL as usize];
        assert_sent(super::execute(&mut stage, id));
        let after = stage.board().slots[SOL as usize];
        assert_eq!(stage.feed_book().feeds[SOL as usize].on_standby, 0);
        assert_eq!(after.awaits_averages(), !goes_on);
        assert_eq!(after.update_count, if goes_on { before.update_count } else { 0 });
        if goes_on {
            let account = stage.feeds[SOL as usize].standby.expect("it has a standby");
            (stage.feeds[SOL as usize].primary, stage.feeds[SOL as usize].feed_id) = account;
            stage.advance(1);
            assert_sent(stage.set_price(SOL, 201 * E8));
            assert_eq!(stage.board().slots[SOL as usize].source, PriceSource::Primary as u8);
        }
    }
}
