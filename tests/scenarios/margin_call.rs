//! An owner is called once when the account comes near maintenance, with how near (CALL-1).

use anchor_lang::{AnchorDeserialize, Discriminator};
use base64::Engine as _;
use plimsoll::event::{MarginCalled, PriceDistance};
use plimsoll_tests::*;

/// The calls that a transaction logged.
fn calls(meta: &litesvm::types::TransactionMetadata) -> Vec<MarginCalled> {
    let data = meta.logs.iter().filter_map(|log| log.strip_prefix("Program data: "));
    let bytes = data.filter_map(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
    let bytes: Vec<Vec<u8>> = bytes.collect();
    let ours = bytes.iter().filter_map(|bytes| bytes.strip_prefix(MarginCalled::DISCRIMINATOR));
    ours.map(|mut bytes| MarginCalled::deserialize(&mut bytes).expect("the event")).collect()
}

/// CALL-1
#[test]
fn an_owner_is_called_once_an_entry_with_the_ratio_and_the_distance_of_every_price() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    // 100 SOL and a long of 20 against 13,000 dollars.
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_000 * USD);
    stage.done(sent);
    let sent = stage.fill(SOL_PERP, &alice, &maker, 20 * SOL_UNITS, None);
    stage.done(sent);
    let observed = |stage: &mut Stage| {
        let sent = stage.observe(&alice);
        calls(&stage.done(sent))
    };
    assert_eq!(observed(&mut stage).len(), 0);
    let mut entries = 0;
    for (dollars, enters) in [(190, false), (163, true), (162, false), (200, false), (163, true)] {
        stage.advance(2);
        stage.price(USDC, 1).price(BTC, 100_000).price(SOL, dollars);
        let called = observed(&mut stage);
        assert_eq!(called.len(), usize::from(enters), "{dollars}: {called:?}");
        assert_eq!(observed(&mut stage).len(), 0, "again at {dollars}");
        let Some(call) = called.first() else { continue };
        entries += 1;
        assert_eq!((call.owner, call.id, call.ratio_ppm), (alice.owner, 0, stage.view(&alice).ratio_ppm));
        assert!(call.ratio_ppm > 1_000_000 && call.ratio_ppm < 1_200_000, "{}", call.ratio_ppm);
        let [PriceDistance { slot: SOL, move_ppm }] = call.distances[..] else { panic!("{call:?}") };
        // That far down the account is at maintenance, to what a cent of the price is worth.
        let mut there = stage.clone();
        let at = |world: &mut Stage, move_ppm: i64| {
            world.advance(2);
            world.price(USDC, 1).price(BTC, 100_000);
            let price_e8 = dollars * E8 / 1_000_000 * (1_000_000 + move_ppm);
            world.set_price(SOL, price_e8).expect("a price");
            world.view(&alice).ratio_ppm
        };
        let (above, below) = (at(&mut there, move_ppm as i64 + 300), at(&mut there, move_ppm as i64 - 300));
        assert!(above >= 1_000_000 && below <= 1_000_000, "{move_ppm}: {above} {below}");
    }
    assert_eq!(entries, 2);
}
