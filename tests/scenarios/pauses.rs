//! What goes on while something is paused: whoever may be liquidated may reduce (KEY-4).

use plimsoll_risk::liquidate::Leg;
use plimsoll_sdk::ix::FillAuthority;
use plimsoll_state::pause;
use plimsoll_tests::*;

fn pauses(stage: &mut Stage, bits: u32) {
    let (keys, authority) = (stage.keys, stage.authority);
    assert_sent(stage.send_as_authority(ix::pause(&keys, authority, bits)));
}

/// Long 100 SOL with 1,300 dollars behind it, against the maker.
fn long(stage: &mut Stage, name: &str) -> Trader {
    let (trader, maker) = (stage.funded_trader(name, USDC, 1_300 * USD), stage.maker);
    let sent = stage.fill(SOL_PERP, &trader, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    trader
}

/// KEY-4
#[test]
fn under_every_bit_an_owner_reduces_and_only_with_everything_that_moves_risk_is_liquidation_stopped() {
    let mut liquidated = 0;
    for bit in (0..pause::NAMES.len()).map(|place| 1 << place) {
        let mut stage = Stage::new();
        let (maker, by) = (stage.maker, stage.liquidator);
        let alice = long(&mut stage, "alice");
        let bob = stage.funded_trader("bob", SOL, 100 * ONE_SOL);
        let sent = stage.borrow(&bob, USDC, 10_000 * USD);
        stage.done(sent);
        stage.falls_to(SOL, 188, &alice, 60);
        pauses(&mut stage, bit);
        let name = pause::name(bit);
        // Debt and collateral.
        let sent = stage.repay(&bob, USDC, Some(100 * USD));
        stage.done(sent);
        let sent = stage.deposit(&bob, SOL, ONE_SOL);
        stage.done(sent);
        // The maker's short shrinks as well: nobody's position grows.
        let sent = stage.fill(SOL_PERP, &maker, &alice, SOL_UNITS, None);
        stage.done(sent);
        let sent = stage.liquidate(&by, &alice, perp(SOL_PERP), ANY);
        match bit == pause::LIQUIDATE {
            true => assert_code(sent, EngineError::Paused),
            false => {
                stage.done(sent);
                liquidated += 1;
            }
        }
        let _ = name;
    }
    assert_eq!(liquidated, 7);
}

/// KEY-4: a venue draws nobody into a position while fills are paused, and whoever signs himself may take one over.
#[test]
fn while_fills_are_paused_positions_shrink_and_pass_by_their_takers_signature_and_none_is_opened() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let alice = long(&mut stage, "alice");
    let carol = stage.funded_trader("carol", USDC, 100_000 * USD);
    let dave = stage.funded_trader("dave", USDC, 100_000 * USD);
    let (keys, authority, signer) = (stage.keys, stage.authority, stage.party("venue signer"));
    let args = args::RegisterVenueArgs { signer, settle_markets: 3, premium_markets: 0 };
    assert_sent(stage.send_as_authority(ix::register_venue(&keys, authority, authority, args)));
    for trader in [&alice, &carol, &maker] {
        let approve = stage.approve_venue(trader, keys.venue(&signer), 100_000 * USD);
        assert_sent(stage.send(&trader.owner, &[approve]));
    }
    let by_venue = |stage: &mut Stage, buyer: &Trader, seller: &Trader| {
        let fill =
            args::SettleFillArgs { base_units: SOL_UNITS, quote_atoms: stage.quote_atoms(SOL_PERP, SOL_UNITS, None) };
        let by = FillAuthority::Venue { signer };
        let settle = ix::settle_fill(&stage.keys, SOL_PERP, buyer.account, seller.account, by, fill);
        stage.send(&signer, &[settle])
    };
    pauses(&mut stage, pause::FILL);
    // Both grow, and one grows drawn in by a venue.
    assert_code(stage.fill(SOL_PERP, &carol, &dave, SOL_UNITS, None), EngineError::Paused);
    assert_code(by_venue(&mut stage, &carol, &alice), EngineError::Paused);
    // One grows and has signed; both shrink.
    let sent = stage.fill(SOL_PERP, &carol, &alice, SOL_UNITS, None);
    stage.done(sent);
    let sent = by_venue(&mut stage, &maker, &alice);
    stage.done(sent);
    // While liquidation stands still nobody takes anything over either.
    pauses(&mut stage, pause::LIQUIDATE);
    assert_code(stage.fill(SOL_PERP, &carol, &alice, SOL_UNITS, None), EngineError::Paused);
    let sent = by_venue(&mut stage, &maker, &alice);
    stage.done(sent);
}

/// KEY-4
#[test]
fn a_refusal_names_the_bit_and_when_it_ends_and_so_it_comes() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let (keys, authority) = (stage.keys, stage.authority);
    let args = args::SetPauseArgs { add_bits: pause::WITHDRAW, remove_bits: 0, lasts_secs: Some(90) };
    assert_sent(stage.send_as_authority(ix::set_pause(&keys, authority, args)));
    let until = stage.now() + 90;
    let failure = stage.withdraw(&maker, USDC, Some(USD)).expect_err("paused");
    assert_eq!(failure.code, Some(EngineError::Paused as u32), "{failure}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&format!("paused: WITHDRAW until {until}"))), "{failure}");
    stage.hold_prices(89, 1);
    assert_code(stage.withdraw(&maker, USDC, Some(USD)), EngineError::Paused);
    stage.hold_prices(1, 1);
    let sent = stage.withdraw(&maker, USDC, Some(USD));
    stage.done(sent);
}

/// A liquidator who would have to borrow what he pays for a loss is told what keeps him from it.
#[test]
fn a_liquidator_who_may_not_borrow_is_told_until_when() {
    let mut stage = Stage::new();
    let maker = stage.maker;
    let carol = stage.funded_trader("carol", SOL, 20 * ONE_SOL);
    let sent = stage.fill(SOL_PERP, &carol, &maker, 45 * SOL_UNITS, None);
    stage.done(sent);
    let by = stage.funded_trader("borrower", BTC, 10 * ONE_BTC);
    stage.advance(2);
    stage.price(USDC, 1).price(BTC, 100_000).price(SOL, 147);
    stage.watch(&carol, 60);
    pauses(&mut stage, pause::BORROW);
    let leg: Leg = pnl_pair(SOL, SOL_PERP);
    let failure = stage.liquidate(&by, &carol, leg, ANY).expect_err("he would have to borrow");
    assert_eq!(failure.code, Some(EngineError::Paused as u32), "{failure}");
    assert!(failure.logs.iter().any(|log| log.contains("paused: BORROW until ")), "{failure}");
    let rich = stage.liquidator;
    let sent = stage.liquidate(&rich, &carol, leg, ANY);
    stage.done(sent);
}
