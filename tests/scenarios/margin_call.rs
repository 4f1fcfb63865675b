//! An owner is called once when the account comes near maintenance, with how near (CALL-1).

use litesvm::types::TransactionMetadata;
use plimsoll::event::{EngineEvent, MarginCalled, PriceDistance};
use plimsoll_risk::params::GlobalParams;
use plimsoll_sdk::event::{in_call, in_log};
use plimsoll_tests::*;

/// The calls that a transaction sent and those that it logged.
fn calls(meta: &TransactionMetadata) -> (Vec<MarginCalled>, Vec<MarginCalled>) {
    let call = |event| match event {
        EngineEvent::MarginCalled(call) => Some(call),
        _ => None,
    };
    let inner = meta.inner_instructions.iter().flatten();
    let sent = inner.filter_map(|inner| in_call(&inner.instruction.data).and_then(call)).collect();
    (sent, meta.logs.iter().filter_map(|line| in_log(line).and_then(call)).collect())
}

/// What an observation calls.
fn observed(stage: &mut Stage, of: &Trader) -> Vec<MarginCalled> {
    let observation = stage.observe(of);
    let (sent, logged) = calls(&stage.done(observation));
    assert_eq!(sent, [], "an observation has no event authority");
    logged
}

/// The one call that an instruction sends by an event.
#[track_caller]
fn sent_call(stage: &mut Stage, sent: Sent) -> MarginCalled {
    let meta = stage.done(sent);
    let (mut sent, logged) = calls(&meta);
    assert_eq!((sent.len(), logged.len()), (1, 0));
    let call = sent.remove(0);
    assert_eq!(call, event::<MarginCalled>(&meta), "the client reads what the program wrote");
    call
}

/// 100 SOL and a long of 20 against 13,000 dollars.
fn alice(stage: &mut Stage) -> Trader {
    let maker = stage.maker;
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_000 * USD);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 20 * SOL_UNITS, None);
    stage.done(sent);
    alice
}

fn at(stage: &mut Stage, dollars: i64) {
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, dollars);
}

/// CALL-1
#[test]
fn an_owner_is_called_once_an_entry_with_the_ratio_and_the_distance_of_every_price() {
    let mut stage = Stage::new();
    let alice = alice(&mut stage);
    assert_eq!(observed(&mut stage, &alice), []);
    let mut entries = 0;
    for (dollars, enters) in [(190, false), (163, true), (162, false), (200, false), (163, true)] {
        at(&mut stage, dollars);
        let called = observed(&mut stage, &alice);
        assert_eq!(called.len(), usize::from(enters), "{dollars}: {called:?}");
        assert_eq!(observed(&mut stage, &alice), [], "again at {dollars}");
        let Some(call) = called.first() else { continue };
        entries += 1;
        assert_eq!((call.engine, call.owner, call.id), (stage.keys.engine, alice.owner, 0));
        assert_eq!(call.ratio_ppm, stage.view(&alice).ratio_ppm);
        assert!(call.ratio_ppm > 1_000_000 && call.ratio_ppm < 1_200_000, "{}", call.ratio_ppm);
        let mut slots: Vec<u8> = call.distances.iter().map(|distance| distance.slot).collect();
        slots.sort_unstable();
        assert_eq!(slots, [USDC, SOL], "what is owed may rise as well as what is owned may fall");
        for PriceDistance { slot, move_ppm } in call.distances.iter().copied() {
            // That far the account is at maintenance, to what a cent of the price is worth.
            let mut there = stage.clone();
            let mut ratio_at = |move_ppm: i64| {
                there.advance(2);
                at(&mut there, dollars);
                let price_e8 = if slot == SOL { dollars * E8 } else { E8 };
                there.advance(1);
                there.set_price(slot, price_e8 / 1_000_000 * (1_000_000 + move_ppm)).expect("a price");
                there.view(&alice).ratio_ppm
            };
            let further = i64::from(move_ppm.signum()) * 300;
            let (above, below) = (ratio_at(move_ppm as i64 - further), ratio_at(move_ppm as i64 + further));
            assert!(above >= 1_000_000 && below <= 1_000_000, "{slot} by {move_ppm}: {above} {below}");
        }
    }
    assert_eq!(entries, 2);
}

fn set_band(stage: &mut Stage, band_ppm: u32) -> Sent {
    let params = stage.registry().params().with(|new: &mut GlobalParams| new.observation.call_band_ppm = band_ppm);
    let update = plimsoll_sdk::ix::update_params(&stage.keys, stage.authority, &params);
    stage.send_as_authority(update)
}

/// CALL-1
#[test]
fn the_band_is_a_parameter_of_the_engine() {
    let mut stage = Stage::new();
    let alice = alice(&mut stage);
    // Below twice maintenance, and far above a tenth more than it.
    at(&mut stage, 190);
    let ratio_ppm = stage.view(&alice).ratio_ppm;
    assert!((1_500_000..2_000_000).contains(&ratio_ppm), "{ratio_ppm}");
    assert_eq!(observed(&mut stage, &alice), []);
    // Into it, out of it and into it once more without a move of a price.
    for (band_ppm, called) in [(1_000_000, 1), (0, 0), (1_000_000, 1)] {
        let sent = set_band(&mut stage, band_ppm);
        stage.done(sent);
        assert_eq!(observed(&mut stage, &alice).len(), called, "{band_ppm}");
    }
    assert_code(set_band(&mut stage, 1_000_001), EngineError::ParameterOutOfBounds);
}

/// CALL-1: whatever values an account that it writes calls by an event, where it is the first to see it there.
#[test]
fn a_reducing_fill_and_a_settlement_call_as_an_observation_does() {
    let mut stage = Stage::new();
    let (alice, maker) = (alice(&mut stage), stage.maker);
    // Until the slow average says as well that she has lost something.
    for _ in 0..30 {
        at(&mut stage, 163);
    }
    let mut by_fill = stage.clone();
    let sent = by_fill.fill(SOL_PERP, &maker, &alice, SOL_UNITS, None);
    let call = sent_call(&mut by_fill, sent);
    assert_eq!((call.owner, call.ratio_ppm), (alice.owner, by_fill.view(&alice).ratio_ppm));
    let sent = by_fill.fill(SOL_PERP, &maker, &alice, SOL_UNITS, None);
    assert_eq!(calls(&by_fill.done(sent)).0, [], "once");
    assert_eq!(observed(&mut by_fill, &alice), [], "and by nothing else");
    // A loser pays.
    let sent = stage.settle(SOL_PERP, Some(&alice));
    let call = sent_call(&mut stage, sent);
    assert_eq!((call.owner, call.ratio_ppm), (alice.owner, stage.view(&alice).ratio_ppm));
    assert_eq!(observed(&mut stage, &alice), []);
}

/// CALL-1: what takes the account out of the band lets its owner be called again; what leaves it there does not.
#[test]
fn deposits_repayments_and_liquidations_end_a_call_where_the_account_has_left_the_band() {
    let mut stage = Stage::new();
    let alice = alice(&mut stage);
    at(&mut stage, 163);
    assert_eq!(observed(&mut stage, &alice).len(), 1);
    let called = |stage: &Stage| stage.margin_account(&alice).called;
    // A dollar helps, but not out of the band; two thousand do.
    for (dollars, left) in [(1, 1), (2_000, 0)] {
        let mut repaid = stage.clone();
        let sent = repaid.repay(&alice, USDC, Some(dollars * USD));
        assert_eq!(calls(&repaid.done(sent)), (vec![], vec![]));
        assert_eq!(called(&repaid), left, "{dollars} repaid");
        let mut deposited = stage.clone();
        let sent = deposited.deposit(&alice, USDC, dollars * USD);
        assert_eq!(calls(&deposited.done(sent)), (vec![], vec![]));
        assert_eq!(called(&deposited), left, "{dollars} deposited");
        if left == 0 {
            at(&mut deposited, 140);
            assert_eq!(observed(&mut deposited, &alice).len(), 1, "called again");
        }
    }
    // Under water the liquidator's part lands her on the target, which lies within a band so wide.
    let liquidator = stage.liquidator;
    let sent = set_band(&mut stage, 250_000);
    stage.done(sent);
    stage.falls_to(SOL, 153, &alice, 60);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    assert_eq!(calls(&stage.done(sent)), (vec![], vec![]), "the liquidation has its own event");
    assert!((1_000_000..1_250_000).contains(&stage.view(&alice).ratio_ppm));
    assert_eq!(called(&stage), 1);
    at(&mut stage, 190);
    assert_eq!(observed(&mut stage, &alice), []);
    assert_eq!(called(&stage), 0);
}

/// CALL-1: without a band a cure ends above it, and ends the call.
#[test]
fn a_liquidation_that_leaves_an_account_above_the_band_ends_its_call() {
    let mut stage = Stage::new();
    let (alice, liquidator) = (alice(&mut stage), stage.liquidator);
    let sent = set_band(&mut stage, 0);
    stage.done(sent);
    stage.falls_to(SOL, 153, &alice, 450);
    assert_eq!(stage.margin_account(&alice).called, 1);
    let sent = stage.liquidate(&liquidator, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    assert_eq!(stage.margin_account(&alice).called, 0);
}
