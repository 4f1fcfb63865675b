//! What one event, one market and one hour take of insurance (INSURE-3, INSURE-5).

use plimsoll::instructions::ResolveStep::{Freeze, PayPnl, SeizePnl};
use plimsoll_state::{Bank, Market};
use plimsoll_tests::*;

const FUND: u64 = 50_000 * USD;

fn bank(stage: &Stage) -> Bank {
    stage.read(&stage.keys.bank(USDC).bank)
}

/// A long and a short of 1,000 SOL of one owner, each with 13,500 dollars; the long is resolved at a price by the owner
/// alone. Returns what insurance paid.
fn own_bankruptcy(stage: &mut Stage, names: [&str; 2], dollars: i64) -> u64 {
    let [long, short] = names.map(|name| stage.funded_trader(name, USDC, 13_500 * USD));
    let sent = stage.fill(SOL_PERP, &long, &short, 1_000 * SOL_UNITS, None);
    stage.done(sent);
    stage.falls_to(SOL, dollars, &long, 310);
    let before = bank(stage).insurance_atoms;
    for step in [Freeze, SeizePnl { market: SOL_PERP }, PayPnl { market: SOL_PERP }] {
        let sent = stage.resolve(&long, step);
        stage.done(sent);
    }
    assert!(stage.margin_account(&long).is_empty(), "a resolution ends whatever insurance pays");
    assert_eq!(bank(stage).reserved_atoms, 0);
    before - bank(stage).insurance_atoms
}

/// The first took 6,520 of 50,000, the second all of it.
#[test]
fn an_own_long_and_short_take_no_more_than_half_of_the_fund_however_far_the_price_jumps() {
    for (dollars, most) in [(180, 6_530 * USD), (100, FUND / 2)] {
        let mut stage = Stage::new();
        let sent = stage.fund_insurance(USDC, FUND);
        stage.done(sent);
        let paid = own_bankruptcy(&mut stage, ["long", "short"], dollars);
        assert!(paid <= most && paid >= most - 20 * USD, "{paid} at {dollars}");
        // What insurance does not pay is booked in the same call: nobody waits for another hour of it.
        let market: Market = stage.read(&stage.keys.market(SOL_PERP));
        assert_eq!(market.deficit_atoms > 0, dollars == 100);
    }
}

/// INSURE-5
#[test]
fn a_second_bankruptcy_of_the_same_hour_takes_nothing_more_and_one_of_the_next_day_half_of_what_is_left() {
    let mut stage = Stage::new();
    stage.lift_spot_band(SOL);
    stage.lift_breakers();
    let sent = stage.fund_insurance(USDC, FUND);
    stage.done(sent);
    assert_eq!(own_bankruptcy(&mut stage, ["long", "short"], 100), FUND / 2);
    stage.price(SOL, 200);
    stage.hold_prices(600, 15);
    assert_eq!(own_bankruptcy(&mut stage, ["long again", "short again"], 100), 0);
    stage.price(SOL, 200);
    stage.advance(2 * 86_400);
    stage.repeat_prices();
    stage.hold_prices(600, 15);
    let left = bank(&stage).insurance_atoms;
    let paid = own_bankruptcy(&mut stage, ["long at last", "short at last"], 100);
    assert!(paid.abs_diff(left / 2) <= 2, "{paid} of {left}");
}

/// INSURE-5
#[test]
fn a_floor_is_kept_from_an_event_that_deposits_can_bear() {
    let mut stage = Stage::new();
    stage.lift_draw_caps();
    let sent = stage.fund_insurance(USDC, FUND);
    stage.done(sent);
    let (keys, authority) = (stage.keys, stage.authority);
    let config = args::BankConfigArgs { insurance_floor_atoms: Some(40_000 * USD), ..stage.bank_config(USDC).args() };
    let update = ix::update_bank(&keys, authority, USDC, args::UpdateBankArgs { reduce_only: false, config });
    assert_sent(stage.send_as_authority(update));
    assert_eq!(own_bankruptcy(&mut stage, ["long", "short"], 100), 10_000 * USD);
}
