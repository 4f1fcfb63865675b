//! A price that somebody halted: its legs count as stale, for hours (KEY-6).

use plimsoll_state::{MarginView, PriceSlot};
use plimsoll_tests::*;

fn halt(stage: &mut Stage, signer: &anchor_lang::prelude::Pubkey, halted: bool, lasts_secs: Option<u32>) -> Sent {
    let args = args::HaltPriceArgs { slot: SOL, halted, lasts_secs };
    let halt = ix::halt_price(&stage.keys, *signer, args);
    stage.send(signer, &[halt])
}

fn guard(stage: &mut Stage) -> anchor_lang::prelude::Pubkey {
    let (keys, authority, guard) = (stage.keys, stage.authority, stage.party("guard"));
    let role = args::RoleArg::Guardian;
    assert_sent(stage.send_as_authority(ix::propose_role(&keys, authority, role, Some(guard))));
    assert_sent(stage.send(&guard, &[ix::accept_role(&keys, guard, role)]));
    guard
}

fn slot(stage: &Stage) -> PriceSlot {
    stage.board().slots[SOL as usize]
}

/// KEY-6
#[test]
fn beside_a_halted_price_nothing_is_added_and_its_leg_is_not_seized() {
    let mut stage = Stage::new();
    let (guard, by, maker) = (guard(&mut stage), stage.liquidator, stage.maker);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_000 * USD);
    stage.done(sent);
    let long = stage.funded_trader("long", USDC, 1_300 * USD);
    let sent = stage.fill(SOL_PERP, &long, &maker, 100 * SOL_UNITS, None);
    stage.done(sent);
    let falls = |stage: &mut Stage| {
        stage.falls_to(SOL, 150, &alice, 60);
        assert_sent(stage.observe(&long));
    };
    let mut unhalted = stage.clone();
    falls(&mut unhalted);
    unhalted.watch(&long, 60);
    for (of, leg) in [(&alice, pair(SOL, USDC)), (&long, perp(SOL_PERP))] {
        let sent = unhalted.liquidate(&by, of, leg, ANY);
        unhalted.done(sent);
    }

    assert_sent(halt(&mut stage, &guard, true, None));
    let until = stage.now() + 6 * 3_600;
    assert_eq!(slot(&stage).halted_until_at, until);
    // A refresh still takes what is newer: averages are right when the halt ends.
    falls(&mut stage);
    stage.watch(&long, 60);
    assert_eq!(slot(&stage).published_at, stage.now());
    assert_eq!(stage.view(&alice).flags & MarginView::STALE, MarginView::STALE);
    for (of, leg) in [(&alice, pair(SOL, USDC)), (&long, perp(SOL_PERP))] {
        assert_code(stage.liquidate(&by, of, leg, ANY), EngineError::LegPriceInvalid);
    }
    let failure = stage.borrow(&alice, USDC, USD).expect_err("a price is halted");
    assert_eq!(failure.code, Some(EngineError::PriceHalted as u32), "{failure}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&format!("price 1 is halted until {until}"))), "{failure}");
    assert_code(stage.withdraw(&alice, SOL, Some(ONE_SOL)), EngineError::PriceHalted);
    assert_code(stage.fill(SOL_PERP, &maker, &long, SOL_UNITS, None), EngineError::PriceHalted);
    // What needs no price goes on, and so does whoever has none of it.
    let sent = stage.repay(&alice, USDC, Some(USD));
    stage.done(sent);
    let sent = stage.deposit(&alice, SOL, ONE_SOL);
    stage.done(sent);
    let carol = stage.funded_trader("carol", BTC, ONE_BTC);
    let sent = stage.borrow(&carol, USDC, USD);
    stage.done(sent);
}

/// KEY-6
#[test]
fn a_halt_ends_by_itself_and_by_the_authority_and_the_guardian_has_four_in_a_row() {
    let mut stage = Stage::new();
    let (guard, authority) = (guard(&mut stage), stage.authority);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    assert_sent(halt(&mut stage, &guard, true, Some(60)));
    stage.hold_prices(59, 1);
    assert_code(stage.borrow(&alice, USDC, USD), EngineError::PriceHalted);
    stage.hold_prices(1, 1);
    let sent = stage.borrow(&alice, USDC, USD);
    stage.done(sent);
    for _ in 0..3 {
        assert_sent(halt(&mut stage, &guard, true, None));
        stage.advance(1);
    }
    assert_code(halt(&mut stage, &guard, true, None), EngineError::PauseSpent);
    assert_code(halt(&mut stage, &guard, false, None), EngineError::PauseOnly);
    assert_code(halt(&mut stage, &authority, true, Some(0)), EngineError::ParameterOutOfBounds);
    assert_code(halt(&mut stage, &alice.owner.clone(), true, None), EngineError::NotAuthority);
    assert_sent(halt(&mut stage, &authority, false, None));
    assert_eq!(slot(&stage).halted_until_at, stage.now());
    assert_sent(halt(&mut stage, &authority, true, None));
    assert_eq!(slot(&stage).halted_until_at, stage.now() + 7 * 86_400);
    let (keys, empty) = (stage.keys, args::HaltPriceArgs { slot: 63, halted: true, lasts_secs: None });
    assert_code(stage.send(&authority, &[ix::halt_price(&keys, authority, empty)]), EngineError::PriceSlotEmpty);
}
