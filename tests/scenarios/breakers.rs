//! A price that is odd lets nobody add risk beside it, for a while, and liquidation goes on (LIMIT-2).

use plimsoll_risk::breaker::{oddity, PRICE_BREAKER};
use plimsoll_state::{MarginView, PriceSlot};
use plimsoll_tests::*;

const QUARTER: i64 = PRICE_BREAKER.lasts.stored() as i64;

fn slot(stage: &Stage) -> PriceSlot {
    stage.board().slots[SOL as usize]
}

fn bounds(stage: &mut Stage, change: impl Fn(&mut PriceSlot)) {
    let (key, mut board) = (stage.keys.board, stage.board());
    change(&mut board.slots[SOL as usize]);
    stage.write(&key, &*board);
}

/// LIMIT-2
#[test]
fn beside_a_price_far_from_its_average_nobody_adds_risk_and_everybody_else_goes_on() {
    let mut stage = Stage::new();
    let (by, maker) = (stage.liquidator, stage.maker);
    let alice = stage.funded_trader("alice", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&alice, USDC, 13_900 * USD);
    stage.done(sent);
    let carol = stage.funded_trader("carol", SOL, 100 * ONE_SOL);
    let sent = stage.borrow(&carol, USDC, 10 * USD);
    stage.done(sent);
    // A fifth below an hour's average, which the shipped band of a half lets pass.
    bounds(&mut stage, |slot| slot.terms.spot_band_ppm = 150_000);
    stage.falls_to(SOL, 150, &alice, 60);
    let until = slot(&stage).tripped_until_at;
    assert!(until > stage.now() && until <= stage.now() + QUARTER, "{until}");
    assert_eq!(slot(&stage).tripped_by, oddity::SPOT);
    let failure = stage.borrow(&carol, USDC, USD).expect_err("it adds risk");
    assert_eq!(failure.code, Some(EngineError::PriceBreakerTripped as u32), "{failure}");
    let told = format!("price 1 lets nobody add risk until {until}");
    assert!(failure.logs.iter().any(|log| log.ends_with(&told)), "{failure}");
    assert_code(stage.withdraw(&carol, SOL, Some(ONE_SOL)), EngineError::PriceBreakerTripped);
    assert_code(stage.fill(SOL_PERP, &carol, &maker, SOL_UNITS, None), EngineError::PriceBreakerTripped);
    assert_eq!(stage.view(&carol).flags, MarginView::OLD);
    // Liquidation, by whoever would take it over, and what reduces.
    let sent = stage.liquidate(&by, &alice, pair(SOL, USDC), ANY);
    stage.done(sent);
    let sent = stage.repay(&carol, USDC, Some(USD));
    stage.done(sent);
    // Whoever has nothing of it adds risk.
    let bob = stage.funded_trader("bob", BTC, ONE_BTC);
    let sent = stage.borrow(&bob, USDC, USD);
    stage.done(sent);
}

/// LIMIT-2: a price that stays odd stops the adding of risk for an hour, four breakers, and then not for another.
#[test]
fn a_breaker_ends_by_itself_and_after_four_in_a_row_it_rests() {
    let mut stage = Stage::new();
    let carol = stage.funded_trader("carol", SOL, 100 * ONE_SOL);
    // Nothing the market does changes this: any sigma is too wide.
    bounds(&mut stage, |slot| slot.terms.max_sigma_ppm = 0);
    let mut refused = 0;
    for minute in 0..110 {
        stage.hold_prices(60, 5);
        if slot(&stage).sigma_ppm == 0 {
            break;
        }
        match stage.borrow(&carol, USDC, USD) {
            Ok(_) => assert!((60..=120).contains(&(minute + 1)), "{minute}"),
            Err(failure) => {
                assert_eq!(failure.code, Some(EngineError::PriceBreakerTripped as u32), "{failure}");
                refused += 1;
            }
        }
    }
    assert!((55..=61).contains(&refused), "{refused}");
    assert_eq!((slot(&stage).tripped_in_a_row, slot(&stage).tripped_by), (4, oddity::SIGMA));
}

/// LIMIT-2
#[test]
fn sources_that_are_apart_halt_the_adding_of_risk_where_the_price_compares_them() {
    for compared in [false, true] {
        let mut stage = Stage::new();
        if compared {
            bounds(&mut stage, |slot| slot.terms.sources_apart_ppm = 50_000);
        }
        for (dollars, apart) in [(191, false), (189, true)] {
            stage.hold_prices(2, 1);
            stage.advance(1);
            let tick = |dollars| Tick { price_e8: dollars * E8, conf_e8: 0, published_at: stage.now() };
            let (primary, secondary) = (tick(200), tick(dollars));
            stage.post_primary(SOL, primary);
            stage.post_secondary(SOL, secondary);
            assert_sent(stage.refresh_pair(SOL));
            let tripped = slot(&stage).tripped_until_at > stage.now();
            assert_eq!(tripped, compared && apart, "{dollars} {compared}");
            assert_eq!(slot(&stage).tripped_by, if tripped { oddity::SOURCES } else { 0 });
        }
    }
}
